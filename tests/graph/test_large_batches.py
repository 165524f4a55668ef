"""Batches that would not fit one statement: they are split, and what fits none is refused alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lineage_server.domain.events import AliasSet, Event, RunReported
from lineage_server.domain.ids import new_run_id
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.write import MOST_BYTES, GraphWriter
from lineage_server.ingest.room import MOST_HISTORY_BYTES, MOST_KEYS, MOST_MAP_BYTES
from lineage_server.ingest.verdicts import IngestLimits, Outcome
from lineage_server.ingest.writer import IngestWriter

LIMITS = IngestLimits(queue_bytes=256 << 20)
TEXT = "word " * 200_000
"""A million characters that a stored event packs into little, and a node does not."""


@pytest.fixture
async def writer(graph: Bolt) -> AsyncIterator[IngestWriter]:
    writer = IngestWriter(GraphWriter(graph), publish=lambda _: None, limits=LIMITS)
    await writer.start()
    yield writer
    await writer.stop()


async def told(writer: IngestWriter, *events: Event) -> list[tuple[Outcome, str]]:
    return [(v.outcome, v.code) for v in await writer.submit(events, actor="test")]


def runs(count: int, facts: dict[str, Any]) -> list[RunReported]:
    return [RunReported(run=new_run_id(), facts=facts, state=None) for _ in range(count)]


TAKEN, FULL = (Outcome.ACCEPTED, ""), (Outcome.REFUSED, "LIMIT")


async def test_more_than_a_statement_holds_is_written_in_several(writer: IngestWriter, graph: Bolt) -> None:
    large = runs(17, {"text": TEXT})
    assert await told(writer, *large) == [TAKEN] * 17
    # Small events, each of which writes a large node again.
    again = [RunReported(run=event.run, facts={"more": 1}) for event in large]
    assert await told(writer, *again) == [TAKEN] * 17
    query = "MATCH (r:Run) WHERE r.facts CONTAINS '\"more\":1' RETURN count(r) AS count"
    assert (await graph.read(query))[0]["count"] == 17


async def test_what_fits_no_statement_is_refused_alone_and_soon(writer: IngestWriter, graph: Bolt) -> None:
    small, large = runs(40, {"a": 1}), runs(1, {"text": TEXT * (MOST_BYTES // len(TEXT) + 1)})
    started = time.monotonic()
    verdicts = await told(writer, *small[:20], *large, *small[20:])
    assert verdicts == [TAKEN] * 20 + [FULL] + [TAKEN] * 20
    assert time.monotonic() - started < LIMITS.patience_seconds
    assert (await graph.read("MATCH (r:Run) RETURN count(r) AS count"))[0]["count"] == 40


async def test_a_node_does_not_grow_for_ever(writer: IngestWriter) -> None:
    run = new_run_id()

    def keys(start: int, count: int, value: int | None) -> RunReported:
        facts = {f"{number:07}": value for number in range(start, start + count)}
        return RunReported(run=run, facts=facts)

    most = MOST_KEYS // 2 - 1  # with who sent it, just not full after the third
    events = [keys(start * most, most, 1) for start in range(4)]
    assert await told(writer, *events) == [TAKEN] * 4
    # Full now: others are not concerned, and what is known may be changed or taken away.
    assert await told(writer, events[0], keys(9 * most, 1, 1), *runs(1, {"a": 1})) == [
        (Outcome.DUPLICATE, ""),
        FULL,
        TAKEN,
    ]
    for first in range(4):  # also what the event told that made the node
        changed, taken_away = keys(first * most, 2, 2), keys(first * most, 2, None)
        assert await told(writer, changed, taken_away) == [TAKEN] * 2
    text = "x" * (MOST_MAP_BYTES + 1)
    other = new_run_id()
    first = RunReported(run=other, resources={"text": text}, facts={"text": text})
    assert await told(writer, first, RunReported(run=other, resources={"one": 1})) == [TAKEN, FULL]
    assert await told(writer, RunReported(run=other, resources={"text": None, "one": None})) == [TAKEN]
    assert await told(writer, RunReported(run=other, resources={"one": 1})) == [TAKEN]
    moves = [AliasSet(model="m", alias="a", version="1", reason=f"{n}" + "r" * (MOST_HISTORY_BYTES // 2))
             for n in range(4)]  # fmt: skip
    assert await told(writer, *moves) == [TAKEN, TAKEN, FULL, FULL]
