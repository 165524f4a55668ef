"""The question ``path``: how two things are connected.

Along the data from one to the other, else the other way round, else over what both come from. The
walk goes from both ends at once; the paths are then picked from what it brought, in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lineage_server.domain.errors import InvalidInputError
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.ancestry import WIDE, start_at
from lineage_server.provenance.answers import Budget, Direction, Plan
from lineage_server.provenance.flow import Connection, Flow
from lineage_server.provenance.ledger import EnoughError, Ledger
from lineage_server.provenance.traverse import check
from lineage_server.provenance.walk import Deadline, Walk, Walker

MAX_PATHS = 50
_SLACK = 2
"""Generations walked on after the two sides met, so that slightly longer paths are found too."""


class Relation(StrEnum):
    """How ``start`` and ``end`` are connected."""

    SAME = "SAME"
    DOWNSTREAM = "DOWNSTREAM"
    UPSTREAM = "UPSTREAM"
    COMMON_ANCESTOR = "COMMON_ANCESTOR"
    NONE = "NONE"


_WAYS = {
    Relation.DOWNSTREAM: (Direction.DOWNSTREAM, Direction.UPSTREAM),
    Relation.UPSTREAM: (Direction.UPSTREAM, Direction.DOWNSTREAM),
    Relation.COMMON_ANCESTOR: (Direction.UPSTREAM, Direction.UPSTREAM),
}
"""Which way to walk from the start, and from the end."""


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
    for uid in (start, end):
        check(start_at(uid, Direction.UPSTREAM, None, budget, sight))
    search = _Search(reader, sight, budget, Deadline(budget.milliseconds), start, end)
    relation, found = Relation.NONE, list[Connection]()
    meetings: list[_Meeting] = []
    with counting() as trips:
        for tried in _WAYS:
            meetings.append(await search.meet(tried))
            found = _connect(meetings[-1], tried, start, end, k)
            if found:
                relation = tried
                break
    last = meetings[-1]
    walk = Walk(last.ledger, list(last.walkers), search.deadline, trips)
    reasons = [meeting.reason for meeting in meetings if meeting.reason]
    return _answer(start, end, relation, found, walk, reasons)


def _answer(
    start: str, end: str, relation: Relation, found: list[Connection], walk: Walk, reasons: list[str]
) -> PathAnswer:
    names = walk.ledger.names()
    shown = {uid for connection in found for uid in connection.uids}
    cut = "per_node" if walk.cuts else ""
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


@dataclass(slots=True)
class _Meeting:
    """Two walks into one ledger, and what both have seen."""

    walkers: tuple[Walker, Walker]
    ledger: Ledger
    common: set[str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Search:
    """From both ends, in the two directions that fit a relation."""

    reader: LineageReader
    sight: Sight
    budget: Budget
    deadline: Deadline
    start: str
    end: str

    async def meet(self, relation: Relation) -> _Meeting:
        """Walk until the ends are connected and a little on, or cannot be."""
        ledger = Ledger(self.budget.nodes)
        a, b = (self._walker(ledger, way) for way in _WAYS[relation])
        meeting = _Meeting((a, b), ledger, set())
        a.begin((self.start,))
        b.begin((self.end,))
        try:
            # The first generation of each also checks that it is there.
            await a.advance()
            await b.advance()
            await self._approach(meeting, relation)
        except EnoughError as enough:
            meeting.reason = enough.reason
        meeting.common = self._common(meeting)
        return meeting

    def _walker(self, ledger: Ledger, way: Direction) -> Walker:
        return Walker(self.reader, ledger, way, self.sight, self.budget.per_node, self.deadline)

    async def _approach(self, meeting: _Meeting, relation: Relation) -> None:
        a, b = meeting.walkers
        opposed = a.direction is not b.direction
        met, slack = False, _SLACK
        while a.frontier or b.frontier:
            if not met:
                # Seen from both ends is not yet connected: what lies between may not have flowed.
                meeting.common = self._common(meeting)
                met = bool(_connect(meeting, relation, self.start, self.end, 1))
            if not met and opposed and not (a.frontier and b.frontier):
                # All that one end can reach is known, and the other end is not in it.
                return
            if met:
                slack -= 1
            if slack < 0:
                return
            # The smaller frontier first.
            smaller = a if a.frontier and (not b.frontier or len(a.frontier) <= len(b.frontier)) else b
            await smaller.advance()

    def _common(self, meeting: _Meeting) -> set[str]:
        """Classes of twins that both walkers have seen, their starts included."""
        ledger = meeting.ledger
        one, other = (
            {ledger.root(uid) for uid in (start, *walker.came) if uid in ledger}
            for start, walker in zip((self.start, self.end), meeting.walkers, strict=True)
        )
        return one & other


def _connect(meeting: _Meeting, relation: Relation, start: str, end: str, k: int) -> list[Connection]:
    if not meeting.common:
        return []
    names = meeting.ledger.names()
    a, b = names[start], names[end]
    if a == b:
        return [Connection(uids=(a,), edges=())]
    flow = Flow(meeting.ledger, names)
    if relation is Relation.DOWNSTREAM:
        return flow.towards(b).shortest(a, k)
    if relation is Relation.UPSTREAM:
        return [_turned(connection) for connection in flow.towards(a).shortest(b, k)]
    to_a, to_b = flow.towards(a), flow.towards(b)
    best: list[tuple[int, str, Connection]] = []
    for top in {names[root] for root in meeting.common}:
        down, across = to_a.shortest(top, 1), to_b.shortest(top, 1)
        if down and across:
            joined = _joined(_turned(down[0]), across[0])
            best.append((len(joined.uids), top, joined))
    # A common ancestor's own ancestors are common too: only paths that do not turn back count.
    ranked = sorted(best, key=lambda entry: entry[:2])
    return [joined for _, _, joined in ranked if len(set(joined.uids)) == len(joined.uids)][:k]


def _turned(connection: Connection) -> Connection:
    return Connection(uids=connection.uids[::-1], edges=connection.edges[::-1])


def _joined(one: Connection, other: Connection) -> Connection:
    return Connection(uids=one.uids + other.uids[1:], edges=one.edges + other.edges)
