"""The batching writer when commits fail, get lost or are overtaken while the next batch is planned."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any, LiteralString

import pytest

from lineage_server.changes import Change
from lineage_server.domain.events import Event, InputFact, OutputFact, RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.errors import GraphAwayError
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.verdicts import IngestLimits, Outcome
from lineage_server.ingest.writer import IngestWriter
from tests.support.dump import dump
from tests.support.warm import PATIENCE_SECONDS

RUNS = 600
LIMITS = IngestLimits(batch_events=10, patience_seconds=PATIENCE_SECONDS)
# In turn, from a place that the seed gives; "overtaken" last, for then the writer takes the lock.
FATES = ("well", "before", "well", "after", "after", "well", "before", "overtaken")


class Unlucky(Bolt):
    """A connection that breaks before or after a write, or lets another replica commit first."""

    def __init__(self, bolt: Bolt, seed: int) -> None:
        self._bolt = bolt
        self._place = seed
        self.struck: set[str] = set()

    async def read(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float = 10.0,
    ) -> list[Row]:
        return await self._bolt.read(query, parameters, timeout_seconds=timeout_seconds)

    async def write(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float = 30.0,
    ) -> list[Row]:
        if (parameters or {}).get("seq", -1) < 0:
            return await self._bolt.write(query, parameters)  # only has it planned
        fate = FATES[self._place % len(FATES)]
        self._place += 1
        self.struck.add(fate)
        if fate == "before":
            raise GraphAwayError("broke before", part="graph")
        if fate == "overtaken":
            await self._bolt.write("MATCH (w:Writer) SET w.seq = w.seq + 1")
        rows = await self._bolt.write(query, parameters, timeout_seconds=timeout_seconds)
        if fate == "after":
            raise GraphAwayError("broke after", part="graph")
        return rows

    def transaction(self, *, timeout_seconds: float = 60.0) -> Any:
        return self._bolt.transaction(timeout_seconds=timeout_seconds)


def chained_runs(count: int) -> list[Event]:
    """Runs of which each reads what the last one wrote: a batch must see the one before it."""
    now = now_micros()
    out: list[Event] = []
    for place in range(count):
        digest = f"sha256:{place:064x}"
        before = f"sha256:{place - 1:064x}"
        out.append(
            RunReported(
                project="default",
                id=f"chain-{place}",
                at=now + place,
                run=new_run_id(),
                job="link",
                state=RunState.COMPLETE,
                inputs=[InputFact(name="chain", digest=before)] if place else [],
                outputs=[OutputFact(name="chain", digest=digest)],
            )
        )
    return out


async def send_all(writer: IngestWriter, events: list[Event]) -> list[Outcome]:
    """In requests of all sizes at once, as several clients do; answers every outcome."""
    chance = random.Random(5)
    requests: list[list[Event]] = []
    start = 0
    while start < len(events):
        size = chance.choice((1, 3, 90, 200))
        requests.append(events[start : start + size])
        start += size
    answers = await asyncio.gather(*(writer.submit(r, actor="test") for r in requests))
    return [verdict.outcome for answer in answers for verdict in answer]


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_or_doubled_when_commits_break(graph: Bolt, seed: int) -> None:
    events = chained_runs(RUNS)
    published: list[Change] = []
    unlucky = Unlucky(graph, seed)
    writer = IngestWriter(GraphWriter(unlucky), publish=published.extend, limits=LIMITS)
    await writer.start()
    outcomes = await send_all(writer, events)
    await writer.stop()
    assert {"before", "after", "overtaken"} <= unlucky.struck
    # What broke after its commit is found stored when it is tried again.
    assert set(outcomes) <= {Outcome.ACCEPTED, Outcome.DUPLICATE}
    stored = (await graph.read("MATCH (e:Event) RETURN count(e) AS n"))[0]["n"]
    assert stored == RUNS
    found = await graph.read(
        "MATCH (v:ArtifactVersion) RETURN count(v) AS n, count(DISTINCT v.ordinal) AS numbers, "
        "max(v.ordinal) AS last"
    )
    assert found == [{"n": RUNS, "numbers": RUNS, "last": RUNS}]
    links = await graph.read("MATCH (:ArtifactVersion)-[e:INPUT_TO]->(:Run) RETURN count(e) AS n")
    assert links == [{"n": RUNS - 1}]
    feeds = await graph.read("MATCH (:Job)-[e:FEEDS]->(:Artifact) RETURN e.run_count AS n")
    assert feeds == [{"n": RUNS}]
    assert [c.seq for c in published] == sorted(c.seq for c in published)


async def test_a_lucky_and_an_unlucky_writer_make_the_same_graph(graph: Bolt, wipe: Any) -> None:
    events = chained_runs(150)
    dumps = []
    for connection in (graph, Unlucky(graph, 4)):
        writer = IngestWriter(GraphWriter(connection), publish=lambda _: None, limits=LIMITS)
        await writer.start()
        await writer.submit(events, actor="test")
        await writer.stop()
        dumps.append(await dump(graph))
        await wipe()
    assert dumps[0] == dumps[1]


async def test_a_pause_waits_for_the_batch_on_its_way(graph: Bolt) -> None:
    writer = IngestWriter(GraphWriter(graph), publish=lambda _: None, limits=LIMITS)
    await writer.start()
    sending = asyncio.ensure_future(writer.submit(chained_runs(300), actor="test"))
    await asyncio.sleep(0.02)
    await asyncio.wait_for(writer.pause(), 20)
    counted = await graph.read("MATCH (e:Event) RETURN count(e) AS n")
    await asyncio.sleep(0.05)
    assert await graph.read("MATCH (e:Event) RETURN count(e) AS n") == counted
    writer.resume()
    await asyncio.wait_for(sending, 30)
    await writer.stop()
    assert await graph.read("MATCH (e:Event) RETURN count(e) AS n") == [{"n": 300}]
