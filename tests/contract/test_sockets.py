"""An open WebSocket: who is asking is looked at again for every operation, and while one streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from lineage_server.api.gql import schema
from lineage_server.api.gql.documents import read_operations
from lineage_server.auth.principal import LOCAL
from lineage_server.auth.tokens import NewToken, Tokens
from lineage_server.domain.events import MemberSet, ProjectReported
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import Role
from tests.support.served import Served

TEXTS = read_operations()
PATIENCE_SECONDS = 30
CONFIRM_SECONDS = 0.2


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema.Schema, "confirm_seconds", CONFIRM_SECONDS)


class Socket:
    """The client's side of a graphql-transport-ws connection to the application in this process."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def say(self, **message: Any) -> None:
        await self.sent.put({"type": "websocket.receive", "text": json.dumps(message)})

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return json.loads((await self.received.get())["text"])

    async def start(self, number: str, name: str, **variables: Any) -> None:
        await self.say(id=number, type="subscribe", payload={"query": TEXTS[name], "variables": variables})

    async def ask(self, name: str) -> dict[str, Any]:
        """The answer to one operation: its data, or its first error."""
        await self.start(name, name)
        told = await self.hear()
        if told["type"] == "error":
            return told["payload"][0]
        assert (await self.hear())["type"] == "complete"
        return told["payload"]["data"]

    async def end(self) -> list[str]:
        """Codes of the errors with which a stream ended, whatever it told before."""
        codes: list[str] = []
        while (told := await self.hear())["type"] != "complete":
            codes += [error["extensions"]["code"] for error in told["payload"].get("errors", ())]
        return codes


@contextlib.asynccontextmanager
async def connected(served: Served, token: str) -> AsyncGenerator[Socket]:
    socket = Socket()
    scope = {
        "type": "websocket", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"",
        "root_path": "", "headers": [(b"host", b"127.0.0.1")], "scheme": "ws",
        "subprotocols": ["graphql-transport-ws"], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        "app": served.app,
    }  # fmt: skip
    serving = asyncio.create_task(served.app(scope, socket.sent.get, socket.received.put))
    await socket.sent.put({"type": "websocket.connect"})
    assert (await socket.received.get())["type"] == "websocket.accept"
    await socket.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
    assert (await socket.hear())["type"] == "connection_ack"
    try:
        yield socket
    finally:
        await socket.sent.put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE_SECONDS):
            await serving


async def test_each_operation_asks_again_who_it_is(guarded: Served) -> None:
    tokens = guarded.services.tokens
    token, text = await tokens.create(LOCAL, NewToken(name="x", subject="kim"))
    async with connected(guarded, text) as socket:
        assert (await socket.ask("Me"))["me"]["subject"] == "kim"
        await guarded.record(MemberSet(project="default", id="up", subject="kim", role=Role.ADMIN))
        assert (await socket.ask("Me"))["me"]["projects"] == [{"project": "default", "role": "ADMIN"}]
        await tokens.revoke(LOCAL, token.uid)
        assert (await socket.ask("Me"))["extensions"]["code"] == "UNAUTHENTICATED"


async def test_streams_end_with_the_right_to_them(guarded: Served) -> None:
    """Revoked, expired, and no member any more; who only gained a right goes on."""
    await guarded.record(
        ProjectReported(project="other", id="other"),
        MemberSet(project="other", id="ann", subject="ann", role=Role.EDITOR),
        MemberSet(project="default", id="ann here", subject="ann", role=Role.VIEWER),
        MemberSet(project="default", id="bob", subject="bob", role=Role.VIEWER),
    )
    tokens = guarded.services.tokens
    revoked, of_root = await tokens.create(LOCAL, NewToken(name="r", subject="root", platform_admin=True))
    soon = now_micros() + 3_000_000
    _, expiring = await tokens.create(LOCAL, NewToken(name="e", subject="kim", expires_at=soon))
    async with contextlib.AsyncExitStack() as stack:

        async def following(token: str, name: str, **variables: Any) -> Socket:
            socket = await stack.enter_async_context(connected(guarded, token))
            await socket.start("1", name, **variables)
            return socket

        root = await following(of_root, "IngestStatusChanged")
        kim = await following(expiring, "RunsChanged", project="default")
        ann = await following(await guarded.token("ann"), "RunsChanged", project="default")
        bob = await following(await guarded.token("bob"), "RunsChanged", project="default")
        await root.hear()
        await guarded.record(
            MemberSet(project="other", id="no ann", subject="ann", role=None),
            MemberSet(project="default", id="more bob", subject="bob", role=Role.EDITOR),
        )
        await tokens.revoke(LOCAL, revoked.uid)
        assert await root.end() == ["UNAUTHENTICATED"]
        assert await ann.end() == ["FORBIDDEN"]
        assert await kim.end() == ["UNAUTHENTICATED"]
        assert bob.received.empty()
        await ann.start("2", "RunsChanged", project="other")
        assert (await ann.hear())["payload"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_streams_end_also_where_another_server_was_told(guarded: Served) -> None:
    """As soon as what this one remembers is too old."""
    token, text = await guarded.services.tokens.create(
        LOCAL, NewToken(name="r", subject="root", platform_admin=True)
    )
    other = Tokens(guarded.services.bolt)
    async with connected(guarded, text) as socket:
        await socket.start("1", "RunsChanged", project="default")
        await socket.start("2", "IngestStatusChanged")
        await socket.hear()
        await other.revoke(LOCAL, token.uid)
        async with asyncio.timeout(guarded.services.settings.auth.cache_seconds + 3 * CONFIRM_SECONDS + 1):
            assert await socket.end() == ["UNAUTHENTICATED"]
            assert await socket.end() == ["UNAUTHENTICATED"]
