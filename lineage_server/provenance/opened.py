"""What a scene shows beyond its steps: boxes that were opened further, and boxes that were brought in.

``<uid`` opens a box one step upstream, ``>uid`` one downstream, ``<<<uid`` three at once, ``=uid`` brings
one in with the shortest path that connects it with the focus. All are found at once and merged into what
is there; one that is not there any more, or not to be seen, is left out, since an address outlives what
it names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.nodes import Edge
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.provenance import paths
from lineage_server.provenance.answers import (
    Boundary,
    Budget,
    Direction,
    LineageNode,
    LineageQuestion,
    Truncation,
    View,
)
from lineage_server.provenance.cursors import Cursor
from lineage_server.provenance.left_out import boundary_of, truncations
from lineage_server.provenance.traverse import check, run_walk
from lineage_server.provenance.walk import Walk

MOST = 50
MOST_STEPS = 3
_SIDES = {"<": (Direction.UPSTREAM,), ">": (Direction.DOWNSTREAM,), "=": ()}
_Beyond = TypeVar("_Beyond", Truncation, Boundary)
_BUDGET = Budget(nodes=1_001, per_node=1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What walks have found: nodes in their order, edges, and what goes on from where; ``followed``: from
    where they went on themselves, on which side."""

    nodes: tuple[LineageNode, ...]
    edges: tuple[Edge, ...]
    cuts: tuple[Truncation, ...]
    boundary: tuple[Boundary, ...]
    followed: frozenset[tuple[str, Direction]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    uid: str
    side: Direction | None
    seen: Seen


async def seen_of(walk: Walk) -> Seen:
    """What a walk found, with the edges counted that it did not follow."""
    names = walk.ledger.names()
    return Seen(
        nodes=tuple(walk.ledger.nodes(names)),
        edges=tuple(walk.ledger.edges(names)),
        cuts=await truncations(walk, names, Cursor()),
        boundary=await boundary_of(walk, names, count=True),
        followed=frozenset(
            (names.get(uid, uid), one.direction)
            for one in walk.walkers
            for uid in (*one.left, *one.crossed, *one.frontier)
        ),
    )


def check_opened(opened: Sequence[str]) -> None:
    """Raises InvalidInputError."""
    if len(opened) > MOST:
        raise InvalidInputError("too many boxes are opened", field="opened", allowed=f"at most {MOST}")
    for one in opened:
        steps, uid = _read(one)
        if one[:1] not in _SIDES or not uid:
            raise InvalidInputError(
                "this opens no box", field="opened", allowed="<, > or = and a uid, such as <run:0197…"
            )
        if steps > MOST_STEPS:
            raise InvalidInputError(
                "this opens a box too far", field="opened", allowed=f"at most {MOST_STEPS} steps"
            )


def _read(told: str) -> tuple[int, str]:
    """How often the sign stands there, and what it stands before."""
    uid = told.lstrip(told[:1])
    return len(told) - len(uid), uid


async def widened(
    reader: LineageReader, seen: Seen, opened: Sequence[str], *, focus: str, view: View, sight: Sight
) -> Seen:
    """What was seen, and what is opened of it."""
    found = await asyncio.gather(*(_open(reader, one, focus, view, sight) for one in dict.fromkeys(opened)))
    for one in found:
        if one is not None:
            seen = _merged(seen, one)
    return seen


async def _open(reader: LineageReader, told: str, focus: str, view: View, sight: Sight) -> _Opened | None:
    (steps, uid), sides = _read(told), _SIDES[told[0]]
    question = LineageQuestion(
        start=(uid,), direction=Direction.BOTH, view=view, max_depth=0,
        as_of=sight.as_of, known_at=sight.known_at, budget=_BUDGET,
    )  # fmt: skip
    try:
        limits = {side: steps for side in sides}
        seen = await seen_of(await run_walk(reader, check(question), sight, limits=limits))
        if sides:
            return _Opened(uid=uid, side=sides[0], seen=seen)
        return _Opened(uid=uid, side=None, seen=await _connected(reader, uid, focus, seen, sight))
    except NotFoundError:
        return None


async def _connected(reader: LineageReader, uid: str, focus: str, seen: Seen, sight: Sight) -> Seen:
    """With the path between a box and the focus, where there is one."""
    answer = await paths.path(reader, focus, uid, sight, k=1)
    if not answer.paths:
        return seen
    path = answer.paths[0]
    side = Direction.UPSTREAM if answer.relation is paths.Relation.UPSTREAM else Direction.DOWNSTREAM
    between = (
        LineageNode(head=answer.nodes[one], depth=at // 2 + 1, side=side)
        for at, one in enumerate(path.uids)
        if one in answer.nodes
    )
    drawn = {(edge.end, Direction.UPSTREAM) for edge in path.edges}
    drawn |= {(edge.start, Direction.DOWNSTREAM) for edge in path.edges}
    beyond = (
        replace(one, more=max(0, (one.more or 0) - ((one.uid, one.direction) in drawn)))
        for one in seen.boundary
    )
    return replace(seen, nodes=tuple(between) or seen.nodes, edges=path.edges, boundary=tuple(beyond))


def _merged(seen: Seen, opened: _Opened) -> Seen:
    """What is there keeps its place; of an opened box, what is hidden on that side is told anew."""
    known: Mapping[str, LineageNode] = {node.head.uid: node for node in seen.nodes}
    start = known.get(opened.uid)
    more = opened.seen
    new = [node for node in more.nodes if node.head.uid not in known]
    if opened.side is not None:
        base = start.depth if start else 0
        new = [replace(node, depth=base + max(1, node.depth), side=opened.side) for node in new]
    fresh = {node.head.uid for node in new}
    side = (opened.uid, opened.side)
    edges = {(e.type, e.start, e.end, e.role): e for e in (*more.edges, *seen.edges)}
    return Seen(
        nodes=(*seen.nodes, *new),
        edges=tuple(edges.values()),
        cuts=(*_without(seen.cuts, opened), *_of(more.cuts, opened, fresh)),
        boundary=(*_without(seen.boundary, opened), *_of(more.boundary, opened, fresh)),
        followed=seen.followed
        | {(uid, way) for uid, way in more.followed if uid in fresh or (uid, way) == side},
    )


def _without(told: Iterable[_Beyond], opened: _Opened) -> list[_Beyond]:
    return [one for one in told if (one.uid, one.direction) != (opened.uid, opened.side)]


def _of(told: Iterable[_Beyond], opened: _Opened, fresh: set[str]) -> list[_Beyond]:
    """Of the boxes that came with it, and of the opened side itself."""
    return [one for one in told if one.uid in fresh or (one.uid, one.direction) == (opened.uid, opened.side)]
