"""The whole server in this process: start, answer, lose the graph, find it again, stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from lineage_server.app import Server, build_app
from lineage_server.domain.errors import InvalidInputError
from lineage_server.graph.embedded import EmbeddedGraph
from lineage_server.settings import load
from tests.support.neo4j_server import free_port

EVENT = json.dumps({"type": "run", "id": "e1", "run": "0198c0de-0000-7000-8000-000000000001", "name": "x"})
NOW = {"ingest": {"patience_seconds": 1.0}}


@contextlib.asynccontextmanager
async def running(app: Starlette) -> AsyncGenerator[httpx2.AsyncClient, None]:
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


async def until(client: httpx2.AsyncClient, status: int, seconds: float = 30.0) -> httpx2.Response:
    """Ask ``/readyz`` until it answers ``status``."""
    async with asyncio.timeout(seconds):
        while True:
            answer = await client.get("/readyz?verbose")
            if answer.status_code == status:
                return answer
            await asyncio.sleep(0.1)


async def test_laptop_server_takes_events_and_keeps_them(tmp_path: Path) -> None:
    settings = load({"data_dir": tmp_path})
    async with running(build_app(settings)) as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await until(client, 200)).json()["parts"].keys() == {"graph", "ingest"}
        answer = await client.post("/api/v1/events", content=EVENT)
        assert answer.json()["accepted"] == 1
        metrics = (await client.get("/metrics")).text
        assert 'lineage_ingest_events_total{verdict="accepted"} 1.0' in metrics
        assert 'route="/api/v1/events"' in metrics
    async with running(build_app(settings)) as client:
        answer = await client.post("/api/v1/events", content=EVENT)
        assert answer.json()["duplicate"] == 1


async def test_server_outlives_its_graph_and_finds_it_again(tmp_path: Path) -> None:
    port = free_port()
    password = await _password(tmp_path, port)
    graph = {"uri": f"bolt://127.0.0.1:{port}", "user": "root", "password": password, "database": "lineage"}
    app = build_app(load({"data_dir": tmp_path, "graph": graph, **NOW}))
    async with running(app) as client:
        # Not there at the start …
        answer = await until(client, 503)
        assert not answer.json()["parts"]["graph"]["ok"]
        assert (await client.get("/livez")).status_code == 200
        answer = await client.post("/api/v1/events", content=EVENT)
        assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
        # … then it comes …
        async with EmbeddedGraph(tmp_path / "graph", port=port):
            await until(client, 200)
            assert (await client.post("/api/v1/events", content=EVENT)).json()["accepted"] == 1
        # … goes …
        await until(client, 503)
        answer = await client.post("/api/v1/events", content=EVENT)
        assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
        assert "retry-after" in answer.headers
        # … and is back.
        async with EmbeddedGraph(tmp_path / "graph", port=port):
            await until(client, 200)
            assert (await client.post("/api/v1/events", content=EVENT)).json()["duplicate"] == 1


async def _password(folder: Path, port: int) -> str:
    """Let the engine make its folder, so that its password is known before it is needed."""
    async with EmbeddedGraph(folder / "graph", port=port) as address:
        assert (address.user, address.database) == ("root", "lineage")
        return address.password


async def test_token_mode_lets_only_tokens_in(tmp_path: Path) -> None:
    app = build_app(load({"data_dir": tmp_path, "auth": {"mode": "token"}}))
    async with running(app) as client:
        answer = await client.post("/api/v1/events", content=EVENT)
        assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHENTICATED")
        server: Server = app.state.server
        assert server.first_admin is not None
        bearer = {"authorization": f"Bearer {server.first_admin.text}"}
        assert (await client.post("/api/v1/events", content=EVENT, headers=bearer)).json()["accepted"] == 1
        assert (await client.get("/readyz")).status_code == 200


async def test_open_mode_beyond_loopback_does_not_start(tmp_path: Path) -> None:
    app = build_app(load({"data_dir": tmp_path, "http": {"host": "0.0.0.0"}}))
    with pytest.raises(InvalidInputError, match="loopback"):
        async with running(app):
            pass
    assert isinstance(app.state.server.failure, InvalidInputError)


async def test_stopping_server_takes_nothing_more(tmp_path: Path) -> None:
    app = build_app(load({"data_dir": tmp_path}))
    async with running(app) as client:
        app.state.server.begin_stop(app)
        answer = await client.post("/api/v1/events", content=EVENT)
        assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
        assert (await client.get("/livez")).status_code == 200
