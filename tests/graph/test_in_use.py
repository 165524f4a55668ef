"""What is in use is kept, as the writer judges it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from lineage_server.domain.event_parts import InputFact, OutputFact
from lineage_server.domain.event_registry import (
    AliasSet,
    DeploymentReported,
    ModelReported,
    ModelVersionReported,
)
from lineage_server.domain.events import EdgeAsserted, NodeDeleted, RunReported, VersionReported
from lineage_server.domain.nodes import ModelState, RunState
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph import uses
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.decode import Received, encode
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from tests.support.churn import DIGEST, KIM, ORIGIN, fresh, move, refused, told


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
        verdict = await refused(churn, NodeDeleted(id=f"x{next(fresh)}", at=5_000, uid=uid, unless_used=True))
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
    return NodeDeleted(id=f"gone{next(fresh)}", at=5_000, uid=of, **more)


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
