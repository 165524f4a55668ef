"""The question ``path``: how two things are connected.

Along the data from one to the other, else the other way round, else over what both come from. The
walk goes from both ends at once; the paths are then picked from what it brought, in memory.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import Edge
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.ancestry import WIDE, start_at
from lineage_server.provenance.answers import Budget, Direction, Plan
from lineage_server.provenance.ledger import EnoughError, Ledger
from lineage_server.provenance.traverse import Walk, check
from lineage_server.provenance.walk import Deadline, Walker

MAX_PATHS = 50
_SLACK = 2
"""Generations walked on after the two sides met, so that slightly longer paths are found too."""
_MAX_TRIES = 20_000


class Relation(StrEnum):
    """How ``start`` and ``end`` are connected."""

    SAME = "SAME"
    DOWNSTREAM = "DOWNSTREAM"
    UPSTREAM = "UPSTREAM"
    COMMON_ANCESTOR = "COMMON_ANCESTOR"
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One path: nodes from start to end, and the edges between them in the same order."""

    uids: tuple[str, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathAnswer:
    """Shortest first. ``is_partial``: a budget ended the search, so paths may be missing."""

    start: str
    end: str
    relation: Relation
    paths: tuple[Connection, ...]
    nodes: Mapping[str, Head]
    is_partial: bool
    reason: str
    plan: Plan


async def path(
    reader: LineageReader, start: str, end: str, sight: Sight, *, k: int = 3, budget: Budget = WIDE
) -> PathAnswer:
    """Up to ``k`` paths; raises NotFoundError when either end is not visible."""
    if not 1 <= k <= MAX_PATHS:
        raise InvalidInputError("the number of paths is out of range", field="k", allowed=f"1 to {MAX_PATHS}")
    deadline = Deadline(budget.milliseconds)
    tries = (
        (Relation.DOWNSTREAM, (start, Direction.DOWNSTREAM), (end, Direction.UPSTREAM)),
        (Relation.UPSTREAM, (end, Direction.DOWNSTREAM), (start, Direction.UPSTREAM)),
        (Relation.COMMON_ANCESTOR, (start, Direction.UPSTREAM), (end, Direction.UPSTREAM)),
    )
    for uid in (start, end):
        check(start_at(uid, Direction.UPSTREAM, None, budget))
    reasons: list[str] = []
    found: list[Connection] = []
    relation, meeting = Relation.NONE, None
    with counting() as trips:
        for relation, one, other in tries:
            meeting = await _meet(reader, one, other, sight, budget, deadline)
            reasons += [meeting.reason] if meeting.reason else []
            if meeting.common:
                found = _connect(meeting, relation, start, end, k)
                break
        else:
            relation = Relation.NONE
    return _answer(
        start,
        end,
        relation,
        found,
        meeting,
        Walk(_ledger(meeting), _walkers(meeting), deadline, trips),
        reasons,
    )


@dataclass(slots=True)
class _Meeting:
    walkers: tuple[Walker, Walker]
    ledger: Ledger
    common: set[str]
    reason: str = ""


def _ledger(meeting: _Meeting | None) -> Ledger:
    return meeting.ledger if meeting else Ledger(0)


def _walkers(meeting: _Meeting | None) -> list[Walker]:
    return list(meeting.walkers) if meeting else []


def _answer(
    start: str,
    end: str,
    relation: Relation,
    found: list[Connection],
    meeting: _Meeting | None,
    walk: Walk,
    reasons: list[str],
) -> PathAnswer:
    names = walk.ledger.names()
    shown = {uid for connection in found for uid in connection.uids}
    cut = "per_node" if meeting and walk.cuts else ""
    same = names.get(start, start) == names.get(end, end)
    return PathAnswer(
        start=names.get(start, start),
        end=names.get(end, end),
        relation=Relation.SAME if same else relation,
        paths=tuple(found),
        nodes={uid: walk.ledger.head(uid) for uid in shown},
        is_partial=bool(reasons or cut),
        reason=reasons[0] if reasons else cut,
        plan=walk.plan(),
    )


async def _meet(
    reader: LineageReader,
    one: tuple[str, Direction],
    other: tuple[str, Direction],
    sight: Sight,
    budget: Budget,
    deadline: Deadline,
) -> _Meeting:
    """Walk from both ends, the smaller frontier first, until they meet and a little on."""
    ledger = Ledger(budget.nodes)
    a, b = (Walker(reader, ledger, way, sight, budget.per_node, deadline) for _, way in (one, other))
    a.begin((one[0],))
    b.begin((other[0],))
    meeting = _Meeting((a, b), ledger, set())
    slack = _SLACK
    try:
        # The first generation of each also checks that it is there.
        await a.advance()
        await b.advance()
        while True:
            meeting.common = _reached(a, one[0]) & _reached(b, other[0])
            if meeting.common:
                slack -= 1
            if slack < 0 or not (a.frontier or b.frontier):
                return meeting
            opposed = a.direction is not b.direction
            if opposed and not meeting.common and not (a.frontier and b.frontier):
                # All that one end can reach is known, and the other end is not in it.
                return meeting
            smaller = a if a.frontier and (not b.frontier or len(a.frontier) <= len(b.frontier)) else b
            await smaller.advance()
    except EnoughError as enough:
        meeting.reason = enough.reason
        meeting.common = _reached(a, one[0]) & _reached(b, other[0])
        return meeting


def _reached(walker: Walker, start: str) -> set[str]:
    """Classes of twins that a walker has seen, its start included."""
    ledger = walker.ledger
    return {ledger.root(uid) for uid in (start, *walker.came) if uid in ledger}


def _connect(meeting: _Meeting, relation: Relation, start: str, end: str, k: int) -> list[Connection]:
    names = meeting.ledger.names()
    edges = list(meeting.ledger.edges(names))
    a, b = names[start], names[end]
    if a == b:
        return [Connection(uids=(a,), edges=())]
    if relation is Relation.DOWNSTREAM:
        return _shortest(edges, a, b, k)
    if relation is Relation.UPSTREAM:
        return [_turned(connection) for connection in _shortest(edges, b, a, k)]
    out: list[Connection] = []
    tops = [names[root] for root in meeting.common]
    best: list[tuple[int, str, Connection]] = []
    for top in tops:
        down, across = _shortest(edges, top, a, 1), _shortest(edges, top, b, 1)
        if down and across:
            joined = _joined(_turned(down[0]), across[0])
            best.append((len(joined.uids), top, joined))
    for _, _, joined in sorted(best, key=lambda entry: entry[:2]):
        # A common ancestor's own ancestors are common too: only paths that do not turn back count.
        if len(set(joined.uids)) == len(joined.uids):
            out.append(joined)
    return out[:k]


def _turned(connection: Connection) -> Connection:
    return Connection(uids=connection.uids[::-1], edges=connection.edges[::-1])


def _joined(one: Connection, other: Connection) -> Connection:
    return Connection(uids=one.uids + other.uids[1:], edges=one.edges + other.edges)


def _shortest(edges: list[Edge], start: str, end: str, k: int) -> list[Connection]:
    """Up to ``k`` simple paths along the arrows, shortest first: best-first, guided by the exact
    distance to the end, and depth-first among equals (there may be a million of those)."""
    after: dict[str, dict[str, Edge]] = {}
    before: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.start, {}).setdefault(edge.end, edge)
        before.setdefault(edge.end, set()).add(edge.start)
    away = _distances(before, end)
    if start not in away:
        return []
    out: list[Connection] = []
    order = itertools.count()
    heap: list[tuple[int, int, int, tuple[str, ...]]] = [(away[start], 0, next(order), (start,))]
    for _ in range(_MAX_TRIES):
        if not heap or len(out) >= k:
            break
        _, _, _, uids = heapq.heappop(heap)
        here = uids[-1]
        if here == end:
            hops = tuple(after[a][b] for a, b in itertools.pairwise(uids))
            out.append(Connection(uids=uids, edges=hops))
            continue
        for following in sorted(after.get(here, {})):
            if following in away and following not in uids:
                length = len(uids)
                entry = (length + away[following], -length, next(order), (*uids, following))
                heapq.heappush(heap, entry)
    return out


def _distances(before: dict[str, set[str]], end: str) -> dict[str, int]:
    away = {end: 0}
    queue = deque([end])
    while queue:
        here = queue.popleft()
        for previous in before.get(here, ()):
            if previous not in away:
                away[previous] = away[here] + 1
                queue.append(previous)
    return away
