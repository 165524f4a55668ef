"""What is told late, asked on both time axes: ``asOf`` filters event time, ``knownAt`` what was recorded."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from lineage_server.domain.events import (
    AliasSet,
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    Event,
    InputFact,
    ModelVersionReported,
    OutputFact,
    RunReported,
    VersionReported,
)
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_lineage import Sight
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from lineage_server.provenance.answers import Direction, LineageQuestion, View
from lineage_server.provenance.service import LineageService
from tests.support.warm import PATIENT

T0 = 1_760_000_000_000_000
OLD, LATE, READER, MAKER = (str(uuid.uuid5(uuid.NAMESPACE_OID, name)) for name in ("old", "late", "rd", "mk"))
D1, D2, D3 = (f"sha256:{digit * 64}" for digit in "123")
IRIS_OLD = f"version:default/dataset/iris@run:{OLD}"
IRIS_LATE = f"version:default/dataset/iris@run:{LATE}"
MODEL = f"version:default/model/net@{D3}"


def at(minute: float) -> int:
    return T0 + int(minute * 60_000_000)


class Told:
    """A writer and a reader of one graph; ``tell`` answers when the events were known."""

    def __init__(self, bolt: Bolt) -> None:
        self.bolt = bolt
        self.writer = IngestWriter(GraphWriter(bolt), publish=lambda _: None, limits=PATIENT)
        self.service = LineageService(bolt, opaque_key=b"tests")

    async def tell(self, *events: Event) -> int:
        for verdict in await self.writer.submit(events, actor="test"):
            assert verdict.outcome is Outcome.ACCEPTED, verdict
        return now_micros()

    async def upstream(self, uid: str, known_at: int | None = None, as_of: int | None = None) -> set[str]:
        question = LineageQuestion(start=(uid,), max_depth=1, known_at=known_at, as_of=as_of)
        answer = await self.service.lineage(question, scope=None)
        return {node.head.uid for node in answer.nodes} - {uid}

    async def columns(self, uid: str, known_at: int | None = None) -> set[tuple[str, str]]:
        question = LineageQuestion(start=(uid,), view=View.FIELD, column="y", known_at=known_at)
        answer = await self.service.lineage(question, scope=None)
        return {(field.start, field.start_column) for field in answer.fields}


@pytest.fixture
async def told(graph: Bolt) -> AsyncIterator[Told]:
    told = Told(graph)
    await told.writer.start()
    yield told
    await told.writer.stop()


def produced(run: str, ended: float, state: RunState = RunState.COMPLETE, said: float = 0) -> RunReported:
    """A run that wrote iris without a digest: only its end seals it."""
    return RunReported(
        at=at(said or ended), run=run, job="prepare", state=state, started_at=at(ended - 1),
        ended_at=at(ended), outputs=[OutputFact(name="iris")],
    )  # fmt: skip


async def test_a_late_producer_moves_inputs_and_columns_and_both_can_be_asked_for(told: Told) -> None:
    reader = f"run:{READER}"
    first = await told.tell(
        produced(OLD, 2),
        RunReported(
            at=at(5), run=READER, job="train", state=RunState.COMPLETE, started_at=at(4),
            inputs=[InputFact(name="iris")],
            outputs=[OutputFact(name="net", type="model", digest=D3, fields={"y": [["iris", "x"]]})],
        ),
    )  # fmt: skip
    second = await told.tell(produced(LATE, 3))
    # The late producer turns out to have failed: what was read is the old version again.
    third = await told.tell(produced(LATE, 3, RunState.FAILED, said=6))
    for known_at, expected in (
        (first, IRIS_OLD), (second, IRIS_LATE), (third, IRIS_OLD), (None, IRIS_OLD),
    ):  # fmt: skip
        assert await told.upstream(reader, known_at) == {expected}
        assert await told.columns(MODEL, known_at) == {(expected, "x")}
    assert await told.upstream(reader, first - 10_000_000) == set()
    assert await told.upstream(reader, as_of=at(4)) == set()


async def test_a_retraction_ends_an_edge_on_both_axes(told: Told) -> None:
    start, end = (f"version:default/dataset/iris@{digest}" for digest in (D1, D2))
    asserted = await told.tell(
        *(VersionReported(at=at(0), artifact="iris", digest=d) for d in (D1, D2)),
        EdgeAsserted(at=at(1), start=start, end=end, reason="copied"),
    )
    retracted = await told.tell(EdgeRetracted(at=at(5), start=start, end=end, reason="it was not"))
    again = await told.tell(EdgeAsserted(at=at(8), start=start, end=end, reason="it was"))
    there = {start}
    for known_at, as_of, expected in (
        (asserted, None, there), (asserted, at(6), there), (asserted, at(0.5), set()),
        (retracted, None, set()), (retracted, at(3), there), (retracted, at(6), set()),
        (again, None, there), (None, at(3), there), (None, at(6), set()), (None, at(8), there),
    ):  # fmt: skip
        assert await told.upstream(end, known_at, as_of) == expected, (known_at, as_of)
    rows = await told.bolt.read("MATCH ()-[e:DERIVED]->() RETURN e.reason AS reason, e.history AS history")
    assert rows[0]["reason"] == "it was"
    assert all(word in rows[0]["history"] for word in ("copied", "it was not", "it was"))


async def test_aliases_are_as_they_were_and_as_was_known(told: Told) -> None:
    one, two = (f"modelversion:default/churn@{number}" for number in "12")
    moves = [
        AliasSet(at=at(minute), model="churn", alias="prod", version=version)
        for minute, version in ((1, "1"), (9, "1"), (5, "2"), (7, None))
    ]
    known = [await told.tell(move) for move in moves]

    async def targets(known_at: int | None, as_of: int | None) -> list[str]:
        sight = Sight(known_at=known_at, as_of=as_of)
        return [found.target for found in await told.service._facts.aliases([one, two], sight)]

    for known_at, as_of, expected in (
        (None, None, [one]), (None, at(2), [one]), (None, at(6), [two]), (None, at(8), []),
        (known[0], None, [one]), (known[1], at(6), [one]), (known[2], at(8), [two]), (known[2], None, [one]),
        (known[0] - 10_000_000, None, []),
    ):  # fmt: skip
        assert await targets(known_at, as_of) == expected, (known_at, as_of)


async def test_a_deployment_serves_from_its_start_to_its_end(told: Told) -> None:
    version = "modelversion:default/churn@1"
    uid = "deployment:default/local/api@1"
    routed = "deployment:default/local/front@1"
    serving = DeploymentReported(at=at(4), name="api", model="churn", version="1", from_at=at(3))
    running = await told.tell(
        ModelVersionReported(at=at(0), model="churn", version="1"),
        serving,
        DeploymentReported(at=at(4), name="front", routes_to=[uid]),
    )
    await told.tell(
        DeploymentReported(at=at(9), name="api", to_at=at(8), traffic=0.0),
        DeploymentReported(at=at(9), name="front", to_at=at(8)),
    )

    async def downstream(known_at: int | None, as_of: int | None) -> bool:
        question = LineageQuestion(
            start=(version,), direction=Direction.DOWNSTREAM, known_at=known_at, as_of=as_of
        )
        answer = await told.service.lineage(question, scope=None)
        return uid in {node.head.uid for node in answer.nodes}

    for known_at, as_of, expected in (
        (None, at(2), False), (None, at(3), True), (None, at(8), False), (running, at(8), True),
        (None, None, True), (running - 10_000_000, None, False),
    ):  # fmt: skip
        assert await downstream(known_at, as_of) is expected, (known_at, as_of)
    assert await told.upstream(uid, as_of=at(7)) == {version, routed}
    assert await told.upstream(uid, as_of=at(8)) == set()
