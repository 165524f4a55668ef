"""Names of versions and aliases, as the writer judges them."""

from __future__ import annotations

import asyncio
from typing import Any

from lineage_server.domain.event_registry import (
    AliasSet,
    ModelVersionReported,
)
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from tests.support.churn import ORIGIN, fresh, refused, say, told


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
