"""Lists through GraphQL: what belongs to many rows is asked at once, pages tell what they leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lineage_server.api.gql.scalars import to_text
from lineage_server.domain.events import (
    AliasSet,
    DeploymentReported,
    Event,
    InputFact,
    ModelReported,
    ModelVersionReported,
    NodeAnnotated,
    OutputFact,
    ProjectReported,
    RunReported,
)
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.graph.round_trips import counting
from tests.contract.test_gql_permissions import foreign_token
from tests.contract.test_operations import TEXTS
from tests.support.served import Served
from tests.support.stories import D1, IRIS_1, IRIS_2, PARENT, PREPARE, TRAIN

MANY = """
query($first: Int!) {
  runs(project: "many", first: $first, orderBy: {by: STARTED, direction: ASC}) { edges { node { uid
    children(first: 3) { edges { cursor node { uid } } hasMore }
    one: children(first: 1) { edges { node { uid } } hasMore }
    inputs(first: 2) { edges { node { role version { name } } } hasMore totalCount hidden }
    outputs { edges { node { version { name } } } hasMore totalCount hidden }
  } } }
  artifacts(project: "many") { edges { node { name versionCount
    versions(first: 2) { edges { node { ordinal } } hasMore }
  } } }
}
"""
PARENTS, CHILDREN, WRITTEN = 12, 4, 3


async def _record_many(served: Served) -> list[str]:
    """Parents with children, each parent with three inputs and an output of its own."""
    now = now_micros()
    parents = [new_run_id() for _ in range(PARENTS)]
    told: list[RunReported] = []
    for place, parent in enumerate(parents):
        read = [InputFact(name=f"in {n}", digest=f"sha256:{n:064x}", role=f"r{n}") for n in range(3)]
        made = [OutputFact(name=f"out {place % WRITTEN}", digest=f"sha256:{place:064x}")]
        told.append(
            RunReported(
                id=parent, at=now + place, project="many", run=parent, job="parent",
                state=RunState.COMPLETE, started_at=now + place, inputs=read, outputs=made,
            )
        )  # fmt: skip
        told += [
            RunReported(
                id=f"{parent}-{n}", at=now, project="many", run=new_run_id(), job="step", parent=parent
            )
            for n in range(CHILDREN)
        ]
    await served.record(*told)
    return parents


async def test_what_belongs_to_many_rows_is_asked_at_once(served: Served) -> None:
    parents = await _record_many(served)
    counts: list[int] = []
    answer: dict[str, Any] = {}
    for first in (1, PARENTS):
        with counting() as trips:
            answer = await served.ask(MANY, {"first": first})
        counts.append(trips.count)
    # Runs, artifacts; children of either size, inputs, outputs, versions: whatever the number of rows.
    assert counts == [7, 7]
    runs = {edge["node"]["uid"]: edge["node"] for edge in answer["runs"]["edges"]}
    for place, parent in enumerate(parents):
        run = runs[f"run:{parent}"]
        assert (len(run["children"]["edges"]), run["children"]["hasMore"]) == (3, True)
        assert (len(run["one"]["edges"]), run["one"]["hasMore"]) == (1, True)
        assert [link["node"]["role"] for link in run["inputs"]["edges"]] == ["r0", "r1"]
        told = {key: run["inputs"][key] for key in ("hasMore", "totalCount", "hidden")}
        assert told == {"hasMore": True, "totalCount": 3, "hidden": 0}
        (output,) = run["outputs"]["edges"]
        assert output["node"]["version"]["name"] == f"out {place % WRITTEN}"
    for edge in answer["artifacts"]["edges"]:
        artifact = edge["node"]
        if artifact["name"].startswith("out"):
            ordinals = [version["node"]["ordinal"] for version in artifact["versions"]["edges"]]
            assert ordinals == [4, 3]
            assert artifact["versions"]["hasMore"]


async def test_artifacts_that_were_written_last_come_first(served: Served) -> None:
    """Also where nobody has told anything of them but what they are called; what was only read comes last."""
    now = now_micros()
    for place, name in enumerate(("b", "c", "a", "b")):
        await served.record(
            RunReported(
                id=f"written-{place}", at=now + place, project="written", run=new_run_id(), job="write",
                state=RunState.COMPLETE, started_at=now + place, ended_at=now + place,
                inputs=[InputFact(name="read", digest=D1)],
                outputs=[OutputFact(name=name, digest=f"sha256:{place:064x}")],
            )
        )  # fmt: skip
    query = """{ artifacts(project: "written", orderBy: {by: UPDATED, direction: DESC}, first: 9) {
      edges { node { name } } } }"""
    edges = (await served.ask(query))["artifacts"]["edges"]
    assert [edge["node"]["name"] for edge in edges] == ["b", "a", "c", "read"]


async def test_models_that_changed_last_come_first(served: Served) -> None:
    """By a new version and a moved alias, too: hardly any model is ever described twice."""
    now = now_micros()
    project = "changing"
    told: list[Event] = [
        ModelReported(project=project, model="described", title="a title"),
        *(ModelVersionReported(project=project, model=name, version="1") for name in ("moved", "versioned")),
        ModelVersionReported(project=project, model="moved", version="2"),
        ModelVersionReported(project=project, model="versioned", version="2"),
        AliasSet(project=project, model="moved", alias="prod", version="1"),
        DeploymentReported(project=project, name="api", model="described", version="1"),
    ]
    for place, event in enumerate(told):
        await served.record(replace(event, id=f"changing-{place}", at=now + place))
    # What is told late of earlier changes nothing.
    late = ModelVersionReported(id="late", at=now - 1, project=project, model="described", version="1")
    await served.record(late)
    query = """{ models(project: "changing", orderBy: {by: UPDATED, direction: DESC}) {
      edges { node { name latestAt } } } }"""
    nodes = [edge["node"] for edge in (await served.ask(query))["models"]["edges"]]
    assert [(node["name"], node["latestAt"]) for node in nodes] == [
        (name, to_text(now + place)) for name, place in (("moved", 5), ("versioned", 4), ("described", 0))
    ]


@pytest.mark.parametrize(("field", "size"), [("children", CHILDREN), ("inputs", 3)])
async def test_parts_are_read_page_by_page(served: Served, field: str, size: int) -> None:
    parent = (await _record_many(served))[0]
    node = "uid" if field == "children" else "role"
    query = """
    query($uid: String!, $after: String!) { run(uid: $uid) {
      page: FIELD(first: 1, after: $after) { edges { node { NODE } } hasMore pageInfo { endCursor } }
    } }
    """.replace("FIELD", field).replace("NODE", node)
    seen: list[str] = []
    after, more = "", True
    while more:
        page = (await served.ask(query, {"uid": parent, "after": after}))["run"]["page"]
        seen += [edge["node"][node] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["hasMore"]
    assert len(seen) == size
    assert seen == sorted(set(seen))
    refused = await served.refused(query, {"uid": PARENT, "after": after})
    assert refused["extensions"]["code"] == "BAD_INPUT"  # a cursor of another run's list


LINKS = """
query($uid: String!, $outputs: Boolean! = false) { run(uid: $uid) {
  inputs { edges { node { role } } totalCount hidden }
  outputs @include(if: $outputs) { edges { node { version { uid } } } totalCount }
} }
"""


async def test_links_into_other_projects_are_counted_not_shown(guarded: Served) -> None:
    run = new_run_id()
    outside = InputFact(name="theirs", project="other", digest="sha256:" + "9" * 64, role="secret role")
    inside = InputFact(name="iris", digest=D1)
    await guarded.record(
        ProjectReported(id="other", at=now_micros(), project="other"),
        RunReported(id="reads", at=now_micros(), run=run, inputs=[outside, inside]),
    )
    told: dict[str, Any] = {}
    for name, roles in (("one", {"default": "viewer"}), ("both", {"default": "viewer", "other": "viewer"})):
        token = await guarded.service_token(**roles)
        answer = await guarded.ask(LINKS, {"uid": run}, token)
        told[name] = answer["run"]["inputs"]
    assert (told["one"]["totalCount"], told["one"]["hidden"]) == (1, 1)
    assert "secret role" not in str(told["one"])
    assert (told["both"]["totalCount"], told["both"]["hidden"]) == (2, 0)


async def test_outputs_show_a_version_told_of_by_two_witnesses_once(served: Served) -> None:
    found = (await served.ask(LINKS, {"uid": PREPARE, "outputs": True}))["run"]["outputs"]
    assert [edge["node"]["version"]["uid"] for edge in found["edges"]] == [IRIS_1]
    assert found["totalCount"] == 1


async def test_versions_are_filtered_and_sorted(served: Served) -> None:
    ordinals: dict[str, list[int]] = {}
    asked: dict[str, dict[str, Any]] = {
        "newest": {},
        "oldest": {"orderBy": {"by": "ORDINAL", "direction": "ASC"}},
        "largest": {"orderBy": {"by": "SIZE"}},
        "sealed": {"orderBy": {"by": "SEALED", "direction": "ASC"}},
        "by words": {"filter": {"text": "BROKEN row"}},
        "by digest": {"filter": {"text": D1[:20]}},
        "by tag": {"filter": {"tags": [{"key": "quality", "value": "bad"}]}},
        "late": {"filter": {"sealedAfter": "2025-10-09T08:55:59Z"}},
        "none": {"filter": {"text": "nothing like it"}},
    }
    for name, given in asked.items():
        answer = await served.ask(TEXTS["Versions"], {"artifact": "dataset:iris", **given})
        ordinals[name] = [edge["node"]["digest"] for edge in answer["versions"]["edges"]]
    assert set(ordinals["newest"]) >= {D1, IRIS_2.partition("@")[2]}
    assert ordinals["newest"] == ordinals["oldest"][::-1]
    assert ordinals["largest"][0] == IRIS_2.partition("@")[2]
    assert ordinals["by words"] == ordinals["by tag"] == [IRIS_2.partition("@")[2]]
    assert ordinals["by digest"] == [D1]
    assert ordinals["none"] == []
    refused = await served.refused(TEXTS["Versions"], {"artifact": "dataset:iris", "first": 0})
    assert refused["extensions"]["field"] == "first"


async def _found(served: Served, text: str, first: int = 20, **more: Any) -> list[dict[str, Any]]:
    """All hits, page by page."""
    out: list[dict[str, Any]] = []
    after, pages = "", 0
    while True:
        answer = await served.ask(TEXTS["Search"], {"text": text, "first": first, "after": after, **more})
        page = answer["search"]
        out += [edge["node"] for edge in page["edges"]]
        pages += 1
        assert pages < 100
        if not page["hasMore"]:
            return out
        assert page["pageInfo"]["endCursor"]
        after = page["pageInfo"]["endCursor"]


async def test_search_is_one_list_over_all_labels(served: Served) -> None:
    await _record_many(served)
    whole = await _found(served, "p", 500)
    uids = [node["uid"] for node in whole]
    assert {"Artifact", "Job", "Run"} <= {node["label"] for node in whole}
    assert len(uids) == len(set(uids)) > 60
    for first in (3, 17):
        assert [node["uid"] for node in await _found(served, "p", first)] == uids
    only = await _found(served, "p", 3, labels=["Artifact"])
    assert {node["label"] for node in only} == {"Artifact"}
    refused = await served.refused(TEXTS["Search"], {"text": "p", "after": "bm90aGluZw"})
    assert refused["extensions"]["code"] == "BAD_INPUT"


async def test_search_finds_words_as_they_are_written(served: Served) -> None:
    """Parts of words in any script, upper or lower case, with their punctuation: the same on both engines."""
    await served.record(
        NodeAnnotated(id="n1", at=now_micros(), uid=IRIS_1, description="한국어 데이터셋, ver-2.1 (Final)"),
        NodeAnnotated(id="n2", at=now_micros(), uid=f"run:{TRAIN}", tags={"Größe": "ÜBER-groß"}),
        NodeAnnotated(
            id="n3", at=now_micros(), uid="modelversion:default/churn@1", description="Best So Far"
        ),
    )
    expected = {
        "데이터": {IRIS_1}, "국어 ver-2.1": {IRIS_1}, "(FINAL)": {IRIS_1}, "2.1": {IRIS_1}, "ver 3": set(),
        "über-GROSS": set(), "Über-groß": {f"run:{TRAIN}"}, "größe=": {f"run:{TRAIN}"},
        "best far": {"modelversion:default/churn@1"}, D1: {IRIS_1}, D1[7:20]: {IRIS_1},
        D1[:30].upper(): {IRIS_1}, "broken row": {IRIS_2}, "quality=bad": {IRIS_2},
    }  # fmt: skip
    found = {text: {node["uid"] for node in await _found(served, text)} for text in expected}
    assert {text: uids & found[text] for text, uids in expected.items()} == expected
    assert {text for text, uids in expected.items() if not uids and found[text]} == set()
    await served.record(
        NodeAnnotated(id="n4", at=now_micros(), uid=IRIS_2, description="", tags={"quality": None})
    )
    assert IRIS_2 not in {node["uid"] for node in await _found(served, "broken row")}


async def test_nodes_are_known_by_uid_and_by_reference(served: Served) -> None:
    await served.record(
        AliasSet(id="a1", at=now_micros(), model="churn", alias="prod", version="1"),
        ModelVersionReported(id="b1", at=now_micros(), model="org/bert", version="1"),
        ModelVersionReported(id="b2", at=now_micros(), model="default/churn", version="7"),
    )
    meant = {
        # A model's uid where there is one, else a reference to a model that is called so.
        "model:org/bert": "modelversion:default/org/bert@1",
        "model:org/bert@1": "modelversion:default/org/bert@1",
        "model:default/churn@7": "modelversion:default/default/churn@7",
        "model:churn@prod": "modelversion:default/churn@1",
        "default/model:churn@prod": "modelversion:default/churn@1",
        "model:default/churn": "model:default/churn",
        "dataset:iris@1": IRIS_1,
        "job:train": "job:default/script/train",
        "job:default/script/train": "job:default/script/train",
        f"run:{TRAIN}": f"run:{TRAIN}",
        "project:default": "project:default",
        "gpu:GPU-1": "gpu:GPU-1",
        IRIS_1: IRIS_1,
    }
    missing = [
        "dataset:nothing@1",
        "model:churn@nobody",
        "model:default/nothing",
        "run:x",
        "elsewhere/job:train",
    ]
    for text, uid in meant.items():
        assert (await served.ask(TEXTS["Node"], {"uid": text}))["node"]["uid"] == uid
        told = await served.ask("query ($ref: String!) { resolve(ref: $ref) }", {"ref": text})
        assert told == {"resolve": uid}
    asked = [*meant, *missing, *reversed(meant)]
    nodes = (await served.ask(TEXTS["Nodes"], {"uids": asked}))["nodes"]
    uids = [node and node["uid"] for node in nodes]
    assert uids == [*meant.values(), *[None] * len(missing), *reversed(meant.values())]
    for project, expected in (("default", [IRIS_1]), ("elsewhere", [None])):
        variables = {"uids": ["dataset:iris@1"], "project": project}
        nodes = (await served.ask(TEXTS["Nodes"], variables))["nodes"]
        assert [node and node["uid"] for node in nodes] == expected
    for text, code in (("dataset:nothing", "NOT_FOUND"), ("nonsense", "BAD_INPUT")):
        refused = await served.refused(TEXTS["Node"], {"uid": text})
        assert refused["extensions"]["code"] == code
    many = [f"dataset:iris@{number}" for number in range(51)]
    refused = await served.refused(TEXTS["Nodes"], {"uids": many})
    assert "at most 50 references" in refused["message"]


async def test_references_lead_to_nothing_that_is_not_yours(guarded: Served) -> None:
    stranger = await foreign_token(guarded)
    asked = ["dataset:iris@1", "job:train", IRIS_1]
    assert (await guarded.ask(TEXTS["Nodes"], {"uids": asked}, stranger))["nodes"] == [None] * 3
    refused = await guarded.refused(TEXTS["Node"], {"uid": "dataset:iris@1"}, stranger)
    assert refused["extensions"]["code"] == "NOT_FOUND"


KEYED = """
query($keys: [String!], $none: [String!]) {
  a: runs(project: "keyed") { edges { node { params(keys: $keys) { key } ...Metrics } } }
  b: runs(project: "keyed") { edges { node { params { key } metricMap(keys: []) } } }
  c: runs(project: "keyed") { edges { node { paramMap(keys: $none) } } }
  d: runs(project: "keyed") { edges { node { ... on Run { one: metricMap(keys: "loss") } metrics { key } } } }
  e: runs(project: "keyed") { edges { node { name tags { key } } } }
}
fragment Metrics on Run { some: metricMap(keys: ["auc"]) more: metricMap(keys: ["loss"]) }
"""


async def test_listed_runs_show_what_has_keys_however_it_is_asked_for(served: Served) -> None:
    """Whatever is not shown is not read either."""
    told = RunReported(
        id="keyed", at=now_micros(), project="keyed", run=new_run_id(), name="one", tags={"team": "a"},
        params={"lr": 1, "depth": 2}, metrics={"loss": 0.5, "auc": 0.75},
    )  # fmt: skip
    await served.record(told)
    answer = await served.ask(KEYED, {"keys": ["lr"]})
    (a, b, c, d, e) = (answer[name]["edges"][0]["node"] for name in "abcde")
    assert a == {"params": [{"key": "lr"}], "some": {"auc": 0.75}, "more": {"loss": 0.5}}
    assert b == {"params": [{"key": "depth"}, {"key": "lr"}], "metricMap": {}}
    assert c == {"paramMap": {"depth": 2, "lr": 1}}
    assert d == {"one": {"loss": 0.5}, "metrics": [{"key": "auc"}, {"key": "loss"}]}
    assert e == {"name": "one", "tags": [{"key": "team"}]}
