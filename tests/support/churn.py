"""What is said to a writer of the model churn, which has three versions, of which the first is prod."""

from __future__ import annotations

from typing import Any

from lineage_server.domain.event_registry import AliasSet, ModelReported, ModelVersionReported
from lineage_server.domain.events import Event
from lineage_server.domain.nodes import ModelState
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.verdicts import Outcome, Verdict
from lineage_server.ingest.writer import IngestWriter

KIM, LEE, MAX = "lineage/kim", "lineage/lee", "lineage/max"
DIGEST = "sha256:" + "7" * 64
ORIGIN = f"version:default/model/net@{DIGEST}"
fresh = iter(range(1, 100_000))


def move(to: str | None, at: int = 2_000, **more: Any) -> AliasSet:
    return AliasSet(id=f"m{next(fresh)}", at=at, model="churn", alias="prod", version=to, **more)


async def say(writer: IngestWriter, event: Event, actor: str = KIM) -> Verdict:
    (verdict,) = await writer.submit([event], actor=actor)
    return verdict


async def told(writer: IngestWriter, event: Event, actor: str = KIM) -> None:
    verdict = await say(writer, event, actor)
    assert verdict.outcome is Outcome.ACCEPTED, verdict


async def refused(writer: IngestWriter, event: Event, actor: str = KIM, code: str = "CONFLICT") -> Verdict:
    verdict = await say(writer, event, actor)
    assert (verdict.outcome, verdict.code) == (Outcome.REFUSED, code), verdict
    return verdict


async def target(graph: Bolt) -> str:
    (row,) = await graph.read("MATCH (a:Alias {alias: 'prod'}) RETURN a.target AS target")
    return str(row["target"]).rpartition("@")[2]


async def told_of_churn(writer: IngestWriter) -> None:
    events: list[Event] = [ModelReported(id="model", at=1_000, model="churn")]
    events += [
        ModelVersionReported(id=f"v{n}", at=1_000 + n, model="churn", version=str(n), state=ModelState.READY)
        for n in (1, 2, 3)
    ]
    for event in [*events, move("1", 1_500)]:
        await told(writer, event)
