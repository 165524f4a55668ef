"""The question ``lineageScene``: a walk made ready for drawing.

Five or more like siblings fold into a group; edges between the same two boxes become one with a
weight; each box says how much of either side is not in the picture. Layout is the viewer's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lineage_server.domain.errors import InvalidInputError
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import LineageFacts
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.answers import (
    EVERYTHING,
    MAX_DEPTH,
    Budget,
    Direction,
    LineageQuestion,
    NodeFilter,
    Truncation,
    View,
)
from lineage_server.provenance.boxes import GroupBy, Scene, boxes_of, fold, lines_of, version_of
from lineage_server.provenance.left_out import aside
from lineage_server.provenance.opened import check_opened, seen_of, widened
from lineage_server.provenance.traverse import check, run_walk


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneQuestion:
    """``best_metric`` picks each group's best run; ``higher_is_better`` says which way. ``opened``: see the
    module of this name."""

    focus: str
    up: int = 3
    down: int = 3
    view: View = View.VERSION
    group_by: GroupBy = GroupBy.JOB
    filter: NodeFilter = EVERYTHING
    as_of: int | None = None
    known_at: int | None = None
    budget: Budget = field(default_factory=lambda: Budget(nodes=500, per_node=50))
    best_metric: str = ""
    higher_is_better: bool = True
    opened: tuple[str, ...] = ()


async def lineage_scene(
    reader: LineageReader, facts: LineageFacts, question: SceneQuestion, *, scope: frozenset[str] | None
) -> Scene:
    """Walk both sides, fold, count what is not shown."""
    _check(question)
    asked = check(
        LineageQuestion(
            start=(question.focus,),
            direction=Direction.BOTH,
            view=question.view,
            max_depth=max(question.up, question.down),
            as_of=question.as_of,
            known_at=question.known_at,
            budget=question.budget,
        )
    )
    sight = Sight(scope=scope, as_of=question.as_of, known_at=question.known_at)
    sides = {Direction.UPSTREAM: question.up, Direction.DOWNSTREAM: question.down}
    walk = await run_walk(reader, asked, sight, limits=sides)
    focus = walk.ledger.names()[question.focus]
    with counting() as trips:
        seen = await seen_of(walk)
        seen = await widened(reader, seen, question.opened, focus=focus, view=question.view, sight=sight)
        nodes = [node for node in seen.nodes if node.head.uid == focus or question.filter.shows(node.head)]
        visible = {node.head.uid for node in nodes}
        edges = [e for e in seen.edges if e.start in visible and e.end in visible]
        folded = fold(nodes, edges, focus, question.group_by)
        runs = [u for u, box in folded.items() if box != u and u.startswith("run:")]
        beside = await aside(walk, nodes, seen.edges, seen.followed)
        values = (
            await facts.metric(runs, question.best_metric, sight) if question.best_metric and runs else {}
        )
    walk.trips.count += trips.count
    hidden = {**beside, **_hidden(seen.cuts, [(b.uid, b.direction, b.more or 0) for b in seen.boundary])}
    boxes = boxes_of(nodes, folded, hidden, values, higher=question.higher_is_better)
    lines = lines_of(edges, folded)
    return Scene(
        focus=focus,
        nodes=boxes[0],
        groups=boxes[1],
        edges=lines,
        # A picture is widened by asking for more of it; cursors belong to ``lineage``.
        truncated=tuple(replace(one, cursor="") for one in seen.cuts),
        version=version_of(boxes, lines),
        is_partial=bool(walk.reason or seen.cuts),
        reason=walk.reason or ("per_node" if seen.cuts else ""),
        omitted=len(seen.nodes) - len(nodes),
        plan=walk.plan(),
    )


def _check(question: SceneQuestion) -> None:
    if question.view is View.FIELD:
        raise InvalidInputError(
            "columns are not drawn as a scene; `lineage` answers about them",
            field="view",
            allowed="VERSION or LOGICAL",
        )
    check_opened(question.opened)
    for name, depth in (("up", question.up), ("down", question.down)):
        if not 0 <= depth <= MAX_DEPTH:
            raise InvalidInputError("the depth is out of range", field=name, allowed=f"0 to {MAX_DEPTH}")


def _hidden(
    cuts: Iterable[Truncation], boundary: Iterable[tuple[str, Direction, int]]
) -> dict[tuple[str, Direction], int]:
    out: dict[tuple[str, Direction], int] = defaultdict(int)
    for cut in cuts:
        out[cut.uid, cut.direction] += max(0, (cut.total or cut.shown + 1) - cut.shown)
    for uid, direction, more in boundary:
        out[uid, direction] += more
    return out
