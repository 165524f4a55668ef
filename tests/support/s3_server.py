"""A real S3 server on loopback, as a child process: moto's, and what it leaves out of signed URLs.

``S3Server`` starts it and makes buckets. It keeps everything in memory; whoever needs it away puts a
``Proxy`` in front. Run as a module it is that child.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

_START_SECONDS = 60.0
_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class S3Server:
    """Running between ``start`` and ``stop``."""

    def __init__(self) -> None:
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                httpx2.get(self.url, timeout=5)
                return
            except httpx2.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=20)

    def make_bucket(self, name: str) -> None:
        assert httpx2.put(f"{self.url}/{name}", headers=_AS_SOMEBODY).status_code == 200

    def keys(self, bucket: str) -> list[str]:
        """Of all objects in a bucket."""
        listed = httpx2.get(f"{self.url}/{bucket}?list-type=2", headers=_AS_SOMEBODY).text
        return [part.partition("</Key>")[0] for part in listed.split("<Key>")[1:]]

    def write(self, bucket: str, key: str, data: bytes) -> None:
        """Past everybody, as a fault of the store would."""
        told = httpx2.put(f"{self.url}/{bucket}/{key}", content=data, headers=_AS_SOMEBODY)
        assert told.status_code == 200

    def remove(self, bucket: str, key: str) -> None:
        """Past everybody, too."""
        assert httpx2.delete(f"{self.url}/{bucket}/{key}", headers=_AS_SOMEBODY).status_code == 204

    def environment(self, endpoint: str = "") -> dict[str, str]:
        """What tells clients of S3 to use it."""
        return {
            "AWS_ENDPOINT_URL": endpoint or self.url,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }


_AS_SOMEBODY = {
    "authorization": "AWS4-HMAC-SHA256 Credential=somebody/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}


def _that_ends_signed_urls(app: _Wsgi) -> _Wsgi:
    """moto takes a signed URL for ever; S3 says 403 after its time."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        told = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
        if "X-Amz-Expires" in told:
            signed = datetime.strptime(told["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if datetime.now(UTC) > signed + timedelta(seconds=int(told["X-Amz-Expires"])):
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response("403 Forbidden", [("content-type", "application/xml")])
                return [b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"]
        return app(environ, start_response)

    return wrapped


def _serve() -> None:
    import logging

    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # else every request costs a connection

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _that_ends_signed_urls(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    server.timeout = 1.0
    while os.getppid() == parent:  # nobody's any more when whoever started it was killed
        server.handle_request()


if __name__ == "__main__":
    _serve()
