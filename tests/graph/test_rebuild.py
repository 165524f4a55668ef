"""Rebuilds that meet trouble: a graph that stumbles, one that fails, other servers, a second caller."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any, LiteralString

import pytest

from lineage_server.domain.errors import ConflictError, UnavailableError
from lineage_server.domain.events import RunReported
from lineage_server.domain.ids import new_run_id
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.errors import GraphAwayError, RebuildingError
from lineage_server.graph.lease import LeaseLostError
from lineage_server.graph.retries import retry
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.eraser import Eraser
from lineage_server.ingest.others import watch_others
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import IngestLimits, Outcome
from lineage_server.ingest.writer import IngestWriter
from lineage_server.tasks import Tasks
from tests.support import stories
from tests.support.dump import dump
from tests.support.warm import PATIENT

IMPATIENT = IngestLimits(patience_seconds=1.0)
LOST = "MATCH (w:Writer) WHERE w.rebuilder IS NOT NULL RETURN count(w) AS n"


class Stumbling(Bolt):
    """A connection that breaks now and then, before a write or after it, or at every write."""

    def __init__(self, bolt: Bolt, *, now_and_then: bool = True) -> None:
        self._bolt = bolt
        self._writes = 0
        self._now_and_then = now_and_then
        self.dead = False

    async def read(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float | None = None,
    ) -> list[Row]:
        return await self._bolt.read(query, parameters, timeout_seconds=timeout_seconds)

    async def write(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float | None = None,
    ) -> list[Row]:
        async def once(_: float = 0) -> list[Row]:
            self._writes += 1
            place = self._writes % 6 if self._now_and_then else 1
            if self.dead or place == 3:
                raise GraphAwayError("broke before", part="graph")
            rows = await self._bolt.write(query, parameters, timeout_seconds=timeout_seconds)
            if place == 0:
                raise GraphAwayError("broke after", part="graph")
            return rows

        return await (retry(once, seconds=patience_seconds) if patience_seconds else once())

    def transaction(self, *, timeout_seconds: float = 60.0) -> Any:
        return self._bolt.transaction(timeout_seconds=timeout_seconds)


class Halting(EventStore):
    """Stops before the last page of events until it may go on."""

    def __init__(self, bolt: Bolt, folder: Path) -> None:
        super().__init__(bolt, folder)
        self.halted = asyncio.Event()
        self.go_on = asyncio.Event()

    async def pages(self) -> AsyncGenerator[list[StoredEvent]]:
        async with contextlib.aclosing(super().pages()) as pages:
            async for page in pages:
                half = page[len(page) // 2].seq
                yield [event for event in page if event.seq < half]
                self.halted.set()
                await self.go_on.wait()
                yield [event for event in page if event.seq >= half]


@contextlib.asynccontextmanager
async def writing(graph: Bolt, limits: IngestLimits = PATIENT) -> AsyncGenerator[IngestWriter]:
    writer = IngestWriter(GraphWriter(graph), publish=lambda _: None, limits=limits)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.stop()


async def told(graph: Bolt, writer: IngestWriter) -> dict[str, Any]:
    """The story in batches of seven; the graph that it makes."""
    events = stories.story()
    for start in range(0, len(events), 7):
        await writer.submit(events[start : start + 7], actor="test")
    await Eraser(graph, EventStore(graph, None)).finish()
    return await dump(graph, whole=True)


def one_more() -> RunReported:
    return RunReported(id=new_run_id(), at=stories.at(20), run=stories.TRAIN, reason="more")


async def accepted(writer: IngestWriter) -> bool:
    (verdict,) = await writer.submit([one_more()], actor="test")
    return verdict.outcome is Outcome.ACCEPTED


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


async def test_a_rebuild_outlives_a_graph_that_stumbles(graph: Bolt, tmp_path: Path) -> None:
    async with writing(graph) as writer:
        before = await told(graph, writer)
        stumbling = Stumbling(graph)
        store = EventStore(stumbling, tmp_path)
        assert await Rebuilder(stumbling, store, writer).rebuild() == len(stories.story())
        assert await dump(graph, whole=True) == before
        assert await accepted(writer)


async def test_a_failed_rebuild_keeps_the_intake_closed_until_one_succeeds(
    graph: Bolt, tmp_path: Path
) -> None:
    async with writing(graph) as writer, writing(graph, IMPATIENT) as elsewhere:
        before = await told(graph, writer)
        connection = Stumbling(graph, now_and_then=False)
        store = Halting(graph, tmp_path)
        rebuilder = Rebuilder(connection, store, writer, patience_seconds=1.0)
        rebuilding = asyncio.ensure_future(rebuilder.rebuild())
        await store.halted.wait()
        with pytest.raises(UnavailableError, match="is being rebuilt"):
            await accepted(writer)
        connection.dead = True
        store.go_on.set()
        with pytest.raises(GraphAwayError, match="broke before"):
            await rebuilding
        with pytest.raises(UnavailableError, match=r"broke before.*'lineage rebuild'"):
            await accepted(writer)
        # The graph itself keeps other servers from writing; they need not have been told.
        with pytest.raises(RebuildingError, match="'lineage rebuild'"):
            await accepted(elsewhere)
        other = Rebuilder(graph, EventStore(graph, tmp_path), elsewhere)
        assert await other.rebuild() == len(stories.story())
        assert await dump(graph, whole=True) == before
        assert await accepted(elsewhere)
        tasks = Tasks("test")
        tasks.start("watch", watch_others(graph, writer, rebuilder))
        await until(lambda: not writer.blocked)
        assert await accepted(writer)
        await tasks.stop()


async def test_only_one_server_rebuilds_and_the_next_takes_over_when_it_dies(
    graph: Bolt, tmp_path: Path
) -> None:
    async with writing(graph) as writer, writing(graph, IMPATIENT) as elsewhere:
        before = await told(graph, writer)
        store = Halting(graph, tmp_path)
        first = Rebuilder(graph, store, writer)
        second = Rebuilder(graph, EventStore(graph, tmp_path), elsewhere)
        rebuilding = asyncio.ensure_future(first.rebuild())
        await store.halted.wait()
        for rebuilder in (first, second):
            with pytest.raises(ConflictError, match="rebuilding the graph"):
                await rebuilder.rebuild()
        with pytest.raises(UnavailableError, match="another server rebuilds"):
            await second.finish_cut_off(alone=False)
        with pytest.raises(RebuildingError):
            await accepted(elsewhere)
        # The first one seems dead: its lease has ended.
        await graph.write("MATCH (l:Lease) SET l.until = timestamp() - 1")
        await second.finish_cut_off(alone=False)
        assert await dump(graph, whole=True) == before
        assert await accepted(elsewhere)
        before = await dump(graph, whole=True)
        store.go_on.set()
        with pytest.raises(LeaseLostError):
            await rebuilding
        assert await dump(graph, whole=True) == before
        first.follow("")
        assert await accepted(writer)
        await second.finish_cut_off(alone=True)
        assert await graph.read(LOST) == [{"n": 0}]


async def test_batches_of_other_servers_are_noticed(graph: Bolt, tmp_path: Path) -> None:
    """Whether one's own come between or not, and none is taken for another's."""
    noticed: list[int] = []
    mine = IngestWriter(GraphWriter(graph), publish=lambda _: None, resync=noticed.append, limits=PATIENT)
    await mine.start()
    async with writing(graph) as other:
        for _ in range(3):
            assert await accepted(mine)
        assert not noticed
        for count in range(1, 4):
            assert await accepted(other)
            assert await accepted(mine)
            assert len(noticed) == count
        tasks = Tasks("test")
        watching = watch_others(graph, mine, Rebuilder(graph, EventStore(graph, tmp_path), mine))
        tasks.start("watch", watching)
        assert await accepted(other)
        await until(lambda: len(noticed) > 3)
        for _ in range(20):
            assert await accepted(mine)
            await asyncio.sleep(0.1)
        await tasks.stop()
    assert len(noticed) == 4
    await mine.stop()
