"""A TCP proxy on loopback whose far side can be taken away and come back.

For tests of a graph that is away while its process lives. It knows nothing of what it forwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from tests.support.neo4j_server import host_and_port

_PIECE_BYTES = 65_536
_PATIENCE_SECONDS = 10.0
_QUIET_SECONDS = 0.05
_TURNS = 10
"""Of the loop, more than it takes from accepting a connection to its handler."""


class Proxy:
    """Forwards to the address of a Bolt URI between ``with`` and its end."""

    def __init__(self, uri: str) -> None:
        self._far = host_and_port(uri)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def uri(self) -> str:
        """The address to use instead."""
        return f"bolt://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.heal()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def cut(self) -> None:
        """Connections break, new ones are refused: the far side has gone."""
        self._do(self._cut())

    def heal(self) -> None:
        """New connections are taken again, on the same port."""
        self._do(self._listen())

    def stall(self) -> None:
        """Connections stay, and nothing comes through: the far side hangs."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def flow(self) -> None:
        """What was held back comes through."""
        self._loop.call_soon_threadsafe(self._flows.set)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._forward, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            # asyncio leaks what it has accepted but not yet handed over when the server is closed.
            for listening in server.sockets:
                self._loop.remove_reader(listening.fileno())
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _close(self) -> None:
        """Until two looks in a row find no handler."""
        self._flows.set()
        quiet = 0
        while quiet < 2:
            await self._cut()
            handlers = asyncio.all_tasks() - {asyncio.current_task()}
            if handlers:
                await asyncio.wait(handlers, timeout=_QUIET_SECONDS)
            else:
                await asyncio.sleep(_QUIET_SECONDS)
            quiet = 0 if handlers else quiet + 1

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._far)
        except OSError:
            self._writers.discard(writer)
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, far_writer))
                both.create_task(self._pump(far_reader, writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_PIECE_BYTES):
                await self._flows.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
