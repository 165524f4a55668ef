"""Versions of models that are registered without a number get one when they are accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, LiteralString

from lineage_server.domain.events import AliasSet, Event, ModelVersionReported
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries.ingest import NUMBERED_MODELS
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.decode import encode
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import Outcome, Verdict
from lineage_server.ingest.writer import IngestWriter
from tests.support.dump import dump
from tests.support.warm import PATIENT

NUMBERS = """
MATCH (v:ModelVersion) OPTIONAL MATCH (o)-[:REGISTERED_AS]->(v)
RETURN v.model AS model, v.version AS version, o.digest AS digest ORDER BY model, version
"""
ALIASES = "MATCH (a:Alias) RETURN a.alias AS alias, a.target AS target ORDER BY alias"


def origin(number: int) -> str:
    return f"version:default/model/net@sha256:{number:064x}"


def version(event_id: str, made_from: int | None = None, number: str = "", model: str = "churn") -> Event:
    of = None if made_from is None else origin(made_from)
    return ModelVersionReported(id=event_id, at=1_000, model=model, version=number, origin=of)


async def numbers(graph: Bolt) -> list[tuple[str, int | None]]:
    """Version and the last digits of what it was made from."""
    rows = await graph.read(NUMBERS)
    return [(r["version"], int(r["digest"][-8:], 16) if r["digest"] else None) for r in rows]


async def test_each_content_gets_the_next_number_and_keeps_it(graph: Bolt, writer: IngestWriter) -> None:
    aliases = [
        AliasSet(id="a1", at=2_000, model="churn", alias="candidate", origin=origin(2)),
        AliasSet(id="a2", at=2_000, model="churn", alias="nothing", origin=origin(9)),
    ]
    told = await writer.submit([version("e1", 1), version("e2", 2), *aliases], actor="kim")
    assert [v.outcome for v in told] == [Outcome.ACCEPTED] * 3 + [Outcome.REFUSED]
    assert "no version of model" in told[3].message
    # The same content, the same event, one that has a number of its own, and one without an origin.
    more = [version("e3", 1), version("e1", 1), version("e4", 4, "7"), version("e5"), version("e6", 6)]
    told = await writer.submit(more, actor="kim")
    assert [v.outcome for v in told] == [
        *(Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.ACCEPTED)
    ]
    assert await numbers(graph) == [("1", 1), ("2", 2), ("7", 4), ("8", None), ("9", 6)]
    (again,) = await writer.submit([version("e5")], actor="kim")
    assert again.outcome is Outcome.DUPLICATE
    assert await graph.read(ALIASES) == [{"alias": "candidate", "target": "modelversion:default/churn@2"}]


async def test_two_servers_never_give_one_number_twice(graph: Bolt, writer: IngestWriter) -> None:
    other = IngestWriter(GraphWriter(graph), publish=lambda _: None, limits=PATIENT)
    await other.start()

    async def register(by: IngestWriter, first: int) -> list[Verdict]:
        out: list[Verdict] = []
        for number in range(first, first + 20):
            out += await by.submit([version(f"e{number}", number)], actor="kim")
        return out

    told = await asyncio.gather(register(writer, 100), register(other, 200), register(other, 300))
    await other.stop()
    assert {v.outcome for verdicts in told for v in verdicts} == {Outcome.ACCEPTED}
    found = await numbers(graph)
    assert sorted(int(number) for number, _ in found) == list(range(1, 61))
    assert len({made_from for _, made_from in found}) == 60


class Overtaken(Bolt):
    """Another server commits right after the numbers were read for the first time."""

    def __init__(self, bolt: Bolt, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._bolt = bolt
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def read(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float | None = None,
    ) -> list[Row]:
        rows = await self._bolt.read(query, parameters, timeout_seconds=timeout_seconds)
        if query == NUMBERED_MODELS and self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        return rows

    async def write(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float | None = None,
    ) -> list[Row]:
        return await self._bolt.write(query, parameters, timeout_seconds=timeout_seconds)

    def transaction(self, *, timeout_seconds: float | None = None) -> Any:
        return self._bolt.transaction(timeout_seconds=timeout_seconds)


async def test_a_number_that_was_taken_meanwhile_is_not_given(graph: Bolt, writer: IngestWriter) -> None:
    await writer.submit([version("e1", 1)], actor="kim")
    overtaken = Overtaken(graph, lambda: writer.submit([version("e2", 2)], actor="kim"))
    late = IngestWriter(GraphWriter(overtaken), publish=lambda _: None, limits=PATIENT)
    await late.start()
    (told,) = await late.submit([version("e3", 3)], actor="kim")
    await late.stop()
    assert told.outcome is Outcome.ACCEPTED
    assert await numbers(graph) == [("1", 1), ("2", 2), ("3", 3)]


async def test_a_rebuild_finds_the_numbers_in_the_stored_events(
    graph: Bolt, writer: IngestWriter, tmp_path: Path
) -> None:
    for number in (3, 1, 2):
        await writer.submit(
            [version(f"e{number}", number), version(f"x{number}", number, model="m")], actor="k"
        )
    before = await dump(graph)
    store = EventStore(graph, tmp_path)
    await Rebuilder(graph, store, writer).rebuild()
    assert await dump(graph) == before
    (told,) = await writer.submit([version("e9", 9)], actor="kim")
    assert told.outcome is Outcome.ACCEPTED
    assert ("4", 9) in await numbers(graph)


async def test_a_refused_event_is_kept_as_it_came(graph: Bolt, writer: IngestWriter) -> None:
    """A number that it was given in vain may be another's by the time it is replayed."""
    bad = ModelVersionReported(id="e1", at=1_000, model="churn", origin=origin(1), run="no run's id")
    (told,) = await writer.submit([bad], actor="kim")
    assert told.outcome is Outcome.REFUSED
    (kept,) = await graph.read("MATCH (r:Refused) RETURN r.raw AS raw")
    assert bytes(kept["raw"]) == encode(bad)


async def test_an_unnumbered_version_of_no_model_spoils_no_other(writer: IngestWriter) -> None:
    wrong = version("wrong", 1, model=" churn")
    first, second = await writer.submit([wrong, version("right", 1)], actor="lineage/kim")
    assert (first.code, "begins or ends with white space" in first.message) == ("BAD_INPUT", True)
    assert second.outcome is Outcome.ACCEPTED
