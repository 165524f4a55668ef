"""The whole application over a real graph, asked in this process: for tests of what it answers.

``serving(address, …)`` gives a ``Served``: the application with its services, and GraphQL calls as
whoever holds a token. Not here: starting engines (``tests/conftest.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from lineage_server.api.services import Services
from lineage_server.app import build_app
from lineage_server.auth.principal import LOCAL
from lineage_server.auth.tokens import NewToken
from lineage_server.domain.events import Event
from lineage_server.domain.nodes import Role
from lineage_server.ingest.verdicts import Outcome
from lineage_server.settings import load
from tests.support.neo4j_server import Address
from tests.support.warm import PATIENCE_SECONDS

KEYED = {"webhooks": {"key": "a key of tests"}}


@dataclass
class Served:
    """A running application."""

    app: Starlette
    http: httpx2.AsyncClient

    @property
    def services(self) -> Services:
        return self.app.state.services

    async def post(self, body: Mapping[str, Any], token: str = "") -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return await self.http.post("/graphql", json=dict(body), headers=headers)

    async def answer(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str = ""
    ) -> dict[str, Any]:
        """The whole answer, errors included."""
        response = await self.post({"query": query, "variables": dict(variables or {})}, token)
        assert response.status_code == 200, response.text
        return response.json()

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str = ""
    ) -> dict[str, Any]:
        """The data; an error fails the test."""
        answer = await self.answer(query, variables, token)
        assert "errors" not in answer, json.dumps(answer["errors"], indent=1)[:3000]
        return answer["data"]

    async def refused(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str = ""
    ) -> dict[str, Any]:
        """The first error; an answer without one fails the test."""
        answer = await self.answer(query, variables, token)
        assert answer.get("errors"), answer
        return answer["errors"][0]

    async def record(self, *events: Event) -> None:
        """Events that must be accepted."""
        verdicts = await self.services.ingest.submit(list(events), actor=LOCAL.actor)
        wrong = [v for v in verdicts if v.outcome is Outcome.REFUSED]
        assert not wrong, wrong

    async def followed(self, done: Callable[[], bool] = lambda: False) -> None:
        """Returns once somebody listens to changes, or is ``done``."""
        for _ in range(3_000):
            if self.services.changes.subscribers or done():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nobody listens")

    async def token(self, subject: str, **wanted: Any) -> str:
        """A token's text, made by the platform's admin."""
        new = NewToken(name=f"test {subject}", subject=subject, **wanted)
        _, text = await self.services.tokens.create(LOCAL, new)
        return text

    async def service_token(self, **roles: str) -> str:
        """A service's token with these roles by project."""
        scopes = {project: Role(role) for project, role in roles.items()}
        return await self.token("robot", kind="service", scopes=scopes)


@contextlib.asynccontextmanager
async def serving(
    address: Address, folder: Path, *, mode: str = "open", settings: Mapping[str, Any] | None = None
) -> AsyncGenerator[Served]:
    """The application on an engine that runs already; its graph is used as it is."""
    graph: dict[str, Any] = {
        "uri": address.uri,
        "user": address.user,
        "password": address.password,
        "database": address.database,
    }
    told = dict(settings or {})
    graph |= told.pop("graph", {})
    ingest = {"patience_seconds": PATIENCE_SECONDS, **told.pop("ingest", {})}
    groups = {"graph": graph, "ingest": ingest, "auth": {"mode": mode}, **KEYED, **told}
    app = build_app(load({"data_dir": folder, **groups}))
    inner = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=inner, base_url="http://127.0.0.1", timeout=PATIENCE_SECONDS) as http,
    ):
        yield Served(app, http)
