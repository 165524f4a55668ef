"""The module's own functions: one client per process, exchanged by ``connect``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_server import client as lineage
from lineage_server.client import shortcuts
from tests.unit.client.stub import StubServer


@pytest.fixture(autouse=True)
def _fresh(journal_dir: Path, monkeypatch: pytest.MonkeyPatch, stub: StubServer) -> Iterator[None]:
    monkeypatch.setenv("LINEAGE_URL", stub.url)
    monkeypatch.setenv("LINEAGE_JOURNAL_DIR", str(journal_dir))
    monkeypatch.setenv("LINEAGE_CAPTURE", "none")
    monkeypatch.setattr(shortcuts, "_default", [])
    yield
    for client in shortcuts._default:
        client.close(0)


def test_five_lines(stub: StubServer) -> None:
    with lineage.start_run("train", params={"lr": 0.1}) as run:
        run.log({"loss": 0.5})
        assert lineage.current_run() is run
    assert stub.run(run.id)["state"] == "complete"
    assert lineage.flush()
    assert lineage.sync_status().all_sent
    assert lineage.sync().accepted == 0


def test_connect_exchanges_the_client_and_ends_what_was_open(stub: StubServer) -> None:
    open_run = lineage.start_run("left open")
    made = lineage.connect(project="team-a")
    assert stub.run(open_run.id)["state"] == "complete"
    with lineage.start_run("next") as run:
        assert run.project == "team-a"
    assert shortcuts.default_client() is made


def test_offline_in_a_block(stub: StubServer) -> None:
    with lineage.offline():
        assert lineage.sync_status().mode == "offline"
        lineage.start_run("x").finish()
        assert not stub.requests
    assert lineage.flush()
    assert stub.accepted == 2


def test_attach_and_ask(stub: StubServer) -> None:
    run_id = "0198c0de-0000-7000-8000-000000000001"
    lineage.attach_run(f"run:{run_id}").log_params({"a": 1})
    assert lineage.flush()
    assert stub.run(run_id)["params"] == {"a": 1}
    stub.data = {"data": {"ok": True}}
    assert lineage.gql("{ ok }") == {"ok": True}
