"""A good token of another project: what is not its own is to it as if it were not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lineage_server.api.gql.documents import read_operations
from lineage_server.ingest.decode import encode
from tests.support.hostile import everything, run_event, sent, some_run
from tests.support.served import Served
from tests.support.stories import D1, EVALUATE, IRIS_1, IRIS_2, MODEL_1, TRAIN, story

TEXTS = read_operations()
MISSING_RUN = "0198c0de-0000-7000-8000-00000000dead"
OWNED = ("Run", "Job", "Artifact", "ArtifactVersion", "RegisteredModel", "Alias", "Deployment", "(edges)")
STORY = story()


async def content(served: Served) -> dict[str, Any]:
    """Everything that project ``default`` holds, word for word, and nodes of no project."""
    rows = await served.services.bolt.read(
        "MATCH (n) WHERE n.project = 'default' AND NOT n:Refused RETURN n.uid AS uid, properties(n) AS props"
    )
    edges = await served.services.bolt.read(
        "MATCH (a)-[e]->(b) WHERE a.project = 'default' OR b.project = 'default' "
        "RETURN a.uid AS a, type(e) AS type, b.uid AS b, properties(e) AS props"
    )
    found = {row["uid"]: str(row["props"]) for row in rows}
    return found | {f"{e['a']} {e['type']} {e['b']}": str(e["props"]) for e in edges}


async def test_no_event_reaches_another_project(guarded: Served) -> None:
    """Every kind of event, into a project that exists and into one that does not: the same answer."""
    token = await guarded.service_token(other="admin")
    before = await content(guarded)
    events = [json.loads(encode(event)) for event in STORY]
    for _, group in _by_project(events):
        there = await sent(guarded, [json.dumps(e).encode() for e in group], token=token)
        absent = [json.dumps({**e, "project": "absent"}).encode() for e in group]
        nowhere = await sent(guarded, absent, token=token)
        assert there.refused == nowhere.refused == len(group)
        for index, verdict in there.by_index.items():
            assert verdict["code"] == "NOT_FOUND"
            same = nowhere.by_index[index]["message"].replace("'absent'", "'default'")
            assert (verdict["code"], verdict["message"]) == (nowhere.by_index[index]["code"], same)
    assert await content(guarded) == before


def _by_project(events: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        groups.setdefault(event.get("project", "default"), []).append(event)
    return list(groups.items())


def reaching_out() -> dict[str, dict[str, Any]]:
    """Events of the sender's own project that lay hands on things of ``default``."""
    own = {"project": "other"}
    run = {"type": "run", **own}
    mine = "version:other/dataset/x@" + D1
    iris = {"name": "iris", "project": "default"}
    return {
        "its run": {**run, "run": TRAIN, "name": "mine now", "params": {"lr": 9}},
        "its run's end": {**run, "run": EVALUATE, "state": "failed"},
        "its run's points": {
            "type": "metrics", **own, "run": TRAIN, "keys": ["loss"], "series": [0],
            "steps": [9], "times": [9], "values": [9],
        },
        "its version as input": {**run, "run": some_run(1), "inputs": [iris]},
        "its version by digest": {**run, "run": some_run(2), "inputs": [{**iris, "digest": D1}]},
        "its run deleted": {"type": "node.deleted", **own, "uid": f"run:{TRAIN}"},
        "its run erased": {"type": "node.erased", **own, "uid": f"run:{TRAIN}"},
        "its run tagged": {"type": "node.annotated", **own, "uid": f"run:{TRAIN}", "tags": {"a": "b"}},
        "its version tagged": {"type": "node.annotated", **own, "uid": IRIS_1, "tags": {"a": "b"}},
        "its version deleted": {"type": "node.deleted", **own, "uid": IRIS_1},
        "its project deleted": {"type": "node.deleted", **own, "uid": "project:default"},
        "its job stopped": {
            "type": "intent", **own, "key": "k", "action": "stop", "target": "job:default/script/train",
        },
        "an edge into it": {"type": "edge.asserted", **own, "start": mine, "end": IRIS_2},
        "an edge out of it": {"type": "edge.asserted", **own, "start": IRIS_1, "end": mine},
        "what its run made, read": {
            **run, "run": some_run(7), "inputs": [{"name": "churn", "type": "model", "run": TRAIN}],
        },
        "a version made by its run": {"type": "version", **own, "artifact": "x", "run": TRAIN, "uri": "u"},
        "a digest of what its run made": {
            "type": "version", **own, "artifact": "x", "run": TRAIN, "learned_digest": D1,
        },
        "its run's model": {"type": "model.version", **own, "model": "m", "version": "1", "run": TRAIN},
        "its version registered": {
            "type": "model.version", **own, "model": "m", "version": "1", "origin": MODEL_1,
        },
        "its model served": {
            "type": "deployment", **own, "name": "d",
            "model": "churn", "version": "1", "model_project": "default",
        },
        "its deployment routed to": {
            "type": "deployment", **own, "name": "e", "routes_to": ["deployment:default/local/churn-api@1"],
        },
    }  # fmt: skip


def claims() -> dict[str, dict[str, Any]]:
    """Runs of the sender that say they belong to one of ``default``: true or not, it is theirs to say."""
    return {
        "a child": {"parent": TRAIN},
        "another try": {"retry_of": TRAIN},
        "a reproduction": {"reproduction": {"of": TRAIN, "verdict": "differs"}},
        "a continuation": {"resumed_from": TRAIN},
        "a board": {"kind": "tensorboard", "boards": [TRAIN]},
    }


# A busy machine, or a graph that still plans, must not make the answers partial.
AROUND = """
query ($uid: String!, $start: String!, $project: String! = "other") {
  run(uid: $uid) {
    uid name properties children(first: 10) { edges { node { uid name project } } totalCount }
  }
  lineage(start: [$start], direction: BOTH, project: $project, budget: {milliseconds: 20000}) {
    nodes { node { uid name project } }
  }
}
"""


def around_of(run: str, project: str = "other") -> dict[str, str]:
    return {"uid": run, "start": f"run:{run}", "project": project}


@pytest.mark.parametrize("name", reaching_out())
async def test_own_events_do_not_touch_what_is_not_ones_own(guarded: Served, name: str) -> None:
    token = await guarded.service_token(other="admin")
    before = await content(guarded)
    event = {**reaching_out()[name], "id": "reach"}
    verdicts = await sent(guarded, [json.dumps(event).encode()], token=token)
    assert await content(guarded) == before
    if verdicts.refused:
        assert verdicts.by_index[0]["code"] in ("NOT_FOUND", "BAD_INPUT"), verdicts
    visible = json.dumps(await guarded.answer(TEXTS["Search"], {"text": "iris"}, token))
    assert "default" not in visible
    around = await guarded.answer(AROUND, around_of(event.get("run", MISSING_RUN)), token)
    assert not [word for word in ("training", "default", "churn-api") if word in json.dumps(around)]


async def test_a_claim_to_belong_to_a_foreign_run_is_seen_by_neither_side(guarded: Served) -> None:
    token = await guarded.service_token(other="admin")
    owner = await guarded.service_token(default="admin")
    cost = (
        "query ($of: String!) { cost(of: $of, budget: {milliseconds: 20000}) "
        "{ ancestry { runs } failed { runs } hiddenRuns } }"
    )
    asked = (AROUND, around_of(TRAIN, "default")), (cost, {"of": MODEL_1})
    before = [await guarded.ask(*question, owner) for question in asked]
    for name, claim in claims().items():
        mine = {**run_event(name), "project": "other", "name": "mine", **claim}
        assert (await sent(guarded, [json.dumps(mine).encode()], token=token)).accepted == 1, name
        around = await guarded.answer(AROUND, around_of(some_run(name)), token)
        assert around["data"]["run"]["name"] == "mine", around
        assert not [word for word in ("training", "default", "churn") if word in json.dumps(around)], name
    assert [await guarded.ask(*question, owner) for question in asked] == before


async def test_naming_a_run_that_nobody_told_of_does_not_take_it(guarded: Served) -> None:
    """Whoever is first to mention its id must not keep its maker from telling of it."""
    other = await guarded.service_token(other="admin")
    maker = await guarded.service_token(default="editor")
    root = await guarded.token("root", platform_admin=True)
    mentions: dict[str, dict[str, Any]] = {
        "parent": {"parent": some_run("a")},
        "retry": {"retry_of": some_run("b")},
        "reproduction": {"reproduction": {"of": some_run("b")}},
        "resumed": {"resumed_from": some_run("c")},
        "board": {"boards": [some_run("d")]},
        "input": {"inputs": [{"name": "x", "run": some_run("e")}]},
    }
    for name, more in mentions.items():
        event = {**run_event(name), "project": "other", **more}
        assert (await sent(guarded, [json.dumps(event).encode()], token=other)).accepted == 1, name
    points = {"keys": ["a"], "series": [0], "steps": [1], "times": [1], "values": [1]}
    version = {"artifact": "x", "uri": "u"}
    for n, told in {"f": {"type": "metrics", **points}, "g": {"type": "version", **version}}.items():
        event = {**told, "project": "other", "run": some_run(n)}
        assert (await sent(guarded, [json.dumps(event).encode()], token=other)).accepted == 1, n
    for n in "abcdeg":
        event = {**run_event(f"made-{n}"), "project": "default", "run": some_run(n), "name": "made"}
        assert (await sent(guarded, [json.dumps(event).encode()], token=maker)).accepted == 1, n
        run = await guarded.ask(TEXTS["Run"], {"uid": some_run(n)}, root)
        assert (run["run"]["project"], run["run"]["name"]) == ("default", "made"), n


@pytest.mark.parametrize(("label", "key"), [("Gpu", "GPU-1"), ("Node", "c1/n1"), ("Actor", "local/kim")])
@pytest.mark.parametrize("project", ["other", "default"])
async def test_what_all_projects_share_takes_a_role_in_all(
    guarded: Served, project: str, label: str, key: str
) -> None:
    """Of who was the first to tell of it, too; and the same answer where there is no such thing."""
    token = await guarded.service_token(**{project: "admin"})
    before = await content(guarded)
    told: list[dict[str, Any]] = [{"type": "context", "label": label, "key": key, "name": "mine"}]
    for uid in (f"{label.lower()}:{key}", f"{label.lower()}:{key}-none"):
        told += [
            {"type": "node.annotated", "uid": uid, "tags": {"a": "b"}},
            *({"type": kind, "uid": uid} for kind in ("node.deleted", "node.restored", "node.erased")),
        ]
    lines = [json.dumps({**event, "project": project}).encode() for event in told]
    verdicts = await sent(guarded, lines, token=token)
    assert verdicts.refused == len(told)
    assert {verdict["code"] for verdict in verdicts.by_index.values()} == {"FORBIDDEN"}, verdicts
    assert await content(guarded) == before


async def test_who_reads_a_version_does_not_say_where_it_lies(guarded: Served) -> None:
    """To read of another project takes no right to write there."""
    token = await guarded.service_token(default="viewer", other="editor")
    before = await guarded.ask(TEXTS["Node"], {"uid": IRIS_1}, token)
    iris = {"name": "iris", "project": "default", "digest": D1, "uri": "s3://elsewhere"}
    event = {**run_event("reader"), "project": "other", "at": 1_761_000_000_000_000, "inputs": [iris]}
    assert (await sent(guarded, [json.dumps(event).encode()], token=token)).accepted == 1
    assert await guarded.ask(TEXTS["Node"], {"uid": IRIS_1}, token) == before


async def test_naming_somebody_on_a_run_says_nothing_of_them(guarded: Served) -> None:
    token = await guarded.service_token(other="admin")
    root = await guarded.token("root", platform_admin=True)
    event = {**run_event("x"), "project": "other", "actor": {"subject": "kim", "name": "mine"}}
    assert (await sent(guarded, [json.dumps(event).encode()], token=token)).accepted == 1
    run = await guarded.ask(TEXTS["Node"], {"uid": f"run:{event['run']}"}, token)
    assert run["node"]["properties"]["by_name"] == "mine"
    kim = await guarded.ask(TEXTS["Node"], {"uid": "actor:local/kim"}, root)
    assert kim["node"]["properties"]["title"] == "Kim Doe"


async def test_an_event_id_of_another_project_is_free(guarded: Served) -> None:
    token = await guarded.service_token(other="editor")
    mine = {**run_event("x"), "project": "other", "id": "event-000"}
    verdicts = await sent(guarded, [json.dumps(mine).encode()], token=token)
    assert (verdicts.accepted, verdicts.duplicate) == (1, 0)


async def test_streams_of_what_is_not_ones_own_are_not_found(guarded: Served) -> None:
    token = await guarded.service_token(other="admin")
    for name, variables in (
        ("RunChanged", {"uid": f"run:{TRAIN}"}),
        ("RunChanged", {"uid": f"run:{MISSING_RUN}"}),
        ("RunsChanged", {"project": "default"}),
        ("RunsChanged", {"project": "absent"}),
        ("LineageChanged", {"uid": MODEL_1}),
        ("MetricPoints", {"run": TRAIN}),
    ):
        response = await guarded.http.post(
            "/graphql",
            json={"query": TEXTS[name], "variables": variables},
            headers={"authorization": f"Bearer {token}", "accept": "text/event-stream"},
        )
        assert '"NOT_FOUND"' in response.text, (name, response.text)
        assert "training" not in response.text
        assert "event: complete" in response.text


async def test_operators_routes_want_an_operator(guarded: Served) -> None:
    token = await guarded.service_token(default="admin", other="admin")
    before = await everything(guarded)
    for path in ("rebuild", "archive"):
        for headers, status in (({"authorization": f"Bearer {token}"}, 403), ({}, 401)):
            answer = await guarded.http.post(f"/api/v1/admin/{path}", headers=headers)
            assert answer.status_code == status
    root = {"authorization": f"Bearer {await guarded.token('root', platform_admin=True)}"}
    for days in ("inf", "nan", "-1", "1e300", "", "a"):
        answer = await guarded.http.post("/api/v1/admin/archive", params={"days": days}, headers=root)
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT"), days
    after = await everything(guarded)
    assert {label: after.get(label) for label in OWNED} == {label: before.get(label) for label in OWNED}
