"""Aliases, protection, approvals and what is in use, as the writer judges them."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from lineage_server.domain.event_parts import InputFact, OutputFact
from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    DeploymentReported,
    ModelReported,
    ModelVersionReported,
    ProtectionSet,
)
from lineage_server.domain.events import EdgeAsserted, Event, NodeDeleted, RunReported, VersionReported
from lineage_server.domain.nodes import ModelState, RunState
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph import uses
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.decode import Received, encode
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import Outcome, Verdict
from lineage_server.ingest.writer import IngestWriter
from tests.support.dump import dump

KIM, LEE, MAX = "lineage/kim", "lineage/lee", "lineage/max"
DIGEST = "sha256:" + "7" * 64
ORIGIN = f"version:default/model/net@{DIGEST}"
_ids = iter(range(1, 100_000))


def move(to: str | None, at: int = 2_000, **more: Any) -> AliasSet:
    return AliasSet(id=f"m{next(_ids)}", at=at, model="churn", alias="prod", version=to, **more)


async def say(writer: IngestWriter, event: Event, actor: str = KIM) -> Verdict:
    (verdict,) = await writer.submit([event], actor=actor)
    return verdict


async def told(writer: IngestWriter, event: Event, actor: str = KIM) -> None:
    verdict = await say(writer, event, actor)
    assert verdict.outcome is Outcome.ACCEPTED, verdict


async def refused(writer: IngestWriter, event: Event, actor: str = KIM, code: str = "CONFLICT") -> Verdict:
    verdict = await say(writer, event, actor)
    assert (verdict.outcome, verdict.code) == (Outcome.REFUSED, code), verdict
    return verdict


@pytest.fixture
async def churn(writer: IngestWriter) -> IngestWriter:
    """A model with three versions, of which the first is prod."""
    events: list[Event] = [ModelReported(id="model", at=1_000, model="churn")]
    events += [
        ModelVersionReported(id=f"v{n}", at=1_000 + n, model="churn", version=str(n), state=ModelState.READY)
        for n in (1, 2, 3)
    ]
    for event in [*events, move("1", 1_500)]:
        await told(writer, event)
    return writer


async def target(graph: Bolt) -> str:
    (row,) = await graph.read("MATCH (a:Alias {alias: 'prod'}) RETURN a.target AS target")
    return str(row["target"]).rpartition("@")[2]


async def test_one_name_is_of_the_first_who_gives_it(churn: IngestWriter, graph: Bolt) -> None:
    """At the same instant, too; said again of the same thing it is a repeat."""

    def named(uri: str, version: str = "rc") -> ModelVersionReported:
        return ModelVersionReported(
            id=f"n{next(_ids)}", at=3_000, model="churn", version=version, uri=uri, unless_taken=True
        )

    verdicts = await asyncio.gather(*(say(churn, named(f"s3://bucket/{n}")) for n in range(4)))
    outcomes = [verdict.outcome for verdict in verdicts]
    assert sorted(outcomes) == sorted([Outcome.ACCEPTED, *[Outcome.REFUSED] * 3])
    others = [verdict for verdict in verdicts if verdict.outcome is Outcome.REFUSED]
    assert {verdict.code for verdict in others} == {"CONFLICT"}
    first = f"s3://bucket/{outcomes.index(Outcome.ACCEPTED)}"
    await told(churn, named(first))
    (row,) = await graph.read("MATCH (v:ModelVersion {version: 'rc'}) RETURN v.uri AS uri")
    assert row["uri"] == first
    await refused(churn, named("s3://bucket/prod", "prod"))  # an alias is called that
    made = ModelVersionReported(
        id="made", at=3_001, model="churn", version="rc", origin=ORIGIN, unless_taken=True
    )
    await refused(churn, made)


async def test_a_move_says_from_where(churn: IngestWriter, graph: Bolt) -> None:
    verdict = await refused(churn, move("2", expected="3"))
    assert "points to version '1', not to version '3'" in verdict.message
    assert verdict.current == "1"
    assert (await refused(churn, move("2", expected=""))).current == "1"
    await refused(churn, move("9", expected="1"), code="BAD_INPUT")
    again = move("2", expected="1")
    await told(churn, again)
    assert (await say(churn, again)).outcome is Outcome.DUPLICATE
    assert await target(graph) == "2"
    # Nothing of the past is a move from what is there now.
    assert (await refused(churn, move("3", at=1_600, expected="2"))).current == "2"
    await told(churn, move(None, 3_000, expected="2"))
    await told(churn, move("3", 4_000, expected=""))
    assert await target(graph) == "3"


async def test_of_many_who_move_one_alias_at_once_one_does(churn: IngestWriter, graph: Bolt) -> None:
    """Two servers, many callers: each expects what it has seen."""
    other = IngestWriter(GraphWriter(graph), publish=lambda _: None)
    await other.start()
    for turn in range(5):
        now = await target(graph)
        moves = [move(str(1 + (int(now) + n) % 3), 10_000 + 100 * turn + n, expected=now) for n in range(12)]
        verdicts = await asyncio.gather(
            *(say((churn, other)[n % 2], one, f"lineage/p{n}") for n, one in enumerate(moves))
        )
        won = [one for one, v in zip(moves, verdicts, strict=True) if v.outcome is Outcome.ACCEPTED]
        assert len(won) == 1, verdicts
        assert {v.code for v in verdicts if v.outcome is Outcome.REFUSED} == {"CONFLICT"}
        assert await target(graph) == won[0].version
    await other.stop()


async def ask(writer: IngestWriter, version: str, asker: str = KIM) -> str:
    key = f"ask{next(_ids)}"
    await told(
        writer, ApprovalRequested(id=key, at=1_700, model="churn", version=version, alias="prod"), asker
    )
    return f"approval:default/churn@{key}"


async def approval(writer: IngestWriter, version: str, by: str) -> str:
    uid = await ask(writer, version)
    await told(writer, give(uid, version), by)
    return uid


def give(request: str, version: str, verdict: str = "approved") -> ApprovalGiven:
    return ApprovalGiven(
        id=f"g{next(_ids)}", at=1_800, model="churn", version=version, alias="prod", verdict=verdict,
        approver="whoever", request=request,
    )  # fmt: skip


async def test_a_protected_alias_moves_once_with_an_approval_by_somebody_else(
    churn: IngestWriter, graph: Bolt, tmp_path: Path
) -> None:
    await told(churn, ProtectionSet(id="p", at=1_600, model="churn", alias="prod"))
    assert "is protected" in (await refused(churn, move("2"))).message
    assert "it is not deleted" in (await refused(churn, move(None))).message
    asked = ApprovalRequested(id="own", at=1_650, model="churn", version="2", alias="prod")
    await told(churn, asked)
    own = "approval:default/churn@own"
    assert "pending" in (await refused(churn, move("2", approval=own))).message
    await refused(churn, give(own, "2"), code="FORBIDDEN")
    await refused(churn, give(own, "3"), LEE, code="BAD_INPUT")
    await told(churn, give(own, "2", "rejected"), LEE)
    verdict = await refused(churn, give(own, "2"), MAX)
    assert (verdict.current, "rejected by lineage/lee" in verdict.message) == ("rejected", True)
    assert "is rejected" in (await refused(churn, move("2", approval=own))).message
    good = await approval(churn, "2", LEE)
    assert "not for this" in (await refused(churn, move("3", approval=good))).message
    await told(churn, move("2", approval=good, expected="1"))
    assert "used for a move" in (await refused(churn, move("2", 2_500, approval=good))).message
    # A verdict nobody requested counts too, unless it is the mover's own.
    for key, giver, alright in (("mine", KIM, False), ("theirs", LEE, True)):
        event = ApprovalGiven(
            id=key, at=1_900, model="churn", version="3", alias="prod", verdict="approved", approver="lee"
        )
        await told(churn, event, giver)
        verdict = await say(churn, move("3", 3_000, approval=f"approval:default/churn@{key}"))
        assert (verdict.outcome is Outcome.ACCEPTED) == alright, verdict
    before = await dump(graph)
    await Rebuilder(graph, EventStore(graph, tmp_path), churn).rebuild()
    assert await dump(graph) == before
    await told(churn, ProtectionSet(id="p2", at=5_000, model="churn", alias="prod", protected=False))
    await told(churn, move("1", 6_000))


async def test_one_approval_moves_a_protected_alias_once_whoever_is_first(
    churn: IngestWriter, graph: Bolt
) -> None:
    other = IngestWriter(GraphWriter(graph), publish=lambda _: None)
    await other.start()
    await told(churn, ProtectionSet(id="p", at=1_600, model="churn"))
    for turn in range(3):
        good = await approval(churn, "2", LEE)
        moves = [move("2", 10_000 + 100 * turn + n, approval=good) for n in range(8)]
        verdicts = await asyncio.gather(*(say((churn, other)[n % 2], one) for n, one in enumerate(moves)))
        assert [v.outcome for v in verdicts].count(Outcome.ACCEPTED) == 1
    await other.stop()


async def test_only_its_movers_move_a_protected_alias(churn: IngestWriter) -> None:
    event = ProtectionSet(id="p", at=1_600, model="churn", approval=False, movers=["service/ci", LEE])
    await told(churn, event)
    assert "service/ci" not in (await refused(churn, move("2"), KIM, "FORBIDDEN")).code
    await told(churn, move("2"), "service/ci")
    await told(churn, move("3", 3_000), LEE)
    # The model's protection is that of aliases to come, too.
    new = AliasSet(id="new", at=4_000, model="churn", alias="beta", version="1")
    await refused(churn, new, KIM, "FORBIDDEN")


async def test_only_its_approvers_approve_and_who_asked_may_withdraw(
    churn: IngestWriter, graph: Bolt
) -> None:
    event = ProtectionSet(id="p", at=1_600, model="churn", alias="prod", approvers=[LEE, "service/ci"])
    await told(churn, event)
    asked = await ask(churn, "2")
    for verdict in ("approved", "rejected"):
        found = await refused(churn, give(asked, "2", verdict), MAX, code="FORBIDDEN")
        assert "only lineage/lee, service/ci may approve" in found.message
    await refused(churn, give(asked, "2"), KIM, code="FORBIDDEN")
    found = await refused(churn, give(asked, "2", "withdrawn"), LEE, code="FORBIDDEN")
    assert "lineage/kim asked" in found.message
    await told(churn, give(asked, "2", "withdrawn"))
    assert "is withdrawn" in (await refused(churn, move("2", approval=asked))).message
    assert "was withdrawn by" in (await refused(churn, give(asked, "2"), LEE)).message
    await told(churn, move("2", approval=await approval(churn, "2", LEE)))
    # Who stands there when it moves counts, also for a verdict that nobody asked for.
    free = ApprovalGiven(
        id="free", at=1_900, model="churn", version="3", alias="prod", verdict="approved", approver="max"
    )
    await told(churn, free, MAX)
    found = await refused(churn, move("3", 3_000, approval="approval:default/churn@free"))
    assert "was given by lineage/max: it takes one by lineage/lee" in found.message
    await told(churn, ProtectionSet(id="p2", at=1_700, model="churn", alias="prod", approvers=[MAX]))
    await told(churn, move("3", 3_000, approval="approval:default/churn@free"))
    # The model's protection is that of each of its aliases.
    await told(churn, ProtectionSet(id="p3", at=1_700, model="churn", approvers=[LEE]))
    asked = await ask(churn, "1")
    await refused(churn, give(asked, "1"), MAX, code="FORBIDDEN")


async def test_what_is_in_use_is_not_deleted_unasked(churn: IngestWriter, graph: Bolt) -> None:
    run = "0198c0de-0000-7000-8000-000000000001"
    data = VersionReported(id="data", at=900, artifact="iris", digest=DIGEST, hold=True)
    made = OutputFact(name="net", type="model", digest=DIGEST)
    for event in (
        data,
        RunReported(
            id="run", at=950, run=run, state=RunState.COMPLETE,
            inputs=[InputFact(name="iris", digest=DIGEST)], outputs=[made],
        ),
        ModelVersionReported(id="reg", at=1_010, model="churn", version="3", origin=ORIGIN, hold=True),
        DeploymentReported(id="d", at=1_600, name="api", model="churn", version="2"),
        DeploymentReported(
            id="d2", at=1_600, project="other", name="api", model="churn", version="2",
            model_project="default",
        ),
    ):  # fmt: skip
        await told(churn, event)
    version = "modelversion:default/churn@"
    iris = f"version:default/dataset/iris@{DIGEST}"
    for uid, words in {
        version + "1": ["alias 'prod' points to it"],
        version + "2": ["deployment:default/local/api@1 runs it", "1 more in other projects"],
        version + "3": ["it is held"],
        "model:default/churn": ["alias 'prod'", "deployment:default/local/api@1", f"{version}3"],
        iris: ["it is held", f"{version}3 depends on it"],
        "artifact:default/dataset/iris": [f"{iris[:79]}"[:60]],
        ORIGIN: [f"{version}3 depends on it"],
        f"run:{run}": [f"{version}3 depends on it"],
    }.items():
        verdict = await refused(churn, NodeDeleted(id=f"x{next(_ids)}", at=5_000, uid=uid, unless_used=True))
        for word in words:
            assert word in verdict.message, (uid, verdict.message)
        assert "other/" not in verdict.message + verdict.current
    archive = ModelVersionReported(
        id="arch", at=5_000, model="churn", version="1", state=ModelState.ARCHIVED, unless_used=True
    )
    await refused(churn, archive)
    # In one batch: what goes first uses nothing any more, what comes first does already.
    verdicts = await churn.submit(
        [
            move("3", 6_000),
            NodeDeleted(id="y1", at=6_001, uid=version + "1", unless_used=True),
            DeploymentReported(id="d3", at=6_002, name="api", to_at=6_000),
            DeploymentReported(id="d4", at=6_002, project="other", name="api", to_at=6_000),
            NodeDeleted(id="y2", at=6_003, uid=version + "2", unless_used=True),
            NodeDeleted(id="y3", at=6_004, uid=version + "3", unless_used=True),
            NodeDeleted(id="y4", at=6_005, uid=version + "3", reason="asked to"),
        ],
        actor=KIM,
    )
    outcomes = [v.outcome is Outcome.ACCEPTED for v in verdicts]
    assert outcomes == [True, True, True, True, True, False, True], verdicts
    await refused(churn, NodeDeleted(id="z", at=7_000, uid=version + "9", unless_used=True), code="BAD_INPUT")


def made(run: int, read: str, write: str) -> RunReported:
    return RunReported(
        id=f"made{run}", at=500 + run, run=f"0198c0de-0000-7000-8000-00000000{run:04}",
        state=RunState.COMPLETE,
        inputs=[InputFact(name=read, digest=digest(read))],
        outputs=[OutputFact(name=write, digest=digest(write))],
    )  # fmt: skip


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def uid(name: str) -> str:
    return f"version:default/dataset/{name}@{digest(name)}"


def gone(name: str, **more: Any) -> NodeDeleted:
    of = name if ":" in name else uid(name)
    return NodeDeleted(id=f"gone{next(_ids)}", at=5_000, uid=of, **more)


async def test_what_far_descendants_are_used_for_keeps_what_they_were_made_of(
    churn: IngestWriter, graph: Bolt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """raw → prepare → features → copy → train → net, which is version 3."""
    steps = ["raw", "clean", "features", "copy", "net"]
    for event in (
        made(1, "raw", "clean"),
        made(2, "clean", "features"),
        EdgeAsserted(id="copied", at=700, start=uid("features"), end=uid("copy"), reason="cp"),
        made(3, "copy", "net"),
        made(4, "raw", "aside"),
        made(5, "other", "aside2"),
        ModelVersionReported(id="reg", at=1_010, model="churn", version="3", origin=uid("net")),
        DeploymentReported(id="d", at=1_600, name="api", model="churn", version="3"),
        DeploymentReported(
            id="d2", at=1_600, project="other", name="api", model="churn", version="3",
            model_project="default",
        ),
    ):  # fmt: skip
        await told(churn, event)
    await told(churn, move("3", 1_600))
    of = [*steps, "artifact:default/dataset/raw", f"run:{made(1, '', '').run}"]
    for one in of:
        verdict = await refused(churn, gone(one))
        words = ("churn@3 depends on it", "alias 'prod' points to", "api@1 runs", "1 more in other projects")
        assert all(word in verdict.message for word in words), (one, verdict.message)
    await told(churn, gone("aside"))
    await told(churn, gone("other"))
    # What runs a model keeps what that was made of, even where the model is said to be gone.
    version = "modelversion:default/churn@3"
    await told(churn, NodeDeleted(id="without", at=5_000, uid=version, reason="moved to another registry"))
    assert "api@1 runs" in (await refused(churn, gone("raw"))).message
    for n, project in enumerate(("default", "other")):
        await told(churn, DeploymentReported(id=f"e{n}", at=6_000, project=project, name="api", to_at=6_000))
    await told(churn, move("1", 6_000))
    # A hold far down does, too; what is not looked at to the end is not called unused.
    held = VersionReported(id="held", at=6_001, artifact="copy", digest=digest("copy"), hold=True)
    await told(churn, held)
    assert f"{uid('copy')[:40]}" in (await refused(churn, gone("raw"))).message
    await told(
        churn, VersionReported(id="free", at=6_002, artifact="copy", digest=digest("copy"), hold=False)
    )
    monkeypatch.setattr(uses, "MOST_GENERATIONS", 2)
    assert "not all of that was looked at" in (await refused(churn, gone("raw"))).message
    monkeypatch.setattr(uses, "MOST_GENERATIONS", 5)
    # In one batch: what is made, and registered, before it is to go.
    again = ModelVersionReported(id="reg2", at=6_003, model="churn", version="4", origin=uid("last"))
    verdicts = await churn.submit([made(6, "aside2", "last"), again, gone("aside2"), gone("raw")], actor=KIM)
    assert [v.outcome is Outcome.ACCEPTED for v in verdicts] == [True, True, False, True], verdicts
    assert "churn@4 depends on it" in verdicts[2].message


async def test_events_that_delete_or_archive_without_a_word_are_judged_as_everybodys(
    churn: IngestWriter, graph: Bolt
) -> None:
    version = {"model": "churn", "version": "1", "state": ModelState.ARCHIVED}
    one = "modelversion:default/churn@1"
    for n, silent in enumerate(("", "  ")):
        assert "alias 'prod'" in (await refused(churn, gone(one, reason=silent))).message
        archive = ModelVersionReported(id=f"a{n}", at=5_000, reason=silent, **version)
        assert "alias 'prod'" in (await refused(churn, archive)).message
        of_model = ModelReported(
            id=f"b{n}", at=5_000, model="churn", state=ModelState.ARCHIVED, reason=silent
        )
        assert "alias 'prod'" in (await refused(churn, of_model)).message
    # A tombstone may come before its node, as any event may.
    await told(churn, gone("modelversion:default/churn@77"))
    await told(churn, ModelVersionReported(id="why", at=5_000, reason="too old", **version))
    await told(churn, gone(one, reason="too old"))
    # What is imported was judged where it happened.
    alias = AliasSet(id="x", at=5_001, model="churn", alias="two", version="2")
    await told(churn, alias)
    silent_one = gone("modelversion:default/churn@2")
    raw = encode(silent_one)
    stored = StoredEvent(
        uid=f"event:default/{silent_one.id}", project="default", seq=1, pos=0, type=silent_one.type, at=5_000,
        recorded_at=5_000, actor="lineage/far", raw=raw, redacted=False,
    )  # fmt: skip
    received = Received(0, silent_one, raw, stored=stored)
    (verdict,) = await churn.submit_received([received], actor=KIM)
    assert verdict.outcome is Outcome.ACCEPTED, verdict
