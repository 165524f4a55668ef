"""A scene's boxes: like siblings folded into one, edges between the same two boxes made one with a weight.

What every question that is drawn has in common. Which nodes and edges there are is theirs (``scene``,
``steps``, ``version_tree``); layout is the viewer's.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, cast

from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.heads import Head
from lineage_server.provenance.answers import Direction, LineageNode, Plan, Truncation

FOLD_FROM = 5
_MEMBERS_SHOWN = 1_000


Hidden: TypeAlias = Mapping[tuple[str, Direction], int]
"""How many edges go on from a node on each side, and are not drawn."""


class GroupBy(StrEnum):
    """What makes siblings alike: the job or artifact they belong to, only their kind, or nothing."""

    JOB = "JOB"
    KIND = "KIND"
    NONE = "NONE"


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


def fold(nodes: list[LineageNode], edges: list[Edge], focus: str, group_by: GroupBy) -> dict[str, str]:
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


def boxes_of(
    nodes: list[LineageNode],
    folded: Mapping[str, str],
    hidden: Hidden,
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


def lines_of(edges: list[Edge], folded: Mapping[str, str]) -> tuple[SceneEdge, ...]:
    drawn: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for edge in edges:
        drawn[folded[edge.start], folded[edge.end], edge.type].append(edge.role)
    return tuple(
        SceneEdge(start=start, end=end, type=kind, weight=len(roles), roles=tuple(sorted(set(roles)))[:10])
        for (start, end, kind), roles in drawn.items()
        if start != end
    )


def version_of(
    boxes: tuple[tuple[SceneNode, ...], tuple[SceneGroup, ...]], lines: tuple[SceneEdge, ...]
) -> str:
    words = sorted(map(repr, (*boxes[0], *boxes[1], *lines)))
    return hashlib.blake2b("\n".join(words).encode(), digest_size=8).hexdigest()


# --- what hangs from one thing: the steps of a run, the versions of a model -------------------------


def tied(focus: str, owners: Mapping[str, str], edges: Iterable[Edge], kind: str) -> list[Edge]:
    """The edges, and one from its owner to each node that no other of the owner's leads to: with them all
    is reached from the focus, also where data goes in a circle."""
    out = list(edges)
    led = {e.end for e in out if e.end in owners and owners.get(e.start) == owners[e.end]}
    out += [Edge(type=kind, start=owner, end=uid) for uid, owner in owners.items() if uid not in led]
    onward: dict[str, list[str]] = defaultdict(list)
    for edge in out:
        onward[edge.start].append(edge.end)
    reached = _reached(onward, focus, set())
    for uid, owner in owners.items():
        if uid not in reached:
            out.append(Edge(type=kind, start=owner, end=uid))
            reached |= _reached(onward, uid, reached)
    return out


def _reached(onward: Mapping[str, list[str]], start: str, known: set[str]) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        for uid in onward.get(todo.pop(), ()):
            if uid not in seen and uid not in known:
                seen.add(uid)
                todo.append(uid)
    return seen


def layers(uids: Iterable[str], edges: Iterable[Edge]) -> dict[str, int]:
    """How many edges lie before each on the longest way; what stands in a circle comes last."""
    waits = dict.fromkeys(uids, 0)
    onward: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if edge.start in waits and edge.end in waits:
            onward[edge.start].append(edge.end)
            waits[edge.end] += 1
    wave = [uid for uid, count in waits.items() if count == 0]
    out: dict[str, int] = {}
    depth = 0
    while wave:
        out.update(dict.fromkeys(wave, depth))
        depth += 1
        following: list[str] = []
        for uid in wave:
            for end in onward[uid]:
                waits[end] -= 1
                if waits[end] == 0:
                    following.append(end)
        wave = following
    return {uid: out.get(uid, depth) for uid in waits}


def drawn(
    focus: str,
    nodes: list[LineageNode],
    edges: list[Edge],
    hidden: Hidden,
    *,
    group_by: GroupBy,
    reason: str,
    omitted: int,
    plan: Plan,
) -> Scene:
    """The scene of nodes and edges as they were found."""
    folded = fold(nodes, edges, focus, group_by)
    boxes, lines = boxes_of(nodes, folded, hidden, {}, higher=True), lines_of(edges, folded)
    return Scene(
        focus=focus,
        nodes=boxes[0],
        groups=boxes[1],
        edges=lines,
        truncated=(),
        version=version_of(boxes, lines),
        is_partial=bool(reason),
        reason=reason,
        omitted=omitted,
        plan=plan,
    )
