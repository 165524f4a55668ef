"""GraphQL over HTTP, WebSocket (graphql-transport-ws) and server-sent events at ``/graphql``.

Who is asking comes with the request; on a WebSocket also with its first message, since browsers cannot
set headers there: ``{"authorization": "Bearer lin_…"}``. It is asked again at the start of every operation
of an open connection, and while one streams.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, cast

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from lineage_server.api.deps import credentials_of, origin_of, principal_of, services_of, source_of
from lineage_server.api.errors import extensions_of, headers_of
from lineage_server.api.gql.context import Context
from lineage_server.api.gql.documents import Documents, read_operations
from lineage_server.api.gql.schema import build_schema
from lineage_server.api.gql.sockets import Handler, Messages, Sockets
from lineage_server.api.pages import graphql_page, has_graphql_page
from lineage_server.api.services import Services
from lineage_server.domain.errors import InvalidInputError, LineageError, NotAuthenticatedError
from lineage_server.tracking.service import Tracking

_MOST_SUBSCRIPTIONS = 100
_PARTS: tuple[tuple[str, type[object], str], ...] = (
    ("query", str, "text"),
    ("operationName", str, "text"),
    ("variables", dict, "an object"),
    ("extensions", dict, "an object"),
)
"""Of a request, what each is."""


class _Endpoint(GraphQL[Context, None]):
    """One schema for all requests; the context says who is asking."""

    websocket_adapter_class = Messages
    graphql_transport_ws_handler_class = Handler

    def __init__(self, services: Services, documents: Documents) -> None:
        http = services.settings.http
        super().__init__(
            build_schema(
                documents=documents,
                seconds=http.request_timeout_seconds * 0.9,
                histogram=services.telemetry.metrics.operations,
            ),
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            allow_queries_via_get=False,
            connection_init_wait_timeout=timedelta(seconds=http.request_timeout_seconds),
            max_subscriptions_per_connection=None,  # ``Handler`` says it in our words
            allowed_origins=("*",),  # GuardMiddleware has checked the origin already
        )
        self._tracking = Tracking(services.bolt)
        self._page = graphql_page() if has_graphql_page(http) else None
        self._sockets = Sockets(http.max_sockets, services.telemetry.metrics.sockets, _refusal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._page is not None and _is_browser(scope):
            return await self._page(scope, receive, send)
        if scope["type"] == "websocket":
            return await self._sockets.serve(scope, receive, send, super().__call__)
        try:
            await super().__call__(scope, receive, send)
        except LineageError as error:
            await _refusal(error)(scope, receive, send)

    @cached_property
    def sdl(self) -> str:
        return self.schema.as_str() + "\n"

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket | None = None
    ) -> Context:
        try:
            asking = await principal_of(request)
        except NotAuthenticatedError:
            if not isinstance(request, WebSocket):
                raise
            asking = None  # its first message may still say it
        return Context(
            services=services_of(request),
            tracking=self._tracking,
            asking=asking,
            origin=origin_of(request),
            source=source_of(request),
            credentials=credentials_of(request),
        )

    async def on_ws_connect(self, context: Context) -> Any:
        told = context.connection_params
        text = told.get("authorization") or told.get("Authorization")
        try:
            if isinstance(text, str) and text and context.credentials is not None:
                context.credentials = replace(context.credentials, authorization=text)
                await context.identify()
            return await super().on_ws_connect(context) if context.principal else None
        except NotAuthenticatedError as error:
            raise ConnectionRejectionError({"message": error.message}) from error

    def should_render_graphql_ide(self, request: object) -> bool:
        return False  # ``_is_browser`` has decided

    async def parse_http_body(self, request: Any) -> Any:
        if request.method == "POST" and "application/json" not in (request.content_type or "").lower():
            raise InvalidInputError(
                "the request does not say that it is JSON; nothing was done",
                field="content-type",
                allowed="application/json",
            )
        return await super().parse_http_body(request)

    def parse_json(self, data: str | bytes) -> Any:
        """``documentId`` names a persisted operation too, by its SHA-256 or its name."""
        try:
            parsed: Any = self.decode_json(data)
        except ValueError as error:
            raise InvalidInputError(
                f"the request is not JSON: {str(error)[:200]}", field="body", allowed='{"query": "…"}'
            ) from None
        if not isinstance(parsed, dict):
            raise InvalidInputError("the request is no JSON object", field="body", allowed='{"query": "…"}')
        return _checked(cast("dict[str, Any]", parsed))

    def parse_query_params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The same from a GET, which may only subscribe."""
        body = dict(params)
        for name in ("variables", "extensions"):
            try:
                body[name] = self.decode_json(body[name]) if body.get(name) else None
            except ValueError as error:
                raise InvalidInputError(
                    f"{name} of the request is not JSON: {str(error)[:200]}", field=name, allowed="an object"
                ) from None
        return _checked(body)

    def decode_json(self, data: str | bytes) -> object:
        """Raises JSONDecodeError, which a WebSocket is closed for."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        # Text, not bytes: graphql-transport-ws sends text frames.
        try:
            return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        except orjson.JSONEncodeError:  # facts may hold integers beyond 64 bits, as JSON may
            return json.dumps(data, default=str, ensure_ascii=False)


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """A request whose parts are what they must be; a ``documentId`` stands where its kind is looked for."""
    told = body.get("documentId")
    if isinstance(told, str) and told and not body.get("query"):
        by_hash = len(told) == 64
        body["extensions"] = {"persistedQuery": {"sha256Hash": told}} if by_hash else None
        body["operationName"] = body.get("operationName") if by_hash else told
    for name, kind, allowed in _PARTS:
        if not isinstance(body.get(name), kind | None):
            raise InvalidInputError(f"{name} of the request is not {allowed}", field=name, allowed=allowed)
    return body


def _is_browser(scope: Scope) -> bool:
    """Whether somebody types the address: no token comes with that, and the page needs none."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and "text/html" in Headers(scope=scope).get("accept", "")
    )


def _refusal(error: LineageError) -> JSONResponse:
    """An answer in GraphQL's shape to a request that came to no operation."""
    body = {"data": None, "errors": [{"message": error.message, "extensions": extensions_of(error)}]}
    return JSONResponse(body, status_code=error.http_status, headers=headers_of(error))


def graphql_routes(services: Services) -> list[BaseRoute]:
    """Routes to add to the application; schema and persisted operations are those of every installation."""
    operations = read_operations()
    endpoint = _Endpoint(services, Documents(operations))

    async def schema(_request: Request) -> Response:
        return PlainTextResponse(endpoint.sdl)

    async def persisted(_request: Request) -> Response:
        return JSONResponse(operations)

    return [
        Route("/graphql", endpoint, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", endpoint),
        Route("/graphql/schema", schema),
        Route("/graphql/operations", persisted),
    ]
