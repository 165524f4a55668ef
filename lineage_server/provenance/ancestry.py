"""A whole side of a node's lineage, for the questions that judge it: impact, cost, differences.

Same walk as ``lineage``, with budgets wide enough that most answers are exact; where they are not,
the answer says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from lineage_server.domain.nodes import PREFIX, Edge, Label
from lineage_server.graph.errors import OverdueQueryError
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.answers import (
    MAX_NODES,
    MAX_PER_NODE,
    Budget,
    Direction,
    LineageNode,
    LineageQuestion,
    Plan,
    View,
)
from lineage_server.provenance.ledger import EnoughError
from lineage_server.provenance.traverse import check, run_walk
from lineage_server.provenance.walk import Origin, Walk

_T = TypeVar("_T")
WIDE = Budget(nodes=MAX_NODES, per_node=MAX_PER_NODE, milliseconds=30_000)
_LOGICAL = frozenset({Label.ARTIFACT, Label.JOB})


@dataclass(slots=True)
class Ancestry:
    """All nodes of one side, the start first, with edges and how each node was reached; ``begun``: the
    shown uids that it begins at (a registered version's walk begins at what that is of, too)."""

    start: str
    begun: frozenset[str]
    nodes: list[LineageNode]
    edges: list[Edge]
    names: dict[str, str]
    came: dict[str, Origin]
    reason: str
    walk: Walk

    @property
    def plan(self) -> Plan:
        return self.walk.plan()

    async def in_time(self, ask: Callable[[], Awaitable[_T]], otherwise: _T) -> _T:
        """What is asked beyond the walk, while its time lasts; else the answer is partial."""
        with counting() as trips:
            try:
                async with asyncio.timeout(self.walk.deadline.remaining_seconds()):
                    return await ask()
            except (EnoughError, OverdueQueryError, TimeoutError):
                self.reason = self.reason or "milliseconds"
                return otherwise
            finally:
                self.walk.trips.count += trips.count

    @property
    def is_partial(self) -> bool:
        return bool(self.reason)

    def of_label(self, *labels: Label) -> Iterator[LineageNode]:
        """Visible nodes of these labels."""
        return (node for node in self.nodes if node.head.label in labels and not node.head.hidden)

    def heads(self) -> dict[str, Head]:
        return {node.head.uid: node.head for node in self.nodes}

    def path_to(self, uid: str) -> tuple[str, ...]:
        """One shortest path from the start, as shown uids."""
        out = [uid]
        twins = (twin for twin, name in self.names.items() if name == uid and twin in self.came)
        origin = self.came.get(next(twins, "")) if uid not in self.begun else None
        while origin is not None:
            out += [origin.via] if origin.via else []
            out.append(self.names[origin.uid])
            origin = origin.before
        return tuple(reversed(out if out[-1] == self.start else [*out, self.start]))


async def ancestry(
    reader: LineageReader,
    uid: str,
    direction: Direction,
    sight: Sight,
    *,
    max_depth: int | None = None,
    budget: Budget = WIDE,
) -> Ancestry:
    """Walk one side to its end; raises NotFoundError for a start that is not visible."""
    question = check(start_at(uid, direction, max_depth, budget, sight))
    walk = await run_walk(reader, question, sight)
    names = walk.ledger.names()
    nodes = list(walk.ledger.nodes(names))
    return Ancestry(
        start=names.get(uid, uid),
        begun=frozenset(node.head.uid for node in nodes if node.depth == 0),
        nodes=nodes,
        edges=list(walk.ledger.edges(names)),
        names=names,
        came=walk.walkers[0].came,
        reason=walk.reason or ("per_node" if walk.cuts else ""),
        walk=walk,
    )


def start_at(
    uid: str, direction: Direction, max_depth: int | None, budget: Budget, sight: Sight
) -> LineageQuestion:
    """The walk of a single node, in the view that fits its label."""
    logical = any(uid.startswith(f"{PREFIX[label]}:") for label in _LOGICAL)
    return LineageQuestion(
        start=(uid,),
        direction=direction,
        view=View.LOGICAL if logical else View.VERSION,
        max_depth=max_depth,
        as_of=sight.as_of,
        known_at=sight.known_at,
        budget=budget,
    )
