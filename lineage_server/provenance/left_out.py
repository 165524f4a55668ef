"""What an answer left out: neighbours that the fan-out cut off, and what lies beyond its depth."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from lineage_server.domain.nodes import Edge
from lineage_server.graph.errors import OverdueQueryError
from lineage_server.graph.read_lineage import Span
from lineage_server.provenance.answers import COUNT_CAP, Boundary, Direction, LineageNode, Truncation
from lineage_server.provenance.cursors import Cursor
from lineage_server.provenance.ledger import EnoughError
from lineage_server.provenance.production import UNLIMITED, is_timed, span_of
from lineage_server.provenance.walk import Cut, Walk, Walker


async def truncations(walk: Walk, names: Mapping[str, str], base: Cursor) -> tuple[Truncation, ...]:
    """Count what the fan-out cut off, one statement for each direction and label; ``base`` goes on."""
    out: list[Truncation] = []
    for walker in walk.walkers:
        spans = {cut.uid: span_of(cut.direction, cut.reach) for cut in walker.cuts.values()}
        totals = await _count(walker, spans) or {}
        for cut in walker.cuts.values():
            total = totals.get(cut.uid, {}).get(cut.type)
            out.append(_truncation(cut, names[cut.uid], total, base))
    return tuple(out)


def _truncation(cut: Cut, name: str, total: int | None, base: Cursor) -> Truncation:
    cursor = replace(
        base, skip=cut.shown, uid=cut.uid, type=cut.type, direction=str(cut.direction), reach=cut.reach
    )
    return Truncation(
        uid=name,
        type=cut.type,
        direction=cut.direction,
        shown=cut.shown,
        total=None if total is None else min(total, COUNT_CAP),
        capped=total is not None and total > COUNT_CAP,
        cursor=cursor.encode(),
    )


async def boundary_of(walk: Walk, names: Mapping[str, str], *, count: bool) -> tuple[Boundary, ...]:
    """Where depth ended the walk; on the last page. Counted, it is where edges do go on."""
    if walk.reason:
        return ()
    out: list[Boundary] = []
    for walker in walk.walkers:
        more = await _edges_beyond(walker, names) if count and walker.frontier else None
        if more is None:
            more = dict.fromkeys((names[uid] for uid in walker.frontier), None)
        out += [Boundary(uid=uid, direction=walker.direction, more=n) for uid, n in more.items() if n != 0]
    return tuple(out)


async def aside(
    walk: Walk,
    nodes: Iterable[LineageNode],
    edges: Sequence[Edge],
    followed: Set[tuple[str, Direction]],
) -> dict[tuple[str, Direction], int]:
    """How many edges that are not among these leave each node on a side on which no walk went on from it;
    without the sides for which there was no time."""
    drawn = Counter((edge.start, Direction.DOWNSTREAM) for edge in edges)
    drawn += Counter((edge.end, Direction.UPSTREAM) for edge in edges)
    seen = [node for node in nodes if not node.head.hidden]

    async def leaving(walker: Walker) -> dict[tuple[str, Direction], int]:
        way = walker.direction
        names = {
            uid: node.head.uid
            for node in seen
            if (node.head.uid, way) not in followed
            for uid in (node.head.uid, *node.also)
        }
        totals = await _count(walker, dict.fromkeys(names, span_of(way, UNLIMITED))) or {}
        sums = Counter[str]()
        for uid, kinds in totals.items():
            sums[names[uid]] += sum(kinds.values())
        return {(uid, way): max(0, min(n, COUNT_CAP) - drawn[uid, way]) for uid, n in sums.items()}

    up, down = await asyncio.gather(*map(leaving, walk.walkers))
    return up | down


async def _edges_beyond(walker: Walker, names: Mapping[str, str]) -> dict[str, int | None] | None:
    """How many edges go on from each node of the frontier; None when time was up."""
    try:
        spans = await walker.spans()
    except EnoughError:
        return None
    totals = await _count(walker, spans)
    if totals is None:
        return None
    out: dict[str, int | None] = {}
    for uid in walker.frontier:
        name = names[uid]
        # Who is left again, further, goes on over what its reach limited; the rest was followed.
        fresh = not walker.has_left(uid)
        kinds = totals.get(uid, {}).items()
        more = sum(n for kind, n in kinds if fresh or is_timed(walker.direction, kind))
        out[name] = (out.get(name) or 0) + more
    return out


async def _count(walker: Walker, spans: Mapping[str, Span]) -> dict[str, dict[str, int]] | None:
    """Edges by uid and type; None when time was up."""
    if not spans:
        return {}
    try:
        return await walker.reader.count(
            walker.direction,
            spans,
            walker.sight,
            cap=COUNT_CAP + 1,
            timeout_seconds=walker.deadline.remaining_seconds(),
        )
    except (EnoughError, OverdueQueryError):
        return None
