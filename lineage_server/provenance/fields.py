"""The field view of ``lineage``: which columns a column was made from, and what was made from it.

Column facts stand on DERIVED edges between versions, as the producer told them; where nobody told,
the walk ends. Such an edge tells of one production, so the rule of ``production.py`` holds for it.
"""

from __future__ import annotations

from dataclasses import replace

from lineage_server.domain.errors import NotSupportedError
from lineage_server.domain.nodes import Label
from lineage_server.graph.errors import OverdueQueryError
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import FieldEdge, LineageFacts
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.answers import (
    MAX_DEPTH,
    Boundary,
    Direction,
    FieldLink,
    LineageAnswer,
    LineageQuestion,
    Plan,
    Truncation,
)
from lineage_server.provenance.columns import why_nothing
from lineage_server.provenance.ledger import EnoughError, Ledger
from lineage_server.provenance.production import UNLIMITED, mended, reach_by
from lineage_server.provenance.traverse import check
from lineage_server.provenance.walk import Deadline, not_found

_EVERY = "*"
Columns = dict[str, int]
"""Columns of one version, each with its reach."""


async def field_lineage(
    reader: LineageReader, facts: LineageFacts, question: LineageQuestion, *, scope: frozenset[str] | None
) -> LineageAnswer:
    """Nodes are the versions passed; ``fields`` links their columns. One page only. Raises NotFoundError for
    a column that is not there."""
    question = check(question)
    if question.after:
        raise NotSupportedError(
            "the field view answers on one page: raise the budget's nodes or perNode, or ask for one column"
        )
    sight = Sight(scope=scope, as_of=question.as_of, known_at=question.known_at)
    both = (Direction.UPSTREAM, Direction.DOWNSTREAM)
    directions = both if question.direction is Direction.BOTH else (question.direction,)
    ledger, deadline = Ledger(question.budget.nodes), Deadline(question.budget.milliseconds)
    walks = [
        _FieldWalk(reader, facts, sight, ledger, deadline, direction, question.budget.per_node)
        for direction in directions
    ]
    reason = note = ""
    with counting() as trips:
        try:
            for walk in walks:
                await walk.run(question)
            if not any(walk.links for walk in walks):
                starts = ledger.twins(question.start)
                note = await why_nothing(facts, starts, question.column, sight, deadline)
        except EnoughError as enough:
            reason = enough.reason
        except OverdueQueryError:
            reason = "milliseconds"
    caps = {reason} - {""} | {"per_node:DERIVED" for walk in walks if walk.cuts}
    plan = Plan(
        levels=sum(walk.levels for walk in walks),
        nodes_visited=len(ledger),
        caps_hit=tuple(sorted(caps)),
        milliseconds=round(deadline.spent_milliseconds(), 3),
        round_trips=trips.count,
    )
    answer = _answer(question, walks, ledger, reason, plan)
    return replace(answer, reason=answer.reason or note)


def _answer(
    question: LineageQuestion, walks: list[_FieldWalk], ledger: Ledger, reason: str, plan: Plan
) -> LineageAnswer:
    names = ledger.names()
    nodes = list(ledger.nodes(names))
    shown = tuple(node for node in nodes if question.filter.shows(node.head))
    visible = {node.head.uid for node in shown}
    links = dict.fromkeys(_named(link, names) for walk in walks for link in walk.links)
    truncated = tuple(
        Truncation(uid=uid, type="DERIVED", direction=walk.direction, shown=walk.per_node)
        for walk in walks
        for uid in dict.fromkeys(names[uid] for uid in walk.cuts)
    )
    boundary = [
        Boundary(uid=uid, direction=walk.direction)
        for walk in walks
        for uid in dict.fromkeys(names[uid] for uid in walk.beyond)
    ]
    return LineageAnswer(
        start=question.start,
        nodes=shown,
        edges=(),
        fields=tuple(link for link in links if link.start in visible and link.end in visible),
        truncated=truncated,
        boundary=() if reason else tuple(boundary),
        is_partial=bool(reason or truncated),
        reason=reason or ("per_node" if truncated else ""),
        omitted=len(nodes) - len(shown),
        plan=plan,
    )


class _FieldWalk:
    """A walk over columns in one direction; ``beyond`` holds the versions that depth kept it from leaving."""

    def __init__(
        self,
        reader: LineageReader,
        facts: LineageFacts,
        sight: Sight,
        ledger: Ledger,
        deadline: Deadline,
        direction: Direction,
        per_node: int,
    ) -> None:
        self._reader, self._facts, self._sight = reader, facts, sight
        self._ledger, self._deadline = ledger, deadline
        self.direction, self.per_node = direction, per_node
        self._upstream = direction is Direction.UPSTREAM
        self._done: dict[str, Columns] = {}
        self._withheld: set[str] = set()
        self.links: dict[FieldLink, None] = {}
        self.cuts: dict[str, None] = {}
        self.beyond: dict[str, Columns] = {}
        self.levels = 0

    async def run(self, question: LineageQuestion) -> None:
        frontier = {uid: {question.column or _EVERY: UNLIMITED} for uid in question.start}
        limit = MAX_DEPTH if question.max_depth is None else question.max_depth
        for depth in range(limit + 1):
            leaving = await self._meet(frontier, depth)
            missing = [uid for uid in question.start if uid not in self._ledger]
            if missing:
                raise not_found(missing[0])
            if not leaving:
                return
            if depth == limit:
                self.beyond = leaving
                return
            frontier = await self._leave(leaving)
            self.levels += 1

    async def _meet(self, frontier: dict[str, Columns], depth: int) -> dict[str, Columns]:
        """Heads and twins of the frontier; what remains to be left, column by column."""
        fresh = {uid: self._fresh(uid, columns) for uid, columns in frontier.items()}
        fresh = {uid: columns for uid, columns in fresh.items() if columns}
        visible: dict[str, None] = {}
        wave = list(fresh)
        while wave:
            twins: dict[str, None] = {}
            for head, same in await self._heads(wave):
                if head.hidden and depth == 0:
                    continue
                self._ledger.add(head, same, depth, self.direction)
                if not head.hidden:
                    visible.setdefault(head.uid)
                    twins.update((twin.uid, None) for twin in same if not twin.hidden)
            wave = [uid for uid in twins if uid not in visible]
        together: dict[str, Columns] = {}
        for uid, columns in fresh.items():
            if uid in visible:
                _widen(together, self._ledger.root(uid), columns)
        leaving = {uid: self._fresh(uid, together[self._ledger.root(uid)]) for uid in visible}
        return {uid: columns for uid, columns in leaving.items() if columns}

    async def _heads(self, uids: list[str]) -> list[tuple[Head, tuple[Head, ...]]]:
        """Heads of versions and of their twins."""
        seconds = self._deadline.remaining_seconds()
        return await self._reader.selves(Label.ARTIFACT_VERSION, uids, self._sight, timeout_seconds=seconds)

    def _fresh(self, uid: str, columns: Columns) -> Columns:
        """Columns not left yet, or not as far as there is something to follow."""
        done = self._done.get(uid, {})
        return {
            column: reach
            for column, reach in columns.items()
            if column not in done or (reach > done[column] and uid in self._withheld)
        }

    async def _leave(self, leaving: dict[str, Columns]) -> dict[str, Columns]:
        """Follow the column edges of the frontier."""
        edges = await self._facts.fields(
            leaving,
            self._sight,
            upstream=self._upstream,
            fan=self.per_node + 1,
            timeout_seconds=self._deadline.remaining_seconds(),
        )
        late = {e.origin for e in edges if self._key(e) > min(leaving[e.origin].values())}
        if late:
            firsts = await self._reader.first_outputs(
                self._ledger.twins(late), self._sight, timeout_seconds=self._deadline.remaining_seconds()
            )
            for uid, at in firsts.items():
                self._ledger.note_production(uid, at)
        for uid, columns in leaving.items():
            first = self._ledger.first_production(uid)
            for column, reach in columns.items():
                columns[column] = mended(self.direction, reach, first)
            self._done.setdefault(uid, {}).update(columns)
            self._withheld.discard(uid)
        following: dict[str, Columns] = {}
        followed: dict[str, int] = {}
        for edge in edges:
            followed[edge.origin] = followed.get(edge.origin, 0) + 1
            if followed[edge.origin] > self.per_node:
                self.cuts.setdefault(edge.origin)
            else:
                self._follow(edge, leaving[edge.origin], following)
        return following

    def _key(self, edge: FieldEdge) -> int:
        """Compared with a reach: followed upstream it is a production, downstream a use."""
        if self._upstream:
            return edge.at if edge.produced else -UNLIMITED
        return -edge.at

    def _follow(self, edge: FieldEdge, wanted: Columns, following: dict[str, Columns]) -> None:
        as_output = edge.produced and not self._upstream
        reach = reach_by(self.direction, "OUTPUT" if as_output else "DERIVED", edge.at)
        if edge.sources is None:
            if self._key(edge) <= max(wanted.values()):
                _widen(following, edge.other, {_EVERY: UNLIMITED})
            return
        ends = (edge.other, edge.origin) if self._upstream else (edge.origin, edge.other)
        for made, source in ((made, source) for made, sources in edge.sources.items() for source in sources):
            leaving, reached = (made, source[0]) if self._upstream else (source[0], made)
            allowed = max(wanted.get(leaving, -UNLIMITED - 1), wanted.get(_EVERY, -UNLIMITED - 1))
            if self._key(edge) > allowed:
                if allowed >= -UNLIMITED:
                    # Any of them may be reached again.
                    self._withheld.update(self._ledger.twins([edge.origin]))
                continue
            _widen(following, edge.other, {reached: reach})
            link = FieldLink(
                start=ends[0], start_column=source[0], end=ends[1], end_column=made, how=" ".join(source[1:])
            )
            self.links.setdefault(link)


def _widen(many: dict[str, Columns], uid: str, columns: Columns) -> None:
    """Add columns of a version, each as far as anything allows."""
    known = many.setdefault(uid, {})
    for column, reach in columns.items():
        known[column] = max(reach, known.get(column, reach))


def _named(link: FieldLink, names: dict[str, str]) -> FieldLink:
    return FieldLink(
        start=names.get(link.start, link.start),
        start_column=link.start_column,
        end=names.get(link.end, link.end),
        end_column=link.end_column,
        how=link.how,
    )
