"""What an operator is told when stored events are rebuilt from or archived, and what senders are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from lineage_server.domain.events import RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.writer import IngestWriter
from tests.support.dump import dump
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stories import story
from tests.support.warm import PATIENT

REBUILD, ARCHIVE, EVENTS = "/api/v1/admin/rebuild", "/api/v1/admin/archive", "/api/v1/events"


def event() -> str:
    return json.dumps({"type": "run", "id": new_run_id(), "run": new_run_id()})


async def until_ready(served: Served, status: int) -> dict[str, Any]:
    """Ask ``/readyz``, which believes an answer for a second."""
    async with asyncio.timeout(30):
        while True:
            answer = await served.http.get("/readyz?verbose")
            if answer.status_code == status:
                return answer.json()["parts"]
            await asyncio.sleep(0.1)


async def test_a_failed_rebuild_is_told_everywhere(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await dump(served.services.bolt, whole=True)

    async def no_pages(_: object) -> AsyncGenerator[list[Any]]:
        raise OSError("the cable was pulled")
        yield []

    with monkeypatch.context() as patched:
        patched.setattr(EventStore, "pages", no_pages)
        answer = await served.http.post(REBUILD)
        assert answer.status_code == 500, answer.text
    parts = await until_ready(served, 503)
    assert "run 'lineage rebuild' again" in parts["ingest"]["detail"]
    answer = await served.http.post(EVENTS, content=event())
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert "run 'lineage rebuild' again" in answer.json()["message"]
    assert "retry-after" in answer.headers
    async with served.services.store.exclusively("archiving"):
        answer = await served.http.post(REBUILD)
        assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert (await served.http.post(REBUILD)).json() == {"events": len(story())}
    assert await dump(served.services.bolt, whole=True) == before
    await until_ready(served, 200)
    assert (await served.http.post(EVENTS, content=event())).json()["accepted"] == 1


async def test_archiving_wants_a_folder_that_all_servers_share(
    served: Served, bolt: Address, tmp_path: Path
) -> None:
    """``served`` is on a graph that others may be on, too."""
    answer = await served.http.post(ARCHIVE, params={"days": 0})
    assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT")
    assert "LINEAGE_INGEST__ARCHIVE_DIR" in answer.json()["message"]
    for days in ("-1", "nan", "inf", "many"):
        assert (await served.http.post(ARCHIVE, params={"days": days})).status_code == 400
    shared = {"ingest": {"archive_dir": str(tmp_path / "shared")}}
    async with serving(bolt, tmp_path / "other", settings=shared) as other:
        assert (await other.http.post(ARCHIVE, params={"days": 0})).json() == {"events": len(story())}
        assert (await other.http.post(REBUILD)).json() == {"events": len(story())}
    answer = await served.http.post(REBUILD)
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert "LINEAGE_INGEST__ARCHIVE_DIR" in answer.json()["message"]
    await until_ready(served, 200)


async def test_a_server_that_starts_waits_for_anothers_rebuild(
    served: Served, bolt: Address, graph: Bolt, tmp_path: Path
) -> None:
    before = await dump(graph, whole=True)
    await graph.write("MATCH (w:Writer) SET w.rebuilder = 'another', w.rid_before = w.rid")
    await graph.write(
        "MERGE (l:Lease {uid: 'events'}) SET l.owner = 'another', l.until = timestamp() + 60000"
    )
    async with serving(bolt, tmp_path / "starting") as starting:
        assert "another server rebuilds" in (await until_ready(starting, 503))["graph"]["detail"]
        assert "another server rebuilds" in (await until_ready(served, 503))["ingest"]["detail"]
        answer = await served.http.post(EVENTS, content=event())
        assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
        # It has died: its lease ends, and the one that starts does the work.
        await graph.write("MATCH (l:Lease) SET l.until = timestamp() - 1")
        await until_ready(starting, 200)
        assert await dump(graph, whole=True) == before
        await until_ready(served, 200)
        assert (await served.http.post(EVENTS, content=event())).json()["accepted"] == 1


async def test_subscribers_hear_of_other_servers_under_mixed_load(served: Served, graph: Bolt) -> None:
    other = IngestWriter(GraphWriter(graph), publish=lambda _: None, limits=PATIENT)
    await other.start()
    async with served.services.changes.subscribe() as notices:
        for _ in range(5):
            run = RunReported(id=new_run_id(), at=now_micros(), run=new_run_id(), name="another server's")
            await other.submit([run], actor="test")
            assert (await served.http.post(EVENTS, content=event())).json()["accepted"] == 1
            async with asyncio.timeout(30):
                assert (await anext(notices)).kind == "resync"
        await asyncio.sleep(2.5)  # what is our own is never taken for another's
        served.services.changes.close()
        assert (await anext(notices)).kind == "reconnect"
    await other.stop()
