"""Old events in Parquet files: nothing lost, nothing twice, whoever else works on the same graph."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lineage_server.domain.errors import ConflictError, InvalidInputError, UnavailableError
from lineage_server.domain.events import Event, NodeErased, RunReported
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.lease import Lease, LeaseLostError
from lineage_server.ingest import store as storing
from lineage_server.ingest.archive import ArchiveAwayError
from lineage_server.ingest.eraser import Eraser
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.tables import to_parquet
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from tests.support import stories
from tests.support.dump import dump

EVENTS = 30


async def tell(writer: IngestWriter, events: list[Event]) -> set[Outcome]:
    """In batches of seven; all outcomes."""
    told: set[Outcome] = set()
    for start in range(0, len(events), 7):
        told |= {v.outcome for v in await writer.submit(events[start : start + 7], actor="test")}
    return told


async def uids(store: EventStore) -> list[str]:
    return [event.uid async for page in store.pages() for event in page]


async def in_graph(graph: Bolt) -> int:
    return (await graph.read("MATCH (e:Event) WHERE e.raw IS NOT NULL RETURN count(e) AS n"))[0]["n"]


async def names(store: EventStore) -> list[str]:
    return [file.name for file in await store.files()]


def in_folder(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_nothing_is_wiped_where_archived_events_cannot_be_read(
    graph: Bolt, writer: IngestWriter, tmp_path: Path
) -> None:
    here, there = EventStore(graph, tmp_path / "here"), EventStore(graph, tmp_path / "there")
    await tell(writer, stories.story())
    await Eraser(graph, here).finish()
    before = await dump(graph, whole=True)
    assert await here.archive(0) == len(stories.story())
    (file,) = (tmp_path / "here").iterdir()
    content = file.read_bytes()
    damaged = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
    # As a crash in the middle of erasing leaves it.
    await graph.write("MATCH (e:Erasure) SET e.pending = true")
    for store, what in (
        (there, "No such file"),
        (EventStore(graph, None), "no folder is named"),
        (here, "SHA-256"),
    ):
        file.write_bytes(damaged if store is here else content)
        rebuilder = Rebuilder(graph, store, writer)
        for work in (rebuilder.rebuild(), Eraser(graph, store).finish(), find(store)):
            with pytest.raises(ArchiveAwayError, match=what) as met:
                await work
            assert "LINEAGE_INGEST__ARCHIVE_DIR" in met.value.message
        assert await dump(graph, whole=True) == before
        assert await tell(writer, stories.story()[:1]) == {Outcome.DUPLICATE}
    file.write_bytes(content)
    assert await Rebuilder(graph, here, writer).rebuild() == len(stories.story())
    assert await dump(graph, whole=True) == before
    with pytest.raises(InvalidInputError, match="LINEAGE_INGEST__ARCHIVE_DIR"):
        await EventStore(graph, None).archive(0)


async def find(store: EventStore) -> Any:
    return await store.find("event:default/event-000", None)


async def test_several_files_of_whole_batches(
    graph: Bolt, writer: IngestWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "FILE_EVENTS", 10)
    monkeypatch.setattr(storing, "PAGE_BYTES", 1_000)
    monkeypatch.setattr(storing, "_WINDOW_BATCHES", 2)
    store = EventStore(graph, tmp_path)
    await tell(writer, stories.story()[:EVENTS])
    assert await store.archive(1) == 0
    assert await store.archive(0) == EVENTS
    files = await store.files()
    assert [file.events for file in files] == [7, 7, 7, 9]
    assert [file.first for file in files[1:]] == [file.until for file in files[:-1]]
    assert await store.archive(0) == 0
    await tell(writer, stories.story()[EVENTS:])
    await Eraser(graph, store).finish()
    before = await dump(graph, whole=True)
    assert await uids(store) == [f"event:default/{e.id}" for e in stories.story()]
    assert await Rebuilder(graph, store, writer).rebuild() == len(stories.story())
    assert await dump(graph, whole=True) == before
    assert len(in_folder(tmp_path)) == len(files)


async def test_archived_events_sent_again_are_known(
    graph: Bolt, writer: IngestWriter, tmp_path: Path
) -> None:
    store = EventStore(graph, tmp_path)
    await tell(writer, stories.story())
    before = await dump(graph, whole=True)
    await store.archive(0)
    assert await in_graph(graph) == 0
    for _ in range(2):  # guessing first, then asking the graph
        assert await tell(writer, stories.story()) == {Outcome.DUPLICATE}
    assert await in_graph(graph) == 0
    assert await dump(graph, whole=True) == before
    assert len(await uids(store)) == len(stories.story())


async def test_two_servers_archive_at_once(graph: Bolt, writer: IngestWriter, tmp_path: Path) -> None:
    stores = [EventStore(graph, tmp_path) for _ in range(3)]
    await tell(writer, stories.story())
    told = await asyncio.gather(*(store.archive(0) for store in stores), return_exceptions=True)
    assert {type(t) for t in told} <= {int, ConflictError}
    assert sum(t for t in told if isinstance(t, int)) == len(stories.story())
    assert in_folder(tmp_path) == await names(stores[0])
    assert await uids(stores[1]) == [f"event:default/{e.id}" for e in stories.story()]


async def test_a_crash_beside_the_file_loses_and_doubles_nothing(
    graph: Bolt, writer: IngestWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EventStore(graph, tmp_path)
    await tell(writer, stories.story())
    everything = await uids(store)

    async def crash(*_: object) -> None:
        raise ConflictError("crashed")

    with monkeypatch.context() as patched:
        patched.setattr(store, "_move", crash)
        with pytest.raises(ConflictError, match="crashed"):
            await store.archive(0)
    assert len(in_folder(tmp_path)) == 1
    assert await uids(store) == everything
    assert await in_graph(graph) == len(everything)
    # A disk that keeps something else than was written, and one that is full.
    with monkeypatch.context() as patched:
        patched.setattr("lineage_server.ingest.archive.to_parquet", shortened)
        with pytest.raises(ArchiveAwayError, match="something else"):
            await store.archive(0)
        patched.setattr("lineage_server.ingest.archive._persist", full_disk)
        with pytest.raises(UnavailableError, match="No space left"):
            await store.archive(0)
    assert await in_graph(graph) == len(everything)
    assert await store.archive(0) == len(everything)
    assert in_folder(tmp_path) == await names(store)
    assert await uids(store) == everything


def shortened(events: Any) -> bytes:
    return to_parquet(events[1:])


def full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


async def test_erasing_exchanges_the_file(graph: Bolt, writer: IngestWriter, tmp_path: Path) -> None:
    store = EventStore(graph, tmp_path)
    await tell(writer, stories.story())
    await store.archive(0)
    old = await names(store)
    assert await Eraser(graph, store).done(f"run:{stories.SECRET}") > 1
    assert in_folder(tmp_path) == await names(store) != old
    raws = [e.raw async for page in store.pages() for e in page]
    assert len(raws) == len(stories.story())
    assert stories.WORD.encode() not in b"".join(raws)
    assert await in_graph(graph) == 0
    before = await dump(graph, whole=True)
    await Rebuilder(graph, store, writer).rebuild()
    assert await dump(graph, whole=True) == before


async def renewed(graph: Bolt) -> None:
    """Until a lease that is held now ends later than it does now."""
    ends: set[int] = set()
    async with asyncio.timeout(30):
        while True:
            (row,) = await graph.read("MATCH (l:Lease) RETURN max(l.until) AS until")
            ends.add(row["until"])
            if len(ends) > 1:
                return
            await asyncio.sleep(0.1)


async def test_one_holder_at_a_time_until_it_dies(graph: Bolt, writer: IngestWriter, tmp_path: Path) -> None:
    store, other = EventStore(graph, tmp_path), EventStore(graph, tmp_path)
    await tell(writer, stories.story()[:EVENTS])
    async with store.exclusively("testing"):
        for work in (other.archive(0), store.archive(0), Rebuilder(graph, other, writer).rebuild()):
            with pytest.raises(ConflictError, match="testing"):
                await work
        # What it excludes is work on old events, not the intake.
        run = RunReported(id="meanwhile", at=stories.at(1), run=stories.TRAIN)
        assert await tell(writer, [run]) == {Outcome.ACCEPTED}
        assert await tell(writer, [NodeErased(id="erased", uid=f"run:{stories.TRAIN}")]) == {Outcome.ACCEPTED}
        waiting = asyncio.ensure_future(Eraser(graph, other).finish())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    assert await waiting > 0

    dying = Lease(graph, seconds=9.0)
    async with dying.held("dying") as dead:
        await renewed(graph)
        with pytest.raises(ConflictError, match="dying"):
            await other.archive(0)
        await graph.write("MATCH (l:Lease) SET l.until = timestamp() - 1")
        async with Lease(graph).held("living"):
            with pytest.raises(LeaseLostError):
                async with dying.transaction(dead) as transaction:
                    await transaction.run("MATCH (e:Event) DELETE e")
    assert await in_graph(graph) == EVENTS + 2
