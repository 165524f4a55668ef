"""The model registry as people use it: through GraphQL, by several of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from lineage_server.domain.events import (
    AliasSet,
    DeploymentReported,
    InputFact,
    ModelVersionReported,
    RunReported,
)
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import ModelState
from lineage_server.ingest.decode import encode
from tests.support.hostile import sent
from tests.support.registering import TEXTS, do, done, model_with_versions, problem
from tests.support.served import Served
from tests.support.stories import IRIS_2, MODEL_1


async def test_a_version_is_made_of_what_is_recorded_or_lies_elsewhere(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 1)
    assert (await problem(served, "RegisterModel", project="default", name="fraud"))["code"] == "CONFLICT"
    first = await done(
        served, "CreateModelVersion", **of, origin=MODEL_1, card="*good*", signature={"inputs": ["x"]}
    )
    again = await done(served, "CreateModelVersion", **of, origin=MODEL_1, description="the same")
    assert (first["version"], again["version"], again["description"]) == ("2", "2", "the same")
    assert (again["card"], again["signature"], again["state"]) == ("*good*", {"inputs": ["x"]}, "ready")
    text = (
        "query($uids: [String!]!) { nodes(uids: $uids) { ... on ModelVersion { origin { uid ordinal } } } }"
    )
    uids = [f"modelversion:default/fraud@{version}" for version in ("1", "2")]
    elsewhere, recorded = (await served.ask(text, {"uids": uids}))["nodes"]
    assert (elsewhere["origin"], recorded["origin"]) == (None, {"uid": MODEL_1, "ordinal": 1})
    assert (await problem(served, "CreateModelVersion", **of))[
        "allowed"
    ] == "at least one of origin, uri, run"
    assert (await problem(served, "CreateModelVersion", **of, uri="x", signature=[1]))["field"] == "signature"
    wrong = {"input": {**of, "origin": IRIS_2.replace("iris", "no such")}}
    assert (await served.refused(TEXTS["CreateModelVersion"], wrong))["extensions"]["code"] == "NOT_FOUND"
    await done(served, "SetModelState", uid="model:default/fraud", state="ARCHIVED")
    assert (await problem(served, "CreateModelVersion", **of, uri="x"))["current"] == "archived"
    await done(served, "SetModelState", uid="model:default/fraud", state="READY")
    assert (await done(served, "CreateModelVersion", **of, uri="x"))["number"] == 3


REGISTERED = """query($of: String!) { version(ref: $of) { registrations { uid project version aliases } } }"""


async def test_a_version_tells_as_what_it_is_registered_to_those_who_may_see_it(guarded: Served) -> None:
    """The newest first; neither what was deleted nor what was said later to be made of another one."""
    kim = await guarded.token("kim")
    made = [
        ModelVersionReported(project=project, model=model, version=version, origin=MODEL_1)
        for project, model, version in (
            ("default", "first", "1"), ("other", "foreign", "1"), ("default", "gone", "1"),
            ("default", "moved", "1"), ("default", "second", "7"),
        )
    ]  # fmt: skip
    later = ModelVersionReported(project="default", model="moved", version="1", origin=IRIS_2)
    named = AliasSet(project="default", model="second", alias="prod", version="7")
    now = now_micros()
    for place, event in enumerate((*made, later, named)):
        await guarded.record(replace(event, id=f"registered-{place}", at=now + place))
    await done(guarded, "DeleteNode", kim, uid="modelversion:default/gone@1", reason="wrong")

    async def told(token: str, of: str = MODEL_1) -> list[tuple[str, list[str]]]:
        found = (await guarded.ask(REGISTERED, {"of": of}, token))["version"]["registrations"]
        return [(one["uid"], one["aliases"]) for one in found]

    second, first = ("modelversion:default/second@7", ["prod"]), ("modelversion:default/first@1", [])
    churn = ("modelversion:default/churn@1", [])
    viewer = await guarded.service_token(default="viewer")
    both = await guarded.service_token(default="viewer", other="viewer")
    assert await told(viewer) == [second, first, churn]
    assert await told(both) == [second, ("modelversion:other/foreign@1", []), first, churn]
    assert await told(viewer, IRIS_2) == [("modelversion:default/moved@1", [])]


async def test_versions_are_listed_by_number_metric_state_and_tag(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 12)
    await done(served, "UpdateModelVersion", **of, version="3", metrics=[{"key": "auc", "value": 9.5}])
    await done(served, "SetModelState", uid="modelversion:default/fraud@11", state="ARCHIVED")

    async def listed(**asked: Any) -> list[str]:
        found = (await served.ask(TEXTS["ModelVersions"], {"model": "fraud", **asked}))["modelVersions"]
        return [edge["node"]["version"] for edge in found["edges"]]

    assert await listed(first=4) == ["12", "11", "10", "9"]
    assert await listed(first=2, orderBy={"metric": "auc"}) == ["3", "12"]
    assert await listed(filter={"states": ["ARCHIVED"]}) == ["11"]
    low = {"metrics": [{"key": "auc", "op": "LT", "value": 0.35}], "tags": [{"key": "even", "value": "True"}]}
    assert await listed(filter=low) == ["2"]
    page = (await served.ask(TEXTS["ModelVersions"], {"model": "fraud", "first": 10}))["modelVersions"]
    assert await listed(after=page["pageInfo"]["endCursor"]) == ["2", "1"]


async def test_an_alias_tells_who_moved_it_from_what_and_what_it_was(guarded: Served) -> None:
    kim = await guarded.token("kim")
    lee = await guarded.service_token(default="editor")
    of = await model_with_versions(guarded, "fraud", 3, kim)
    alias = {**of, "alias": "prod"}
    moved = await done(guarded, "SetAlias", kim, **alias, version="1", expected="", reason="first")
    assert moved["version"] == "1"
    found = await problem(guarded, "SetAlias", lee, **alias, version="2", expected="3")
    assert (found["code"], found["current"]) == ("CONFLICT", "1")
    between = now_micros()
    await done(guarded, "SetAlias", lee, **alias, version="3", expected="1", reason="better")
    await done(guarded, "DeleteAlias", kim, **alias, expected="3")
    told = (await guarded.ask(TEXTS["Alias"], {"model": "fraud", "name": "prod"}, kim))["alias"]
    moves = [(m["version"], m["before"], m["by"], m["reason"]) for m in told["history"]]
    assert moves == [
        ("", "3", "lineage/kim", ""),
        ("3", "1", "service/robot", "better"),
        ("1", "", "lineage/kim", "first"),
    ]
    for at, version in ((between, "1"), (now_micros(), None), (1, None)):
        asked = {"model": "fraud", "name": "prod", "at": at}
        was = (await guarded.ask(TEXTS["AliasAt"], asked, kim))["alias"]["asOf"]
        assert (was and was["version"]) == version
    error = await guarded.refused(TEXTS["SetAlias"], {"input": {**alias, "version": "9"}}, kim)
    assert error["extensions"]["code"] == "NOT_FOUND"
    await done(guarded, "SetModelState", kim, uid="modelversion:default/fraud@2", state="ARCHIVED")
    assert (await problem(guarded, "SetAlias", kim, **alias, version="2"))["current"] == "archived"


async def test_readers_by_events_are_downstream_of_the_version_that_they_name(served: Served) -> None:
    await model_with_versions(served, "fraud", 2)
    runs = [new_run_id() for _ in range(2)]
    await served.record(
        *(
            RunReported(run=run, job="serve", inputs=[InputFact(name="fraud", type="model", registered=name)])
            for run, name in zip(runs, ("1", "2"), strict=True)
        )
    )
    for number, run in enumerate(runs, 1):
        of = f"model:fraud@{number}"
        touched = (await served.ask(TEXTS["Impact"], {"of": of, "project": "default"}))["impact"]
        assert touched["counts"] == {"Run": 1, "ArtifactVersion": 1}
        found = await served.ask(
            "query($of: String!) { lineage(start: [$of], direction: DOWNSTREAM) { nodes { node { uid } } } "
            "node(uid: $of) { ... on ModelVersion { origin { uid } uri } } }",
            {"of": f"modelversion:default/fraud@{number}"},
        )
        uids = {one["node"]["uid"] for one in found["lineage"]["nodes"]}
        assert {f"run:{run}"} == {uid for uid in uids if uid.startswith("run:")}
        assert found["node"] == {"origin": None, "uri": f"s3://bucket/{number}"}


async def test_of_two_who_move_one_alias_at_once_one_is_told_what_the_other_did(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 4)
    alias = {**of, "alias": "prod"}
    await done(served, "SetAlias", **alias, version="1")
    tries = [do(served, "SetAlias", **alias, version=v, expected="1") for v in ("2", "3", "4")]
    payloads = await asyncio.gather(*tries)
    (won,) = [p["alias"]["version"] for p in payloads if p["alias"] is not None]
    lost = [p["problems"][0] for p in payloads if p["problems"]]
    assert [(one["code"], one["current"]) for one in lost] == [("CONFLICT", won)] * 2


async def test_what_a_mutation_is_refused_is_no_event_to_replay(served: Served) -> None:
    """Who asked was told and does something else: replayed by an admin, it would be done after all."""
    of = await model_with_versions(served, "fraud", 2)
    await done(served, "SetProtection", **of, alias="prod")
    assert (await problem(served, "SetAlias", **of, alias="prod", version="1"))["current"] == "protected"
    assert (await problem(served, "SetAlias", **of, alias="other", version="1", expected="2"))[
        "current"
    ] == ""
    sent_by_a_program = AliasSet(model="fraud", alias="prod", version="2", at=now_micros())
    assert (await sent(served, [encode(sent_by_a_program)])).refused == 1
    status = (await served.ask(TEXTS["IngestStatus"]))["ingestStatus"]
    (edge,) = (await served.ask(TEXTS["RefusedEvents"]))["refusedEvents"]["edges"]
    assert (status["refused"], edge["node"]["raw"]) == (1, encode(sent_by_a_program).decode())


async def test_a_protected_alias_takes_somebody_elses_approval(guarded: Served) -> None:
    root = await guarded.token("root", platform_admin=True)
    for name in ("ann", "bob"):
        await do(guarded, "SetMember", root, project="default", subject=name, role="EDITOR")
    ann, bob = await guarded.token("ann"), await guarded.token("bob")
    of = await model_with_versions(guarded, "fraud", 2, ann)
    alias = {**of, "alias": "prod"}
    error = await guarded.refused(TEXTS["SetProtection"], {"input": alias}, ann)
    assert error["extensions"]["code"] == "FORBIDDEN"
    await done(guarded, "SetProtection", root, **of)
    assert (await problem(guarded, "SetAlias", ann, **alias, version="1"))["current"] == "protected"
    asked = await done(guarded, "RequestApproval", ann, **alias, version="1", comment="please look")
    assert (asked["state"], asked["asker"], asked["question"]) == ("pending", "lineage/ann", "please look")
    own = {"input": {"uid": asked["uid"], "verdict": "APPROVED"}}
    assert (await guarded.refused(TEXTS["DecideApproval"], own, ann))["extensions"]["code"] == "FORBIDDEN"
    given = await done(guarded, "DecideApproval", bob, **own["input"], comment="fine")
    assert (given["state"], given["by"], given["comment"]) == ("approved", "lineage/bob", "fine")
    assert (await problem(guarded, "DecideApproval", bob, **own["input"]))["current"] == "approved"
    moved = await done(guarded, "SetAlias", ann, **alias, version="1", approval=asked["uid"])
    assert moved["version"] == "1"
    assert (await problem(guarded, "DeleteAlias", root, **alias))["code"] == "CONFLICT"
    gone = await done(guarded, "RequestApproval", ann, **alias, version="2")
    withdrawn = await done(
        guarded, "DecideApproval", ann, uid=gone["uid"], verdict="WITHDRAWN", comment="late"
    )
    assert (withdrawn["state"], withdrawn["by"], withdrawn["comment"]) == ("withdrawn", "lineage/ann", "late")
    await done(guarded, "RequestApproval", bob, **alias, version="2")
    found: list[list[str]] = []
    for states in (None, ["PENDING"], ["USED"], ["WITHDRAWN"]):
        page = (await guarded.ask(TEXTS["Approvals"], {"model": "fraud", "states": states}, ann))["approvals"]
        found.append([edge["node"]["state"] for edge in page["edges"]])
    assert found == [["pending", "withdrawn", "used"], ["pending"], ["used"], ["withdrawn"]]
    await done(guarded, "SetProtection", root, **alias, approvers=["ann"])
    told = (await guarded.ask(TEXTS["Alias"], {"model": "fraud", "name": "prod"}, ann))["alias"]
    assert (told["movers"], told["approvers"]) == ([], ["lineage/ann"])
    asked = await done(guarded, "RequestApproval", root, **alias, version="2")
    assert asked["asker"] == "lineage/bob"
    given = {"input": {"uid": asked["uid"], "verdict": "REJECTED"}}
    assert "only lineage/ann" in (await guarded.refused(TEXTS["DecideApproval"], given, bob))["message"]
    assert (await done(guarded, "DecideApproval", ann, **given["input"]))["state"] == "rejected"


async def test_of_many_who_ask_for_one_approval_at_once_one_is_written_and_all_are_answered_it(
    guarded: Served,
) -> None:
    root = await guarded.token("root", platform_admin=True)
    names = [f"person-{n}" for n in range(6)]
    for name in names:
        await do(guarded, "SetMember", root, project="default", subject=name, role="EDITOR")
    tokens = [await guarded.token(name) for name in names]
    of = await model_with_versions(guarded, "fraud", 1, root)
    wanted = {**of, "alias": "prod", "version": "1"}
    waited: set[str] = set()
    for round_ in range(2):
        asked = await asyncio.gather(*(done(guarded, "RequestApproval", token, **wanted) for token in tokens))
        assert {one["state"] for one in asked} == {"pending"}
        (uid,) = {one["uid"] for one in asked}
        waited.add(uid)
        page = (await guarded.ask(TEXTS["Approvals"], {"model": "fraud"}, root))["approvals"]
        assert len(page["edges"]) == round_ + 1
        await done(guarded, "DecideApproval", root, uid=uid, verdict="REJECTED")
    assert len(waited) == 2
    # A request that was deleted does not stand in the way of the next.
    for uid in waited:
        await done(guarded, "DeleteNode", root, uid=uid)
    again = [await done(guarded, "RequestApproval", token, **wanted) for token in tokens[:2]]
    assert (again[0]["uid"], again[0]["state"]) == (again[1]["uid"], "pending")


async def test_what_is_deployed_aliased_or_held_is_deleted_only_with_a_reason(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 3)
    await done(served, "SetAlias", **of, alias="prod", version="1")
    began = now_micros()
    await served.record(
        DeploymentReported(id="d1", at=began, name="api", model="fraud", version="2", from_at=began - 50),
        DeploymentReported(
            id="d2", at=began, name="old", model="fraud", version="2", from_at=began - 90, to_at=began - 60
        ),
    )
    await done(served, "SetHold", uid="modelversion:default/fraud@3", hold=True)
    for version, word in (("1", "alias 'prod'"), ("2", "deployment:default/local/api@1"), ("3", "held")):
        uid = f"modelversion:default/fraud@{version}"
        found = await problem(served, "DeleteNode", uid=uid)
        assert found["code"] == "CONFLICT"
        assert word in found["message"]
        assert (await problem(served, "DeleteNode", uid=uid, override=True))["field"] == "reason"
    found = await problem(served, "DeleteNode", uid="model:default/fraud")
    assert found["current"].count("default") == 3
    found = await problem(served, "SetModelState", uid="modelversion:default/fraud@2", state="ARCHIVED")
    assert "old@1" not in found["message"]
    gone = await done(
        served, "DeleteNode", uid="modelversion:default/fraud@2", override=True, reason="asked to"
    )
    assert gone["deletedAt"]
    asked = {"version": "modelversion:default/fraud@2"}
    ran = (await served.ask(TEXTS["DeploymentsOf"], asked))["node"]["deployments"]
    assert [(one["name"], one["toAt"] is None) for one in ran] == [("api", True), ("old", False)]


async def test_what_serves_a_version_is_said_and_kept_when_it_ends(guarded: Served) -> None:
    kim = await guarded.token("kim")
    await model_with_versions(guarded, "fraud", 2, kim)
    first, second = (f"modelversion:default/fraud@{version}" for version in ("1", "2"))
    api = {"project": "default", "name": "api"}

    async def served_by(version: str) -> list[tuple[str, bool]]:
        ran = (await guarded.ask(TEXTS["DeploymentsOf"], {"version": version}, kim))["node"]["deployments"]
        return [(one["uid"].rpartition("/")[2], one["toAt"] is None) for one in ran]

    made = await done(guarded, "ReportDeployment", kim, **api, version=first, endpoint="http://a", traffic=10)
    assert (made["uid"], made["endpoint"]) == ("deployment:default/local/api@1", "http://a")
    again = await done(guarded, "ReportDeployment", kim, **api, version=first, traffic=90)
    assert (again["uid"], again["endpoint"], again["traffic"]) == (made["uid"], "http://a", 90)
    assert again["fromAt"] == made["fromAt"]
    assert (await problem(guarded, "ReportDeployment", kim, **api, version=second, ended=True))[
        "code"
    ] == "CONFLICT"
    await done(guarded, "ReportDeployment", kim, **api, version=second)
    assert (await done(guarded, "ReportDeployment", kim, **api, version=first, ended=True))["toAt"]
    # Served once more, it is another revision: that it had ended stays true.
    back = await done(guarded, "ReportDeployment", kim, **api, version=first)
    assert back["revision"] == "1.2"
    found = await problem(guarded, "ReportDeployment", kim, **api, version=first, revision="1")
    assert found["current"] == "ended"
    assert await served_by(first) == [("api@1.2", True), ("api@1", False)]
    assert await served_by(second) == [("api@2", True)]
    for wrong, field in (
        ({"name": "a/b"}, "name"),
        ({"cluster": ""}, "cluster"),
        ({"version": IRIS_2}, "version"),
    ):
        given = {**api, "version": first, **wrong}
        assert (await problem(guarded, "ReportDeployment", kim, **given))["field"] == field
    stranger = await guarded.service_token(other="admin")
    for project in ("default", "other"):
        given = {"input": {"project": project, "name": "api", "version": first}}
        error = await guarded.refused(TEXTS["ReportDeployment"], given, stranger)
        assert error["extensions"]["code"] == "NOT_FOUND"


async def test_readers_are_told_who_did_what_to_a_version_and_why(guarded: Served) -> None:
    kim = await guarded.token("kim")
    lee = await guarded.service_token(default="editor")
    of = await model_with_versions(guarded, "fraud", 2, kim)
    one = "modelversion:default/fraud@1"
    await done(guarded, "SetAlias", kim, **of, alias="prod", version="1", reason="first")
    await done(guarded, "SetTags", lee, uid=one, tags=[{"key": "team", "value": "a"}])
    asked = await done(guarded, "RequestApproval", kim, **of, alias="prod", version="1", comment="look")
    await done(guarded, "DecideApproval", lee, uid=asked["uid"], verdict="REJECTED", comment="no")
    await done(guarded, "SetAlias", lee, **of, alias="prod", version="2", reason="better")
    await done(guarded, "SetModelState", kim, uid=one, state="ARCHIVED", reason="old")
    raw = ModelVersionReported(
        id="raw", at=now_micros(), model="fraud", version="1", state=ModelState.READY, reason="back again"
    )
    assert (await sent(guarded, [encode(raw)], token=lee)).accepted == 1
    await done(guarded, "DeleteNode", kim, uid=one, reason="wrong data")
    viewer = await guarded.service_token(default="viewer")

    async def told(of: str) -> list[tuple[Any, ...]]:
        node = (await guarded.ask(TEXTS["Activity"], {"of": of}, viewer))["node"]
        return [(d["action"], d["by"], d["alias"], d["reason"], d["after"]) for d in node["activity"]]

    robot, person = "service/robot", "lineage/kim"
    assert await told(one) == [
        ("deleteNode", person, "", "wrong data", {"deleted": True, "erased": False}),
        ("setModelState", robot, "", "back again", {"state": "ready"}),
        ("setModelState", person, "", "old", {"state": "archived"}),
        ("setAlias", robot, "prod", "better", {"version": "2"}),
        ("decideApproval", robot, "prod", "no", {"verdict": "rejected"}),
        ("requestApproval", person, "prod", "look", {}),
        ("setTags", robot, "", "", {}),  # what was told of a thing that is deleted is out of sight
        ("setAlias", person, "prod", "first", {"version": "1"}),
        ("createModelVersion", person, "", "", {}),
    ]
    whole = await told("model:default/fraud")
    assert [action for action, *_ in whole] == [
        "setAlias", "decideApproval", "requestApproval", "setAlias", "createModelVersion",
        "createModelVersion", "registerModel",
    ]  # fmt: skip
    found = (await guarded.ask(TEXTS["Audit"], {"project": "default", "target": one}, kim))["audit"]["edges"]
    assert {edge["node"]["target"] for edge in found} == {one}
    assert [edge["node"]["action"] for edge in found][:2] == ["deleteNode", "setModelState"]
    stranger = await guarded.service_token(other="admin")
    error = await guarded.refused(TEXTS["Activity"], {"of": one}, stranger)
    assert error["extensions"]["code"] == "NOT_FOUND"
