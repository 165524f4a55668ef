"""Graph rules 1–7: order, repetition and replay never change what the graph says."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from lineage_server.domain.events import EVENT_TYPES, Event
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from tests.support import stories
from tests.support.dump import Dump, dump


@pytest.fixture
async def writer(graph: Bolt) -> AsyncIterator[IngestWriter]:
    writer = IngestWriter(GraphWriter(graph), publish=lambda _: None)
    await writer.start()
    yield writer
    await writer.stop()


async def tell(writer: IngestWriter, events: list[Event], size: int) -> None:
    for start in range(0, len(events), size):
        for verdict in await writer.submit(events[start : start + size], actor="test"):
            assert verdict.outcome is not Outcome.REFUSED, verdict


def difference(one: Dump, other: Dump) -> str:
    """The first few places where two dumps differ, for people."""
    lines: list[str] = []
    for part in ("nodes", "edges"):
        for key in sorted(one[part].keys() | other[part].keys()):
            a, b = one[part].get(key), other[part].get(key)
            if a is None or b is None:
                lines.append(
                    f"{key}: {'missing' if a is None else 'there'} / {'missing' if b is None else 'there'}"
                )
            elif a != b:
                odd = {k: (a.get(k), b.get(k)) for k in a.keys() | b.keys() if a.get(k) != b.get(k)}
                lines.append(f"{key}: {odd}")
    return "\n".join(lines[:20])


def superseded(told: Dump) -> list[str]:
    return [key for key, edge in told["edges"].items() if "superseded_at" in edge]


def test_the_story_tells_every_event_type() -> None:
    assert {type(e) for e in stories.story()} == set(EVENT_TYPES.values())


async def empty(graph: Bolt) -> None:
    """Take all nodes away but the writer's own: a story's graph is small."""
    await graph.write("MATCH (n) WHERE NOT n:Writer AND NOT n:Meta DETACH DELETE n")


@pytest.mark.timeout(400)
async def test_order_and_repetition_do_not_matter(graph: Bolt, writer: IngestWriter) -> None:
    expected: Dump | None = None
    for seed in range(20):
        chance = random.Random(seed)
        events = stories.story() * (1 if seed == 0 else 2)
        if seed:
            chance.shuffle(events)
        await tell(writer, events, size=len(events) if seed == 0 else chance.choice((11, 40, 200)))
        told = await dump(graph)
        if expected is None:
            expected = told
        assert told == expected, f"shuffle {seed}:\n{difference(expected, told)}"
        await writer.pause()
        await empty(graph)
        writer.resume()


async def test_rebuild_from_stored_events_gives_the_same_graph(
    graph: Bolt, writer: IngestWriter, tmp_path
) -> None:
    await tell(writer, stories.story(), size=7)
    before = await dump(graph, whole=True)
    assert superseded(before)
    store = EventStore(graph, tmp_path)
    count = await Rebuilder(graph, store, writer).rebuild()
    assert count == len(stories.story())
    after = await dump(graph, whole=True)
    assert after == before, difference(before, after)


async def test_rebuild_reads_archived_events(graph: Bolt, writer: IngestWriter, tmp_path) -> None:
    events = stories.story()
    await tell(writer, events[:30], size=7)
    store = EventStore(graph, tmp_path)
    assert await store.archive(older_than_days=0) == 30
    assert len(await store.files()) == 1
    await tell(writer, events[30:], size=7)
    before = await dump(graph, whole=True)
    found = await store.find("event:default/event-000", ["default"])
    assert found is not None
    assert b"first words" in found.raw
    assert await store.find("event:default/event-000", ["other"]) is None
    await Rebuilder(graph, store, writer).rebuild()
    after = await dump(graph, whole=True)
    assert after == before, difference(before, after)


async def test_erasing_removes_the_payload_everywhere(graph: Bolt, writer: IngestWriter, tmp_path) -> None:
    await tell(writer, stories.story(), size=20)
    store = EventStore(graph, tmp_path)
    rebuilder = Rebuilder(graph, store, writer)
    assert await rebuilder.erase(f"run:{stories.SECRET}") == 1
    raws = [e.raw async for page in store.pages() for e in page]
    assert len(raws) == len(stories.story())
    assert not any(b"somebody" in raw for raw in raws)
    before = await dump(graph)
    assert "somebody" not in str(before)
    await rebuilder.rebuild()
    after = await dump(graph)
    assert after == before, difference(before, after)
    # The producer sends it again: known, and not taken in once more.
    verdicts = await writer.submit(stories.story(), actor="test")
    assert {v.outcome for v in verdicts} == {Outcome.DUPLICATE}
    assert "somebody" not in str(await dump(graph))
