"""A whole side of a node's lineage, for the questions that judge it: impact, cost, differences.

Same walk as ``lineage``, with budgets wide enough that most answers are exact; where they are not,
the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.provenance.answers import Budget, Direction, LineageNode, LineageQuestion, Plan, View
from lineage_server.provenance.traverse import WALKED, check, run_walk
from lineage_server.provenance.walk import Origin

WIDE = Budget(nodes=50_000, per_node=5_000, milliseconds=30_000)
_LOGICAL = frozenset({Label.ARTIFACT, Label.JOB})


@dataclass(slots=True)
class Ancestry:
    """All nodes of one side, the start first, with edges and how each node was reached."""

    start: str
    nodes: list[LineageNode]
    edges: list[Edge]
    names: dict[str, str]
    came: dict[str, Origin]
    plan: Plan
    reason: str

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
        members = {member: name for member, name in self.names.items() if name == uid}
        here = next((member for member in members if member in self.came), "")
        while here and self.names[here] != self.start:
            origin = self.came.get(here)
            if origin is None:
                break
            out += [origin.via] if origin.via else []
            out.append(self.names[origin.uid])
            here = origin.uid
        return tuple(reversed(out))


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
    question = check(start_at(uid, direction, max_depth, budget))
    walk = await run_walk(reader, question, sight)
    names = walk.ledger.names()
    return Ancestry(
        start=names.get(uid, uid),
        nodes=list(walk.ledger.nodes(names)),
        edges=list(walk.ledger.edges(names)),
        names=names,
        came=walk.walkers[0].came,
        plan=walk.plan(),
        reason=walk.reason or ("per_node" if walk.cuts else ""),
    )


def start_at(uid: str, direction: Direction, max_depth: int | None, budget: Budget) -> LineageQuestion:
    """The walk of a single node, in the view that fits its label."""
    label = next((label for label in WALKED & _LOGICAL if uid.startswith(f"{label.lower()}:")), None)
    view = View.LOGICAL if label else View.VERSION
    return LineageQuestion(start=(uid,), direction=direction, view=view, max_depth=max_depth, budget=budget)
