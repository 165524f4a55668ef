"""A story told by many witnesses: events of every type that overlap, contradict and correct."""

from __future__ import annotations

import uuid
from typing import Any

from lineage_server.domain.edges import Basis, Source
from lineage_server.domain.events import (
    ActorFact,
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    ArtifactReported,
    CodeFact,
    ContextReported,
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    EnvironmentFact,
    Event,
    GpuFact,
    InputFact,
    IntentReported,
    JobReported,
    MemberSet,
    MetricsLogged,
    ModelReported,
    ModelVersionReported,
    NodeAnnotated,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    OutputFact,
    ProjectReported,
    ProtectionSet,
    ReproductionFact,
    RunReported,
    VersionReported,
    WatchGapReported,
)
from lineage_server.domain.nodes import IntentAction, JobKind, Label, ModelState, Reproduced, Role, RunState

T0 = 1_760_000_000_000_000
MINUTE = 60_000_000
PREPARE, PREPARE_AGAIN, TRAIN, EVALUATE, PARENT, SECRET = (
    str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    for name in ("prepare", "prepare again", "train", "evaluate", "parent", "secret")
)
D1, D2, D3 = (f"sha256:{digit * 64}" for digit in "123")
IRIS_1 = f"version:default/dataset/iris@{D1}"
IRIS_2 = f"version:default/dataset/iris@{D2}"
MODEL_1 = f"version:default/model/churn@{D3}"
APART = f"version:default/dataset/apart@{D1}"
HIDDEN = f"version:default/dataset/hidden@{D2}"
APPROVED = "approved-by-another"
WORD = "somebody"
ERASED = (
    *(f"run:{SECRET}", HIDDEN, f"approval:default/churn@{APPROVED}", "gpu:GPU-hidden"),
    *("actor:local/gone", "intent:default/hidden"),
)


def at(minute: float) -> int:
    return T0 + int(minute * MINUTE)


def story() -> list[Event]:
    """Every event type at least once; ids and times are fixed."""
    events: list[Event] = [
        *_projects(),
        *_runs(),
        *_witnesses(),
        *_results(),
        *_versions(),
        *_registry(),
        *_intents(),
        *_changes_of_mind(),
    ]
    return [_with_id(event, index) for index, event in enumerate(events)]


def _with_id(event: Event, index: int) -> Event:
    object.__setattr__(event, "id", event.id or f"event-{index:03d}")
    return event


def _projects() -> list[Event]:
    return [
        ProjectReported(at=at(0), description="first words", owner="kim"),
        ProjectReported(at=at(1), description="better words", tags={"team": "a"}, labels={"tier": "1"}),
        ProjectReported(at=at(2), labels={"tier": "2", "zone": "b"}, facts={"quota": {"gpus": 8}}),
        MemberSet(at=at(0), subject="kim", role=Role.VIEWER),
        MemberSet(at=at(2), subject="kim", role=Role.ADMIN),
        MemberSet(at=at(1), subject="lee", role=Role.EDITOR),
        MemberSet(at=at(3), subject="lee", role=None),
        JobReported(at=at(1), name="train", description="trains", facts={"cron": "daily"}),
        JobReported(at=at(2), name="train", facts={"cron": None, "steps": [1, 2]}),
        ContextReported(at=at(1), label=Label.GPU, key="GPU-1", facts={"memory_gib": 80}),
        ContextReported(at=at(2), label=Label.GPU, key="GPU-1", facts={"memory_gib": 79, "sms": 132}),
        ContextReported(at=at(2), label=Label.ACTOR, key="local/kim", name="Kim Doe", facts={"team": "a"}),
        WatchGapReported(at=at(9), cluster="c1", kind="pods", from_at=at(7), to_at=at(8), reason="restart"),
    ]


def _runs() -> list[Event]:
    return [
        RunReported(at=at(1), run=PARENT, job="all", kind=JobKind.PIPELINE, state=RunState.RUNNING),
        RunReported(at=at(1), run=PREPARE, job="prepare", state=RunState.RUNNING, parent=PARENT),
        RunReported(
            at=at(2),
            run=PREPARE,
            state=RunState.COMPLETE,
            outputs=[
                OutputFact(
                    name="iris",
                    digest=D1,
                    size=10,
                    columns=[{"name": "x", "type": "int64"}],
                    metadata={"rows": 10, "x": "a"},
                )
            ],
        ),
        # A watcher tells of the same run without digests, earlier and later.
        RunReported(
            at=at(1.5),
            run=PREPARE,
            source=Source.WATCHER,
            basis=Basis.OBSERVED,
            state=RunState.QUEUED,
            queued_at=at(0.5),
            outputs=[OutputFact(name="iris")],
            node="n1",
            cluster="c1",
            volumes=["data"],
        ),
        RunReported(at=at(2.5), run=PREPARE, source=Source.WATCHER, state=RunState.FAILED, exit_code=1),
        # An input without a version: between the two versions of iris.
        RunReported(
            at=at(4),
            run=TRAIN,
            name="train 1",
            job="train",
            state=RunState.RUNNING,
            parent=PARENT,
            inputs=[InputFact(name="iris", role="training data")],
            params={"lr": 0.1, "depth": 3, "on": True},
            tags={"who": "kim"},
            gpu=GpuFact(product="H200", count=2, devices=["GPU-1"]),
            code=CodeFact(repo="r", commit="c0ffee", entry="train.py"),
            environment=EnvironmentFact(image="img", image_digest=D2, python="3.11"),
        ),
        RunReported(at=at(3.5), run=TRAIN, params={"lr": 0.2, "seed": 7}, tags={"who": "lee", "x": "y"}),
        RunReported(at=at(4.5), run=TRAIN, tags={"x": None}, description="a try"),
    ]


def _witnesses() -> list[Event]:
    """What several know of one run, key by key; and who ran it, as each of them says."""
    return [
        RunReported(
            at=at(3.6),
            run=TRAIN,
            facts={"git": "old", "host": {"cpus": 2}, "gone": 1},
            resources={"cpu": 1, "memory": "2Gi"},
            usage={"cpu_seconds": 1.5},
            actor=ActorFact(subject="kim", name="Kim"),
        ),
        RunReported(at=at(4.6), run=TRAIN, facts={"git": "new", "gone": None}, resources={"cpu": 2}),
        RunReported(
            at=at(4.6),
            run=TRAIN,
            source=Source.WATCHER,
            facts={"gone": 2, "pod": ["a", None]},
            usage={"gpu_seconds": 3.0, "cpu_seconds": 2.5},
            actor=ActorFact(subject="system:serviceaccount:a/b", issuer="cluster"),
        ),
    ]


def _results() -> list[Event]:
    return [
        MetricsLogged(
            at=at(5),
            run=TRAIN,
            keys=["loss", "acc"],
            series=[0, 0, 1],
            steps=[1, 2, 2],
            times=[at(4.1), at(4.2), at(4.2)],
            values=[0.9, 0.8, 0.5],
        ),
        MetricsLogged(
            at=at(4), run=TRAIN, keys=["loss"], series=[0], steps=[0], times=[at(4)], values=["NaN"]
        ),
        RunReported(
            at=at(6),
            run=TRAIN,
            state=RunState.COMPLETE,
            gpu=GpuFact(seconds=240.0),
            metrics={"best": 0.5},
            outputs=[
                OutputFact(name="churn", type="model", digest=D3, fields={"y": [["training data", "x"]]}),
                OutputFact(name="log", type="log"),
            ],
        ),
        RunReported(
            at=at(7),
            run=EVALUATE,
            job="evaluate",
            retry_of=TRAIN,
            reproduction=ReproductionFact(
                of=TRAIN, verdict=Reproduced.DIFFERS, differences=["output churn"], reason="by hand"
            ),
            state=RunState.COMPLETE,
            started_at=at(6.5),
            inputs=[InputFact(name="churn", type="model", digest=D3), InputFact(name="iris", digest=D2)],
            outputs=[
                OutputFact(name="report", type="report"),
                OutputFact(name="iris", digest=D1, reused=True),
            ],
        ),
    ]


def _versions() -> list[Event]:
    return [
        # Late truth: a version sealed before the training began, told of after it.
        RunReported(
            at=at(3),
            run=PREPARE_AGAIN,
            job="prepare",
            state=RunState.COMPLETE,
            started_at=at(2.8),
            outputs=[OutputFact(name="iris", digest=D2, size=11, sealed_at=at(3))],
        ),
        ArtifactReported(at=at(3), artifact="iris", description="flowers", tags={"topic": "botany"}),
        ArtifactReported(at=at(2), artifact="iris", facts={"source": "web", "seen": 1}),
        ArtifactReported(at=at(4), artifact="iris", facts={"seen": 2}),
        VersionReported(at=at(8), artifact="iris", digest=D1, uri="file:///iris.csv", hold=True),
        VersionReported(at=at(1), artifact="iris", digest=D1, metadata={"rows": 9}, facts={"a": 1, "b": 1}),
        VersionReported(
            at=at(9), artifact="iris", digest=D1, metadata={"x": None, "y": True}, facts={"b": 2}
        ),
        VersionReported(at=at(8), artifact="log", kind="log", run=TRAIN, learned_digest=D1),
        VersionReported(at=at(2), artifact="outside", digest=D3, sealed_at=at(2), stats={"rows": 5}),
    ]


def _registry() -> list[Event]:
    return [
        ModelReported(at=at(8), model="churn", description="who leaves", owner="kim", external_id="7"),
        ModelReported(at=at(9), model="churn", title="Churn", state=ModelState.READY, facts={"a": 1}),
        ModelReported(at=at(7), model="churn", title="churn (old)", facts={"a": 0, "b": 0}),
        ModelVersionReported(
            at=at(8), model="churn", version="1", origin=MODEL_1, state=ModelState.READY, facts={"a": 1}
        ),
        ModelVersionReported(at=at(9), model="churn", version="1", external_id="8", facts={"a": 2}),
        ModelVersionReported(
            at=at(10),
            model="churn",
            version="1",
            metrics={"auc": 0.9, "f1": 0.5},
            card="# Churn",
            hold=True,
            signature={"inputs": [{"name": "x", "type": "int64"}]},
        ),
        ModelVersionReported(
            at=at(9), model="churn", version="1", metrics={"auc": 0.8}, card="old", hold=False
        ),
        AliasSet(at=at(9), model="churn", alias="prod", version="1"),
        AliasSet(at=at(11), model="churn", alias="prod", version="2"),
        AliasSet(at=at(12), model="churn", alias="prod", version=None),
        AliasSet(at=at(10), model="churn", alias="prod", version="1"),
        ApprovalGiven(at=at(9), model="churn", version="1", verdict="approved", approver="kim", comment="ok"),
        # Nothing moves the alias that this is about: of such moves the order of arrival would decide.
        ProtectionSet(at=at(9), model="churn", alias="safe", movers=["lineage/kim"], reason="it counts"),
        ProtectionSet(at=at(8), model="churn", alias="safe", protected=False),
        ApprovalRequested(at=at(9), model="churn", version="1", alias="safe", comment="please"),
        DeploymentReported(
            at=at(10),
            name="churn-api",
            revision="1",
            model="churn",
            version="1",
            traffic=100.0,
            from_at=at(10),
            routes_to=["deployment:default/local/other@1"],
        ),
        DeploymentReported(
            at=at(11), name="churn-api", revision="1", traffic=10.0, state="ready", facts={"a": 1}
        ),
        DeploymentReported(at=at(10), name="churn-api", revision="1", facts={"a": 0, "replicas": 2}),
    ]


def _intents() -> list[Event]:
    def told(minute: float, state: RunState | None, reason: str | None = None, **more: Any) -> IntentReported:
        return IntentReported(
            at=at(minute),
            key="submit",
            action=IntentAction.START,
            source=Source.CONTROL,
            state=state,
            reason=reason,
            **more,
        )

    kim = ActorFact(subject="kim")
    return [
        told(5, RunState.DECLARED, target=f"run:{TRAIN}", requester=kim, facts={"spec": {"gpus": 1}}),
        told(6, RunState.RUNNING, facts={"object": "a", "tries": 1}),
        told(7, RunState.COMPLETE, "done", facts={"tries": 2, "object": None}),
        told(8, RunState.QUEUED, "late"),
        told(9, None, facts={"seen": True}),
        told(8, None, "only a reason"),
    ]


def _changes_of_mind() -> list[Event]:
    outside = f"version:default/dataset/outside@{D3}"
    return [
        EdgeAsserted(at=at(9), start=outside, end=IRIS_1, reason="copied by hand"),
        EdgeRetracted(at=at(10), start=outside, end=IRIS_1, reason="it was not"),
        EdgeAsserted(at=at(9), start=outside, end=IRIS_2, reason="stays"),
        NodeAnnotated(at=at(9), uid=IRIS_2, tags={"quality": "bad"}, description="broken row"),
        NodeDeleted(at=at(10), uid=f"run:{EVALUATE}", reason="clean-up"),
        NodeDeleted(at=at(10), uid=f"run:{TRAIN}", reason="by mistake"),
        NodeRestored(at=at(11), uid=f"run:{TRAIN}"),
        *_erased(),
    ]


def _erased() -> list[Event]:
    """Things that are erased in between; nothing of WORD may be left, of what came later neither."""
    code = CodeFact(repo="r", commit="5ec4e7", entry="own.py", branch=WORD, diff=f"+ {WORD}")
    shared = CodeFact(repo="r", commit="c0ffee", entry="train.py")
    return [
        RunReported(at=at(5), run=SECRET, job="secret", params={WORD: WORD}, state=RunState.COMPLETE),
        RunReported(
            at=at(5),
            run=SECRET,
            code=code,
            environment=EnvironmentFact(image="own", lock_digest=D1, packages={WORD: "1"}),
            outputs=[OutputFact(name="plain", digest="sha256:" + "4" * 64)],
        ),
        NodeAnnotated(at=at(6), uid=f"run:{SECRET}", tags={WORD: WORD}),
        ApprovalGiven(
            at=at(9), model="churn", version="1", verdict="approved", approver=WORD, comment=WORD, id=APPROVED
        ),
        VersionReported(at=at(4), artifact="hidden", digest=D2, uri=f"s3://{WORD}"),
        RunReported(
            at=at(4),
            run=PARENT,
            inputs=[InputFact(name="apart", digest=D1)],
            outputs=[OutputFact(name="hidden", digest=D2, fields={WORD: [["apart", WORD]]})],
        ),
        EdgeAsserted(at=at(6), start=HIDDEN, end=APART, reason=WORD, fields={"x": [WORD]}),
        EdgeAsserted(at=at(6), start=APART, end=HIDDEN, role="also", reason=WORD),
        ContextReported(at=at(3), label=Label.GPU, key="GPU-hidden", name=WORD, facts={WORD: WORD}),
        RunReported(at=at(4), run=PARENT, actor=ActorFact(subject="gone")),
        ContextReported(at=at(4), label=Label.ACTOR, key="local/gone", name=WORD, facts={WORD: 1}),
        RunReported(at=at(4), run=SECRET, actor=ActorFact(subject="gone", name=WORD)),
        _hidden_intent(5),
        # Its chunk is the last new node: what is not made again in a rebuild takes no small id from others.
        _points(5),
        *(NodeErased(at=at(12), uid=uid, reason=WORD) for uid in ERASED),
        RunReported(at=at(6), run=SECRET, description=WORD, code=code, resources={WORD: 1}),
        RunReported(at=at(7), run=SECRET, code=shared, tags={"k": WORD}),
        _points(6),
        RunReported(at=at(5), run=SECRET, actor=ActorFact(subject="gone", name=WORD), facts={WORD: 1}),
        ContextReported(at=at(5), label=Label.ACTOR, key="local/gone", name=WORD),
        VersionReported(at=at(5), artifact="hidden", digest=D2, metadata={WORD: 1}, facts={WORD: 1}),
        _hidden_intent(6),
        NodeAnnotated(at=at(13), uid=HIDDEN, description=WORD),
        NodeDeleted(at=at(14), uid=f"run:{SECRET}", reason=WORD),
    ]


def _hidden_intent(minute: float) -> IntentReported:
    return IntentReported(
        at=at(minute),
        key="hidden",
        action=IntentAction.DELETE,
        state=RunState.FAILED,
        reason=WORD,
        requester=ActorFact(subject="gone", name=WORD),
        facts={WORD: WORD},
    )


def _points(minute: float) -> MetricsLogged:
    return MetricsLogged(
        at=at(minute), run=SECRET, keys=[WORD], series=[0], steps=[1], times=[at(minute)], values=[0.1]
    )
