"""What every transport asks before it works: which services, who is asking, from where.

``GuardMiddleware`` refuses what a browser may have been tricked into: a foreign Host name in mode
``open``, a foreign Origin on anything that changes something or upgrades to a WebSocket. Requests
without an Origin come from programs, not from pages, and pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from lineage_server.api.errors import refuse_websocket, send_error
from lineage_server.api.services import Services
from lineage_server.auth.access import Credentials
from lineage_server.auth.principal import Permission, Principal
from lineage_server.domain.edges import Source
from lineage_server.domain.errors import ForbiddenError, LineageError, UnavailableError

SESSION_COOKIE = "lineage_session"
"""Holds the token of a browser that signed in (``api/session.py``)."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def services_of(connection: HTTPConnection) -> Services:
    """The services; raises UnavailableError while the server starts or stops."""
    services = cast("Services | None", getattr(connection.app.state, "services", None))
    if services is None:
        raise UnavailableError("the server is starting or stopping; try again in a moment", part="server")
    return services


def credentials_of(connection: HTTPConnection) -> Credentials:
    """What the request says of its sender; a browser's session says it where nothing else does."""
    session = connection.cookies.get(SESSION_COOKIE, "")
    return Credentials(
        authorization=connection.headers.get("authorization") or (f"Bearer {session}" if session else ""),
        peer=origin_of(connection),
        headers=connection.headers,
    )


async def principal_of(connection: HTTPConnection) -> Principal:
    """Who is asking; raises NotAuthenticatedError. Asked once a request, however often it is called."""
    known = cast("Principal | None", getattr(connection.state, "principal", None))
    if known is None:
        known = await services_of(connection).access.authenticate(credentials_of(connection))
        connection.state.principal = known
    return known


async def allowed(connection: HTTPConnection, permission: Permission, project: str = "") -> Principal:
    """The principal, if it may; raises what ``Principal.check`` raises."""
    principal = await principal_of(connection)
    principal.check(permission, project)
    return principal


def origin_of(connection: HTTPConnection) -> str:
    """The address at the other end, for the audit trail."""
    return connection.client.host if connection.client is not None else ""


def source_of(connection: HTTPConnection) -> Source:
    """What is calling: browsers say of which page they send something that may change anything."""
    return Source.UI if "origin" in connection.headers else Source.CLIENT


class GuardMiddleware:
    """Host and Origin, before anything else looks at the request."""

    def __init__(
        self, app: ASGIApp, *, check_host: Callable[[str], None], allowed_origins: tuple[str, ...]
    ) -> None:
        self._app = app
        self._check_host = check_host
        self._allowed = frozenset(origin.rstrip("/").lower() for origin in allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        host = origin = ""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
        try:
            self._check_host(host)
            if origin and (scope["type"] == "websocket" or scope["method"] not in _SAFE):
                self._check_origin(origin, host)
        except LineageError as error:
            if scope["type"] == "websocket":
                await receive()  # the handshake must be taken before it can be refused
                return await refuse_websocket(error, send)
            return await send_error(error, send)
        return await self._app(scope, receive, send)

    def _check_origin(self, origin: str, host: str) -> None:
        # Not the scheme: behind a proxy that ends TLS we see http where the browser sees https.
        # As text: what a sender makes up need not be an address at all.
        same = origin.lower().partition("://")[2] == host.lower() and host != ""
        if not same and origin.rstrip("/").lower() not in self._allowed:
            raise ForbiddenError(
                f"pages of {origin[:120]!r} may not change anything here; nothing was done. "
                "If this is your own user interface, list it in LINEAGE_HTTP__ALLOWED_ORIGINS"
            )
