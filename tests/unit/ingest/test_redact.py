"""Privacy: what is left of each stored event once a node it tells of was erased."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lineage_server.domain.events import (
    ActorFact,
    AliasSet,
    ApprovalGiven,
    ArtifactReported,
    CodeFact,
    ContextReported,
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    EnvironmentFact,
    Event,
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
    ReproductionFact,
    RunReported,
    VersionReported,
    WatchGapReported,
)
from lineage_server.domain.nodes import IntentAction, JobKind, Label, ModelState, Reproduced, Role, RunState
from lineage_server.ingest.decode import decode, encode
from lineage_server.ingest.erased import ErasedUids
from lineage_server.ingest.facts import Clock
from lineage_server.ingest.plan import facts_of
from lineage_server.ingest.redact import may_tell, redact
from tests.support.stories import story

RUN = "0198c0de-0000-7000-8000-000000000001"
OTHER = "0198c0de-0000-7000-8000-000000000002"
DIGEST = "sha256:" + "a" * 64
SECRET = "kim's secret"
TAGS: dict[str, str | None] = {"k": SECRET}
FACTS: dict[str, Any] = {"k": SECRET}

OUTPUT = OutputFact(
    name="iris", digest=DIGEST, uri=SECRET, size=1, columns=[FACTS], stats=FACTS,
    fields={SECRET: [["raw", SECRET]]}, description=SECRET, metadata={"k": SECRET},
)  # fmt: skip
FULL = RunReported(
    run=RUN, id="e", at=5, name="train", job="train", state=RunState.FAILED, exit_code=1, started_at=1,
    ended_at=5, reason=SECRET, description=SECRET, params={"k": SECRET}, metrics={"k": 1.0}, tags=TAGS,
    facts=FACTS, resources={"k": SECRET}, usage={"k": 1.0}, actor=ActorFact(subject="someone", name=SECRET),
    code=CodeFact(repo="r", commit="c", branch=SECRET, diff=SECRET),
    environment=EnvironmentFact(image="img", packages={SECRET: "1"}),
    inputs=[InputFact(name="raw", digest=DIGEST)], outputs=[OUTPUT], parent=OTHER,
    reproduction=ReproductionFact(
        of=OTHER, verdict=Reproduced.FAILED, differences=[SECRET], reason=SECRET
    ),
)  # fmt: skip
TOLD: dict[str, Event] = {
    f"run:{RUN}": replace(FULL, outputs=[OutputFact(name="iris", digest=DIGEST)]),
    f"version:default/dataset/iris@{DIGEST}": VersionReported(
        artifact="iris", digest=DIGEST, uri=SECRET, columns=[FACTS], stats=FACTS, description=SECRET,
        tags=TAGS, metadata={"k": SECRET}, facts=FACTS, size=1,
    ),
    f"version:default/dataset/iris@run:{RUN}": VersionReported(artifact="iris", run=RUN, uri=SECRET),
    "artifact:default/dataset/iris": ArtifactReported(
        artifact="iris", description=SECRET, tags=TAGS, facts=FACTS
    ),
    "job:default/script/train": JobReported(
        name="train", description=SECRET, spec_digest=SECRET, tags=TAGS, facts=FACTS
    ),
    "job:default/notebook/train": JobReported(name="train", kind=JobKind.NOTEBOOK, description=SECRET),
    "project:default": ProjectReported(
        description=SECRET, owner=SECRET, tags=TAGS, labels=TAGS, facts=FACTS
    ),
    "model:default/churn": ModelReported(
        model="churn", title=SECRET, owner=SECRET, external_id=SECRET, state=ModelState.READY,
        description=SECRET, tags=TAGS, facts=FACTS,
    ),
    "modelversion:default/churn@1": ModelVersionReported(
        model="churn", version="1", uri=SECRET, external_id=SECRET, description=SECRET, tags=TAGS, facts=FACTS
    ),
    "deployment:default/local/api@1": DeploymentReported(
        name="api", endpoint=SECRET, model_uri=SECRET, facts=FACTS
    ),
    "intent:default/submit": IntentReported(
        key="submit", action=IntentAction.STOP, state=RunState.FAILED, reason=SECRET, facts=FACTS,
        requester=ActorFact(subject="someone", name=SECRET),
    ),
    "actor:local/someone": ContextReported(
        label=Label.ACTOR, key="local/someone", name=SECRET, facts=FACTS
    ),
    "gpu:GPU-1": ContextReported(label=Label.GPU, key="GPU-1", name=SECRET, facts=FACTS),
    "volume:default/local/data": ContextReported(
        label=Label.VOLUME, key="local/data", name=SECRET, facts=FACTS
    ),
}  # fmt: skip


@pytest.mark.parametrize("uid", TOLD)
def test_payload_goes_and_structure_stays(uid: str) -> None:
    event = TOLD[uid]
    assert SECRET.encode() in encode(event)
    left = redact(event, uid)
    assert left is not None
    assert SECRET.encode() not in encode(left)
    assert b"kim" not in encode(left)
    assert type(left) is type(event)
    again = redact(left, uid)
    assert again is None or again == left
    assert decode(encode(left), max_event_bytes=1 << 20) == left


@pytest.mark.parametrize("uid", TOLD)
def test_others_say_nothing_of_it(uid: str) -> None:
    for other, event in TOLD.items():
        if other == uid or isinstance(event, RunReported):
            continue
        assert redact(event, uid) is None, other


def told_by(event: Event) -> set[str]:
    return {facts.uid for facts in facts_of(event, Clock(event.at, event.id))}


@pytest.mark.parametrize("uid", TOLD)
def test_a_replay_of_the_rest_names_the_same_nodes(uid: str) -> None:
    left = redact(TOLD[uid], uid)
    assert left is not None
    assert told_by(left) >= {uid}
    assert told_by(left) <= told_by(TOLD[uid])


def test_states_and_times_of_an_erased_run_stay() -> None:
    left = redact(FULL, f"run:{RUN}")
    assert isinstance(left, RunReported)
    kept = ("run", "id", "at", "name", "job", "state", "exit_code", "started_at", "ended_at", "parent")
    for name in (*kept, "inputs"):
        assert getattr(left, name) == getattr(FULL, name), name
    # Its outputs are nodes of their own: they are erased by their own uids.
    assert left.outputs == FULL.outputs


def test_erased_version_loses_its_payload_in_its_runs_events() -> None:
    left = redact(FULL, f"version:default/dataset/iris@{DIGEST}")
    assert isinstance(left, RunReported)
    # That it was derived column by column stays; the columns' names go.
    assert left.outputs == [OutputFact(name="iris", digest=DIGEST, fields={"": [["raw", ""]]})]
    assert left.params == FULL.params
    keyed = RunReported(run=RUN, outputs=[OutputFact(name="iris", uri=SECRET)])
    left = redact(keyed, f"version:default/dataset/iris@run:{RUN}")
    assert left == RunReported(run=RUN, outputs=[OutputFact(name="iris")])
    reader = RunReported(run=OTHER, inputs=[InputFact(name="iris", digest=DIGEST, uri=SECRET)])
    left = redact(reader, f"version:default/dataset/iris@{DIGEST}")
    assert left == RunReported(run=OTHER, inputs=[InputFact(name="iris", digest=DIGEST)])


def test_uid_is_found_whatever_form_the_sender_gave() -> None:
    """Run ids and digests have several spellings; the uid has one."""
    upper = RUN.upper()
    run = RunReported(run=upper, params={"k": SECRET}, outputs=[OutputFact(name="iris")])
    for uid, event in (
        (f"run:{RUN}", run),
        (f"run:{RUN}", MetricsLogged(run=upper, keys=[SECRET], series=[0], steps=[0], times=[0], values=[1])),
        (f"run:{RUN}", NodeAnnotated(uid=f"run:{RUN}", tags=TAGS)),
        (f"version:default/dataset/iris@run:{RUN}", VersionReported(artifact="iris", run=upper, uri=SECRET)),
        (
            f"version:default/dataset/iris@{DIGEST}",
            VersionReported(artifact="iris", digest=DIGEST.upper(), uri=SECRET),
        ),
        (
            f"version:default/dataset/iris@{DIGEST}",
            RunReported(run=RUN, outputs=[OutputFact(name="iris", digest=DIGEST.upper(), uri=SECRET)]),
        ),
        ("artifact:default/dataset/caf\u00e9", ArtifactReported(artifact="cafe\u0301", description=SECRET)),
        (
            f"version:default/dataset/caf\u00e9@{DIGEST}",
            RunReported(run=RUN, outputs=[OutputFact(name="cafe\u0301", digest=DIGEST, uri=SECRET)]),
        ),
    ):
        left = redact(event, uid)
        assert left is not None, event
        assert SECRET.encode() not in encode(left), event


def test_points_leave_only_that_the_run_was_heard_of() -> None:
    points = MetricsLogged(
        run=RUN, id="m", at=7, keys=[SECRET], series=[0], steps=[0], times=[0], values=[1.0]
    )
    left = redact(points, f"run:{RUN}")
    assert left == RunReported(run=RUN, id="m", at=7)
    assert redact(points, f"run:{OTHER}") is None


def test_words_of_others_about_a_node_go_too() -> None:
    note = NodeAnnotated(uid=f"run:{RUN}", tags=TAGS, description=SECRET)
    assert redact(note, f"run:{RUN}") == NodeAnnotated(uid=f"run:{RUN}")
    assert redact(note, f"run:{OTHER}") is None


def test_what_bears_no_payload_stays_as_it_is() -> None:
    assert redact(AliasSet(model="churn", alias="prod", version="1", reason=SECRET), f"run:{RUN}") is None


VERSION = f"version:default/dataset/iris@{DIGEST}"
WORDS: list[tuple[Event, str, Event]] = [
    (NodeErased(uid=f"run:{RUN}", reason=SECRET), f"run:{RUN}", NodeErased(uid=f"run:{RUN}")),
    (NodeDeleted(uid=f"run:{RUN}", reason=SECRET), f"run:{RUN}", NodeDeleted(uid=f"run:{RUN}")),
    (NodeRestored(uid=f"run:{RUN}", reason=SECRET), f"run:{RUN}", NodeRestored(uid=f"run:{RUN}")),
    (
        AliasSet(model="churn", alias="prod", version="1", reason=SECRET),
        "alias:default/churn@prod",
        AliasSet(model="churn", alias="prod", version="1"),
    ),
    (
        ApprovalGiven(id="a", model="churn", version="1", verdict="ok", approver=SECRET, comment=SECRET),
        "approval:default/churn@a",
        ApprovalGiven(id="a", model="churn", version="1", verdict="ok", approver=""),
    ),
    (MemberSet(id="m", subject=SECRET, role=Role.ADMIN), "project:default", ProjectReported(id="m")),
    (
        WatchGapReported(cluster="c", kind="pods", from_at=1, to_at=2, reason=SECRET),
        "gap:c/pods/1",
        WatchGapReported(cluster="c", kind="pods", from_at=1, to_at=2),
    ),
    *(
        (
            EdgeAsserted(start=VERSION, end=VERSION + "0", reason=SECRET, fields={"x": [SECRET]}),
            end,
            EdgeAsserted(start=VERSION, end=VERSION + "0"),
        )
        for end in (VERSION, VERSION + "0")
    ),
    (
        EdgeRetracted(start=VERSION, end=VERSION + "0", reason=SECRET),
        VERSION,
        EdgeRetracted(start=VERSION, end=VERSION + "0"),
    ),
]


@pytest.mark.parametrize(("event", "uid", "left"), WORDS, ids=lambda v: getattr(v, "type", None))
def test_words_of_every_event_about_a_node_go(event: Event, uid: str, left: Event) -> None:
    assert may_tell(encode(event), uid)
    assert redact(event, uid) == left
    assert redact(event, f"run:{OTHER}") is None


def test_code_and_environment_of_an_erased_run_keep_their_keys() -> None:
    left = redact(FULL, f"run:{RUN}")
    assert isinstance(left, RunReported)
    assert left.code == CodeFact(repo="r", commit="c")
    assert left.environment == EnvironmentFact(image="img")


def test_refused_events_are_known_by_what_they_tell() -> None:
    erased = ErasedUids()
    erased.add([f"run:{RUN}", "job:default/script/train"])
    told = encode(RunReported(run=RUN.upper(), params=dict(TAGS)))
    assert erased.told_in(told)
    assert erased.told_in(told[:-9])
    assert erased.told_in(encode(JobReported(name="train", description=SECRET)))
    assert not erased.told_in(encode(RunReported(run=OTHER, job="train", params=dict(TAGS))))
    assert not erased.told_in(b"other rubbish")


@pytest.mark.parametrize("event", story(), ids=lambda event: f"{event.type}-{event.id}")
def test_redacting_any_event_for_any_node_keeps_its_identity(event: Any) -> None:
    for uid in sorted(told_by(event)):
        left = redact(event, uid)
        if left is None:
            continue
        assert (left.project, left.id, left.at, left.source) == (
            event.project, event.id, event.at, event.source
        )  # fmt: skip
        assert told_by(left) <= told_by(event)


# --- which stored events are looked at ------------------------------------------------------------


@pytest.mark.parametrize("uid", TOLD)
def test_look_before_decoding_misses_nothing(uid: str) -> None:
    told = json.loads(encode(TOLD[uid]))
    escaped = json.dumps({**told, "type": told["type"]}).replace("r", "\\u0072").encode()
    for raw in (encode(TOLD[uid]), json.dumps(told).encode(), json.dumps(told, indent=1).encode(), escaped):
        assert may_tell(raw, uid)


def test_look_before_decoding_knows_other_spellings() -> None:
    for run in (RUN.upper(), RUN.replace("-", ""), f"{{{RUN}}}"):
        assert may_tell(encode(RunReported(run=run)), f"run:{RUN}")
    for name in ("caf\u00e9", "cafe\u0301"):
        for raw in (encode(ArtifactReported(artifact=name)), json.dumps({"artifact": name}).encode()):
            assert may_tell(raw, "artifact:default/dataset/caf\u00e9")
    upper = encode(VersionReported(artifact="x", digest=DIGEST.upper()))
    assert may_tell(upper, f"version:default/dataset/y@{DIGEST}")


def test_look_before_decoding_passes_most_by() -> None:
    assert not may_tell(encode(RunReported(run=OTHER, params={"a": 1})), f"run:{RUN}")
    assert not may_tell(encode(ArtifactReported(artifact="raw")), "artifact:default/dataset/iris")
