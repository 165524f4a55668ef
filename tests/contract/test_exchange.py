"""Stored events out of one server and into another: the same graph, who sent what and when included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage_server.domain.events import RunReported
from lineage_server.domain.ids import event_uid, new_run_id, now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.decode import encode
from lineage_server.ingest.tables import from_parquet, to_parquet
from tests.contract.test_hostile_bodies import MIB, peak_memory
from tests.support.dump import dump
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stories import story

EXPORT, IMPORT = "/api/v1/export/events", "/api/v1/import/events"


async def pages(served: Served, token: str = "", **asked: Any) -> list[bytes]:
    """All pages, as a client asks for them."""
    told: list[bytes] = []
    headers = {"authorization": f"Bearer {token}"} if token else {}
    while True:
        answer = await served.http.get(EXPORT, params=asked, headers=headers)
        assert answer.status_code == 200, answer.text
        told.append(answer.content)
        assert len(from_parquet(answer.content)) == int(answer.headers["lineage-events"])
        if "lineage-next" not in answer.headers:
            return told
        asked |= {"first": answer.headers["lineage-next"], "until": answer.headers["lineage-until"]}


async def put(served: Served, page: bytes, token: str = "") -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return (await served.http.post(IMPORT, content=page, headers=headers)).json()


async def stored(served: Served) -> list[StoredEvent]:
    """Everything that is stored; batches numbered anew, for a server counts its own."""
    store = served.services.store
    events, first = list[StoredEvent](), 0
    until = await store.next_batch()
    while first < until:
        page, first = await store.page_from(first, until)
        events += page
    numbers = {seq: number for number, seq in enumerate(sorted({e.seq for e in events}))}
    return [replace(e, seq=numbers[e.seq]) for e in events]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_server.ingest.store.PAGE_EVENTS", 9)


@pytest.mark.usefixtures("small_pages")
async def test_what_was_exported_is_imported_as_it_was(
    bolt: Address, graph: Bolt, wipe: Callable[[], Awaitable[None]], tmp_path: Path
) -> None:
    settings = {"ingest": {"archive_dir": str(tmp_path / "archive")}}
    async with serving(bolt, tmp_path, settings=settings) as first:
        told = story()
        for start in range(0, len(told), 5):
            if start == 30:
                await first.services.store.archive(0)  # some lie in files, some in the graph
            await first.record(*told[start : start + 5])
        await first.services.eraser.finish()
        before, kept = await dump(graph, whole=True), await stored(first)
        out = await pages(first)
        assert len(out) > 5
    await wipe()
    async with serving(bolt, tmp_path / "other") as second:
        verdicts = [await put(second, page) for page in out]
        assert sum(v["accepted"] for v in verdicts) == len(kept)
        assert not any(v["refused"] or v["duplicate"] for v in verdicts)
        await second.services.eraser.finish()
        assert await dump(graph, whole=True) == before
        assert await stored(second) == kept
        assert sum(e.redacted for e in kept) > 0
        # Once more: known, and nothing changes.
        again = [await put(second, page) for page in reversed(out)]
        assert [v["duplicate"] for v in again] == [v["accepted"] for v in reversed(verdicts)]
        assert await dump(graph, whole=True) == before
        # A rebuild there finds the same.
        await second.services.rebuilder.rebuild()
        assert await dump(graph, whole=True) == before


@pytest.mark.usefixtures("small_pages")
@pytest.mark.usefixtures("graph")
async def test_pages_hold_still_while_events_come_and_move(bolt: Address, tmp_path: Path) -> None:
    """Everything that stood at the first page comes out once, though it be archived meanwhile."""
    settings = {"ingest": {"archive_dir": str(tmp_path / "archive")}}
    async with serving(bolt, tmp_path, settings=settings) as served:
        for event in story():
            await served.record(event)
        expected = [e.uid for e in await stored(served)]
        answer = await served.http.get(EXPORT)
        found = [e.uid for e in from_parquet(answer.content)]
        while "lineage-next" in answer.headers:
            await served.record(RunReported(id=new_run_id(), run=new_run_id(), state=RunState.RUNNING))
            await served.services.store.archive(0)
            asked = {"first": answer.headers["lineage-next"], "until": answer.headers["lineage-until"]}
            answer = await served.http.get(EXPORT, params=asked)
            found += [e.uid for e in from_parquet(answer.content)]
        assert found == expected


async def test_of_a_project_its_admins_get_its_events_alone(guarded: Served) -> None:
    await guarded.record(RunReported(run=new_run_id(), project="p", state=RunState.RUNNING))
    one, other = "default", "p"
    admin = await guarded.service_token(**{one: "admin"})
    got = [e for page in await pages(guarded, admin, project=one) for e in from_parquet(page)]
    assert got
    assert {e.project for e in got} == {one}
    headers = {"authorization": f"Bearer {admin}"}
    for asked, status in (({"project": other}, 404), ({}, 403), ({"project": "nowhere"}, 404)):
        assert (await guarded.http.get(EXPORT, params=asked, headers=headers)).status_code == status
    editor = {"authorization": f"Bearer {await guarded.service_token(**{one: 'editor'})}"}
    assert (await guarded.http.get(EXPORT, params={"project": one}, headers=editor)).status_code == 403
    assert (await guarded.http.post(IMPORT, content=b"", headers=headers)).status_code == 403
    assert (await guarded.http.get(EXPORT)).status_code == 401


def row(**other: Any) -> StoredEvent:
    event = RunReported(id="one", run=new_run_id(), state=RunState.RUNNING, project="p")
    known = {"uid": event_uid("p", "one"), "project": "p", "seq": 1, "pos": 0, "type": "run", "at": 1}
    more = {"recorded_at": 5, "actor": "a/b", "raw": encode(event), "redacted": False}
    return StoredEvent(**{**known, **more, **other})


async def test_only_rows_that_fit_their_events_are_taken(served: Served) -> None:
    wrong = [
        row(uid=event_uid("q", "one")),
        row(project="q"),
        row(uid=event_uid("p", "two")),
        row(recorded_at=0),
        row(recorded_at=now_micros() + 10**12),
        row(raw=b"{"),
        row(raw=b'{"type":"run","id":"one","project":"p"}'),
    ]
    verdict = await put(served, to_parquet([*wrong, row()]))
    assert (verdict["accepted"], verdict["refused"]) == (1, len(wrong))
    assert {e["code"] for e in verdict["events"]} == {"BAD_INPUT"}
    kept = await served.services.store.find(event_uid("p", "one"), None)
    assert kept is not None
    assert (kept.recorded_at, kept.actor) == (5, "a/b")


@pytest.mark.parametrize(
    "body",
    [b"", b"PAR1", b"no parquet" * 100, to_parquet([row()])[:-9]],
    ids=["nothing", "the first bytes alone", "another format", "without the last bytes"],
)
async def test_other_bytes_are_told_to_be_no_events(served: Served, body: bytes) -> None:
    answer = await served.http.post(IMPORT, content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT")
    for asked in ({"first": "-1"}, {"until": "x"}, {"first": "9" * 40}):
        assert (await served.http.get(EXPORT, params=asked)).status_code == 400


def packed(count: int, **columns: Any) -> bytes:
    """Very many rows of a page of events, in a few kilobytes."""
    one = pq.read_table(pa.BufferReader(to_parquet([row()])))
    first = pa.nulls(count, pa.int8()).fill_null(0)
    known = {
        name: pa.DictionaryArray.from_arrays(first, one[name].combine_chunks()) for name in one.column_names
    }
    sink = pa.BufferOutputStream()
    table = pa.table({**known, **columns})
    pq.write_table(table, sink, compression="zstd", write_statistics=False, store_schema=False)
    return sink.getvalue().to_pybytes()


async def test_a_page_that_is_far_more_than_it_seems_is_refused_unread(served: Served) -> None:
    large = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), pa.array([b"x" * MIB]))
    many = pa.ListArray.from_arrays(pa.array([0, 1 << 24], pa.int32()), pa.nulls(1 << 24, pa.int8()))
    for body, why in (
        (packed(2_000, raw=large), "bytes inflated"),
        (packed(10_000_000), "bytes inflated"),
        (packed(1, raw=many), "is a list"),
    ):
        assert len(body) < MIB / 2
        with peak_memory() as grown:
            answer = await served.http.post(IMPORT, content=body)
        assert (answer.status_code, why in answer.json()["message"]) == (400, True), answer.text
        assert grown[0] < 64 * MIB
    assert (await put(served, packed(1)))["accepted"] == 1
