"""GraphQL over HTTP and WebSocket (graphql-transport-ws) at ``/graphql``."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from lineage_server.api.deps import origin_of, principal_of
from lineage_server.api.gql.context import Context
from lineage_server.api.gql.schema import build_schema
from lineage_server.api.services import Services

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Endpoint(GraphQL[Context, None]):
    """One schema for all requests; the context says who is asking."""

    def __init__(self, services: Services, *, graphiql: bool) -> None:
        super().__init__(
            build_schema(),
            graphql_ide="graphiql" if graphiql else None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            allow_queries_via_get=False,
        )
        self._services = services

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket | None = None
    ) -> Context:
        return Context(
            services=self._services,
            principal=await principal_of(request),
            origin=origin_of(request),
        )


def graphql_routes(services: Services) -> list[BaseRoute]:
    """Routes to add to the application."""
    http = services.settings.http
    graphiql = http.graphiql == "on" or (http.graphiql == "auto" and http.host in LOOPBACK)
    endpoint = _Endpoint(services, graphiql=graphiql)
    return [Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)]
