"""The question ``lineageScene``: a walk made ready for drawing.

Five or more like siblings fold into a group; edges between the same two boxes become one with a
weight; each box says how much of either side is not in the picture. Layout is the viewer's.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import cast

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_lineage_facts import LineageFacts
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.answers import (
    EVERYTHING,
    MAX_DEPTH,
    Budget,
    Direction,
    LineageNode,
    LineageQuestion,
    NodeFilter,
    Plan,
    Truncation,
    View,
)
from lineage_server.provenance.opened import check_opened, seen_of, widened
from lineage_server.provenance.traverse import check, run_walk

FOLD_FROM = 5
_MEMBERS_SHOWN = 1_000


class GroupBy(StrEnum):
    """What makes siblings alike: the job or artifact they belong to, only their kind, or nothing."""

    JOB = "JOB"
    KIND = "KIND"
    NONE = "NONE"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneNode:
    """One box. ``hidden_up``, ``hidden_down``: edges that go on from it and are not drawn."""

    head: Head
    side: Direction
    depth: int
    status: str
    hidden_up: int = 0
    hidden_down: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneGroup:
    """Like siblings as one box; ``members`` are the first of ``count``."""

    id: str
    label: Label
    kind: str
    name: str
    side: Direction
    depth: int
    count: int
    states: Mapping[str, int]
    members: tuple[str, ...]
    best: str = ""
    best_value: float | None = None
    hidden_up: int = 0
    hidden_down: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneEdge:
    """All edges of one type between two boxes; ends are uids or group ids."""

    start: str
    end: str
    type: str
    weight: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """``version`` changes exactly when the picture does: a viewer patches when it moves on."""

    focus: str
    nodes: tuple[SceneNode, ...]
    groups: tuple[SceneGroup, ...]
    edges: tuple[SceneEdge, ...]
    truncated: tuple[Truncation, ...]
    version: str
    is_partial: bool
    reason: str
    omitted: int
    plan: Plan


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
        folded = _fold(nodes, edges, focus, question.group_by)
        runs = [u for u, box in folded.items() if box != u and u.startswith("run:")]
        values = (
            await facts.metric(runs, question.best_metric, sight) if question.best_metric and runs else {}
        )
    walk.trips.count += trips.count
    hidden = _hidden(seen.cuts, [(b.uid, b.direction, b.more or 0) for b in seen.boundary])
    boxes = _boxes(nodes, folded, hidden, values, higher=question.higher_is_better)
    lines = _lines(edges, folded)
    return Scene(
        focus=focus,
        nodes=boxes[0],
        groups=boxes[1],
        edges=lines,
        # A picture is widened by asking for more of it; cursors belong to ``lineage``.
        truncated=tuple(replace(one, cursor="") for one in seen.cuts),
        version=_version(boxes, lines),
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


def _fold(nodes: list[LineageNode], edges: list[Edge], focus: str, group_by: GroupBy) -> dict[str, str]:
    """Each uid → its box: itself, or the group of its like siblings."""
    box = {node.head.uid: node.head.uid for node in nodes}
    if group_by is GroupBy.NONE:
        return box
    neighbours: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        neighbours[edge.start].add(edge.end)
        neighbours[edge.end].add(edge.start)
    place = {node.head.uid: _order(node) for node in nodes}
    waves: dict[tuple[int, int], list[LineageNode]] = defaultdict(list)
    for node in nodes:
        waves[place[node.head.uid]].append(node)
    # From the focus outwards, so that siblings whose parents were folded can fold in their turn.
    for _, wave in sorted(waves.items()):
        alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for node in wave:
            uid = node.head.uid
            if uid == focus or node.head.hidden:
                continue
            nearer = frozenset(box[n] for n in neighbours[uid] if place[n] < place[uid])
            alike[(*_likeness(node, group_by, nearer), nearer)].append(uid)
        for key, uids in alike.items():
            if len(uids) >= FOLD_FROM:
                name = "group:" + hashlib.blake2b(repr(_stable(key)).encode(), digest_size=8).hexdigest()
                box.update(dict.fromkeys(uids, name))
    return box


def _order(node: LineageNode) -> tuple[int, int]:
    """Distance from the focus: at one depth, runs lie before the artifacts behind them."""
    return (node.depth, 0 if node.head.label in (Label.RUN, Label.JOB) else 1)


def _likeness(node: LineageNode, group_by: GroupBy, nearer: frozenset[str]) -> tuple[object, ...]:
    head = node.head
    # What folded runs made is alike by kind: each trial writes a model of its own name.
    by_kind = group_by is GroupBy.KIND or any(n.startswith("group:") for n in nearer)
    return (node.side, node.depth, head.label, head.kind, head.project, "" if by_kind else head.group)


def _stable(key: tuple[object, ...]) -> tuple[object, ...]:
    return (*map(str, key[:-1]), sorted(cast("frozenset[str]", key[-1])))


def _hidden(
    cuts: Iterable[Truncation], boundary: Iterable[tuple[str, Direction, int]]
) -> dict[tuple[str, Direction], int]:
    out: dict[tuple[str, Direction], int] = defaultdict(int)
    for cut in cuts:
        out[cut.uid, cut.direction] += max(0, (cut.total or cut.shown + 1) - cut.shown)
    for uid, direction, more in boundary:
        out[uid, direction] += more
    return out


def _boxes(
    nodes: list[LineageNode],
    folded: Mapping[str, str],
    hidden: Mapping[tuple[str, Direction], int],
    values: Mapping[str, float],
    *,
    higher: bool,
) -> tuple[tuple[SceneNode, ...], tuple[SceneGroup, ...]]:
    single: list[SceneNode] = []
    groups: dict[str, list[LineageNode]] = defaultdict(list)

    def beyond(uids: Iterable[str], direction: Direction) -> int:
        return sum(hidden.get((uid, direction), 0) for uid in uids)

    for node in nodes:
        uid = node.head.uid
        if folded[uid] != uid:
            groups[folded[uid]].append(node)
            continue
        single.append(
            SceneNode(
                head=node.head,
                side=node.side,
                depth=node.depth,
                status=status_of(node.head),
                hidden_up=beyond([uid], Direction.UPSTREAM),
                hidden_down=beyond([uid], Direction.DOWNSTREAM),
            )
        )
    many: list[SceneGroup] = []
    for name, members in groups.items():
        uids = [member.head.uid for member in members]
        first = members[0].head
        scored = [(values[uid], uid) for uid in uids if uid in values]
        best = (max if higher else min)(scored, default=None)
        many.append(
            SceneGroup(
                id=name,
                label=first.label,
                kind=first.kind,
                name=first.job_name or (first.name if len({m.head.name for m in members}) == 1 else ""),
                side=members[0].side,
                depth=members[0].depth,
                count=len(uids),
                states=dict(sorted(Counter(status_of(m.head) for m in members).items())),
                members=tuple(uids[:_MEMBERS_SHOWN]),
                best=best[1] if best else "",
                best_value=best[0] if best else None,
                hidden_up=beyond(uids, Direction.UPSTREAM),
                hidden_down=beyond(uids, Direction.DOWNSTREAM),
            )
        )
    return tuple(single), tuple(many)


def status_of(head: Head) -> str:
    """One word to colour a box by."""
    if head.hidden:
        return "hidden"
    if head.deleted_at is not None:
        return "deleted"
    return head.state or ("stub" if head.stub else "")


def _lines(edges: list[Edge], folded: Mapping[str, str]) -> tuple[SceneEdge, ...]:
    drawn: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for edge in edges:
        drawn[folded[edge.start], folded[edge.end], edge.type].append(edge.role)
    return tuple(
        SceneEdge(start=start, end=end, type=kind, weight=len(roles), roles=tuple(sorted(set(roles)))[:10])
        for (start, end, kind), roles in drawn.items()
        if start != end
    )


def _version(
    boxes: tuple[tuple[SceneNode, ...], tuple[SceneGroup, ...]], lines: tuple[SceneEdge, ...]
) -> str:
    words = sorted(map(repr, (*boxes[0], *boxes[1], *lines)))
    return hashlib.blake2b("\n".join(words).encode(), digest_size=8).hexdigest()
