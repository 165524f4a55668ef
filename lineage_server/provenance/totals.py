"""The question ``counts``: how much lies on each side of a thing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.provenance.ancestry import WIDE, Ancestry, ancestry
from lineage_server.provenance.answers import Budget, Direction, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCounts:
    """Nodes by label, the start not included; ``is_partial``: there are at least so many."""

    by_label: Mapping[str, int]
    nodes: int
    hidden: int
    depth: int
    is_partial: bool
    reason: str
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageCounts:
    """Both sides of one thing."""

    start: str
    upstream: SideCounts
    downstream: SideCounts


async def counts(
    reader: LineageReader, uid: str, sight: Sight, *, max_depth: int | None = None, budget: Budget = WIDE
) -> LineageCounts:
    """Walk both sides at once."""
    up, down = await asyncio.gather(
        *(
            ancestry(reader, uid, direction, sight, max_depth=max_depth, budget=budget)
            for direction in (Direction.UPSTREAM, Direction.DOWNSTREAM)
        )
    )
    return LineageCounts(start=up.start, upstream=_side(up), downstream=_side(down))


def _side(side: Ancestry) -> SideCounts:
    others = [node for node in side.nodes if node.head.uid != side.start]
    hidden = sum(node.head.hidden for node in others)
    return SideCounts(
        by_label=dict(Counter(str(node.head.label) for node in others if not node.head.hidden)),
        nodes=len(others) - hidden,
        hidden=hidden,
        depth=max((node.depth for node in others), default=0),
        is_partial=side.is_partial,
        reason=side.reason,
        plan=side.plan,
    )
