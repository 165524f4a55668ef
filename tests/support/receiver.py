"""A web server that webhooks are sent to: keeps what it gets, answers what it is told to answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """``answers``: statuses of the next answers, 0 = none at all; then 200."""

    port: int = 0
    answers: list[int] = field(default_factory=list[int])
    got: list[Got] = field(default_factory=list[Got])
    location: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=private"

    async def until(self, count: int, seconds: float = 20.0) -> list[Got]:
        """What came, once it is so much."""
        async with asyncio.timeout(seconds):
            while len(self.got) < count:
                self.came.clear()
                await self.came.wait()
        return self.got

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append(Got(lines[0].split(" ")[1], headers, body))
            self.came.set()
            status = self.answers.pop(0) if self.answers else 200
            if status == 0:
                await reader.read()  # until the other end gives up
            else:
                more = f"location: {self.location}\r\n" if self.location else ""
                writer.write(f"HTTP/1.1 {status} Told\r\n{more}content-length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
