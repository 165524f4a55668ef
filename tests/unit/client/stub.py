"""A stand-in for the server's intake and GraphQL: real HTTP in a thread, verdicts by rule.

It keeps events by (project, id) as the server does, so that tests count stored against acknowledged.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DOWNLOADS = "/api/v1/artifacts/downloads"
Refuse = Callable[[dict[str, Any]], dict[str, Any] | None]


class StubServer:
    """``answers``: (status, headers) to give to the next requests instead of a verdict. ``pages``: of a
    download, by cursor; ``objects``: by what they are asked for as."""

    def __init__(self, port: int = 0) -> None:
        self.events: dict[tuple[str, str], dict[str, Any]] = {}
        self.order: list[dict[str, Any]] = []
        self.accepted = 0
        self.duplicate = 0
        self.requests: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.refuse: Refuse = lambda event: None
        self.data: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.pages: dict[str, Any] = {}
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    # --- what tests look at ------------------------------------------------------------

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.order if event["type"] == kind]

    def run(self, run_id: str) -> dict[str, Any]:
        """Everything told of a run, put together."""
        out: dict[str, Any] = {"inputs": [], "outputs": []}
        for event in self.of_type("run"):
            if event["run"] == run_id:
                for key, value in event.items():
                    if key in ("inputs", "outputs"):
                        out[key] += value
                    else:
                        out[key] = value
        return out

    def points(self, run_id: str) -> list[tuple[str, int, int, Any]]:
        return [
            (event["keys"][series], step, at, value)
            for event in self.of_type("metrics")
            if event["run"] == run_id
            for series, step, at, value in zip(
                event["series"], event["steps"], event["times"], event["values"], strict=True
            )
        ]

    # --- answers -----------------------------------------------------------------------

    def take(self, lines: list[bytes]) -> dict[str, Any] | bytes:
        told: list[dict[str, Any]] = []
        counts = {"accepted": 0, "duplicate": 0, "refused": 0}
        with self._lock:
            for index, line in enumerate(lines):
                verdict = self._one(line)
                counts[verdict["verdict"]] += 1
                if verdict["verdict"] != "accepted":
                    told.append({"index": index, **verdict})
            self.accepted += counts["accepted"]
            self.duplicate += counts["duplicate"]
        return {**counts, "events": told}

    def _one(self, line: bytes) -> dict[str, Any]:
        try:
            event = json.loads(line)
        except ValueError as error:
            return {"verdict": "refused", "code": "BAD_INPUT", "message": str(error), "retriable": False}
        refusal = self.refuse(event)
        if refusal is not None:
            return {"verdict": "refused", **refusal}
        key = (event.get("project", "default"), event["id"])
        if key in self.events:
            return {"verdict": "duplicate"}
        self.events[key] = event
        self.order.append(event)
        return {"verdict": "accepted"}


def _handler(stub: StubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            stub.requests.append({**dict(self.headers.items()), "path": self.path})
            if stub.answers:
                status, headers = stub.answers.pop(0)
                self._answer(
                    status, {"error": "X", "message": f"told to say {status}", "details": {}}, headers
                )
            elif self.path == DOWNLOADS and stub.pages:
                self._answer(200, stub.pages[json.loads(body)["after"]], {})
            elif self.path.startswith("/api/v1/artifacts/"):
                told = {"error": "NOT_SUPPORTED", "message": "this server keeps no bytes", "details": {}}
                self._answer(501, told, {})
            elif self.path == "/graphql":
                asked = json.loads(body)
                stub.asked.append(asked)
                self._answer(200, stub.data, {})
            else:
                assert self.headers["content-type"] == "application/x-ndjson"
                lines = gzip.decompress(body).splitlines()
                assert len(lines) <= 500
                self._answer(200, stub.take(lines), {})

        def do_GET(self) -> None:
            stub.requests.append({**dict(self.headers.items()), "path": self.path})
            self._answer(200, stub.objects[self.path.rpartition("/")[2]], {})

        def _answer(self, status: int, told: Any, headers: dict[str, str]) -> None:
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
