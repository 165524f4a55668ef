"""A real S3 server (``s3_server``) behind a proxy that lies, stumbles or hangs, as it is told.

``LyingStore.way`` says what befalls answers about single objects in ``places``; lists, and all with
``Way.WELL``, go through as they are. Redirects lead ``elsewhere``: to a server of this machine that has other
bytes.
"""

from __future__ import annotations

import http.client
import threading
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.support.neo4j_server import host_and_port

SECRET = b"a secret of this machine"


class Way(Enum):
    WELL = auto()
    WRONG = auto()
    """As many bytes, but others."""
    LESS = auto()
    """Fewer bytes, and their length says so."""
    CUT_OFF = auto()
    """The connection ends in the middle."""
    BUSY = auto()
    """503 SlowDown."""
    HANGS = auto()
    """Never an answer."""
    ELSEWHERE = auto()
    """302 to a server on loopback: who follows it from a PUT asks by GET there, and is told 200."""


class LyingStore:
    """Between ``with`` and its end."""

    def __init__(self, far: str) -> None:
        self.far = host_and_port(far)
        self.way = Way.WELL
        self.places = ("objects", "manifests", "incoming", "proven")
        self.asked_elsewhere: list[dict[str, str]] = []
        self.ending = threading.Event()
        self._servers = [_Server(self, handler) for handler in (_Store, _Elsewhere)]
        self.url, self.elsewhere = (f"http://127.0.0.1:{one.server_port}" for one in self._servers)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=one.serve_forever) for one in self._servers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ending.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, told: LyingStore, handler: type[_Handler]) -> None:
        self.told = told
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked is gone."""


class _Handler(BaseHTTPRequestHandler):
    def setup(self) -> None:
        self.told: LyingStore = self.server.told  # type: ignore[attr-defined]
        super().setup()

    def do_GET(self) -> None:
        self.answer()

    do_PUT = do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815

    def answer(self) -> None:
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def reply(self, status: int, headers: dict[str, str], body: bytes, *, length: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in headers:
            self.send_header("content-length", str(len(body) if length is None else length))
        self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Elsewhere(_Handler):
    def answer(self) -> None:
        self.told.asked_elsewhere.append({name.lower(): value for name, value in self.headers.items()})
        self.reply(200, {"etag": '"elsewhere"'}, SECRET)


class _Store(_Handler):
    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        of_object = any(f"/{place}/" in path for place in self.told.places)
        way = self.told.way if of_object else Way.WELL
        if way is Way.HANGS:
            self.told.ending.wait(120)
            return
        if way is Way.BUSY:
            said = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
            self.reply(503, {"content-type": "application/xml"}, said)
        elif way is Way.ELSEWHERE:
            self.reply(302, {"location": f"{self.told.elsewhere}/latest/meta-data"}, b"")
        else:
            self.forward(body, way)

    def forward(self, body: bytes, way: Way) -> None:
        connection = http.client.HTTPConnection(*self.told.far, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            found = answer.read()
        finally:
            connection.close()
        kept = ("etag", "content-type", "content-range", "last-modified", "x-amz-checksum-sha256")
        headers = {name: value for name, value in answer.headers.items() if name.lower() in kept}
        if self.command == "HEAD":
            headers["content-length"] = answer.headers["content-length"]
        length = len(found)
        if self.command == "GET" and answer.status < 300:
            if way is Way.WRONG:
                found = bytes(one ^ 1 for one in found)
            elif way in (Way.LESS, Way.CUT_OFF):
                found = found[: len(found) // 2]
                length = len(found) if way is Way.LESS else length
        self.reply(answer.status, headers, found, length=length)
