"""Every mutation leaves its audit record: who, what, before, after, from where, in its transaction."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lineage_server.api.gql.documents import read_operations
from lineage_server.auth.audit import AuditLog
from tests.contract.test_operations import ASKED, MUTATIONS, OUTSIDE, TRAIN_UID
from tests.support.served import Served
from tests.support.stories import EVALUATE, IRIS_1, IRIS_2, MODEL_1

TEXTS = read_operations()
CHURN, VERSION, PROD = "model:default/churn", "modelversion:default/churn@", "alias:default/churn@prod"
EDGE = {"start": OUTSIDE, "end": MODEL_1, "role": "manual"}
ROBOT = {
    "name": "ci", "kind": "service", "subject": "ci", "platform_admin": False, "expires_at": None,
    "revoked_at": None,
}  # fmt: skip
SOMETHING = "…"
"""In a picture: a value that is there and differs from run to run."""

# Project, target, before, after of the record that each mutation leaves.
RECORDS: dict[str, tuple[str, str, dict[str, Any] | None, dict[str, Any] | None]] = {
    "CreateProject": ("fresh", "project:fresh", None, {"description": "new", "owner": "kim"}),
    "UpdateProject": (
        "default", "project:default", {"description": "better words"}, {"description": "other words"},
    ),
    "SetMember": ("default", "project:default", {"max": None}, {"max": "editor"}),
    "CreateToken": ("default", "token:…", None, {**ROBOT, "scopes": {"default": "editor"}}),
    "SetTags": (
        "default", TRAIN_UID, {"good": None, "who": "kim"}, {"good": "yes", "who": None},
    ),
    "SetDescription": (
        "default", TRAIN_UID, {"description": "a try"}, {"description": "the one that counts"},
    ),
    "AddEdge": ("default", MODEL_1, None, {**EDGE, "reason": "seen it"}),
    "RetractEdge": ("default", MODEL_1, EDGE, {"reason": "it was another"}),
    "DeleteNode": (
        "default", TRAIN_UID,
        {"deleted": False, "erased": False},
        {"deleted": True, "erased": False, "reason": "test", "override": True},
    ),
    "RestoreNode": (
        "default", TRAIN_UID,
        {"deleted": True, "erased": False}, {"deleted": False, "erased": False, "reason": ""},
    ),
    "EraseNode": (
        "default", f"run:{EVALUATE}",
        {"deleted": True, "erased": False}, {"deleted": True, "erased": True, "reason": "asked to"},
    ),
    "RegisterModel": ("default", "model:default/fresh", None, {"description": "new", "card": "…"}),
    "UpdateModel": ("default", CHURN, {"title": "Churn"}, {"title": "Who leaves"}),
    "CreateModelVersion": ("default", f"{VERSION}3", None, {"origin": IRIS_1, "metrics": {"auc": 0.7}}),
    "UpdateModelVersion": (
        "default", f"{VERSION}1", {"metrics": {"auc": 0.9}}, {"metrics": {"auc": 0.95}},
    ),
    "SetModelState": (
        "default", "model:default/fresh", {"state": "ready"}, {"state": "archived", "reason": "a try"},
    ),
    "SetHold": ("default", IRIS_2, {"hold": False}, {"hold": True, "reason": "evidence"}),
    "SetTimeToLive": (
        "default", IRIS_2, {"ttlAt": None}, {"ttlAt": 1_893_456_000_000_000, "reason": "a try"},
    ),
    "SetAlias": ("default", PROD, {"version": ""}, {"version": "1", "reason": ""}),
    "DeleteAlias": ("default", PROD, {"version": "1"}, {"version": "", "reason": "it was wrong"}),
    "SetProtection": (
        "default", PROD, {"protected": False},
        {"protected": True, "approval": True, "movers": ["lineage/kim"], "reason": ""},
    ),
    "RequestApproval": ("default", f"{VERSION}1", None, {"alias": "prod", "comment": ""}),
    "DecideApproval": ("default", ASKED, None, {"verdict": "rejected", "comment": "no"}),
    "ReportDeployment": (
        "default", "deployment:default/local/served@1", None,
        {"version": f"{VERSION}1", "ended": False, "endpoint": "http://a"},
    ),
    "CreateWebhook": (
        "default", "webhook:…", None,
        {"name": "ci", "target": "https://ci.example:443", "kinds": ["alias"], "model": ""},
    ),
    "TestWebhook": ("default", "webhook:…", None, {"kind": "ping"}),
    "UpdateWebhook": ("default", "webhook:…", {"kinds": ["alias"]}, {"kinds": ["alias", "approval"]}),
    "ResendDelivery": ("default", "delivery:…", None, None),
    "DeleteWebhook": ("default", "webhook:…", {"name": "ci"}, None),
    "SaveView": (
        "default", "view:default/…", None,
        {"name": "best", "shared": False, "columns": ["state", "m.loss"], "sort": "m.loss"},
    ),
    "DeleteView": (
        "default", "view:default/…", {"name": "best", "owner": "lineage/root", "shared": False}, None,
    ),
    "ReplayRefused": (
        "default", "refused:…",
        {"outcome": "refused", "code": "FORBIDDEN"}, {"outcome": "accepted"},
    ),
    "RevokeToken": (
        "default", "token:…",
        {**ROBOT, "scopes": {"default": "editor"}}, {"revoked_at": SOMETHING},
    ),
}  # fmt: skip


async def refused_event(guarded: Served, **event: Any) -> str:
    """The uid of an event that a viewer was not allowed to send."""
    viewer = await guarded.service_token(default="viewer")
    told = {"type": "run", "run": "0198c0de-0000-7000-8000-0000000000bb", **event}
    bearer = {"authorization": f"Bearer {viewer}"}
    await guarded.http.post("/api/v1/events", content=json.dumps(told), headers=bearer)
    root = await guarded.token("root", platform_admin=True)
    (edge,) = (await guarded.ask(TEXTS["RefusedEvents"], {}, root))["refusedEvents"]["edges"]
    return edge["node"]["uid"]


async def records(served: Served, token: str, **variables: Any) -> list[dict[str, Any]]:
    """Newest first."""
    audit = (await served.ask(TEXTS["Audit"], {"first": 100, **variables}, token))["audit"]
    return [edge["node"] for edge in audit["edges"]]


def matches(told: str, expected: dict[str, Any] | None) -> bool:
    if expected is None:
        return told == ""
    picture = json.loads(told)
    return picture.keys() == expected.keys() and all(
        picture[key] == value or (value is SOMETHING and picture[key]) for key, value in expected.items()
    )


async def test_every_mutation_runs_and_leaves_an_audit_record(
    guarded: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: Any) -> None:
        raise AssertionError("a record of its own could be lost between the two")

    monkeypatch.setattr(AuditLog, "write", lost)
    root = await guarded.token("root", platform_admin=True)
    refused, token, hook, delivery, view = await refused_event(guarded), "", "", "", ""
    assert RECORDS.keys() == MUTATIONS.keys()
    for name, given in MUTATIONS.items():
        given = {"ReplayRefused": {"uids": [refused]}, "RevokeToken": {"token": token}}.get(name, given)
        if name in ("TestWebhook", "UpdateWebhook", "DeleteWebhook"):
            given = {**given, "webhook": hook}
        if name == "DeleteView":
            given = {**given, "view": view}
        if name == "ResendDelivery":
            given = {**given, "delivery": delivery}
        field = name[0].lower() + name[1:]
        payload = (await guarded.ask(TEXTS[name], {"input": given}, root))[field]
        assert payload["problems"] == [], (name, payload)
        if name == "CreateToken":
            token = payload["token"]["uid"]
            assert payload["text"].startswith("lin_")
        if name == "CreateWebhook":
            hook = payload["webhook"]["uid"]
            assert payload["secret"].startswith("whsec_")
        if name == "SaveView":
            view = payload["view"]["uid"]
        if name == "TestWebhook":
            delivery = payload["delivery"]["uid"]
        record = next(r for r in await records(guarded, root) if r["action"] == field)
        project, target, before, after = RECORDS[name]
        assert record["project"] == project, name
        assert record["target"] == target or record["target"].startswith(target.removesuffix("…")), record
        assert matches(record["before"], before), (name, record["before"])
        assert matches(record["after"], after), (name, record["after"])
        assert (record["issuer"], record["subject"]) == ("lineage", "root")
        assert record["origin"] == "127.0.0.1"
    made = [r for r in await records(guarded, root, project="fresh") if r["action"] == "setMember"]
    assert [(r["before"], r["after"]) for r in made] == [('{"kim": null}', '{"kim": "admin"}')]


async def test_a_projects_admin_sees_what_was_done_with_its_tokens(guarded: Served) -> None:
    """And nothing of what the same tokens may do elsewhere."""
    root = await guarded.token("root", platform_admin=True)
    kim = await guarded.token("kim")
    scopes = [{"project": name, "role": "EDITOR"} for name in ("default", "secret", "*")]
    given = {"name": "wide", "service": True, "subject": "wide", "scopes": scopes}
    made = (await guarded.ask(TEXTS["CreateToken"], {"input": given}, root))["createToken"]["token"]
    await guarded.ask(TEXTS["RevokeToken"], {"input": {"token": made["uid"]}}, root)
    seen = await records(guarded, kim, project="default")
    assert [r["action"] for r in seen[:2]] == ["revokeToken", "createToken"]
    for record in seen[:2]:
        assert (record["target"], record["subject"]) == (made["uid"], "root")
        assert "secret" not in json.dumps(record)
        assert json.loads(record["before"] or record["after"])["scopes"] == {"default": "editor"}
    everywhere = [r for r in await records(guarded, root) if r["project"] == ""]
    assert json.loads(everywhere[0]["before"])["scopes"].keys() == {"default", "secret", "*"}


async def test_a_replay_that_fails_again_is_on_record(guarded: Served) -> None:
    root = await guarded.token("root", platform_admin=True)
    refused = await refused_event(guarded, run="not a uuid")
    answer = await guarded.ask(TEXTS["ReplayRefused"], {"input": {"uids": [refused]}}, root)
    assert [one["outcome"] for one in answer["replayRefused"]["replays"]] == ["refused"]
    (record,) = [r for r in await records(guarded, root) if r["action"] == "replayRefused"]
    assert json.loads(record["after"]) == {"outcome": "refused"}
