"""Who reads a version of a registered model reads what was registered, also where nothing but a place was
told of it: in whatever order that becomes known, and never another artifact of that name."""

from __future__ import annotations

import uuid
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from lineage_server.domain.events import (
    AliasSet,
    Event,
    InputFact,
    ModelVersionReported,
    OutputFact,
    RunReported,
    VersionReported,
)
from lineage_server.domain.nodes import RunState
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from lineage_server.provenance.answers import Direction, LineageQuestion
from lineage_server.provenance.service import Asked, LineageService
from tests.support.dump import dump

MAKER, READER, OTHER = (str(uuid.uuid5(uuid.NAMESPACE_OID, name)) for name in ("maker", "reader", "other"))
SAME_NAME = f"version:default/model/far@sha256:{'1' * 64}"
ANSWERS = f"version:default/dataset/answers@sha256:{'2' * 64}"
WEIGHTS = f"version:default/model/weights@sha256:{'3' * 64}"
FAR = "modelversion:default/far@"
STANDS = "version:default/model/far@registered:"


def digest_in(uid: str) -> str:
    return uid.rpartition("@")[2]


def made(at: int = 500) -> Event:
    """An artifact that is called as the model is, and is not what was registered."""
    output = OutputFact(name="far", type="model", digest=digest_in(SAME_NAME))
    return RunReported(at=at, run=MAKER, state=RunState.COMPLETE, outputs=[output])


def registered(version: str = "1", at: int = 1_000, **told: Any) -> Event:
    return ModelVersionReported(at=at, model="far", version=version, **told)


def elsewhere(version: str = "1", at: int = 1_000) -> Event:
    return registered(version, at, uri=f"gs://bucket/far/{version}")


def read(name: str = "1", run: str = READER, at: int = 2_000, **told: Any) -> Event:
    return RunReported(
        at=at, run=run, job="serve", started_at=at, state=RunState.COMPLETE,
        inputs=[InputFact(name="far", type="model", registered=name, **told)],
        outputs=[OutputFact(name="answers", digest=digest_in(ANSWERS))] if run == READER else [],
    )  # fmt: skip


class Told:
    """A graph, and what it answers."""

    def __init__(self, graph: Bolt, writer: IngestWriter) -> None:
        self.graph, self._writer = graph, writer
        self.service = LineageService(graph, opaque_key=b"tests")

    async def tell(self, *events: Event) -> None:
        for verdict in await self._writer.submit(events, actor="test"):
            assert verdict.outcome is Outcome.ACCEPTED, verdict

    async def walk(self, uid: str, direction: Direction) -> set[str]:
        question = LineageQuestion(start=(uid,), direction=direction)
        answer = await self.service.lineage(question, scope=None)
        return {node.head.uid for node in answer.nodes} - {uid}

    async def readers(self, uid: str) -> set[str]:
        return {one for one in await self.walk(uid, Direction.DOWNSTREAM) if one.startswith("run:")}

    async def inputs(self, run: str = READER) -> set[str]:
        return await self.walk(f"run:{run}", Direction.UPSTREAM)


@pytest.fixture
def told(graph: Bolt, writer: IngestWriter) -> Told:
    return Told(graph, writer)


async def test_a_reader_is_downstream_of_what_was_registered_and_of_nothing_else(told: Told) -> None:
    await told.tell(made(), elsewhere("1"), elsewhere("2"), read("1"))
    assert await told.readers(f"{FAR}1") == {f"run:{READER}"}
    assert await told.readers(f"{FAR}2") == set()
    assert await told.readers(SAME_NAME) == set()
    assert await told.walk(ANSWERS, Direction.UPSTREAM) == {f"run:{READER}", f"{STANDS}1"}
    touched = await told.service.impact(f"{FAR}1", Asked(scope=None))
    assert touched.counts == {"Run": 1, "ArtifactVersion": 2}
    found = await told.service.completeness(ANSWERS, Asked(scope=None))
    assert found.counts == {"MISSING_DIGEST": 1, "NO_PRODUCER": 1}
    (stands,) = await told.graph.read(
        "MATCH (v:ArtifactVersion) WHERE v.key = 'registered:1' RETURN properties(v) AS props"
    )
    assert stands["props"].get("ordinal") is None
    assert (stands["props"]["uri"], stands["props"].get("digest")) == ("gs://bucket/far/1", None)


async def test_the_order_in_which_it_is_told_does_not_matter(
    told: Told, writer: IngestWriter, tmp_path: Path
) -> None:
    alias = AliasSet(at=1_500, model="far", alias="prod", version="1")
    events = (made(), elsewhere("1"), read("1"), alias, read("prod", OTHER))
    expected: Any = None
    for place, order in enumerate(permutations(events)):
        if place % 7:
            continue
        for event in order:
            await told.tell(event)
        found = await dump(told.graph)
        expected = expected or found
        assert found == expected
        await writer.pause()
        await told.graph.write("MATCH (n) WHERE NOT n:Writer AND NOT n:Meta DETACH DELETE n")
        writer.resume()
    await told.tell(*events)
    await Rebuilder(told.graph, EventStore(told.graph, tmp_path), writer).rebuild()
    assert await dump(told.graph) == expected
    assert await told.readers(f"{FAR}1") == {f"run:{READER}", f"run:{OTHER}"}


async def test_what_a_version_is_of_is_what_was_read_of_it_however_late_that_is_told(told: Told) -> None:
    await told.tell(elsewhere("1"), read("1"))
    assert await told.inputs() == {f"{STANDS}1"}
    await told.tell(registered("1", 3_000, origin=WEIGHTS))
    assert await told.inputs() == {WEIGHTS}
    assert await told.readers(f"{FAR}1") == {f"run:{READER}"}
    assert await told.walk(f"{FAR}1", Direction.UPSTREAM) == {WEIGHTS}
    await told.tell(read("1", OTHER))
    assert await told.inputs(OTHER) == {WEIGHTS}
    (feeds,) = await told.graph.read("MATCH (a)-[e:FEEDS]->(j:Job) WHERE e.run_count > 0 RETURN a.uid AS uid")
    assert feeds["uid"] == "artifact:default/model/weights"


async def test_an_alias_means_what_it_pointed_to_when_the_run_began(told: Told) -> None:
    await told.tell(made(), elsewhere("1"), elsewhere("2"), read("prod", at=5_000))
    assert await told.inputs() == set()
    await told.tell(AliasSet(at=9_000, model="far", alias="prod", version="2"))
    assert await told.inputs() == set()
    await told.tell(AliasSet(at=4_000, model="far", alias="prod", version="1"))
    assert await told.inputs() == {f"{STANDS}1"}
    await told.tell(AliasSet(at=4_500, model="far", alias="prod", version="2"))
    assert await told.inputs() == {f"{STANDS}2"}


async def test_only_where_nothing_is_registered_so_is_it_the_artifacts_number(told: Told) -> None:
    await told.tell(made(), read("1", version=1), read("7", OTHER))
    assert await told.inputs() == {SAME_NAME, f"run:{MAKER}"}
    assert await told.inputs(OTHER) == set()
    unknown = await told.service.completeness(f"run:{OTHER}", Asked(scope=None))
    assert unknown.counts == {"UNKNOWN_INPUT": 1}
    await told.tell(elsewhere("1"))
    assert await told.inputs() == {f"{STANDS}1"}
    # What is only read is not registered: the next number is the next one.
    (row,) = await told.graph.read("MATCH (m:RegisteredModel) RETURN m.highest AS highest")
    assert row["highest"] == 1


async def test_a_stated_name_again_is_no_other_thing(told: Told, writer: IngestWriter) -> None:
    """What stands for a version is not what it was made of."""
    await told.tell(elsewhere("1"), read("1"))
    again = registered("1", 3_000, uri="gs://bucket/far/1", unless_taken=True)
    await told.tell(again)
    wrong = InputFact(name="far", registered="1")
    (verdict,) = await writer.submit([RunReported(run=OTHER, inputs=[wrong])], actor="test")
    assert verdict.outcome is Outcome.REFUSED
    assert "no version of a registered model" in verdict.message


async def test_the_way_to_what_a_version_is_of_is_short_though_that_was_written_again(told: Told) -> None:
    again = [OutputFact(name="weights", type="model", digest=digest_in(WEIGHTS))]
    reading = [InputFact(name="weights", type="model", digest=digest_in(WEIGHTS))]
    copied = RunReported(at=2_000, run=OTHER, state=RunState.COMPLETE, inputs=reading, outputs=again)
    hold = VersionReported(at=3_000, artifact="weights", kind="model", digest=digest_in(WEIGHTS), hold=True)
    await told.tell(registered("1", origin=WEIGHTS), copied, hold)
    touched = await told.service.impact(f"{FAR}1", Asked(scope=None))
    (held,) = touched.holds
    assert (held.distance, held.path) == (0, (f"{FAR}1", WEIGHTS))


async def test_the_run_that_made_what_lies_elsewhere_is_upstream_of_it(
    told: Told, writer: IngestWriter, tmp_path: Path
) -> None:
    """In whatever order it is told; of a run of another project, nothing is told by who registers."""
    made_by = registered("1", uri="gs://bucket/far/1", run=MAKER)
    events = (RunReported(at=500, run=MAKER, job="train", state=RunState.COMPLETE), made_by, read("1"))
    stands = "MATCH (v:ArtifactVersion {key: 'registered:1'}) RETURN properties(v) AS props"
    expected: Any = None
    for order in permutations(events):
        for event in order:
            await told.tell(event)
        found = await dump(told.graph)
        expected = expected or found
        assert found == expected
        assert await told.walk(f"{FAR}1", Direction.UPSTREAM) == {f"{STANDS}1", f"run:{MAKER}"}
        assert f"run:{MAKER}" in await told.walk(ANSWERS, Direction.UPSTREAM)
        (row,) = await told.graph.read(stands)
        props = row["props"]
        assert (props["uri"], props.get("ordinal"), props.get("stub")) == ("gs://bucket/far/1", None, None)
        await writer.pause()
        await told.graph.write("MATCH (n) WHERE NOT n:Writer AND NOT n:Meta DETACH DELETE n")
        writer.resume()
    await told.tell(*events)
    await Rebuilder(told.graph, EventStore(told.graph, tmp_path), writer).rebuild()
    assert await dump(told.graph) == expected
    foreign = registered("2", uri="gs://bucket/far/2", run=OTHER)
    await told.tell(RunReported(project="other", at=500, run=OTHER), foreign)
    assert await told.walk(f"run:{OTHER}", Direction.DOWNSTREAM) == set()
