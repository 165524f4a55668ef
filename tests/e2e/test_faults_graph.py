"""The graph is away for a while: refused, or stopped in mid-word. Clients keep and send again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.e2e.conftest import LINEAGE, client_environment
from tests.support.faults import (
    Refusal,
    Writing,
    address_of,
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

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

AWAY_SECONDS = 12.0
PATIENCE_SECONDS = 3.0
ANSWER_SECONDS = 10.0
"""What a caller waits for its 503: the patience, and what the graph's own time limits add."""
SETTINGS = {"LINEAGE_INGEST__PATIENCE_SECONDS": str(PATIENCE_SECONDS)}


def test_neo4j_out_of_reach_at_the_start_and_later(
    start_server: StartServer, neo4j_server: Address, tmp_path: Path
) -> None:
    with Proxy(neo4j_server.uri) as proxy:
        proxy.cut()
        told = client_environment(tmp_path / "server", **graph_settings(neo4j_server, proxy.uri), **SETTINGS)
        server = start_server(environment=told)
        check_without_graph(server)
        with Writing(server.url, "early") as writing:
            until(lambda: writing.refusals, 20, "a refusal")
            proxy.heal()
            writing.wait_for(100, seconds=60)
            acknowledged = writing.end()
        check_refusals(writing.refusals)
        stored(neo4j_server, "early").check("early", acknowledged)
        lives_through(server, neo4j_server, tmp_path, leave=proxy.cut, come_back=proxy.heal)


def test_embedded_engine_stopped_for_a_while(start_server: StartServer, tmp_path: Path) -> None:
    """It neither answers nor breaks a connection: nobody hears of an error."""
    server = start_server(environment=client_environment(tmp_path / "server", **SETTINGS))
    engine = engine_process(server.family())
    address = address_of(engine, server.data_dir)
    lives_through(server, address, tmp_path, leave=engine.suspend, come_back=engine.resume)
    assert engine_process(server.family()).pid == engine.pid


def lives_through(
    server: RunningServer,
    address: Address,
    folder: Path,
    *,
    leave: Callable[[], None],
    come_back: Callable[[], None],
) -> None:
    """A writer and two clients before, during and after the graph's absence; then all is counted."""
    project = f"away-{folder.name}"
    environment = client_environment(folder, server.url)
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
            until(lambda: writing.refusals, ANSWER_SECONDS, "a refusal")
            check_without_graph(server)
            until(lambda: time.monotonic() > began + AWAY_SECONDS, AWAY_SECONDS + 5, "the absence")
        finally:
            come_back()
        writing.wait_for(200)
        acknowledged = writing.end()
        assert stays.finish().delivered
    assert not writing.cut_off
    check_refusals(writing.refusals)
    assert not ending.delivered
    check_left_behind(folder, environment)
    check_counts(server, address, project, acknowledged)
    for client in (stays, goes):
        check_recorded(server.url, client)
    assert set(stored(address, f"{project}-clients").events.values()) == {1}


def check_without_graph(server: RunningServer) -> None:
    """Alive, not ready, and a clear answer to whoever asks."""
    with httpx2.Client(base_url=server.url, timeout=ANSWER_SECONDS) as http:
        assert http.get("/livez").status_code == 200
        ready = http.get("/readyz")
    assert ready.status_code == 503
    assert "graph" in ready.text
    assert ready.headers["retry-after"]


def check_refusals(refusals: list[Refusal]) -> None:
    assert refusals
    for refusal in refusals:
        assert (refusal.status, refusal.body["error"]) == (503, "UNAVAILABLE"), refusal
        assert refusal.retry_after
        assert float(refusal.retry_after) > 0
        assert refusal.body["message"]


def check_left_behind(folder: Path, environment: dict[str, str]) -> None:
    """The client that ended meanwhile left its journal, which is sent now, once."""
    assert len(journals(folder)) == 1
    report = sync(LINEAGE, environment)
    assert (report["journals"], report["refused"], report["left"]) == (1, 0, [])
    assert not journals(folder)


def check_counts(server: RunningServer, address: Address, project: str, acknowledged: list[int]) -> None:
    stored(address, project).check(project, acknowledged)
    again = send(server.url, (event(project, n) for n in acknowledged))
    assert (again["accepted"], again["duplicate"]) == (0, len(acknowledged))
