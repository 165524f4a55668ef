"""The graph's answers to what is drawn otherwise than lineage: steps of runs, versions of one thing.

Each method is one round trip. What becomes of it is the lineage service's (``provenance/steps.py``,
``provenance/version_tree.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lineage_server.domain.nodes import Label
from lineage_server.graph.heads import Head
from lineage_server.graph.queries import scenes as cypher
from lineage_server.graph.read_lineage import LineageReader, Sight


@dataclass(slots=True)
class Order:
    """What says where a run stands among others: versions (uid → name), runs, and its own steps' number."""

    wrote: dict[str, str] = field(default_factory=dict[str, str])
    read: dict[str, str] = field(default_factory=dict[str, str])
    after: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """``version`` was made from ``head``; ``type``: VIA a run, ``name`` is its job's, or DERIVED."""

    version: str
    type: str
    name: str
    head: Head


class SceneReader:
    """Reads through the same connection, and hides in the same way, as the reader of lineage."""

    def __init__(self, reader: LineageReader) -> None:
        self._bolt = reader.bolt
        self._decoder = reader.decoder

    async def steps(self, runs: Iterable[str], sight: Sight, *, limit: int) -> dict[str, list[Head]]:
        """Steps of each run, the oldest first."""
        given = {**sight.parameters(), "uids": list(runs), "limit": limit}
        rows = await self._bolt.read(cypher.STEPS_OF, given)
        return {row["uid"]: [self._decoder.head(one) for one in row["steps"]] for row in rows}

    async def order(self, runs: Iterable[str], sight: Sight, *, fan: int) -> dict[str, Order]:
        given = {**sight.parameters(), "uids": list(runs), "fan": fan}
        out: dict[str, Order] = {}
        for row in await self._bolt.read(cypher.ORDER_OF, given):
            order = out.setdefault(row["uid"], Order())
            found = {str(uid): str(name or "") for uid, name in row["found"]}
            if row["type"] == "OUTPUT":
                order.wrote = found
            elif row["type"] == "INPUT_TO":
                order.read = found
            elif row["type"] == "CHILD_OF":
                order.steps = row["count"]
            else:
                order.after.extend((row["type"], uid) for uid in found)
        return out

    async def versions(
        self, label: Label, uid: str, sight: Sight, *, limit: int
    ) -> list[tuple[Head, list[Head]]]:
        """The newest versions of an artifact or a registered model, and what each registered one is of."""
        given = {**sight.parameters(), "uid": uid, "limit": limit}
        rows = await self._bolt.read(cypher.VERSIONS_OF[label], given)
        head = self._decoder.head
        return [(head(row["version"]), [head(one) for one in row["origins"]]) for row in rows]

    async def sources(self, versions: Iterable[str], sight: Sight, *, fan: int) -> list[Source]:
        given = {**sight.parameters(), "uids": list(versions), "fan": fan}
        rows = await self._bolt.read(cypher.SOURCES_OF, given)
        return [
            Source(row["uid"], row["type"], str(name or ""), self._decoder.head(values))
            for row in rows
            for name, values in row["found"]
        ]
