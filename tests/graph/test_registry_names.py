"""Names of versions and aliases, as the writer judges them."""

from __future__ import annotations

import asyncio
import unicodedata
from typing import Any

import pytest

from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    ModelVersionReported,
    ProtectionSet,
)
from lineage_server.domain.events import Event, NodeDeleted
from lineage_server.domain.nodes import ModelState
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from tests.support.churn import LEE, ORIGIN, fresh, refused, say, told


async def test_one_name_is_of_the_first_who_gives_it(churn: IngestWriter, graph: Bolt) -> None:
    """At the same instant, too; said again of the same thing it is a repeat."""

    def named(uri: str, version: str = "rc") -> ModelVersionReported:
        return ModelVersionReported(
            id=f"n{next(fresh)}", at=3_000, model="churn", version=version, uri=uri, unless_taken=True
        )

    verdicts = await asyncio.gather(*(say(churn, named(f"s3://bucket/{n}")) for n in range(4)))
    outcomes = [verdict.outcome for verdict in verdicts]
    assert sorted(outcomes) == sorted([Outcome.ACCEPTED, *[Outcome.REFUSED] * 3])
    others = [verdict for verdict in verdicts if verdict.outcome is Outcome.REFUSED]
    assert {verdict.code for verdict in others} == {"CONFLICT"}
    first = f"s3://bucket/{outcomes.index(Outcome.ACCEPTED)}"
    await told(churn, named(first))
    (row,) = await graph.read("MATCH (v:ModelVersion {version: 'rc'}) RETURN v.uri AS uri")
    assert row["uri"] == first
    await refused(churn, named("s3://bucket/prod", "prod"))  # an alias is called that
    made = ModelVersionReported(
        id="made", at=3_001, model="churn", version="rc", origin=ORIGIN, unless_taken=True
    )
    await refused(churn, made)


async def test_an_alias_hides_no_version(churn: IngestWriter, graph: Bolt) -> None:
    def named(alias: str, **more: Any) -> AliasSet:
        return AliasSet(
            id=f"n{next(fresh)}", at=3_000, model="churn", alias=alias, version="2", unless_taken=True, **more
        )

    verdict = await refused(churn, named("3"), code="BAD_INPUT")
    assert "@3 means the version of that number" in verdict.message
    await refused(churn, named("4"), code="BAD_INPUT")  # there will be one
    await refused(churn, named("latest"), code="BAD_INPUT")
    await told(churn, ModelVersionReported(id="rc", at=3_000, model="churn", version="rc"))
    verdict = await refused(churn, named("rc"))
    assert (verdict.current, "is a version of model" in verdict.message) == ("rc", True)
    await told(churn, named("rc2"))
    rows = await graph.read("MATCH (a:Alias) RETURN a.alias AS alias")
    assert {row["alias"] for row in rows} == {"prod", "rc2"}


async def test_an_alias_of_elsewhere_that_is_called_like_a_version_still_moves(churn: IngestWriter) -> None:
    """A fact of another registry is taken as it is; who moves it here makes no new one."""
    await told(churn, AliasSet(id="theirs", at=2_000, model="churn", alias="3", version="1"))
    await told(churn, AliasSet(id="ours", at=3_000, model="churn", alias="3", version="2", unless_taken=True))


@pytest.mark.parametrize("name", ["출시", "café"])
async def test_an_alias_is_one_however_its_letters_are_put_together(churn: IngestWriter, name: str) -> None:
    """Keyboards of some systems send letters in parts; the name is the same, and its rules are."""
    parts, whole = unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)
    assert parts != whole

    def named(alias: str, version: str, **more: Any) -> AliasSet:
        key = f"n{next(fresh)}"
        return AliasSet(id=key, at=3_000, model="churn", alias=alias, version=version, **more)

    await told(churn, ModelVersionReported(id="rc", at=3_000, model="churn", version=whole))
    assert "is a version of model" in (await refused(churn, named(parts, "2", unless_taken=True))).message
    alias, version = f"{parts}-1", parts
    await told(churn, named(f"{whole}-1", "1"))
    await told(churn, ProtectionSet(id="p", at=3_100, model="churn", alias=alias))
    taken = ModelVersionReported(id="t", at=3_200, model="churn", version=alias, unless_taken=True)
    assert "is an alias of model" in (await refused(churn, taken)).message
    ask = ApprovalRequested(id="ask", at=3_200, model="churn", version=version, alias=alias)
    await told(churn, ask)
    asked = "approval:default/churn@ask"
    given = ApprovalGiven(
        id="give", at=3_300, model="churn", version=version, alias=alias, verdict="approved",
        approver="lee", request=asked,
    )  # fmt: skip
    await told(churn, given, LEE)
    await told(churn, named(alias, version, approval=asked, expected="1"))
    await refused(churn, named(alias, "3", expected=version))  # it stands there, and no approval is left


@pytest.mark.parametrize("goes", ["archived", "deleted"])
async def test_no_alias_is_set_to_a_version_that_went_meanwhile(churn: IngestWriter, goes: str) -> None:
    """Who sets it has looked before; another may have archived or deleted the version since."""
    going: dict[str, Event] = {
        "archived": ModelVersionReported(
            id="went", at=3_000, model="churn", version="2", state=ModelState.ARCHIVED, reason="old"
        ),
        "deleted": NodeDeleted(id="went", at=3_000, uid="modelversion:default/churn@2", reason="old"),
    }
    ours = [
        AliasSet(id=f"o{n}", at=3_001, model="churn", alias=alias, version="2", unless_taken=True)
        for n, alias in enumerate(("prod", "fresh"))
    ]
    verdicts = await asyncio.gather(say(churn, going[goes], LEE), *(say(churn, one) for one in ours))
    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED, *[Outcome.REFUSED] * 2]
    said = "is archived" if goes == "archived" else "has no version '2'"
    assert all(said in verdict.message for verdict in verdicts[1:])
    # What another registry tells is a fact, whatever it points to.
    await told(churn, AliasSet(id="theirs", at=3_002, model="churn", alias="theirs", version="2"))
