"""A real S3 server on loopback, as a child process: moto's, and what it leaves out of signed URLs: their end,
their signature, and the checksum that comes with a body.

``S3Server`` starts it and makes buckets. It keeps everything in memory; whoever needs it away puts a
``Proxy`` in front. A bucket whose name begins with ``CARELESS`` is as moto has it: whoever comes may write,
and checksums are taken without a look, as by many stores that speak S3. Run as a module it is that child.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

CARELESS = "careless"
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


def _that_looks(app: _Wsgi) -> _Wsgi:
    """moto takes any signed URL for ever, and any bytes; S3 refuses what is not as it was signed, or told."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        told = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
        careful = not environ["PATH_INFO"].startswith(f"/{CARELESS}")
        status, code, words = "", "", ""
        if "X-Amz-Expires" in told:
            signed = datetime.strptime(told["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if datetime.now(UTC) > signed + timedelta(seconds=int(told["X-Amz-Expires"])):
                status, code, words = "403 Forbidden", "AccessDenied", "Request has expired"
            elif careful and told["X-Amz-Signature"] != _signature(environ, told, signed):
                status, code, words = "403 Forbidden", "SignatureDoesNotMatch", "It was signed otherwise"
        checksum = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256", "")
        if not status and not (checksum and careful):
            return app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if not status and base64.b64encode(hashlib.sha256(body).digest()).decode() != checksum:
            status, code, words = "400 Bad Request", "BadDigest", "The SHA256 you specified did not match"
        if not status:
            environ["wsgi.input"] = io.BytesIO(body)
            return app(environ, start_response)
        start_response(status, [("content-type", "application/xml")])
        return [f"<Error><Code>{code}</Code><Message>{words}</Message></Error>".encode()]

    return wrapped


def _signature(environ: dict[str, Any], told: dict[str, str], signed: datetime) -> str:
    """What AWS's own library makes of the request as it came."""
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    names = told["X-Amz-SignedHeaders"].split(";")
    headers = {name: environ.get("HTTP_" + name.upper().replace("-", "_"), "") for name in names}
    query = "&".join(
        part for part in environ["QUERY_STRING"].split("&") if not part.startswith("X-Amz-Signature=")
    )
    url = f"http://{environ['HTTP_HOST']}{environ['REQUEST_URI'].partition('?')[0]}?{query}"
    request: Any = AWSRequest(method=environ["REQUEST_METHOD"], url=url, headers=headers)
    request.context["timestamp"] = signed.strftime("%Y%m%dT%H%M%SZ")
    auth = S3SigV4QueryAuth(Credentials("somebody", "secret"), "s3", "us-east-1")
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))


def _serve() -> None:
    import logging

    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # else every request costs a connection

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _that_looks(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    server.timeout = 1.0
    while os.getppid() == parent:  # nobody's any more when whoever started it was killed
        server.handle_request()


if __name__ == "__main__":
    _serve()
