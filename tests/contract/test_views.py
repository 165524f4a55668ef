"""Saved views over the wire: whose they are, who sees, shares and deletes them, and that they stay."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_server.api.gql.documents import read_operations
from lineage_server.domain.events import MemberSet
from lineage_server.domain.nodes import Role
from lineage_server.tracking import views
from tests.support.served import Served

TEXTS = read_operations()
LOSSES = {"name": "losses", "columns": ["state", "m.loss"], "text": "m.loss<1", "sort": "-m.loss"}


async def people(served: Served) -> dict[str, str]:
    """A token of each role in the project default."""
    await served.record(*(MemberSet(id=f"is {role}", subject=role, role=role) for role in Role))
    return {role: await served.token(role) for role in Role}


async def save(served: Served, token: str = "", **given: Any) -> dict[str, Any]:
    wanted = {"project": "default", **LOSSES, **given}
    return (await served.ask(TEXTS["SaveView"], {"input": wanted}, token))["saveView"]


async def saved(served: Served, token: str = "") -> list[dict[str, Any]]:
    return (await served.ask(TEXTS["SavedViews"], {"project": "default"}, token))["savedViews"]


async def names(served: Served, token: str) -> list[str]:
    return [view["name"] for view in await saved(served, token)]


async def test_a_view_shows_what_was_saved_and_saved_again_is_the_same_one(served: Served) -> None:
    first = (await save(served, states=["FAILED", "RUNNING"], job="job:default/script/train"))["view"]
    assert {key: first[key] for key in LOSSES} == LOSSES
    assert (first["states"], first["job"]) == (["FAILED", "RUNNING"], "job:default/script/train")
    assert (first["mine"], first["deletable"], first["shared"]) == (True, True, False)
    assert await saved(served) == [first]
    # No columns are not the usual ones.
    second = (await save(served, columns=[], text="", sort=""))["view"]
    assert second["uid"] == first["uid"]
    assert (second["columns"], second["states"], second["job"]) == ([], [], "")
    third = (await save(served, columns=None))["view"]
    assert third["columns"] is None
    assert await saved(served) == [third]


async def test_everybody_keeps_their_own_and_whoever_writes_may_share(guarded: Served) -> None:
    own = await people(guarded)
    viewers = (await save(guarded, own["viewer"]))["view"]
    await save(guarded, own["editor"], name="of all", shared=True)
    await save(guarded, own["editor"])  # of the same name as another's
    assert viewers["owner"] == "lineage/viewer"
    assert await names(guarded, own["viewer"]) == ["losses", "of all"]
    assert await names(guarded, own["editor"]) == ["losses", "of all"]
    assert await names(guarded, own["admin"]) == ["of all"]
    shared = (await saved(guarded, own["viewer"]))[1]
    assert (shared["mine"], shared["deletable"], shared["owner"]) == (False, False, "lineage/editor")
    # To share takes the right to write; nothing was saved.
    wanted = {"project": "default", "name": "pushed", "shared": True}
    refused = await guarded.refused(TEXTS["SaveView"], {"input": wanted}, own["viewer"])
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert "pushed" not in await names(guarded, own["viewer"])


async def test_others_views_are_deleted_by_admins_if_they_are_shared_and_are_nothing_if_not(
    guarded: Served,
) -> None:
    own = await people(guarded)
    private = (await save(guarded, own["editor"]))["view"]
    shared = (await save(guarded, own["editor"], name="of all", shared=True))["view"]

    async def code(view: dict[str, Any], who: str) -> str:
        given = {"input": {"project": "default", "view": view["uid"]}}
        told = await guarded.answer(TEXTS["DeleteView"], given, own[who])
        return told["errors"][0]["extensions"]["code"] if "errors" in told else ""

    assert await code(shared, "viewer") == "FORBIDDEN"
    assert [await code(private, who) for who in ("viewer", "admin")] == ["NOT_FOUND", "NOT_FOUND"]
    assert await code(shared, "admin") == ""
    assert await code(private, "editor") == ""
    assert await code(private, "editor") == "NOT_FOUND"
    assert [await saved(guarded, token) for token in own.values()] == [[], [], []]


async def test_what_is_no_view_says_why_and_leaves_what_was_there(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await save(served))["view"]

    async def problem(**given: Any) -> tuple[str, str]:
        (one,) = (await save(served, **given))["problems"]
        return one["code"], one["field"] or ""

    assert await problem(name="") == ("BAD_INPUT", "name")
    assert await problem(name="x" * 101) == ("BAD_INPUT", "name")
    assert await problem(text="x" * 2_001) == ("BAD_INPUT", "text")
    assert await problem(columns=[f"m.{n}" for n in range(201)]) == ("BAD_INPUT", "columns")
    assert await problem(columns=["m.loss\n"]) == ("BAD_INPUT", "columns")
    monkeypatch.setattr(views, "MOST", 1)
    assert (await problem(name="one more"))[0] == "LIMIT"
    assert await saved(served) == [before]
    # The one that is there may be changed however many there are.
    assert (await save(served, text="m.loss<2"))["problems"] == []


async def test_a_rebuild_leaves_views_as_they_are(served: Served) -> None:
    await save(served, shared=True)
    before = await saved(served)
    await served.services.rebuilder.rebuild()
    assert await saved(served) == before
