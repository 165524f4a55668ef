"""Models, versions and aliases of odd names: those that can be work everywhere, others are told why not."""

from __future__ import annotations

import unicodedata

import pytest

from tests.support.registering import TEXTS, do, done, model_with_versions, problem
from tests.support.served import Served

ODD = ("x" * 255, "team/a/model", "日本語 модель ✓", "a@b", "e\u0301t\u00e9", '"; DROP', "a b")


@pytest.mark.parametrize("name", ODD)
async def test_odd_names_work_everywhere(served: Served, name: str) -> None:
    of = {"project": "default", "model": name}
    made = await done(served, "RegisterModel", project="default", name=name)
    await done(served, "CreateModelVersion", **of, uri="s3://bucket/1")
    alias = name.replace("@", "-")
    moved = await done(served, "SetAlias", **of, alias=alias, version="1", expected="")
    assert moved["version"] == "1"
    asked = {"model": made["uid"], "name": moved["name"]}
    assert (await served.ask(TEXTS["Alias"], asked))["alias"]["history"][0]["version"] == "1"
    found = await served.ask(TEXTS["ModelVersions"], {"model": made["name"]})
    assert len(found["modelVersions"]["edges"]) == 1


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x00b", " a", "x" * 501])
async def test_names_that_can_not_be_are_told_so(served: Served, name: str) -> None:
    of = await model_with_versions(served, "fraud", 1)
    assert (await problem(served, "RegisterModel", project="default", name=name))["field"] == "name"
    found = await problem(served, "SetAlias", **of, alias=name, version="1")
    assert (found["code"], found["field"]) == ("BAD_INPUT", "alias")
    assert (await problem(served, "SetAlias", **of, alias="a@b", version="1"))["field"] == "alias"
    card = await problem(served, "UpdateModel", **of, card="x" * 70_000)
    assert (card["code"], "65536" in card["message"]) == ("LIMIT", True)


@pytest.mark.parametrize("name", [one for one in ODD if "@" not in one] + ["v1.2.3", "007"])
async def test_versions_of_odd_names_work_everywhere(served: Served, name: str) -> None:
    of = await model_with_versions(served, "fraud", 1)
    made = await done(served, "CreateModelVersion", **of, version=name, uri="s3://bucket/x")
    stands = unicodedata.normalize("NFC", name)
    uid = f"modelversion:default/fraud@{stands}"
    assert (made["uid"], made["version"], made["number"]) == (uid, stands, made["number"])
    again = await done(served, "CreateModelVersion", **of, version=name, uri="s3://bucket/x", description="d")
    assert (again["uid"], again["description"]) == (uid, "d")
    found = await problem(served, "CreateModelVersion", **of, version=name, uri="s3://bucket/other")
    assert (found["code"], found["current"]) == ("CONFLICT", uid)
    await done(served, "UpdateModelVersion", **of, version=name, metrics=[{"key": "auc", "value": 0.5}])
    assert (await done(served, "SetAlias", **of, alias="prod", version=name))["version"] == stands
    resolved = await served.ask(TEXTS["Resolve"], {"ref": f"model:fraud@{stands}"})
    assert resolved["resolve"] == uid
    asked = await done(served, "RequestApproval", **of, alias="prod", version=name)
    assert (await done(served, "DecideApproval", uid=asked["uid"], verdict="APPROVED"))["version"] == uid
    assert (await done(served, "SetHold", uid=uid, hold=True))["uid"] == uid
    listed = (await served.ask(TEXTS["ModelVersions"], {"model": "fraud"}))["modelVersions"]["edges"]
    assert {edge["node"]["version"] for edge in listed} == {"1", stands}
    counted = await done(served, "CreateModelVersion", **of, uri="s3://bucket/next")
    assert counted["version"] == str(made["number"] + 1 if made["number"] else 2)
    assert (await problem(served, "DeleteNode", uid=uid))["code"] == "CONFLICT"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x00b", " a", "x" * 501, "a@b", "latest"])
async def test_version_names_that_can_not_be_are_told_so(served: Served, name: str) -> None:
    of = await model_with_versions(served, "fraud", 1)
    found = await problem(served, "CreateModelVersion", **of, version=name, uri="s3://bucket/x")
    assert (found["code"], found["field"]) == ("BAD_INPUT", "version")
    await done(served, "SetAlias", **of, alias="prod", version="1")
    found = await problem(served, "CreateModelVersion", **of, version="prod", uri="s3://bucket/x")
    assert (found["code"], found["current"]) == ("CONFLICT", "prod")


async def test_an_alias_in_parts_of_letters_is_asked_for_and_moved_as_the_same(guarded: Served) -> None:
    kim = await guarded.token("kim")
    of = await model_with_versions(guarded, "fraud", 2, kim)
    await do(guarded, "SetMember", kim, project="default", subject="lee", role="EDITOR")
    lee = await guarded.token("lee")
    whole, parts = (unicodedata.normalize(form, "출시") for form in ("NFC", "NFD"))
    await done(guarded, "SetAlias", kim, **of, alias=whole, version="1")
    await done(guarded, "SetProtection", kim, **of, alias=parts, protected=True)
    asked = await done(guarded, "RequestApproval", kim, **of, alias=parts, version="2")
    await done(guarded, "DecideApproval", lee, uid=asked["uid"], verdict="APPROVED")
    moved = await done(guarded, "SetAlias", kim, **of, alias=parts, version="2", approval=asked["uid"])
    assert (moved["uid"], moved["version"]) == (f"alias:default/fraud@{whole}", "2")
