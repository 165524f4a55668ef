"""The question ``versionScene``: versions of an artifact or a registered model, and what each came from.

A version was derived from what the run read that made it first, and from what somebody said it was made
from. What is a version of the same thing is the same box: so a dataset that was corrected, or a model that
was trained on from another, shows as a tree. Of registered versions what was registered is not drawn beside
them, unless nothing is known of where that came from.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_scenes import SceneReader, Source
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.answers import Budget, Direction, LineageNode, Plan
from lineage_server.provenance.boxes import GroupBy, Scene, drawn, layers, tied
from lineage_server.provenance.traverse import check_budget
from lineage_server.provenance.walk import not_found

_HAVE_VERSIONS = (Label.ARTIFACT, Label.REGISTERED_MODEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsQuestion:
    """``budget``: the newest versions of all, and so many sources of each as there is room for."""

    of: str
    group_by: GroupBy = GroupBy.JOB
    budget: Budget = field(default_factory=lambda: Budget(nodes=500, per_node=20))


async def version_tree(
    reader: LineageReader, scenes: SceneReader, question: VersionsQuestion, *, scope: frozenset[str] | None
) -> Scene:
    """Raises NotFoundError where the thing is not there or not visible."""
    check_budget(question.budget)
    label = label_of(question.of, "of")
    if label not in _HAVE_VERSIONS:
        raise InvalidInputError(
            f"a {label} has no versions", field="of", allowed="the uid of an artifact or a registered model"
        )
    began, sight = time.perf_counter(), Sight(scope=scope)
    nodes_most, fan = question.budget.nodes, question.budget.per_node
    with counting() as trips:
        focus = (await reader.heads([question.of], sight)).get(question.of)
        if focus is None:
            raise not_found(question.of)
        found = await scenes.versions(label, question.of, sight, limit=nodes_most)
        tree = _Tree(found[: nodes_most - 1], room=nodes_most - 1, fan=fan)
        if tree.made:
            tree.grow(await scenes.sources(tree.made, sight, fan=fan + 1))
    edges = tied(question.of, dict.fromkeys(tree.versions, question.of), tree.edges, "VERSION_OF")
    depths = layers((question.of, *tree.versions), edges)
    versions, sources = tree.versions.values(), tree.sources.values()
    nodes = [
        LineageNode(head=focus, depth=0, side=Direction.BOTH),
        *(LineageNode(head=one, depth=depths[one.uid], side=Direction.DOWNSTREAM) for one in versions),
        *(LineageNode(head=one, depth=1, side=Direction.UPSTREAM) for one in sources),
    ]
    omitted = len(found) - len(tree.versions)
    reason = "nodes" if omitted or tree.full else "per_node" if tree.hidden else ""
    plan = Plan(
        levels=1,
        nodes_visited=len(nodes),
        caps_hit=(reason,) if reason else (),
        milliseconds=round((time.perf_counter() - began) * 1000, 3),
        round_trips=trips.count,
    )
    hidden = {(uid, Direction.UPSTREAM): count for uid, count in tree.hidden.items()}
    return drawn(
        question.of, nodes, edges, hidden,
        group_by=question.group_by, reason=reason, omitted=omitted, plan=plan,
    )  # fmt: skip


class _Tree:
    """Versions and what they were derived from. ``made``: by uid of what a run may have made, whose box that
    is. ``hidden``: of a version, the sources that are not drawn; ``full``: for there was no more room."""

    def __init__(self, found: Sequence[tuple[Head, list[Head]]], *, room: int, fan: int) -> None:
        self.versions = {head.uid: head for head, _ in found}
        self.sources: dict[str, Head] = {}
        self.edges: list[Edge] = []
        self.hidden: Counter[str] = Counter()
        self.full = False
        self._origins = {head.uid: origins for head, origins in found}
        registered = {
            one.uid: uid for uid, origins in self._origins.items() for one in origins if not one.hidden
        }
        own = {uid: uid for uid, head in self.versions.items() if head.label is Label.ARTIFACT_VERSION}
        self.made = {**registered, **own}
        self._room = room - len(self.versions)
        self._fan = fan

    def grow(self, sources: Iterable[Source]) -> None:
        shown: Counter[tuple[str, str]] = Counter()
        for source in sources:
            shown[source.version, source.type] += 1
            if shown[source.version, source.type] > self._fan:
                self.hidden[self.made[source.version]] += 1
                continue
            self._lead(source.head, self.made[source.version], source.type, source.name)
        led = {edge.end for edge in self.edges} | self.hidden.keys()
        for uid, origins in self._origins.items():
            for origin in origins if uid not in led else ():
                self._lead(origin, uid, "REGISTERED_AS", "")

    def _lead(self, head: Head, end: str, kind: str, name: str) -> None:
        start = head.uid if kind == "REGISTERED_AS" else self.made.get(head.uid, head.uid)
        if start == end:
            return
        if start not in self.versions and start not in self.sources:
            if len(self.sources) >= self._room:
                self.hidden[end] += 1
                self.full = True
                return
            self.sources[start] = head
        self.edges.append(Edge(type=kind, start=start, end=end, role=name))
