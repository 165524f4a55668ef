"""The one table from the product's errors to what HTTP and GraphQL say.

| what was raised        | REST                                   | GraphQL ``extensions``        |
| ---------------------- | -------------------------------------- | ----------------------------- |
| a domain error         | its status, ``{error, message, details}`` | ``code`` and the same details |
| Starlette's own (404…) | the same shape, by ``_CODE_OF_STATUS`` | never                         |
| anything else          | 500 ``INTERNAL`` with an id            | ``INTERNAL`` with the same id |

Of anything else only the id leaves the server; the log has the rest under that id. Foreign
protocols (MLflow, OpenLineage …) render the same errors in their own files with their own bodies.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Send

from lineage_server.domain.errors import (
    Detail,
    ForbiddenError,
    LineageError,
    NotAuthenticatedError,
    UnavailableError,
)

logger = logging.getLogger(__name__)

INTERNAL = "INTERNAL"

_CODE_OF_STATUS = {
    400: "BAD_INPUT",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "NOT_SUPPORTED",
    406: "NOT_SUPPORTED",
    409: "CONFLICT",
    413: "LIMIT",
    415: "NOT_SUPPORTED",
    422: "BAD_INPUT",
    429: "LIMIT",
    503: "UNAVAILABLE",
}


class InternalError(LineageError):
    """What the outside sees of a defect: that it happened, and the id to look for in the log."""

    code = INTERNAL
    http_status = 500

    def __init__(self, fault_id: str) -> None:
        super().__init__(
            f"something went wrong inside the server (id {fault_id}); nothing is known to be lost, "
            "the server's log has the details under this id"
        )
        self.fault_id = fault_id

    def details(self) -> dict[str, Detail]:
        return {"id": self.fault_id}


def known(error: BaseException) -> LineageError:
    """The error as it may be shown: itself when expected, else masked, and logged under an id."""
    if isinstance(error, LineageError):
        return error
    fault_id = uuid.uuid4().hex[:12]
    logger.error("unexpected error, id %s", fault_id, exc_info=error)
    return InternalError(fault_id)


def body_of(error: LineageError) -> dict[str, Any]:
    """The REST body."""
    return {"error": error.code, "message": error.message, "details": error.details()}


def extensions_of(error: LineageError) -> dict[str, Any]:
    """GraphQL's ``extensions``: the code, then the same details as in REST."""
    return {"code": error.code, "retriable": error.retriable, **error.details()}


def headers_of(error: LineageError) -> dict[str, str]:
    """Headers that belong to the error."""
    if isinstance(error, UnavailableError):
        return {"retry-after": str(max(1, math.ceil(error.retry_after_seconds)))}
    if isinstance(error, NotAuthenticatedError):
        return {"www-authenticate": 'Bearer realm="lineage"'}
    return {}


def response_of(error: BaseException) -> JSONResponse:
    """The whole REST answer for anything that was raised."""
    shown = known(error)
    return JSONResponse(body_of(shown), status_code=shown.http_status, headers=headers_of(shown))


async def send_error(error: BaseException, send: Send) -> None:
    """Answer from a bare ASGI middleware, where no exception handler is around us."""
    answer = response_of(error)
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": answer.body})


async def refuse_websocket(error: LineageError, send: Send) -> None:
    """Refuse an upgrade: before the handshake a close becomes HTTP 403 on the wire."""
    code = 4403 if isinstance(error, ForbiddenError) else 4400
    await send({"type": "websocket.close", "code": code, "reason": error.message[:120]})


class _Handles(Protocol):
    """The part of Starlette and FastAPI that takes exception handlers."""

    def add_exception_handler(
        self, exc_class_or_status_code: Any, handler: Callable[[Request, Any], Awaitable[Response]]
    ) -> None: ...


def install(app: _Handles) -> None:
    """Register the table with an application."""

    async def expected(_request: Request, error: BaseException) -> Response:
        return response_of(error)

    async def starlettes_own(request: Request, error: HTTPException) -> Response:
        code = _CODE_OF_STATUS.get(error.status_code, INTERNAL)
        words = f"{error.detail}: {request.method} {request.url.path[:200]}"
        body: dict[str, Any] = {"error": code, "message": words, "details": {}}
        return JSONResponse(body, status_code=error.status_code, headers=error.headers)

    async def left(_request: Request, _error: ClientDisconnect) -> Response:
        # Nobody reads this; the status (nginx's for it) is for the numbers and the log line.
        return Response(status_code=499)

    app.add_exception_handler(LineageError, expected)
    app.add_exception_handler(ClientDisconnect, left)
    app.add_exception_handler(HTTPException, starlettes_own)
    app.add_exception_handler(Exception, expected)
