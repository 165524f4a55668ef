"""Graph rules 1–7: order, repetition and replay never change what the graph says."""

from __future__ import annotations

import random
import uuid
import zlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lineage_server.domain.events import EVENT_TYPES, CodeFact, Event, NodeErased, RunReported
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.decode import decode_lines
from lineage_server.ingest.eraser import Eraser
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import Outcome, inflate
from lineage_server.ingest.writer import IngestWriter
from tests.support import stories
from tests.support.dump import Dump, dump


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
    await graph.write("MATCH (w:Writer) SET w.erasures = null")


@pytest.mark.timeout(400)
async def test_order_and_repetition_do_not_matter(graph: Bolt, writer: IngestWriter, tmp_path: Path) -> None:
    eraser = Eraser(graph, EventStore(graph, tmp_path))
    expected: Dump | None = None
    for seed in range(20):
        chance = random.Random(seed)
        events = stories.story() * (1 if seed == 0 else 2)
        if seed:
            chance.shuffle(events)
        await tell(writer, events, size=len(events) if seed == 0 else chance.choice((11, 40, 200)))
        await eraser.finish()
        told = await dump(graph)
        if expected is None:
            expected = told
        assert told == expected, f"shuffle {seed}:\n{difference(expected, told)}"
        await writer.pause()
        await empty(graph)
        writer.resume()


async def test_rebuild_from_stored_events_gives_the_same_graph(
    graph: Bolt, writer: IngestWriter, tmp_path: Path
) -> None:
    await tell(writer, stories.story(), size=7)
    store = EventStore(graph, tmp_path)
    await Eraser(graph, store).finish()
    before = await dump(graph, whole=True)
    assert superseded(before)
    count = await Rebuilder(graph, store, writer).rebuild()
    assert count == len(stories.story())
    after = await dump(graph, whole=True)
    assert after == before, difference(before, after)


async def test_rebuild_reads_archived_events(graph: Bolt, writer: IngestWriter, tmp_path: Path) -> None:
    events = stories.story()
    await tell(writer, events[:30], size=7)
    store = EventStore(graph, tmp_path)
    assert await store.archive(older_than_days=0) == 30
    assert len(await store.files()) == 1
    await tell(writer, events[30:], size=7)
    await Eraser(graph, store).finish()
    before = await dump(graph, whole=True)
    found = await store.find("event:default/event-000", ["default"])
    assert found is not None
    assert b"first words" in found.raw
    assert await store.find("event:default/event-000", ["other"]) is None
    await Rebuilder(graph, store, writer).rebuild()
    after = await dump(graph, whole=True)
    assert after == before, difference(before, after)


FUTURE = b'{"type":"run","run":"%s","at":9000000000000000,"params":{"k":"%s"}}'
BROKEN = b'{"type":"run","run":"%s","name":"%s'


async def test_nothing_is_left_of_what_was_erased(graph: Bolt, writer: IngestWriter, tmp_path: Path) -> None:
    """Told before and after, archived, refused: in every node, edge and file, as bytes."""
    events = stories.story()
    store = EventStore(graph, tmp_path)
    eraser = Eraser(graph, store)
    asked = next(place for place, e in enumerate(events) if isinstance(e, NodeErased))
    word, run = stories.WORD.encode(), stories.SECRET.encode()
    await refuse(writer, [FUTURE % (run, word), BROKEN % (run, word), b"other rubbish"])
    await tell(writer, events[: asked - 3], size=5)
    assert await store.archive(older_than_days=0) == asked - 3
    await tell(writer, events[asked - 3 : asked], size=5)
    assert word in await everything(graph, tmp_path)
    # Nobody need ask for it: the marks stand beside the events.
    await tell(writer, events[asked:], size=5)
    assert await eraser.finish() > 0
    await refuse(writer, [FUTURE % (run, word), BROKEN % (run, word)])
    assert word not in await everything(graph, tmp_path)
    assert [row["size"] for row in await graph.read(REFUSED)] == [len(b"other rubbish")]
    assert len([e async for page in store.pages() for e in page]) == len(events)
    before = await dump(graph)
    edges = [key for key in before["edges"] if stories.SECRET in key]
    assert {e.split(" -")[1].split(":")[0] for e in edges} == {"USED_CODE", "USED_ENV", "OUTPUT", "BY"}
    assert f"{stories.APART} -DERIVED:columns:run:{stories.PARENT}-> {stories.HIDDEN}" in before["edges"]
    assert before["nodes"]["code:default/r@c0ffee+train.py"]["entry"] == "train.py"
    assert await eraser.finish() == 0
    await Rebuilder(graph, store, writer).rebuild()
    after = await dump(graph)
    assert after == before, difference(before, after)
    # The producer sends it again: known, and not taken in once more.
    verdicts = await writer.submit(stories.story(), actor="test")
    assert {v.outcome for v in verdicts[asked - 3 :]} == {Outcome.DUPLICATE}
    assert word not in await everything(graph, tmp_path)


async def test_content_that_others_told_too_outlives_an_erasure(graph: Bolt, writer: IngestWriter) -> None:
    """Code that two runs used: it goes with the last of them, in one batch or in several."""
    one, two, three = (str(uuid.uuid5(uuid.NAMESPACE_OID, f"shared {n}")) for n in range(3))
    code = CodeFact(repo="r", commit="abc", branch="kept", diff="kept")
    used: list[Event] = [RunReported(run=run, id=run, code=code) for run in (one, two, three)]

    async def left() -> str | None:
        (row,) = await graph.read("MATCH (n:CodeRef) RETURN n.diff AS diff")
        return row["diff"]

    await tell(writer, [used[0], NodeErased(id="e0", uid=f"run:{one}"), used[1]], size=3)
    assert await left() == "kept"
    await tell(writer, [NodeErased(id="e1", uid=f"run:{two}"), used[2]], size=2)
    assert await left() == "kept"
    await tell(writer, [NodeErased(id="e2", uid=f"run:{three}")], size=1)
    assert await left() is None


REFUSED = "MATCH (n:Refused) RETURN n.uid AS uid, n.size AS size, n.seen AS seen"


async def refuse(writer: IngestWriter, lines: list[bytes]) -> None:
    received = decode_lines(
        b"\n".join(lines), max_event_bytes=1 << 20, now=stories.at(99), skew_seconds=60, max_events=9
    )
    for verdict in await writer.submit_received(received, actor="test"):
        assert verdict.outcome is Outcome.REFUSED


async def everything(graph: Bolt, folder: Path) -> bytes:
    """All that is stored, unpacked."""
    nodes = await graph.read("MATCH (n) RETURN properties(n) AS props")
    edges = await graph.read("MATCH ()-[e]->() RETURN properties(e) AS props")
    names = [file.name for file in await EventStore(graph, folder).files()]
    return _bytes([nodes, edges, *(pq.read_table(folder / name).to_pylist() for name in names)])


def _bytes(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"\n".join(part for pair in value.items() for part in map(_bytes, pair))
    if isinstance(value, list):
        return b"\n".join(map(_bytes, value))
    if isinstance(value, bytes | bytearray):
        raw = inflate(value)
        return zlib.decompress(raw) if raw[:1] == b"\x78" else raw
    return str(value).encode()
