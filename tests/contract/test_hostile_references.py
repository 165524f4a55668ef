"""References to what nobody has told of: taken, shown as stubs, and filled in later."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from lineage_server.api.gql.documents import read_operations
from tests.support.hostile import event_ids, everything, run_event, sent, some_run
from tests.support.served import Served

TEXTS = read_operations()
DIGEST = "sha256:" + "c" * 64
ARTIFACT = "artifact:hostile/dataset/nowhere"
VERSION = f"version:hostile/dataset/nowhere@{DIGEST}"


def unknown() -> list[dict[str, Any]]:
    """One event for each way to refer to something."""
    own = {"project": "hostile"}
    made_by = some_run("m4")
    told = [
        run_event("by digest", inputs=[{"name": "nowhere", "digest": DIGEST}]),
        run_event("by run", inputs=[{"name": "nowhere", "run": some_run("missing")}]),
        run_event("by ordinal", inputs=[{"name": "nowhere", "version": 7}]),
        run_event("by name", inputs=[{"name": "never made"}]),
        run_event("other project", inputs=[{"name": "x", "project": "no.such", "digest": DIGEST}]),
        run_event("parent", parent=some_run("missing"), retry_of=some_run("m2"), resumed_from=some_run("m3")),
        run_event("boards", boards=[some_run("missing board")]),
        {"type": "model.version", **own, "model": "m", "version": "1", "origin": VERSION, "run": made_by},
        {"type": "model.alias", **own, "model": "gone", "alias": "prod", "version": "9"},
        {"type": "deployment", **own, "name": "d", "model": "gone", "version": "8"},
        {"type": "deployment", **own, "name": "e", "routes_to": ["deployment:hostile/local/none@1"]},
        {"type": "metrics", **own, "run": some_run("m5"), "keys": ["a"], "series": [0], "steps": [1],
         "times": [1], "values": [1]},
        {"type": "version", **own, "artifact": "nowhere", "run": some_run("m6"), "learned_digest": DIGEST},
        {"type": "node.annotated", **own, "uid": f"run:{some_run('m7')}", "tags": {"a": "b"}},
        {"type": "node.deleted", **own, "uid": f"run:{some_run('m8')}"},
        {"type": "edge.asserted", **own, "start": VERSION, "end": VERSION.replace("c" * 64, "d" * 64)},
    ]  # fmt: skip
    return [{**event, "id": f"unknown {n}"} for n, event in enumerate(told)]


def body(events: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


async def test_what_refers_to_unknown_things_is_taken_once(served: Served) -> None:
    events = unknown()
    verdicts = await sent(served, body(events))
    assert verdicts.by_index == {}
    before = await everything(served)
    again = await sent(served, body(events))
    assert (again.accepted, again.duplicate) == (0, len(events))
    assert await everything(served) == before
    assert await event_ids(served) == Counter(event["id"] for event in events)


async def test_questions_about_unknown_things_are_answered(served: Served) -> None:
    await sent(served, body(unknown()))
    for start, view in (
        (ARTIFACT, "LOGICAL"),
        (VERSION, "VERSION"),
        (f"run:{some_run('missing')}", "VERSION"),
    ):
        variables = {"start": [start], "direction": "BOTH", "view": view}
        found = await served.ask(TEXTS["Lineage"], variables)
        assert found["lineage"]["nodes"]
    run = (await served.ask(TEXTS["Run"], {"uid": some_run("missing")}))["run"]
    assert run["stub"]
    node = (await served.ask(TEXTS["Node"], {"uid": VERSION}))["node"]
    assert node["stub"]


async def test_the_truth_fills_a_stub_and_makes_no_second_one(served: Served) -> None:
    await sent(served, body(unknown()))
    before = await everything(served)
    truth = run_event("missing", name="found", outputs=[{"name": "nowhere", "digest": DIGEST}])
    assert (await sent(served, body([truth]))).accepted == 1
    after = await everything(served)
    assert (after["Run"], after["Artifact"]) == (before["Run"], before["Artifact"])
    assert after["ArtifactVersion"] == before["ArtifactVersion"]
    run = (await served.ask(TEXTS["Run"], {"uid": some_run("missing")}))["run"]
    assert (run["stub"], run["name"]) == (False, "found")
    node = (await served.ask(TEXTS["Node"], {"uid": VERSION}))["node"]
    assert not node["stub"]
