"""Places elsewhere on loopback: a web server, a registry of images that wants a token, and a model hub.

What lies there is set by the test: content by path, of which the ETag is the digest. Answers are as those of
the real ones, as far as a client that only asks which version is there can tell.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "token-of-the-service"
HUB_TOKEN = "hub-token"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Places:
    """``files`` by path; ``images`` by ``repository:tag``; ``commits`` of repositories of the hub, whose
    files lie at ``<repository>/<path>``. ``asked``: what was asked, with its authorization. ``answers``: by
    path, a status and headers instead."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    images: dict[str, bytes] = field(default_factory=dict[str, bytes])
    commits: dict[str, str] = field(default_factory=dict[str, str])
    answers: dict[str, tuple[int, dict[str, str]]] = field(
        default_factory=dict[str, tuple[int, dict[str, str]]]
    )
    asked: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    heads: bool = True

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def answer(self, method: str, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append((method, path, authorization))
        path = path.partition("?")[0]
        if path in self.answers:
            return *self.answers[path], b""
        if path.startswith("/v2/"):
            return self._image(path, authorization)
        if path.startswith("/token"):
            return 200, {}, json.dumps({"token": TOKEN, "access_token": TOKEN}).encode()
        if path.startswith("/api/"):
            return self._commit(path)
        if "/resolve/" in path:
            return self._of_hub(path)
        if path not in self.files:
            return 404, {}, b""
        if method == "HEAD" and not self.heads:
            return 405, {}, b""
        data = self.files[path]
        return 200, {"etag": f'W/"{digest(data)}"', "last-modified": "then"}, data

    def _image(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        if authorization != f"Bearer {TOKEN}":
            asks = f'Bearer realm="{self.url}/token",service="reg",scope="repository:a/b:pull"'
            return 401, {"www-authenticate": asks}, b""
        repo, _, tag = path.removeprefix("/v2/").partition("/manifests/")
        data = self.images.get(f"{repo}:{tag}")
        if data is None:
            return 404, {}, b""
        return 200, {"docker-content-digest": f"sha256:{digest(data)}"}, data

    def _commit(self, path: str) -> tuple[int, dict[str, str], bytes]:
        repo = path.removeprefix("/api/").removeprefix("models/").partition("/revision/")[0]
        if repo not in self.commits:
            return 404, {}, b""
        return 200, {}, json.dumps({"sha": self.commits[repo]}).encode()

    def _of_hub(self, path: str) -> tuple[int, dict[str, str], bytes]:
        repo, _, rest = path.lstrip("/").partition("/resolve/")
        data = self.files.get(f"/{repo}/{rest.partition('/')[2]}")
        if data is None:
            return 404, {}, b""
        # Large files lie with somebody else, whom nobody needs to ask.
        told = {"x-repo-commit": self.commits.get(repo, ""), "x-linked-etag": f'"{digest(data)}"'}
        return 302, {**told, "x-linked-size": str(len(data)), "location": "http://127.0.0.1:9/far"}, b""


def _handler(places: Places) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(self.path)
            told = places.answer(self.command, path, self.headers.get("authorization", ""))
            status, headers, body = told
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serving_places() -> Generator[Places]:
    """On a free port, until the end of the block."""
    places = Places()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(places))
    places.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="places")
    thread.start()
    try:
        yield places
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
