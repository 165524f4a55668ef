"""A service with a borrowed name: anybody's project may have one, and it is nobody but itself."""

from __future__ import annotations

import json
from typing import Any

from lineage_server.api.gql.documents import read_operations
from lineage_server.domain.events import MemberSet, ProjectReported
from lineage_server.domain.nodes import Role
from tests.support.hostile import run_event, sent
from tests.support.served import Served

TEXTS = read_operations()


async def tokens(guarded: Served, token: str) -> dict[str, dict[str, Any]]:
    edges = (await guarded.ask(TEXTS["Tokens"], {}, token))["tokens"]["edges"]
    return {edge["node"]["name"]: edge["node"] for edge in edges}


async def test_a_service_called_admin_is_not_the_admin(guarded: Served) -> None:
    """An admin of ``other`` names a service after the platform's admin, who is left in peace."""
    await guarded.record(
        ProjectReported(project="other", id="other"),
        MemberSet(project="other", id="mallory", subject="mallory", role=Role.ADMIN),
    )
    admin = await guarded.token("admin", platform_admin=True)
    wanted = {"name": "of admin", "service": True, "subject": "s"}
    wanted["scopes"] = [{"project": "default", "role": "EDITOR"}]
    await guarded.ask(TEXTS["CreateToken"], {"input": wanted}, admin)
    wanted = {"name": "of other", "service": True, "subject": "admin"}
    wanted["scopes"] = [{"project": "other", "role": "ADMIN"}]
    mallory = await guarded.token("mallory")
    borrowed = (await guarded.ask(TEXTS["CreateToken"], {"input": wanted}, mallory))["createToken"]["text"]

    me = (await guarded.ask(TEXTS["Me"], {}, borrowed))["me"]
    assert (me["issuer"], me["subject"], me["platformAdmin"]) == ("service", "admin", False)
    assert list(await tokens(guarded, borrowed)) == list(await tokens(guarded, mallory))[:1] == ["of other"]
    for token in (await tokens(guarded, admin)).values():
        if token["name"] != "of other":
            error = await guarded.refused(TEXTS["RevokeToken"], {"input": {"token": token["uid"]}}, borrowed)
            absent = await guarded.refused(TEXTS["RevokeToken"], {"input": {"token": "token:x"}}, borrowed)
            assert error["extensions"] == absent["extensions"] == {"code": "NOT_FOUND", "retriable": False}
            assert error["message"].replace(token["uid"], "token:x") == absent["message"]
    assert (await guarded.ask(TEXTS["Me"], {}, admin))["me"]["platformAdmin"]

    event = {**run_event("borrowed"), "id": "borrowed", "project": "other"}
    assert (await sent(guarded, [json.dumps(event).encode()], token=borrowed)).accepted == 1
    stored = await guarded.ask(TEXTS["Event"], {"id": "borrowed", "project": "other"}, admin)
    assert stored["event"]["actor"] == "service/admin"
    given = {"uid": "project:other", "description": "mine"}
    assert not (await guarded.ask(TEXTS["SetDescription"], {"input": given}, borrowed))["setDescription"][
        "problems"
    ]
    audit = (await guarded.ask(TEXTS["Audit"], {"project": "other", "first": 1}, admin))["audit"]
    record = audit["edges"][0]["node"]
    assert (record["issuer"], record["subject"], record["action"]) == ("service", "admin", "setDescription")
