"""The listening process: uvicorn with the two things it does not do by itself.

It tells the address it got (port 0 is any free one), and says that a stop has begun before it waits
for open connections, so that streams can end first. Knows nothing of the application.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from lineage_server.settings import HttpSettings


def listen(
    app: Any, http: HttpSettings, *, ready: Callable[[str], None] | None, stopping: Callable[[], None]
) -> bool:
    """Serve ``app`` until SIGTERM or SIGINT; False when it never came to listening."""
    config = uvicorn.Config(
        app,
        host=http.host,
        port=http.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a forwarded address is only a claim
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, int(http.stop_timeout_seconds / 2)),
        ws_max_size=http.max_body_bytes,
        lifespan="on",
    )
    server = _Listener(config, ready, stopping)
    try:
        server.run()
    except SystemExit:  # uvicorn's way to say that the address is taken
        return False
    return server.started


class _Listener(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[str], None] | None, stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._ready is not None:
            host = self.config.host
            port = self.servers[0].sockets[0].getsockname()[1]
            self._ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not uvicorn's own: it raises the signal again afterwards, and an orderly stop would end as
        # a death by signal. A second Ctrl-C does not wait any longer.
        self.force_exit = self.force_exit or (self.should_exit and sig == signal.SIGINT)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)
