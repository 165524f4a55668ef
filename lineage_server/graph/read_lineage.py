"""The graph's answers to the lineage service: one generation, its counts, heads by uid.

Each method is one round trip for each label it is asked about. What to ask next, budgets and order
are the service's (``provenance/walk.py``).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, TypeAlias

from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.heads import Decoder, Generation, Head
from lineage_server.graph.queries import lineage as cypher
from lineage_server.graph.queries.window import FOREVER

Span: TypeAlias = tuple[int, int]
"""First and last time, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Who asks and as of when: ``scope`` is the set of visible projects, None = all."""

    scope: frozenset[str] | None = None
    as_of: int | None = None
    known_at: int | None = None

    def parameters(self) -> dict[str, Any]:
        return {
            "all": self.scope is None,
            "scope": sorted(self.scope or ()),
            "as_of": FOREVER if self.as_of is None else min(self.as_of, FOREVER),
            "known": FOREVER if self.known_at is None else min(self.known_at, FOREVER),
        }


class LineageReader:
    """Reads what walks need; ``opaque_key`` makes stubs of hidden nodes the same on all replicas."""

    def __init__(self, bolt: Bolt, *, opaque_key: bytes = b"") -> None:
        self.bolt = bolt
        self.decoder = Decoder(opaque_key[:64] or os.urandom(32))

    async def selves(
        self, label: Label, uids: Iterable[str], sight: Sight, *, timeout_seconds: float | None = None
    ) -> list[tuple[Head, tuple[Head, ...]]]:
        """Nodes of one label, each with its twins."""
        parameters = {**sight.parameters(), "uids": list(uids)}
        rows = await self.bolt.read(cypher.SELVES[label], parameters, timeout_seconds=timeout_seconds)
        return self.decoder.generation(rows, upstream=False).selves

    async def expand(
        self,
        direction: str,
        label: Label,
        uids: Iterable[str],
        sight: Sight,
        *,
        fan: int,
        first: bool,
        family: str = "",
        skip: int = 0,
        timeout_seconds: float | None = None,
    ) -> Generation:
        """One generation from nodes of one label; ``first``: they themselves come along.

        ``family`` (one of ``edge_types``) asks for edges of that type only, and for the first one's
        nodes. Without it, versions are left by ``look_ahead.py``.
        """
        key = (direction, label)
        if family:
            statement = cypher.CONTINUE[key][family]
        else:
            statement = cypher.START[key] if first else cypher.EXPAND[key]
        parameters = {**sight.parameters(), "uids": list(uids), "fan": fan, "skip": skip}
        rows = await self.bolt.read(statement, parameters, timeout_seconds=timeout_seconds)
        return self.decoder.generation(rows, upstream=direction == cypher.UPSTREAM)

    async def count(
        self,
        direction: str,
        spans: Mapping[str, Span],
        sight: Sight,
        *,
        cap: int,
        timeout_seconds: float | None = None,
    ) -> dict[str, dict[str, int]]:
        """Edges that leave each node within its span of time, by type; at most ``cap`` of each."""
        parameters = {**sight.parameters(), "cap": cap}

        def ask(label: Label, uids: list[str]) -> Awaitable[list[Row]]:
            rows = [{"uid": uid, "since": spans[uid][0], "until": spans[uid][1]} for uid in uids]
            statement = cypher.COUNTS[direction, label]
            return self.bolt.read(statement, {**parameters, "rows": rows}, timeout_seconds=timeout_seconds)

        groups = [group for group in by_label(spans) if (direction, group[0]) in cypher.COUNTS]
        out: dict[str, dict[str, int]] = {}
        for rows in await asyncio.gather(*(ask(*group) for group in groups)):
            for row in rows:
                out.setdefault(row["uid"], {})[row["type"]] = row["n"]
        return out

    async def first_outputs(
        self, uids: Iterable[str], sight: Sight, *, timeout_seconds: float | None = None
    ) -> dict[str, int]:
        """When each of these versions was produced first."""
        parameters = {**sight.parameters(), "uids": list(uids)}
        rows = await self.bolt.read(cypher.FIRST_OUTPUTS, parameters, timeout_seconds=timeout_seconds)
        return {row["uid"]: row["first"] for row in rows}

    async def registered_of(
        self, versions: Iterable[str], sight: Sight, *, timeout_seconds: float | None = None
    ) -> list[str]:
        """The artifact versions that these registered versions are of."""
        parameters = {**sight.parameters(), "uids": list(versions)}
        rows = await self.bolt.read(cypher.REGISTERED_OF, parameters, timeout_seconds=timeout_seconds)
        return [row["uid"] for row in rows]

    async def heads(self, uids: Iterable[str], sight: Sight) -> dict[str, Head]:
        """Heads of those nodes that are there and visible, by uid."""
        out: dict[str, Head] = {}
        for label, group in by_label(uids):
            if label in cypher.SELVES:
                found = await self.selves(label, group, sight)
                out |= {head.uid: head for head, _ in found if not head.hidden}
        return out


def edge_types(direction: str, label: Label) -> AbstractSet[str]:
    """Types of the edges over which a walk leaves such a node."""
    return cypher.CONTINUE.get((direction, label), {}).keys()


def by_label(uids: Iterable[str]) -> list[tuple[Label, list[str]]]:
    """Uids by label, in the order of the labels' definition; raises InvalidInputError."""
    groups: dict[Label, list[str]] = {}
    for uid in uids:
        groups.setdefault(label_of(uid), []).append(uid)
    return [(label, groups[label]) for label in Label if label in groups]
