"""The field view of ``lineage``: which columns a column was made from, and what was made from it.

Column facts stand on DERIVED edges between versions, as the producer told them; where nobody told,
the walk ends.
"""

from __future__ import annotations

from lineage_server.domain.nodes import Label
from lineage_server.graph.errors import OverdueQueryError
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import LineageFacts
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.answers import (
    MAX_DEPTH,
    Direction,
    FieldLink,
    LineageAnswer,
    LineageQuestion,
    Plan,
)
from lineage_server.provenance.ledger import EnoughError, Ledger
from lineage_server.provenance.traverse import check
from lineage_server.provenance.walk import Deadline, not_found

Sources = dict[str, list[list[str]]]
_EVERY = "*"


async def field_lineage(
    reader: LineageReader, facts: LineageFacts, question: LineageQuestion, *, scope: frozenset[str] | None
) -> LineageAnswer:
    """Nodes are the versions passed; ``fields`` links their columns. One page only."""
    question = check(question)
    sight = Sight(scope=scope, as_of=question.as_of, known_at=question.known_at)
    both = (Direction.UPSTREAM, Direction.DOWNSTREAM)
    directions = both if question.direction is Direction.BOTH else (question.direction,)
    ledger = Ledger(question.budget.nodes)
    deadline = Deadline(question.budget.milliseconds)
    links: dict[FieldLink, None] = {}
    walks = [_FieldWalk(reader, facts, sight, ledger, deadline, direction, links) for direction in directions]
    reason = ""
    with counting() as trips:
        try:
            for walk in walks:
                await walk.run(question)
        except EnoughError as enough:
            reason = enough.reason
        except OverdueQueryError:
            reason = "milliseconds"
    names = ledger.names()
    nodes = tuple(ledger.nodes(names))
    return LineageAnswer(
        start=question.start,
        nodes=nodes,
        edges=(),
        fields=tuple(dict.fromkeys(_named(link, names) for link in links)),
        is_partial=bool(reason),
        reason=reason,
        plan=Plan(
            levels=sum(walk.levels for walk in walks),
            nodes_visited=len(nodes),
            caps_hit=(reason,) if reason else (),
            milliseconds=round(deadline.spent_milliseconds(), 3),
            round_trips=trips.count,
        ),
    )


class _FieldWalk:
    def __init__(
        self,
        reader: LineageReader,
        facts: LineageFacts,
        sight: Sight,
        ledger: Ledger,
        deadline: Deadline,
        direction: Direction,
        links: dict[FieldLink, None],
    ) -> None:
        self._reader, self._facts, self._sight = reader, facts, sight
        self._ledger, self._deadline, self._links = ledger, deadline, links
        self._direction = direction
        self._done: dict[str, set[str]] = {}
        self.levels = 0

    async def run(self, question: LineageQuestion) -> None:
        columns = {question.column or _EVERY}
        frontier = {uid: set(columns) for uid in question.start}
        limit = MAX_DEPTH if question.max_depth is None else question.max_depth
        for depth in range(limit + 1):
            frontier = await self._meet(frontier, depth)
            if depth == 0:
                missing = [uid for uid in question.start if uid not in self._ledger]
                if missing:
                    raise not_found(missing[0])
            if not frontier or depth == limit:
                return
            self._deadline.remaining_seconds()
            upstream = self._direction is Direction.UPSTREAM
            rows = await self._facts.fields(frontier, self._sight, upstream=upstream)
            self.levels += 1
            following: dict[str, set[str]] = {}
            for origin, other, sources in rows:
                self._follow(origin, other, sources, frontier[origin], following)
            frontier = following

    async def _meet(self, frontier: dict[str, set[str]], depth: int) -> dict[str, set[str]]:
        """Heads and twins of the frontier; what remains to be left, column by column."""
        fresh = {uid: columns - self._done.get(uid, set()) for uid, columns in frontier.items()}
        fresh = {uid: columns for uid, columns in fresh.items() if columns}
        if not fresh:
            return {}
        generation = await self._reader.expand(
            "", Label.ARTIFACT_VERSION, list(fresh), self._sight, fan=1, first=True
        )
        leaving: dict[str, set[str]] = {}
        for head, same in generation.selves:
            if head.hidden and depth == 0:
                continue
            self._ledger.add(head, same, depth, self._direction)
            if head.hidden:
                continue
            for twin in (head, *same):
                if not twin.hidden:
                    leaving.setdefault(twin.uid, set()).update(fresh[head.uid])
        for uid, columns in leaving.items():
            self._done.setdefault(uid, set()).update(columns)
        return leaving

    def _follow(
        self,
        origin: str,
        other: str,
        sources: Sources | None,
        wanted: set[str],
        following: dict[str, set[str]],
    ) -> None:
        if sources is None:
            following.setdefault(other, set()).add(_EVERY)
            return
        for made, froms in sources.items():
            for source in froms:
                column, how = source[0], " ".join(source[1:])
                leaving, reached = (made, column) if self._direction is Direction.UPSTREAM else (column, made)
                if _EVERY not in wanted and leaving not in wanted:
                    continue
                following.setdefault(other, set()).add(reached)
                ends = (other, origin) if self._direction is Direction.UPSTREAM else (origin, other)
                link = FieldLink(start=ends[0], start_column=column, end=ends[1], end_column=made, how=how)
                self._links.setdefault(link)


def _named(link: FieldLink, names: dict[str, str]) -> FieldLink:
    return FieldLink(
        start=names.get(link.start, link.start),
        start_column=link.start_column,
        end=names.get(link.end, link.end),
        end_column=link.end_column,
        how=link.how,
    )
