"""``impact``, ``path``, ``cost``, ``completeness`` and ``diff``: what is asked, and the answers in words."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

import lineage_server
from lineage_server.client.aio import AsyncClient
from lineage_server.client.client import Client
from tests.unit.client.stub import StubServer

DATA, MODEL, RUN = "version:p/dataset/raw@sha256:1", "version:p/model/churn@sha256:2", "run:1"
SERVED, DEPLOYED = "modelversion:p/churn@2", "deployment:p/local/clinic@3"
NODES: list[dict[str, Any] | None] = [
    {"uid": DATA, "label": "ArtifactVersion", "name": "raw", "kind": "dataset", "ordinal": 1},
    {"uid": MODEL, "label": "ArtifactVersion", "name": "churn", "kind": "model", "ordinal": 2},
    {"uid": RUN, "label": "Run", "name": "train", "kind": "script"},
    {"uid": SERVED, "label": "ModelVersion", "name": "churn", "kind": "", "version": "2"},
    {"uid": DEPLOYED, "label": "Deployment", "name": "clinic", "kind": "", "version": "3"},
    None,
]
SHARE: dict[str, Any] = {
    "runs": 2, "wallSeconds": 75.4, "gpuSeconds": 7300.0, "gpuSecondsByProduct": {"H100": 7300.0},
    "usage": {"energy_kwh": 1.25}, "estimated": 1, "unknown": 1,
}  # fmt: skip
NONE = {
    "runs": 0, "wallSeconds": 0.0, "gpuSeconds": 0.0, "gpuSecondsByProduct": {}, "usage": {},
    "estimated": 0, "unknown": 0,
}  # fmt: skip
WHOLE: dict[str, Any] = {"isPartial": False, "reason": ""}
ANSWERS: dict[str, dict[str, Any]] = {
    "impact": {
        **WHOLE,
        "start": DATA,
        "counts": {"Run": 1, "ArtifactVersion": 2, "Deployment": 1},
        "hidden": 3,
        "deployments": [
            {
                "node": {"uid": DEPLOYED, "state": "ready"}, "distance": 2, "live": True,
                "path": [DATA, RUN, MODEL, SERVED, DEPLOYED],
            }
        ],
        "aliases": [
            {
                "alias": "prod", "model": "model:p/churn", "target": SERVED, "protected": True, "distance": 1,
                "path": [DATA, RUN, MODEL, SERVED],
            }
        ],
        "holds": [
            {"node": {"uid": MODEL, "state": ""}, "distance": 1, "live": True, "path": [DATA, RUN, MODEL]}
        ],
        "owners": [{"project": "p", "owner": "ada", "nodes": 4}],
    },
    "path": {
        "isPartial": True,
        "reason": "time",
        "from": MODEL,
        "to": DATA,
        "relation": "UPSTREAM",
        "paths": [
            {
                "uids": [MODEL, RUN, DATA],
                "edges": [
                    {"from": RUN, "to": MODEL, "role": "best", "basis": "declared"},
                    {"from": DATA, "to": RUN, "role": "", "basis": "inferred"},
                ],
            }
        ],
    },
    "cost": {
        **WHOLE, "start": MODEL, "own": SHARE, "ancestry": {**SHARE, "runs": 1234}, "failed": NONE,
        "hiddenRuns": 1,
    },
    "completeness": {
        **WHOLE,
        "start": MODEL,
        "score": 0.95,
        "facts": 40,
        "counts": {"MISSING_DIGEST": 30, "NEW_KIND": 1},
        "findings": [
            {"kind": "MISSING_DIGEST", "uid": DATA, "text": "its content's digest is not known"},
            {"kind": "NEW_KIND", "uid": "run:unseen", "text": "x" * 90},
        ],
    },
    "diff": {
        **WHOLE,
        "a": MODEL,
        "b": DATA,
        "same": 1,
        "differences": [
            {
                "kind": "CHANGED", "depth": 0, "at": None,
                "before": {"uid": RUN, "name": "train", "kind": "script"},
                "after": {"uid": "run:2", "name": "train", "kind": "script"},
                "changes": [{"field": "inputs.raw", "before": "", "after": f"{DATA}, {MODEL}"}],
            }
        ],
        "firstByDependency": {
            "kind": "ADDED", "before": None, "after": {"uid": DATA, "name": "raw", "kind": "dataset"},
            "changes": [],
        },
    },
}  # fmt: skip
WORDS = {
    "impact": """\
if dataset:raw@1 is bad, it touches 1 live endpoint and 1 alias

endpoints
endpoint  state  away     through
clinic@3  ready  2 steps  registered model:churn@2

aliases
alias                  away    through
churn@prod  protected  1 step  registered model:churn@2

held
what                 away
model:churn@2  held  1 step

whom to tell
owner  project  things
ada    p        4

came of it in all: 1 run, 2 versions, 1 endpoint, 3 in projects that you may not
see""",
    "path": """\
model:churn@2 was made from dataset:raw@1

model:churn@2
← run train      as best
← dataset:raw@1  inferred
incomplete: time""",
    "cost": """\
what model:churn@2 cost; each run counts once

                     runs  time        GPU time    of it
made by              2     1 min 15 s  2 h 01 min  H100 2 h 01 min
all before it, too   1234  1 min 15 s  2 h 01 min  H100 2 h 01 min
failed tries, apart  0

energy_kwh  1.25

1 run did not tell of GPUs, 1 run estimated, 1 run may not be seen by you""",
    "completeness": """\
model:churn@2: 95.0% of 40 facts are without doubt

doubt      where          why
no digest  dataset:raw@1  its content's digest is not known
NEW_KIND   run:unseen     xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
and 29 more""",
    "diff": """\
first cause: dataset:raw@1 added

changed  script train
         inputs.raw  – → dataset:raw@1, model:churn@2
1 thing is the same in both""",
}
TOLD: dict[str, dict[str, Any]] = {
    "path": {"start": MODEL, "end": DATA, "k": 3},
    "diff": {"a": MODEL, "b": DATA},
}


def _ask(client: Any, question: str, **when: Any) -> Any:
    ends = (MODEL, DATA) if question in TOLD else ("dataset:raw@1",)
    return getattr(client, question)(*ends, **when)


@pytest.mark.parametrize("question", ANSWERS)
async def test_a_question_is_asked_and_its_answer_reads_well(
    question: str, default: Client, stub: StubServer
) -> None:
    stub.data = {"data": {question: ANSWERS[question], "nodes": NODES}}
    answer = _ask(lineage_server, question, as_of="2026-05-01T00:00:00Z", known_at="2026-06-01T00:00:00Z")
    asked, titles = stub.asked[-2:]
    told = TOLD.get(question, {"of": "dataset:raw@1"})
    when = {"asOf": "2026-05-01T00:00:00+00:00", "knownAt": "2026-06-01T00:00:00+00:00"}
    assert asked["variables"] == {**told, **when, "project": "default"}
    assert {DATA, MODEL} & set(titles["variables"]["uids"])
    assert answer.to_text(width=80).splitlines() == WORDS[question].splitlines()
    forms = answer._repr_mimebundle_()
    assert forms["text/plain"] == answer.to_text()
    assert forms["text/html"] == f"<pre>{escape(answer.to_text())}</pre>"
    assert answer["isPartial"] is (question == "path")
    assert answer.to_dict() == ANSWERS[question]
    async with AsyncClient(client=default) as twin:
        assert await _ask(twin, question) == answer


def test_only_what_can_be_a_uid_is_asked_for(default: Client, stub: StubServer) -> None:
    changes = [
        {"field": "version", "before": "1", "after": "2"},
        {"field": "params.size", "before": "model: large", "after": "model:p/churn"},
        {"field": "params.note", "before": "run:", "after": "job"},
    ]
    both = {"uid": SERVED, "name": "churn", "kind": "model"}
    found = {"kind": "CHANGED", "before": both, "after": both, "changes": changes}
    told = {"a": SERVED, "b": SERVED, "differences": [found], "firstByDependency": None}
    stub.data = {"data": {"diff": told, "nodes": NODES}}
    default.diff(SERVED, SERVED)
    assert stub.asked[-1]["variables"] == {"uids": [SERVED, "model:p/churn"]}


def test_what_is_connected_otherwise_or_without_doubt_is_said(default: Client, stub: StubServer) -> None:
    def said(question: str, **told: Any) -> list[str]:
        stub.data = {"data": {question: ANSWERS[question] | WHOLE | told, "nodes": NODES}}
        return str(_ask(default, question)).splitlines()

    assert said("path", relation="NONE", paths=[]) == ["model:churn@2 and dataset:raw@1 are not connected"]
    assert said("path", relation="SAME") == ["model:churn@2 and dataset:raw@1 are the same"]
    assert said("completeness", score=1.0, findings=[], counts={}) == [
        "model:churn@2: 100% of 40 facts are without doubt", "nothing that made it is in doubt",
    ]  # fmt: skip
    nothing = {"deployments": [], "aliases": [], "holds": [], "owners": [], "counts": {}, "hidden": 0}
    assert said("impact", **nothing) == [
        "if dataset:raw@1 is bad, it touches 0 live endpoints and 0 aliases",
        "",
        "came of it in all: nothing",
    ]  # fmt: skip
