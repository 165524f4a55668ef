"""The question ``runScene``: the steps of a run made ready for drawing, ordered by the data between them.

A step that read what another wrote comes after it, and so does one that tries another again or goes on from
it. The run itself leads to the steps that nothing leads to. A step may have steps of its own: they come into
the picture when it is opened.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.heads import Head
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.read_scenes import Order, SceneReader
from lineage_server.graph.round_trips import counting
from lineage_server.provenance.answers import Budget, Direction, LineageNode, Plan
from lineage_server.provenance.boxes import GroupBy, Scene, drawn, layers, tied
from lineage_server.provenance.traverse import check_budget
from lineage_server.provenance.walk import not_found

MOST_OPENED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsQuestion:
    """``opened``: uids of steps whose own steps are shown, too."""

    run: str
    opened: tuple[str, ...] = ()
    group_by: GroupBy = GroupBy.JOB
    budget: Budget = field(default_factory=lambda: Budget(nodes=500, per_node=100))


@dataclass(frozen=True, slots=True)
class _Shown:
    """Heads by uid, the run first; of each step whose it is; how many there was no room for."""

    heads: dict[str, Head]
    owners: dict[str, str]
    omitted: int


async def run_scene(
    reader: LineageReader, scenes: SceneReader, question: StepsQuestion, *, scope: frozenset[str] | None
) -> Scene:
    """Raises NotFoundError where the run is not there or not visible."""
    _check(question)
    began, sight = time.perf_counter(), Sight(scope=scope)
    with counting() as trips:
        run = (await reader.heads([question.run], sight)).get(question.run)
        if run is None:
            raise not_found(question.run)
        most = question.budget.nodes
        found = await scenes.steps((question.run, *question.opened), sight, limit=most + 1)
        shown = _within(run, found, most)
        seen = [uid for uid, head in shown.heads.items() if not head.hidden]
        order = await scenes.order(seen, sight, fan=question.budget.per_node)
    edges = tied(question.run, shown.owners, _edges(shown, order), "CHILD_OF")
    depths = layers(shown.heads, edges)
    side = {question.run: Direction.BOTH}
    nodes = [
        LineageNode(head=head, depth=depths[uid], side=side.get(uid, Direction.DOWNSTREAM))
        for uid, head in shown.heads.items()
    ]
    there = set(shown.owners.values())
    hidden = {
        (uid, Direction.DOWNSTREAM): one.steps for uid, one in order.items() if one.steps and uid not in there
    }
    reason = "nodes" if shown.omitted else ""
    plan = Plan(
        levels=1,
        nodes_visited=len(nodes),
        caps_hit=(reason,) if reason else (),
        milliseconds=round((time.perf_counter() - began) * 1000, 3),
        round_trips=trips.count,
    )
    return drawn(
        question.run, nodes, edges, hidden,
        group_by=question.group_by, reason=reason, omitted=shown.omitted, plan=plan,
    )  # fmt: skip


def _check(question: StepsQuestion) -> None:
    check_budget(question.budget)
    if len(question.opened) > MOST_OPENED:
        raise InvalidInputError("too many steps are opened", field="opened", allowed=f"at most {MOST_OPENED}")
    for name, uid in (("uid", question.run), *(("opened", one) for one in question.opened)):
        if label_of(uid, name) is not Label.RUN:
            raise InvalidInputError("only runs have steps", field=name, allowed="the uid of a run")


def _within(run: Head, found: Mapping[str, list[Head]], most: int) -> _Shown:
    """The steps of the run, and of those among them that are opened, as far as there is room."""
    heads, owners, omitted = {run.uid: run}, dict[str, str](), 0
    todo = [run.uid]
    while todo:
        owner = todo.pop(0)
        for step in found.get(owner, ()):
            if step.uid in heads:
                continue
            if len(heads) >= most:
                omitted += 1
                continue
            heads[step.uid], owners[step.uid] = step, owner
            todo.append(step.uid)
    return _Shown(heads, owners, omitted)


def _edges(shown: _Shown, order: Mapping[str, Order]) -> list[Edge]:
    wrote: dict[str, list[str]] = defaultdict(list)
    for uid, one in order.items():
        for version in one.wrote:
            wrote[version].append(uid)
    edges: list[Edge] = []
    for uid, one in order.items():
        for version, name in one.read.items():
            edges += [Edge(type="DATA", start=maker, end=uid, role=name) for maker in wrote[version]]
        edges += [Edge(type=kind, start=before, end=uid) for kind, before in one.after]
    return [e for e in edges if e.start in shown.heads and not _is_within(e.start, e.end, shown.owners)]


def _is_within(uid: str, other: str, owners: Mapping[str, str]) -> bool:
    """Whether it is the other, or a step of it: what a whole reads of its parts does not come before them."""
    while uid != other:
        if uid not in owners:
            return False
        uid = owners[uid]
    return True
