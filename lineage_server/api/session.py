"""Sessions of browsers: a token, sent once, becomes a cookie that no script of a page can read.

The cookie is the token itself, and everything that holds for tokens holds for it: what it may, when it
expires, that it can be revoked. It is for the web view of this server: browsers send it with requests of
pages of ours only (SameSite), and ``GuardMiddleware`` refuses what changes something for a page of
somebody else's. Programs send ``Authorization``, which counts first.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from lineage_server.api.deps import SESSION_COOKIE, principal_of
from lineage_server.domain.errors import InvalidInputError

_PATH = "/api/v1/session"
_DAYS = 30


def session_routes() -> list[Route]:
    """To sign in with a token, and to sign out."""

    async def enter(request: Request) -> Response:
        await principal_of(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise InvalidInputError(
                "no token was sent to make a session of; nothing was done",
                field="authorization",
                allowed="Bearer lin_…",
            )
        answer = Response(status_code=204)
        answer.set_cookie(
            SESSION_COOKIE,
            token.strip(),
            max_age=_DAYS * 86_400,
            httponly=True,
            samesite="lax",
            secure=_by_tls(request),
        )
        return answer

    async def leave(request: Request) -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=_by_tls(request))
        return answer

    return [Route(_PATH, enter, methods=["POST"]), Route(_PATH, leave, methods=["DELETE"])]


def _by_tls(connection: HTTPConnection) -> bool:
    """Whether the browser came by https, here or at the proxy that ends it."""
    return "https" in (connection.url.scheme, connection.headers.get("x-forwarded-proto", "").lower())
