"""From events to facts: which nodes an event tells of, in which words, and what contradicts itself."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest

from lineage_server.domain import ids
from lineage_server.domain.edges import RULES, EdgeType
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import (
    ActorFact,
    AliasSet,
    ApprovalGiven,
    ArtifactReported,
    CodeFact,
    ContextReported,
    DeploymentReported,
    EdgeAsserted,
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
    OutputFact,
    ReproductionFact,
    RunReported,
    VersionReported,
    WatchGapReported,
)
from lineage_server.domain.nodes import IntentAction, Label, Role, RunState
from lineage_server.ingest.facts import Clock, NodeFacts
from lineage_server.ingest.plan import facts_of
from lineage_server.ingest.state import NodeState
from tests.support.stories import story

RUN = "0198c0de-0000-7000-8000-000000000001"
OTHER = "0198c0de-0000-7000-8000-000000000002"
DIGEST = "sha256:" + "a" * 64
IRIS = f"version:default/dataset/iris@{DIGEST}"
CLOCK = Clock(5, "e")


def told(event: Event, clock: Clock = CLOCK) -> dict[str, NodeFacts]:
    """Facts by uid; an event may tell of a node twice, the last is here."""
    return {facts.uid: facts for facts in facts_of(event, clock)}


# --- every event ---------------------------------------------------------------------------------


@pytest.mark.parametrize("event", story(), ids=lambda event: f"{event.type}-{event.id}")
def test_facts_fit_the_graph(event: Event) -> None:
    """Uids and labels agree, edges stand at their anchors, the project is told, and planning is pure."""
    clock = Clock(event.at, event.id)
    facts = facts_of(event, clock)
    uids = {one.uid for one in facts}
    assert ids.project_uid(event.project) in uids
    for one in facts:
        assert ids.label_of(one.uid) is one.label
        assert one.clock == clock
        assert one.identity["project"]
        for edge in one.edges or ():
            rule = RULES[edge.key.type]
            anchors, others = (rule.starts, rule.ends) if rule.anchored_at_start else (rule.ends, rule.starts)
            assert one.label in anchors
            assert ids.label_of(edge.key.other) in others
            assert edge.key.other in uids, "the other end must be there before the edge"
    again = facts_of(event, clock)
    assert [seen(one) for one in again] == [seen(one) for one in facts]


def seen(facts: NodeFacts) -> str:
    return repr([getattr(facts, name) for name in NodeFacts.__slots__])  # NaN is not equal to itself


# --- runs ----------------------------------------------------------------------------------------


def test_run_tells_of_all_it_touched() -> None:
    event = RunReported(
        run=RUN.upper(),
        job="train",
        cluster="c1",
        node="n1",
        parent=OTHER,
        volumes=["data"],
        gpu=GpuFact(product="H200", devices=["GPU-1"]),
        code=CodeFact(repo="r", commit="c0ffee"),
        environment=EnvironmentFact(image_digest=DIGEST),
        actor=ActorFact(subject="kim"),
        inputs=[InputFact(name="raw", digest=DIGEST), InputFact(name="loose")],
        outputs=[OutputFact(name="iris", digest=DIGEST.upper()), OutputFact(name="log", type="log")],
    )
    assert told(event).keys() == {
        f"run:{RUN}", f"run:{OTHER}", "job:default/script/train", "project:default",
        "artifact:default/dataset/raw", f"version:default/dataset/raw@{DIGEST}",
        "artifact:default/dataset/loose", "artifact:default/dataset/iris", IRIS,
        "artifact:default/log/log", f"version:default/log/log@run:{RUN}",
        "code:default/r@c0ffee+clean", f"env:default/{DIGEST}", "volume:default/c1/data", "node:c1/n1",
        "gpu:GPU-1", "actor:local/kim",
    }  # fmt: skip
    edges = {(e.key.type, e.key.role, e.key.other) for e in told(event)[f"run:{RUN}"].edges or ()}
    assert (EdgeType.INPUT_TO, "raw", f"version:default/dataset/raw@{DIGEST}") in edges
    assert (EdgeType.READS, "loose", "artifact:default/dataset/loose") in edges
    assert (EdgeType.OUTPUT, "log", f"version:default/log/log@run:{RUN}") in edges
    assert (EdgeType.CHILD_OF, "", f"run:{OTHER}") in edges
    assert (EdgeType.BY, "", "actor:local/kim") in edges


def test_state_brings_its_times() -> None:
    run = told(RunReported(run=RUN, state=RunState.RUNNING))[f"run:{RUN}"]
    assert run.earliest == {"started_at": 5}
    run = told(RunReported(run=RUN, state=RunState.FAILED, reason="oom", exit_code=137))[f"run:{RUN}"]
    assert (run.rank, run.earliest) == (3, None)
    assert run.ranked == {"state": "failed", "reason": "oom", "exit_code": 137, "ended_at": 5}
    run = told(RunReported(run=RUN, state=RunState.COMPLETE, ended_at=4))[f"run:{RUN}"]
    assert run.ranked == {"state": "complete", "reason": "", "exit_code": None, "ended_at": 4}
    assert told(RunReported(run=RUN))[f"run:{RUN}"].ranked is None


def test_only_whole_and_new_content_is_sealed() -> None:
    def seal(**more: Any) -> int | None:
        event = RunReported(run=RUN, outputs=[OutputFact(name="iris", **more)])
        (version,) = (one for one in facts_of(event, CLOCK) if one.label is Label.ARTIFACT_VERSION)
        return version.seal

    assert seal(digest=DIGEST) == 5
    assert seal(digest=DIGEST, sealed_at=3) == 3
    assert seal(sealed_at=3) == 3
    assert seal() is None
    assert seal(digest=DIGEST, partial=True) is None
    assert seal(digest=DIGEST, reused=True) is None


def test_values_keep_their_types_and_odd_ones_become_text() -> None:
    params = {"a": 1, "b": 1.5, "c": True, "d": "x", "e": 2**63, "f": float("inf"), "g": None}
    values = told(RunReported(run=RUN, params=params, tags={"k": "v", "gone": None}))[f"run:{RUN}"].values
    assert values == {
        "p.a": 1, "p.b": 1.5, "p.c": True, "p.d": "x", "p.e": str(2**63), "p.f": "inf",
        "t.k": "v", "t.gone": None,
    }  # fmt: skip


def test_points_and_the_latest_of_each_series() -> None:
    event = MetricsLogged(
        run=RUN, keys=["loss", "acc"], series=[0, 0, 1, 0], steps=[1, 3, 1, 2], times=[9, 2, 3, 4],
        values=[0.5, "Infinity", 0.9, 0.1],
    )  # fmt: skip
    facts = told(event)
    assert facts[f"run:{RUN}"].metrics == {"loss": (3, 2, float("inf")), "acc": (1, 3, 0.9)}
    chunk = facts[f"chunk:{RUN}/e"]
    assert chunk.points
    identity = chunk.identity
    assert (identity["keys"], identity["points"]) == (["acc", "loss"], 4)
    assert (identity["first_step"], identity["last_step"]) == (1, 3)


# --- the registry, and the rest --------------------------------------------------------------------


def test_alias_moves_and_is_taken_away() -> None:
    facts = told(AliasSet(model="churn", alias="prod", version="2"))
    assert facts["alias:default/churn@prod"].pointer[:3] == (5, "e", "modelversion:default/churn@2")
    assert "modelversion:default/churn@2" in facts
    facts = told(AliasSet(model="churn", alias="prod"))
    assert facts["alias:default/churn@prod"].pointer[:3] == (5, "e", None)


def test_deployment_may_serve_another_projects_model() -> None:
    event = DeploymentReported(name="api", model="churn", version="1", model_project="other", traffic=50.0)
    facts = told(event)
    (edge,) = facts["deployment:default/local/api@1"].edges or ()
    assert edge.key.other == "modelversion:other/churn@1"
    assert facts["modelversion:other/churn@1"].identity["project"] == "other"


def test_who_reads_of_another_project_says_nothing_of_what_lies_there() -> None:
    digest = "sha256:" + "1" * 64
    for project, uri in (("other", None), ("", "s3://mine/iris")):
        fact = InputFact(name="iris", digest=digest, uri="s3://mine/iris", project=project)
        facts = told(RunReported(run=ids.new_run_id(), inputs=[fact]))
        version = facts[f"version:{project or 'default'}/dataset/iris@{digest}"]
        assert version.values.get("uri") == uri


def test_members_are_values_of_their_project() -> None:
    assert told(MemberSet(subject="kim", role=Role.ADMIN))["project:default"].values == {"role.kim": "admin"}
    assert told(MemberSet(subject="kim"))["project:default"].values == {"role.kim": None}


def test_erasing_hides_too() -> None:
    facts = told(NodeErased(uid=IRIS))[IRIS]
    assert (facts.visible, facts.erased) == (False, True)
    assert told(NodeDeleted(uid=IRIS))[IRIS].erased is False


# --- what contradicts itself -----------------------------------------------------------------------

DEEP: dict[str, Any] = {}
for _ in range(200):
    DEEP = {"x": DEEP}
WRONG: list[tuple[Event, str, str]] = [
    (RunReported(run="7"), "run", "UUID"),
    (RunReported(run=RUN, job=" "), "job", "empty"),
    (RunReported(run=RUN, parent=RUN), "child_of", "itself"),
    (RunReported(run=RUN, retry_of="x"), "run", "UUID"),
    (RunReported(run=RUN, reproduction=ReproductionFact(of="x")), "run", "UUID"),
    (RunReported(run=RUN, reproduction=ReproductionFact(of=RUN)), "reproduces", "itself"),
    (RunReported(run=RUN, started_at=-1), "started_at", "not a time"),
    (RunReported(run=RUN, ended_at=1 << 53), "ended_at", "not a time"),
    (RunReported(run=RUN, attempt=1 << 31), "attempt", "32 bits"),
    (RunReported(run=RUN, facts=DEEP), "line", "deep"),
    (RunReported(run=RUN, facts={str(n): n for n in range(20_001)}), "facts", "20001"),
    (RunReported(run=RUN, usage={"k" * 1_001: 1}), "usage", "1001"),
    (RunReported(run=RUN, params={"": 1}), "params", "key"),
    (RunReported(run=RUN, tags={"k" * 251: "x"}), "tags", "key"),
    (RunReported(run=RUN, params={str(n): n for n in range(5_001)}), "params", "5000"),
    (RunReported(run=RUN, metrics={"loss": "low"}), "metrics", "not a number"),
    (RunReported(run=RUN, inputs=[InputFact(name="x")] * 10_001), "inputs", "send several"),
    (RunReported(run=RUN, inputs=[InputFact(name="x", type="sheet")]), "type", "sheet"),
    (RunReported(run=RUN, outputs=[OutputFact(name="x", digest="abc")]), "digest", "not a digest"),
    (RunReported(run=RUN, outputs=[OutputFact(name="x", size=1 << 63)]), "size", "64 bits"),
    (RunReported(run=RUN, volumes=["a\nb"]), "volumes", "control"),
    (MetricsLogged(run=RUN, keys=[], series=[], steps=[], times=[], values=[]), "values", "at least 1"),
    (MetricsLogged(run=RUN, keys=["a"], series=[0], steps=[], times=[1], values=[1]), "values", "length"),
    (MetricsLogged(run=RUN, keys=["a"], series=[1], steps=[1], times=[1], values=[1]), "series", "index"),
    (MetricsLogged(run=RUN, keys=["a"], series=[-1], steps=[1], times=[1], values=[1]), "series", "index"),
    (MetricsLogged(run=RUN, keys=["a"], series=[0], steps=[1 << 60], times=[1], values=[1]), "steps", "out"),
    (VersionReported(artifact="iris"), "digest", "exactly one"),
    (VersionReported(artifact="iris", digest=DIGEST, run=RUN), "digest", "exactly one"),
    (VersionReported(artifact="iris", digest=DIGEST, ttl_at=-1), "ttl_at", "not a time"),
    (EdgeAsserted(start=IRIS, end=IRIS), "end", "itself"),
    (EdgeAsserted(start=f"run:{RUN}", end=IRIS), "start", "not an artifact version"),
    (EdgeAsserted(start="version:x", end=IRIS), "uid", "not a version"),
    (EdgeAsserted(start=IRIS, end=IRIS.replace("default", "other")), "end", "belongs to project"),
    (NodeAnnotated(uid="what"), "uid", "not a uid"),
    (NodeAnnotated(uid="job:other/script/x"), "uid", "belongs to project"),
    (NodeAnnotated(uid="event:default/x"), "uid", "can't be changed"),
    (NodeAnnotated(uid="job:default/x"), "uid", "the form"),
    (NodeAnnotated(uid="job:default/what/x"), "uid", "the form"),
    (NodeAnnotated(uid="artifact:default/sheet/x"), "type", "sheet"),
    (NodeAnnotated(uid="model:default/"), "uid", "the form"),
    (NodeAnnotated(uid="modelversion:default/churn"), "uid", "the form"),
    (NodeAnnotated(uid="alias:default/@prod"), "uid", "the form"),
    (NodeAnnotated(uid="deployment:default/api@1"), "uid", "the form"),
    (NodeAnnotated(uid=f"version:default/dataset/{DIGEST}"), "uid", "not a version"),
    (ContextReported(label=Label.RUN, key="x"), "label", "not a context"),
    (ContextReported(label=Label.VOLUME, key="data"), "key", "not the key"),
    (ContextReported(label=Label.CODE_REF, key="repo"), "key", "not the key"),
    (ContextReported(label=Label.ACTOR, key="kim"), "key", "not the key"),
    (NodeAnnotated(uid="env:other/x"), "uid", "belongs to project"),
    (NodeAnnotated(uid="code:default"), "uid", "names no project"),
    (IntentReported(key="k", action=IntentAction.STOP, target="what"), "target", "not a uid"),
    (
        IntentReported(key="k", action=IntentAction.STOP, target="job:other/script/x"),
        "target",
        "belongs to project",
    ),
    (WatchGapReported(cluster="c", kind="k", from_at=2, to_at=1), "to_at", "before it begins"),
    (WatchGapReported(cluster="c", kind="a/b", from_at=1, to_at=1), "kind", "told apart"),
    (ModelVersionReported(model="m", version="1", origin=f"run:{RUN}"), "origin", "version"),
    (ModelVersionReported(model="m", version="a@1"), "version", "told apart"),
    (DeploymentReported(name="d", model="m", version="a@1"), "version", "told apart"),
    (DeploymentReported(name="d", revision="a@1"), "revision", "told apart"),
    (DeploymentReported(name="c/d"), "name", "told apart"),
    (AliasSet(model="m", alias="a@b"), "alias", "told apart"),
    (ModelReported(model="m" * 501), "model", "501"),
    (AliasSet(model="m", alias=""), "alias", "empty"),
    (DeploymentReported(name="d", routes_to=["run:x"]), "routes_to", "deployments"),
    (ArtifactReported(artifact="x", project="a/b"), "project", "not a project"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "field", "says"), WRONG, ids=lambda v: v if isinstance(v, str) else "")
def test_contradiction_is_told_with_its_field(event: Event, field: str, says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        facts_of(event, CLOCK)
    assert caught.value.field == field
    assert says in caught.value.message
    assert len(caught.value.message) < 300


# --- together with merging --------------------------------------------------------------------------

ABOUT: dict[str, list[Event]] = {
    "job:default/script/etl/daily": [JobReported(name="etl/daily", description="d")],
    "artifact:default/dataset/raw/iris": [
        ArtifactReported(artifact="raw/iris"),
        RunReported(run=RUN, outputs=[OutputFact(name="raw/iris", digest=DIGEST)]),
    ],
    f"version:default/dataset/raw/iris@{DIGEST}": [
        VersionReported(artifact="raw/iris", digest=DIGEST),
        RunReported(run=RUN, inputs=[InputFact(name="raw/iris", digest=DIGEST)]),
    ],
    f"run:{RUN}": [RunReported(run=RUN, name="first"), RunReported(run=OTHER, parent=RUN)],
    "model:default/team/churn": [ModelReported(model="team/churn"), AliasSet(model="team/churn", alias="a")],
    "modelversion:default/churn@1": [
        ModelVersionReported(model="churn", version="1"),
        AliasSet(model="churn", alias="prod", version="1"),
        ApprovalGiven(model="churn", version="1", verdict="yes", approver="kim"),
    ],
    "alias:default/churn@prod": [AliasSet(model="churn", alias="prod", version="1")],
    "deployment:default/local/api@1": [
        DeploymentReported(name="api", state="up"),
        DeploymentReported(name="front", routes_to=["deployment:default/local/api@1"]),
    ],
    "deployment:default/cloud/c1/api@1": [
        DeploymentReported(name="api", cluster="cloud/c1"),
        DeploymentReported(name="front", routes_to=["deployment:default/cloud/c1/api@1"]),
    ],
    "gap:cloud/c1/Pod/1": [
        WatchGapReported(cluster="cloud/c1", kind="Pod", from_at=1, to_at=9, reason="away"),
        WatchGapReported(cluster="cloud/c1", kind="Pod", from_at=1, to_at=5),
    ],
    "gpu:GPU-1": [
        ContextReported(label=Label.GPU, key="GPU-1"),
        RunReported(run=RUN, gpu=GpuFact(devices=["GPU-1"])),
    ],
    "actor:https://sso/kim": [
        RunReported(run=RUN, actor=ActorFact(issuer="https://sso", subject="kim")),
        ContextReported(label=Label.ACTOR, key="https://sso/kim", name="Kim"),
        IntentReported(
            key="i", action=IntentAction.STOP, requester=ActorFact(issuer="https://sso", subject="kim")
        ),
    ],
    "intent:default/submit/1": [IntentReported(key="submit/1", action=IntentAction.CREATE, facts={"a": 1})],
    "node:c1/n1": [
        ContextReported(label=Label.NODE, key="c1/n1"),
        RunReported(run=RUN, cluster="c1", node="n1"),
    ],
    "volume:default/local/data": [
        ContextReported(label=Label.VOLUME, key="local/data"),
        RunReported(run=RUN, volumes=["data"]),
    ],
    "code:default/example.org/r@c0ffee+clean": [
        ContextReported(label=Label.CODE_REF, key="ssh://git@example.org:22/r.git@c0ffee"),
        RunReported(run=RUN, code=CodeFact(repo="https://example.org/r", commit="c0ffee")),
    ],
    f"env:default/{DIGEST}": [
        ContextReported(label=Label.ENVIRONMENT, key=f"example.org/image@{DIGEST}"),
        RunReported(run=RUN, environment=EnvironmentFact(image="i", image_digest=DIGEST)),
    ],
    "project:default": [MemberSet(subject="kim", role=Role.ADMIN)],
}


def merged(uid: str, events: Iterable[tuple[Clock, Event]]) -> dict[str, Any]:
    """What a node is after these events, as a reader sees it."""
    state = NodeState(uid, ids.label_of(uid))
    for clock, event in events:
        for facts in facts_of(event, clock):
            if facts.uid == uid:
                state.apply(facts, recorded_at=1)
    told = {f"{key}.{name}": value for key, edge in state.edges.items() for name, value in edge.items()}
    return {name: repr(value) for name, value in {**state.props, **told}.items() if value is not None}


@pytest.mark.parametrize("uid", ABOUT)
def test_a_note_may_come_before_what_it_is_about(uid: str) -> None:
    """Tags and tombstones of a node in any order with what describes it or refers to it."""
    events = [*ABOUT[uid], NodeAnnotated(uid=uid, tags={"k": "v"}), NodeDeleted(uid=uid)]
    clocked = [(Clock(at, f"e{at}"), event) for at, event in enumerate(events)]
    expected = merged(uid, clocked)
    for order in permutations(clocked):
        assert merged(uid, order) == expected, [event.type for _, event in order]


def test_story_merges_alike_in_any_order() -> None:
    """Node by node, without a graph: what ``tests/graph/test_replay.py`` proves with one."""
    told_of: dict[str, list[tuple[Clock, Event]]] = {}
    for event in story():
        clock = Clock(event.at, event.id)
        for facts in facts_of(event, clock):
            if (clock, event) not in told_of.setdefault(facts.uid, []):
                told_of[facts.uid].append((clock, event))
    chance = random.Random(7)
    for uid, events in told_of.items():
        expected = merged(uid, events)
        for _ in range(10):
            assert merged(uid, chance.sample(events, len(events))) == expected, uid
