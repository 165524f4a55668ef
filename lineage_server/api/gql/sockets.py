"""WebSockets that speak graphql-transport-ws: how many there are, what may be said, how they end.

A connection costs memory whether it asks for anything or not, so they are counted before they are taken.
One whose other end is gone ends with all its operations, and says nothing of them: nobody is to blame.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from typing import cast

from prometheus_client import Gauge
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage

from lineage_server.api.deps import services_of
from lineage_server.api.gql.context import Context
from lineage_server.api.gql.errors import error_of
from lineage_server.domain.errors import LimitError, LineageError, UnavailableError

MAX_OPERATIONS = 100
"""Of one connection at once."""
_TRY_AGAIN_LATER = 1013


class Sockets:
    """Those that are open; refuses more than ``most``."""

    def __init__(self, most: int, gauge: Gauge, refusal: Callable[[LineageError], Response]) -> None:
        self._most = most
        self._gauge = gauge
        self._refusal = refusal
        self._open = 0

    async def serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        speak: Callable[[Scope, Receive, Send], Awaitable[None]],
    ) -> None:
        """One connection to its end; refused before the handshake where it cannot be served."""
        try:
            services_of(WebSocket(scope, receive, send))
            with self._counted():
                await speak(scope, receive, send)
        except LineageError as error:
            await self._refuse(error, scope, receive, send)

    @contextlib.contextmanager
    def _counted(self) -> Generator[None]:
        if self._open >= self._most:
            raise UnavailableError(
                f"{self._open} WebSockets are open, the most that this server holds at once; close some, ask "
                "by POST, or try again later",
                part="sockets",
                retry_after_seconds=10.0,
            )
        self._open += 1
        self._gauge.set(self._open)
        try:
            yield
        finally:
            self._open -= 1
            self._gauge.set(self._open)

    async def _refuse(self, error: LineageError, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        await socket.receive()  # the handshake must be taken before it can be refused
        if "websocket.http.response" in scope.get("extensions", {}):
            await socket.send_denial_response(self._refusal(error))
        else:
            await socket.close(_TRY_AGAIN_LATER, error.message[:120])


class Messages(ASGIWebSocketAdapter):
    """What comes over a WebSocket, in the shape of the protocol: its handler takes that for granted."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            if not _is_message(message):
                raise NonJsonMessageReceived
            yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        if self.ws.application_state is WebSocketState.DISCONNECTED:  # closed while operations ran
            raise WebSocketDisconnected
        await super().send_json(message)

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is not WebSocketState.DISCONNECTED:
            with contextlib.suppress(WebSocketDisconnect):
                await super().close(code, reason)


class Handler(BaseGraphQLTransportWSHandler[Context, None]):
    """The protocol, with our errors."""

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        known = message["id"] in self.operations
        if self.connection_acknowledged and not known and len(self.operations) >= MAX_OPERATIONS:
            error = error_of(
                LimitError(
                    f"{MAX_OPERATIONS} operations are open on this connection, the most there may be; "
                    "complete some, or open another connection",
                    limit=MAX_OPERATIONS,
                    actual=len(self.operations) + 1,
                )
            )
            await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})
            return
        await super().handle_subscribe(message)

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)


def _is_message(told: object) -> bool:
    if not isinstance(told, dict):
        return False
    message = cast("dict[str, object]", told)
    if not (isinstance(message.get("type", ""), str) and isinstance(message.get("id", ""), str)):
        return False
    return message.get("type") != "subscribe" or _is_operation(message.get("payload", {}))


def _is_operation(told: object) -> bool:
    if not isinstance(told, dict):
        return False
    payload = cast("dict[str, object]", told)
    texts = (payload.get("query"), payload.get("operationName"))
    variables = payload.get("variables")
    return all(text is None or isinstance(text, str) for text in texts) and (
        variables is None or isinstance(variables, dict)
    )
