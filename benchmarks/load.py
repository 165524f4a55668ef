"""The load generator: one thread, non-blocking sockets under epoll, HTTP/1.1 with keep-alive.

Clients share the cores with the server, so what they cost is taken from it: raw requests and the
least of parsing (status, content-length, the count of accepted events) come to some 20 µs each,
a tenth of what a general HTTP client takes.
"""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ACCEPTED = re.compile(rb'"accepted":(\d+)')
_HEAD = "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: {kind}\r\ncontent-length: "


Request = tuple[bytes, int, Callable[[], None] | None]
"""A body, the events in it, and what to do when they are acknowledged."""
Make = Callable[[], Request]


class AnswerError(Exception):
    """The server's answer was not the one that the benchmark needs."""


@dataclass
class Pace:
    """What one turn achieved."""

    events: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])

    @property
    def rate(self) -> float:
        return self.events / self.seconds


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    done: Callable[[], None] | None = None
    expected: int = 0
    received: bytes = b""


class Load:
    """``clients`` open connections to one server, used turn by turn."""

    def __init__(self, port: int, *, clients: int, path: str = "/api/v1/events") -> None:
        head = _HEAD.format(path=path, port=port, kind="application/x-ndjson")
        self._head = head.encode()
        self._connections = [_Connection(_connect(port)) for _ in range(clients)]
        self._selector = selectors.DefaultSelector()
        for connection in self._connections:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)

    def close(self) -> None:
        self._selector.close()
        for connection in self._connections:
            connection.socket.close()

    def drive(
        self,
        make: Make,
        *,
        seconds: float = float("inf"),
        requests: float = float("inf"),
    ) -> Pace:
        """Keep every connection busy for so long, or with so many requests."""
        pace = Pace()
        began = time.perf_counter()
        sent = waiting = 0
        for connection in self._connections:
            if sent < requests:
                self._send(connection, make())
                sent += 1
                waiting += 1
        while waiting:
            for key, _ in self._selector.select():
                connection: _Connection = key.data
                if not self._receive(connection, pace):
                    continue
                waiting -= 1
                if sent < requests and time.perf_counter() - began < seconds:
                    self._send(connection, make())
                    sent += 1
                    waiting += 1
        pace.seconds = time.perf_counter() - began
        return pace

    def _send(self, connection: _Connection, made: Request) -> None:
        body, connection.expected, connection.done = made
        connection.sent_at = time.perf_counter()
        connection.socket.sendall(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))

    def _receive(self, connection: _Connection, pace: Pace) -> bool:
        """True when the answer is complete."""
        connection.received += connection.socket.recv(65_536)
        answer = connection.received
        end = answer.find(b"\r\n\r\n")
        if end < 0:
            return False
        length = _LENGTH.search(answer, 0, end)
        if length is None or len(answer) < end + 4 + int(length[1]):
            return False
        pace.latencies.append(time.perf_counter() - connection.sent_at)
        connection.received = b""
        accepted = _ACCEPTED.search(answer, end)
        if not answer.startswith(b"HTTP/1.1 200") or accepted is None:
            raise AnswerError(answer[:1000].decode(errors="replace"))
        if int(accepted[1]) != connection.expected:
            raise AnswerError(f"{accepted[1].decode()} of {connection.expected} accepted: {answer[:1000]!r}")
        pace.events += connection.expected
        if connection.done is not None:
            connection.done()
        return True


def _connect(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=120)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


@contextlib.contextmanager
def load(port: int, *, clients: int) -> Generator[Load]:
    """Connections for a block."""
    made = Load(port, clients=clients)
    try:
        yield made
    finally:
        made.close()


class Asker:
    """One keep-alive connection for GraphQL; ``ask`` answers data and seconds, reading included."""

    def __init__(self, port: int) -> None:
        self._socket = _connect(port)
        self._head = _HEAD.format(path="/graphql", port=port, kind="application/json").encode()

    def close(self) -> None:
        self._socket.close()

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> tuple[dict[str, Any], float]:
        """Raises AnswerError for anything but data without errors."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        began = time.perf_counter()
        self._socket.sendall(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))
        received = bytearray()
        needed = -1
        while needed < 0 or len(received) < needed:
            piece = self._socket.recv(262_144)
            if not piece:
                raise AnswerError("the server hung up")
            received += piece
            end = received.find(b"\r\n\r\n") if needed < 0 else -1
            if end >= 0:
                length = _LENGTH.search(received, 0, end)
                if length is None:
                    raise AnswerError(f"no content-length: {bytes(received[:300])!r}")
                needed = end + 4 + int(length[1])
        answer: dict[str, Any] = json.loads(bytes(received).partition(b"\r\n\r\n")[2])
        seconds = time.perf_counter() - began
        if answer.get("errors") or "data" not in answer:
            raise AnswerError(json.dumps(answer)[:1000])
        return answer["data"], seconds


@contextlib.contextmanager
def asker(port: int) -> Generator[Asker]:
    """A connection for a block."""
    made = Asker(port)
    try:
        yield made
    finally:
        made.close()
