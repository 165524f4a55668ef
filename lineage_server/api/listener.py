"""The listening process: uvicorn with the things it does not do by itself.

It tells the address it got (port 0 is any free one), says that a stop has begun before it waits for
open connections, so that streams can end first, and hangs up on whoever connects and says nothing.
Knows nothing of the application.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from lineage_server.settings import HttpSettings

_MOST_HEAD_BYTES = 64 * 1024
_MOST_WAITING = 1_000
"""Requests that a connection may send ahead of their answers."""


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
        ws_per_message_deflate=False,  # its windows would be most of the memory that a socket takes
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
    """A connection that is hung up on when headers, or the rest of an answered request, do not come, when
    answers are not read, and when it sends what is none of a request.

    How long a request may take between the two is no matter of the connection.
    """

    seconds: ClassVar[float]
    _patience: asyncio.TimerHandle | None = None
    _reader: _Reader
    _running: RequestResponseCycle | None = None
    _useless: int = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._reader = _Reader(self.loop, transport, self.seconds, self._hang_up)
        self._wait_for_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._reader.stop()
        self._tell_running()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._useless += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self not in self.connections:  # a WebSocket from here on
            return
        if self._useless > _MOST_HEAD_BYTES:
            self._refuse("The head of the request is too large.")
        elif len(self.pipeline) > _MOST_WAITING:
            self._hang_up()
        elif self._patience is None and self._is_idle():
            self._wait_for_more()  # these bytes have ended uvicorn's own wait for a next request

    def _refuse(self, why: str) -> None:
        if self._is_idle():
            self.send_400_response(why)
        else:
            self._hang_up()

    def _is_idle(self) -> bool:
        return self._running is None or self._running.response_complete

    def _hang_up(self) -> None:
        self._tell_running()
        self.transport.abort()

    def _tell_running(self) -> None:
        """That nobody is there: uvicorn tells the newest request only, and others wait before that one."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._useless = 0
        super().on_body(body)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._stop_waiting()
        self._wait_for_more()

    def on_headers_complete(self) -> None:
        self._useless = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._useless = 0
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self.cycle.more_body and self._patience is None:
            self._wait_for_more()
        super().on_response_complete()

    def _wait_for_more(self) -> None:
        self._patience = self.loop.call_later(self.seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Reader:
    """The other end of a connection, HTTP or WebSocket: hung up on when it reads nothing for a while.

    It would hold the answer, the request behind it and its place among the subscribers: to close waits
    for it, too. Looks rarely, so a busy connection pays nothing.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        seconds: float,
        hang_up: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._seconds = seconds
        self._hang_up = hang_up
        self._unread = 0
        self._timer = loop.call_later(seconds, self._look)

    def _look(self) -> None:
        unread = self._transport.get_write_buffer_size()
        if unread and unread == self._unread:  # nobody writes before some of it is read
            self._hang_up()
        elif unread or not self._transport.is_closing():
            self._unread = unread
            self._timer = self._loop.call_later(self._seconds, self._look)

    def stop(self) -> None:
        self._timer.cancel()


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


def calm_the_collector() -> None:
    """Collect cycles rarely: the intake makes many short-lived objects and hardly any cycles.

    With Python's defaults half of the intake's time went into the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
