"""What the model registry refuses or leaves as it is: what is deleted or archived, what was asked for or done
before; and who is said to have done what was done."""

from __future__ import annotations

import json
from typing import Any

from lineage_server.domain.events import AliasSet
from lineage_server.domain.ids import now_micros
from lineage_server.ingest.tables import from_parquet
from tests.support.registering import TEXTS, do, done, model_with_versions, problem
from tests.support.served import Served
from tests.support.stories import MODEL_1


async def approvals(served: Served, token: str, *states: str) -> list[dict[str, Any]]:
    asked = {"model": "fraud", "states": list(states) or None}
    page = (await served.ask(TEXTS["Approvals"], asked, token))["approvals"]
    return [edge["node"] for edge in page["edges"]]


async def moves(served: Served, token: str = "") -> list[tuple[str, str]]:
    told = (await served.ask(TEXTS["Alias"], {"model": "fraud", "name": "prod"}, token))["alias"]
    return [(move["version"], move["source"]) for move in told["history"]]


async def test_what_is_deleted_is_registered_only_once_it_is_back(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 1)
    await done(served, "DeleteNode", uid=MODEL_1, override=True, reason="bad")
    found = await problem(served, "CreateModelVersion", **of, origin=MODEL_1)
    assert (found["code"], found["current"]) == ("CONFLICT", "deleted")
    assert "lineage undelete" in found["message"]
    await done(served, "RestoreNode", uid=MODEL_1)
    assert (await done(served, "CreateModelVersion", **of, origin=MODEL_1))["version"] == "2"


async def test_what_is_archived_or_deleted_is_neither_served_nor_archived_anew(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 3)
    uids = [f"modelversion:default/fraud@{version}" for version in ("1", "2", "3")]
    api = {"project": "default", "name": "api"}
    await done(served, "ReportDeployment", **api, version=uids[2])
    for uid in uids[1:]:
        await done(served, "SetModelState", uid=uid, state="ARCHIVED", override=True, reason="old")
    await done(served, "DeleteNode", uid=uids[0])
    for uid, current in ((uids[0], "deleted"), (uids[1], "archived"), (uids[2], "archived")):
        found = await problem(served, "ReportDeployment", **api, version=uid)
        assert (found["code"], found["current"]) == ("CONFLICT", current)
    assert (await done(served, "ReportDeployment", **api, version=uids[2], ended=True))["toAt"]
    for state in ("ARCHIVED", "READY"):
        found = await problem(served, "SetModelState", uid=uids[0], state=state)
        assert (found["code"], found["current"]) == ("CONFLICT", "deleted")
        assert "is deleted; nothing was changed. Take it back first" in found["message"]
    await done(served, "RestoreNode", uid=uids[0])
    await done(served, "SetModelState", uid=uids[1], state="READY")
    for uid in uids[:2]:
        assert (await done(served, "ReportDeployment", **api, version=uid))["toAt"] is None
    assert (await do(served, "SetAlias", **of, alias="prod", version="1"))["problems"] == []


async def test_what_waits_is_asked_for_once_and_decided_once(guarded: Served) -> None:
    root = await guarded.token("root", platform_admin=True)
    ann = await guarded.service_token(default="editor")
    of = await model_with_versions(guarded, "fraud", 2, root)
    prod = {**of, "alias": "prod"}
    await done(guarded, "SetProtection", root, **prod)
    first = await done(guarded, "RequestApproval", ann, **prod, version="1", comment="look")
    again = await done(guarded, "RequestApproval", ann, **prod, version="1", comment="please")
    assert (again["uid"], again["question"]) == (first["uid"], "look")
    others = {
        (await done(guarded, "RequestApproval", ann, **asked))["uid"]
        for asked in (
            {**prod, "version": "2"},
            {**of, "alias": "test", "version": "1"},
            {**of, "version": "1"},
        )
    }
    assert len({first["uid"], *others}) == 4
    await done(guarded, "DecideApproval", root, uid=first["uid"], verdict="REJECTED")
    anew = await done(guarded, "RequestApproval", ann, **prod, version="1")
    assert (anew["uid"] != first["uid"], anew["state"]) == (True, "pending")


async def test_a_move_to_where_an_alias_points_changes_nothing(guarded: Served) -> None:
    root = await guarded.token("root", platform_admin=True)
    ann = await guarded.service_token(default="editor")
    of = await model_with_versions(guarded, "fraud", 2, root)
    prod = {**of, "alias": "prod"}
    await done(guarded, "SetProtection", root, **prod)
    given: list[str] = []
    for version in ("1", "1", "2"):
        asked = await done(guarded, "RequestApproval", ann, **prod, version=version)
        await done(guarded, "DecideApproval", root, uid=asked["uid"], verdict="APPROVED")
        given.append(asked["uid"])
    for approval in given[:2]:
        moved = await done(guarded, "SetAlias", ann, **prod, version="1", approval=approval)
        assert moved["version"] == "1"
    assert (await done(guarded, "SetAlias", ann, **prod, version="1", expected="1"))["version"] == "1"
    assert await moves(guarded, root) == [("1", "client")]
    assert [one["uid"] for one in await approvals(guarded, root, "APPROVED")] == [given[2], given[1]]
    found = await problem(guarded, "SetAlias", ann, **prod, version="1", expected="2")
    assert (found["code"], found["current"]) == ("CONFLICT", "1")
    await done(guarded, "SetAlias", ann, **prod, version="2", approval=given[2])
    found = await problem(guarded, "SetAlias", ann, **prod, version="1", approval=given[0])
    assert "used for a move before" in found["message"]
    await done(guarded, "SetAlias", ann, **prod, version="1", approval=given[1])
    assert [version for version, _ in await moves(guarded, root)] == ["1", "2", "1"]


async def test_what_was_asked_for_a_deleted_version_is_withdrawn(guarded: Served) -> None:
    root = await guarded.token("root", platform_admin=True)
    ann = await guarded.service_token(default="editor")
    of = await model_with_versions(guarded, "fraud", 2, root)
    for version, alias in (("1", "prod"), ("1", ""), ("2", "prod")):
        await done(guarded, "RequestApproval", ann, **of, alias=alias, version=version)
    uid = "modelversion:default/fraud@1"
    await done(guarded, "DeleteNode", root, uid=uid)
    (left,) = await approvals(guarded, root, "PENDING")
    assert left["version"] == "modelversion:default/fraud@2"
    gone = await approvals(guarded, root, "WITHDRAWN")
    assert {(one["version"], one["by"], one["comment"]) for one in gone} == {
        (uid, "lineage/root", "the version was deleted")
    }
    assert len(gone) == 2
    await done(guarded, "RestoreNode", root, uid=uid)
    anew = await done(guarded, "RequestApproval", ann, **of, alias="prod", version="1")
    await done(guarded, "DecideApproval", root, uid=anew["uid"], verdict="APPROVED")


async def test_a_move_tells_whether_a_page_or_a_program_made_it(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 2)
    prod = {**of, "alias": "prod"}
    await done(served, "SetAlias", **prod, version="1")
    page = {"origin": str(served.http.base_url).rstrip("/")}
    body = {"query": TEXTS["SetAlias"], "variables": {"input": {**prod, "version": "2"}}}
    answer = (await served.http.post("/graphql", json=body, headers=page)).json()
    assert answer["data"]["setAlias"]["problems"] == []
    await served.record(
        AliasSet(id="a", project="default", model="fraud", alias="prod", version="1", at=now_micros())
    )
    assert await moves(served) == [("1", "client"), ("2", "ui"), ("1", "client")]


async def test_metrics_that_json_has_no_numbers_for_are_kept_as_they_were_told(served: Served) -> None:
    of = await model_with_versions(served, "fraud", 1)
    metrics = [{"key": key, "value": key} for key in ("NaN", "Infinity", "-Infinity")]
    made = await done(served, "CreateModelVersion", **of, uri="s3://models/fraud", metrics=metrics)
    assert {one["key"]: one["value"] for one in made["metrics"]} == {m["key"]: m["key"] for m in metrics}
    kept = await served.http.get("/api/v1/export/events")
    (told,) = [one.raw for one in from_parquet(kept.content) if b"Infinity" in one.raw]
    assert json.loads(told)["metrics"] == {m["key"]: m["key"] for m in metrics}
    # What was taken in can be taken in again: by a restore, too.
    again = await served.http.post("/api/v1/import/events", content=kept.content)
    assert again.json()["refused"] == 0, again.text
