"""The listening process: uvicorn with the things it does not do by itself.

It tells the address it got (port 0 is any free one), says that a stop has begun before it waits for
open connections, so that streams can end first, and hangs up on whoever connects and says nothing.
Knows nothing of the application.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lineage_server.settings import HttpSettings


def listen(
    app: Any, http: HttpSettings, *, ready: Callable[[str], None] | None, stopping: Callable[[], None]
) -> bool:
    """Serve ``app`` until SIGTERM or SIGINT; False when it never came to listening."""
    _allow_many_connections()
    config = uvicorn.Config(
        app,
        http=type("_Connection", (_Connection,), {"seconds": http.request_timeout_seconds}),
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


def _allow_many_connections() -> None:
    """Most systems begin with 1,024 open files, which a thousand idle clients use up for everybody."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS takes less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Connection(HttpToolsProtocol):
    """A connection that is hung up on when headers, or the rest of an answered request, do not come.

    How long a request may take between the two is no matter of the connection.
    """

    seconds: ClassVar[float]
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._stop_waiting()
        self._wait_for_more()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self.cycle.more_body and self._patience is None:
            self._wait_for_more()
        super().on_response_complete()

    def _wait_for_more(self) -> None:
        self._patience = self.loop.call_later(self.seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Listener(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[str], None] | None, stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
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
        if (
            self._loop is not None and not self.started
        ):  # uvicorn would wait for the end of the start, which may take minutes
            self._loop.call_soon_threadsafe(self._stopping)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)
