"""The graph is away for a while: refused, or stopped in mid-word. Clients keep and send again."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.e2e.conftest import LINEAGE, client_environment
from tests.support.faults import (
    Refusal,
    Writing,
    engine_process,
    event,
    graph_settings,
    send,
    stored,
    until,
)
from tests.support.proxy import Proxy
from tests.support.recording import Recording, check_recorded, journals, sync

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address

pytestmark = pytest.mark.e2e

AWAY_SECONDS = 60.0
ANSWER_SECONDS = 30.0
"""What a caller waits for its 503: the intake's patience (20 s), and the graph's own time limits."""
RECOVERY_SECONDS = 15.0


def test_neo4j_out_of_reach_at_the_start(
    start_server: StartServer, neo4j_server: Address, tmp_path: Path
) -> None:
    with Proxy(neo4j_server.uri) as proxy:
        proxy.cut()
        told = client_environment(tmp_path / "server", **graph_settings(neo4j_server, proxy.uri))
        server = start_server(environment=told, outer=neo4j_server)
        check_without_graph(server)
        with Writing(server.url, "early") as writing:
            until(lambda: writing.refusals, 20, "a refusal")
            proxy.heal()
            writing.wait_for(100, seconds=60)
            acknowledged = writing.end()
        check_refusals(writing.refusals)
        stored(neo4j_server, "early").check("early", acknowledged)


@pytest.mark.slow
def test_graph_away_for_a_minute(start_server: StartServer, neo4j_server: Address, tmp_path: Path) -> None:
    """Neo4j cannot be reached; the embedded engine neither answers nor breaks a connection."""

    def out_of_reach() -> None:
        with Proxy(neo4j_server.uri) as proxy:
            told = client_environment(tmp_path / "neo4j-user", **graph_settings(neo4j_server, proxy.uri))
            server = start_server(name="neo4j", environment=told, outer=neo4j_server)
            lives_through(server, tmp_path / "neo4j-clients", leave=proxy.cut, come_back=proxy.heal)

    def stopped() -> None:
        server = start_server()
        engine = engine_process(server.family())
        lives_through(server, tmp_path / "clients", leave=engine.suspend, come_back=engine.resume)
        assert engine_process(server.family()).pid == engine.pid

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(out_of_reach), pool.submit(stopped)]:
            one.result()


def lives_through(
    server: RunningServer, folder: Path, *, leave: Callable[[], None], come_back: Callable[[], None]
) -> None:
    """A writer and two clients before, during and after the graph's absence; then all is counted."""
    project = f"away-{folder.name}"
    environment = client_environment(folder, server.url)
    graph = server.graph
    with (
        Writing(server.url, project) as writing,
        Recording(environment, "stays", f"{project}-clients") as stays,
        Recording(environment, "goes", f"{project}-clients", finish_seconds=0.5) as goes,
    ):
        writing.wait_for(100)
        stays.record(20)
        leave()
        began = time.monotonic()
        try:
            for client in (stays, goes):
                client.record(20)
            ending = goes.finish()
            while time.monotonic() < began + AWAY_SECONDS:
                check_without_graph(server)
                time.sleep(5)
            assert len(writing.refusals) >= 2
        finally:
            come_back()
        writing.wait_for(200, seconds=RECOVERY_SECONDS)
        until(lambda: status(server, "/readyz") == 200, RECOVERY_SECONDS, "readiness")
        acknowledged = writing.end()
        assert stays.finish().delivered
    assert not writing.cut_off
    check_refusals(writing.refusals)
    assert not ending.delivered
    check_left_behind(folder, environment)
    stored(graph, project).check(project, acknowledged)
    again = send(server.url, (event(project, n) for n in acknowledged))
    assert (again["accepted"], again["duplicate"]) == (0, len(acknowledged))
    for client in (stays, goes):
        check_recorded(server.url, client)
    assert set(stored(graph, f"{project}-clients").events.values()) == {1}


def status(server: RunningServer, path: str) -> int:
    return httpx2.get(server.url + path, timeout=ANSWER_SECONDS).status_code


def check_without_graph(server: RunningServer) -> None:
    """Alive, not ready, and a clear answer to whoever asks."""
    with httpx2.Client(base_url=server.url, timeout=ANSWER_SECONDS) as http:
        assert http.get("/livez").status_code == 200
        ready = http.get("/readyz")
        asked = http.post("/graphql", json={"query": "{ runs(first: 1) { edges { node { uid } } } }"})
    assert ready.status_code == 503
    assert "graph" in ready.text
    assert ready.headers["retry-after"]
    assert asked.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE", asked.text


def check_refusals(refusals: list[Refusal]) -> None:
    assert refusals
    for refusal in refusals:
        assert (refusal.status, refusal.body["error"]) == (503, "UNAVAILABLE"), refusal
        assert refusal.retry_after
        assert float(refusal.retry_after) > 0
        assert refusal.body["message"]


def check_left_behind(folder: Path, environment: dict[str, str]) -> None:
    """The client that ended meanwhile left its journal: sent now, once, unless the other client did so."""
    left = journals(folder)
    report = sync(LINEAGE, environment)
    assert (report["journals"], report["refused"], report["left"]) == (len(left), 0, [])
    assert not journals(folder)
