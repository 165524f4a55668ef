"""The outermost layer of a request: its trace id, its one log line, its time in the metrics.

A request takes up the caller's W3C trace where it sent one; every answer bears ``x-request-id``, the
id that error reports and log lines share.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage_server.telemetry import Telemetry, read_trace, set_trace

logger = logging.getLogger(__name__)

# Asked many times by machines: their lines would drown the rest, and cost more than the answers.
_QUIET = frozenset({"/livez", "/readyz", "/metrics", "/api/v1/events"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class TracingMiddleware:
    """Bare ASGI, since Starlette's own base class costs a task a request and breaks contextvars."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self._app = app
        self._seconds = telemetry.metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = {name: value for name, value in scope["headers"] if name in _IDS}
        trace = read_trace(
            headers.get(b"traceparent", b"").decode("latin-1"),
            headers.get(b"x-request-id", b"").decode("latin-1"),
        )
        set_trace(trace)
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status = 500
        request_id = trace.request_id.encode()

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
            await send(message)

        began = time.perf_counter()
        try:
            await self._app(scope, receive, send_marked)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # Only route patterns and known methods: what a client invents must not become a label.
        route: Any = scope.get("route")
        pattern = str(getattr(route, "path", "")) or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._seconds.labels(pattern, method, str(status)).observe(seconds)
        level = logging.DEBUG if status < 400 and scope["path"] in _QUIET else logging.INFO
        if logger.isEnabledFor(level):
            path: str = scope["path"]
            if not path.isprintable():  # a line break or an escape in it would forge lines of a text log
                path = ascii(path)[1:-1]
            fields = {"method": method, "path": path, "status": status, "seconds": round(seconds, 6)}
            words = "%s %s %d in %.1f ms"
            logger.log(level, words, method, path, status, seconds * 1000, extra={"fields": fields})


_IDS = frozenset({b"traceparent", b"x-request-id"})
