"""What a project made from another's things: of those, whoever sees only the first learns nothing.

Somebody who may read there and write here told of it. The others here see that there is something; its
name, its project, its digests and what was said of it there stay away, whatever is asked.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from lineage_server.api.gql.documents import read_operations
from tests.support.hostile import run_event, sent, some_run
from tests.support.served import Served
from tests.support.stories import D1, D3, IRIS_1, MODEL_1, TRAIN

TEXTS = read_operations()
DIGEST = "sha256:" + "e" * 64
MINE = f"version:other/dataset/mine@{DIGEST}"
MODEL = "modelversion:other/mine@1"
SERVED = ("deployment:other/local/direct@1", "deployment:other/local/route@1")
RUN = f"run:{some_run('mine')}"
WORDS = ("default", "iris", "churn", "prod", "kim", "training", TRAIN, D1, D3)


def told() -> list[dict[str, Any]]:
    own = {"project": "other"}
    return [
        run_event(
            "mine", project="other", run=some_run("mine"), job="make", state="complete", name="mine",
            inputs=[{"name": "iris", "project": "default", "digest": D1, "role": "x"}],
            outputs=[{"name": "mine", "type": "dataset", "digest": DIGEST, "fields": {"y": [["x", "x"]]}}],
        ),
        run_event(
            "guess", project="other", run=some_run("guess"), state="complete", name="guess",
            inputs=[{"name": "iris", "project": "default", "role": "x"}],
            outputs=[{"name": "mine", "type": "dataset", "digest": DIGEST}],
        ),
        {"type": "model.version", **own, "model": "mine", "version": "1", "origin": MODEL_1},
        {"type": "deployment", **own, "name": "direct", "model": "churn", "version": "1",
         "model_project": "default"},
        {"type": "deployment", **own, "name": "route",
         "routes_to": ["deployment:default/local/churn-api@1"]},
        {"type": "edge.asserted", **own, "start": IRIS_1, "end": MINE, "reason": "copied"},
    ]  # fmt: skip


def questions() -> list[tuple[str, dict[str, Any]]]:
    starts = [MINE, RUN, MODEL, *SERVED]
    out: list[tuple[str, dict[str, Any]]] = []
    for start in starts:
        asked = {"start": [start], "direction": "BOTH", "view": "VERSION", "maxDepth": None}
        out += [("Lineage", asked), ("LineageScene", {"focus": start}), ("Impact", {"of": start})]
        out += [("LineageDiff", {"a": start, "b": MINE}), ("Path", {"start": start, "end": MINE})]
        out += [(name, {"of": start}) for name in ("Cost", "Completeness", "LineageCounts")]
        out += [("Node", {"uid": start})]
    out.append(("Lineage", {"start": [MINE], "direction": "BOTH", "view": "FIELD"}))
    for start in ("artifact:other/dataset/mine", "job:other/script/make"):
        out.append(("Lineage", {"start": [start], "direction": "BOTH", "view": "LOGICAL"}))
        out.append(("LineageScene", {"focus": start, "view": "LOGICAL"}))
    out += [(name, {"uid": some_run(run)}) for run in ("mine", "guess") for name in ("Run", "Surroundings")]
    out += [(name, {}) for name in ("Runs", "Jobs", "Artifacts", "Models", "Deployments")]
    out += [("Version", {"ref": MINE}), ("Versions", {"artifact": "artifact:other/dataset/mine"})]
    return out + [("Search", {"text": word}) for word in (*WORDS, "mine")]


@pytest.mark.timeout(300)
async def test_of_what_lies_behind_nothing_is_told(guarded: Served) -> None:
    both = await guarded.service_token(default="viewer", other="editor")
    token = await guarded.service_token(other="admin")
    lines = [json.dumps({"id": f"told {n}", **event}).encode() for n, event in enumerate(told())]
    assert (await sent(guarded, lines, token=both)).accepted == len(lines)
    leaks: dict[str, list[str]] = {}
    for name, variables in questions():
        answer = await guarded.answer(TEXTS[name], variables, token)
        text = json.dumps(answer)
        assert "INTERNAL" not in text, text
        found = [word for word in WORDS if word in text]
        if found and "errors" not in answer:
            leaks[f"{name} {variables}"] = [*found, text[max(0, text.find(found[0]) - 200) :][:400]]
    assert not leaks, json.dumps(leaks, indent=1)
