"""All questions but the plain walk against the oracle, on random graphs, for any viewer and day."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_server.domain.errors import NotFoundError, NotSupportedError
from lineage_server.domain.ids import label_of
from lineage_server.graph.bolt import Bolt
from lineage_server.provenance.answers import Budget, Direction, LineageQuestion, NodeFilter, View
from lineage_server.provenance.boxes import GroupBy, Scene
from lineage_server.provenance.compare import DifferenceKind
from lineage_server.provenance.paths import Relation
from lineage_server.provenance.scene import SceneQuestion
from lineage_server.provenance.service import Asked, LineageService
from tests.support.graphs import GraphSpec
from tests.support.oracle import KEY, Expected, Oracle
from tests.support.random_graphs import KEPT, PHASES, add_surroundings, random_graphs

_BIG = Budget(nodes=10_000, per_node=1000, milliseconds=60_000)
_UP, _DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM
_WALKED = ("version", "run", "modelversion", "deployment")


@dataclass
class Case:
    """A graph, who asks as of when, and what the oracle says."""

    spec: GraphSpec
    asked: Asked
    start: str
    other: str

    @cached_property
    def oracle(self) -> Oracle:
        asked = self.asked
        return Oracle(self.spec, scope=asked.scope, as_of=asked.as_of, known_at=asked.known_at)

    @cached_property
    def uids(self) -> dict[str, str]:
        """The uid behind each shown one."""
        return {name: uid for uid, name in self.oracle.names.items() if name in (uid, name)}

    def seen(self, walk: Expected) -> dict[str, int]:
        return {uid: depth for uid, depth in walk.depths.items() if not uid.startswith("hidden:")}

    def label(self, name: str) -> str:
        return str(label_of(self.uids[name]))

    def question(self, direction: Direction, depth: int | None) -> LineageQuestion:
        return LineageQuestion(
            start=(self.start,),
            direction=direction,
            max_depth=depth,
            as_of=self.asked.as_of,
            known_at=self.asked.known_at,
            budget=_BIG,
            count_boundary=True,
        )


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    """One graph, asked by two; from where most can be reached (the plain walks start anywhere)."""
    spec = draw(random_graphs(least=8))
    add_surroundings(draw, spec)
    ends = [end for edge in spec.edges for end in (edge.start, edge.end)]
    uids = [uid for uid in ends if uid.partition(":")[0] in _WALKED]
    projects = sorted({str(node["project"]) for node in spec.nodes.values()})
    out: list[Case] = []
    for _ in range(2):
        start = draw(st.sampled_from(uids))
        other = draw(st.sampled_from([uid for uid in uids if uid != start] or uids))
        seen = draw(st.sampled_from([None, None, projects[:1], projects[1:]]))
        both = {str(spec.nodes[uid]["project"]) for uid in (start, other)}
        asked = Asked(
            scope=None if seen is None else frozenset({*seen, *both}),
            as_of=draw(st.sampled_from([None, None, 3, 4, 5])),
            known_at=draw(st.sampled_from([None, None, 3, 4, 5])),
            budget=_BIG,
        )
        out.append(Case(spec, asked, start, other))
    return out


@pytest.fixture
def service(graph: Bolt) -> LineageService:
    return LineageService(graph, opaque_key=KEY)


def by_label(case: Case, walk: Expected) -> Counter[str]:
    start = case.oracle.names[case.start]
    return Counter(case.label(uid) for uid in case.seen(walk) if uid != start)


async def check_impact(case: Case, service: LineageService) -> None:
    found, oracle = await service.impact(case.start, case.asked), case.oracle
    walk = oracle.walk(case.start, _DOWN)
    seen = case.seen(walk)
    assert found.counts == by_label(case, walk)
    assert found.hidden == len(walk.depths) - len(seen)
    deployments = {uid: depth for uid, depth in seen.items() if uid.startswith("deployment:")}
    assert {one.head.uid: one.distance for one in found.deployments} == deployments
    for one in found.deployments:
        until = case.spec.nodes[one.head.uid]["to_at"]
        assert one.live == (until is None or (case.asked.as_of is not None and case.asked.as_of < until))
    holding = {uid: depth for uid, depth in seen.items() if case.spec.nodes[uid].get("hold")}
    assert {one.head.uid: one.distance for one in found.holds} == holding
    aliases = {
        (edge.start, seen[edge.end])
        for edge in oracle.live
        if edge.type == "POINTS_TO" and edge.end in seen and oracle.visible(edge.start)
    }
    assert {(one.alias.uid, one.distance) for one in found.aliases} == aliases
    owners = Counter(str(case.spec.nodes[uid]["project"]) for uid in seen)
    assert {one.project: one.nodes for one in found.owners} == owners
    assert all(one.owner == f"owner of {one.project}" for one in found.owners)
    for one in (*found.deployments, *found.holds, *found.aliases):
        assert one.path[0] == found.start
        # What a registered version is of stands at its side.
        behind = len(one.path) > 1 and one.path[1] in oracle.behind(case.start)
        way = one.path[1:] if behind else one.path
        assert oracle.flows_along(way)
        assert sum(not uid.startswith("run:") for uid in way[1:]) == one.distance


async def check_counts(case: Case, service: LineageService, depth: int | None) -> None:
    found = await service.counts(case.start, case.asked, max_depth=depth)
    for side, direction in ((found.upstream, _UP), (found.downstream, _DOWN)):
        walk = case.oracle.walk(case.start, direction, 50 if depth is None else depth)
        expected = by_label(case, walk)
        assert (side.by_label, side.nodes) == (expected, expected.total())
        assert side.hidden == len(walk.depths) - len(case.seen(walk))
        assert side.depth == max(walk.depths.values())


async def check_cost(case: Case, service: LineageService) -> None:
    found, oracle = await service.cost(case.start, case.asked), case.oracle
    walk = oracle.walk(case.start, _UP)
    runs = {uid for uid in case.seen(walk) if uid.startswith("run:")}
    start = oracle.names[case.start]
    own = runs & {start, *(a for kind, a, b in walk.edges if kind == "OUTPUT" and b == start)}
    failed, family = set[str](), set(runs)
    for _ in range(10):
        parents = {e.end for e in case.spec.edges if e.type == "CHILD_OF" and e.start in family}
        beside = {e.start for e in case.spec.edges if e.type == "CHILD_OF" and e.end in parents}
        for edge in case.spec.edges:
            if edge.type == "RETRY_OF" and family & {edge.start, edge.end}:
                beside |= {edge.start, edge.end}
        beside = {uid for uid in beside - runs if oracle.visible(uid)}
        failed |= {uid for uid in beside if case.spec.nodes[uid]["state"] == "failed"}
        family |= failed
    for share, members in ((found.own, own), (found.ancestry, runs), (found.failed, failed)):
        assert share.runs == len(members)
        assert share.gpu_seconds == sum(case.spec.nodes[uid]["gpu_seconds"] for uid in members)
    hidden = walk.depths.keys() - case.seen(walk).keys()
    assert found.hidden_runs == sum(case.label(uid) == "Run" for uid in hidden)
    assert found.is_partial == bool(found.hidden_runs)


async def check_completeness(case: Case, service: LineageService) -> None:
    found = await service.completeness(case.start, case.asked)
    walk = case.oracle.walk(case.start, _UP)
    expected: Counter[str] = Counter()
    produced = {b for kind, _, b in walk.edges if kind in ("OUTPUT", "DERIVED")}
    for uid in walk.depths:
        node = case.spec.nodes.get(uid)
        if node is None:
            expected["HIDDEN"] += 1
        elif node.get("stub"):
            expected["STUB"] += 1
        elif uid.startswith("version:"):
            expected["MISSING_DIGEST"] += not node["digest"]
            expected["NO_PRODUCER"] += uid not in produced
        elif uid.startswith("run:"):
            expected["UNFINISHED"] += node["state"] == "running"
    assert found.counts == {kind: n for kind, n in expected.items() if n}


async def check_path(case: Case, service: LineageService) -> None:
    found, oracle = await service.path(case.start, case.other, case.asked, k=50), case.oracle
    one, other = oracle.names[case.start], oracle.names[case.other]
    lengths = [len(connection.uids) for connection in found.paths]
    assert lengths == sorted(lengths)
    if one == other:
        assert found.relation is Relation.SAME
        return
    for relation, start, end, turn in (
        (Relation.DOWNSTREAM, one, other, 1),
        (Relation.UPSTREAM, other, one, -1),
    ):
        ways = oracle.ways(start, end)
        if ways:
            assert found.relation is relation
            assert {connection.uids[::turn] for connection in found.paths} <= set(ways)
            shortest = [way for way in ways if len(way) == min(map(len, ways))]
            assert len({connection.uids for connection in found.paths}) >= min(50, len(shortest))
            assert lengths[0] == len(shortest[0])
            return
    tops = {top: (oracle.ways(top, one), oracle.ways(top, other)) for top in set(oracle.names.values())}
    sums = [min(map(len, a)) + min(map(len, b)) - 1 for a, b in tops.values() if a and b]
    assert found.relation is (Relation.COMMON_ANCESTOR if sums else Relation.NONE)
    assert lengths[:1] == sorted(sums)[:1]
    for uids in (connection.uids for connection in found.paths):
        assert any(
            uids[: turn + 1][::-1] in tops[top][0] and uids[turn:] in tops[top][1]
            for turn, top in enumerate(uids)
        )


async def check_diff(case: Case, service: LineageService) -> None:
    found, oracle = await service.diff(case.start, case.other, case.asked), case.oracle
    walks = [oracle.walk(uid, _UP) for uid in (case.start, case.other)]
    shared = walks[0].depths.keys() & walks[1].depths.keys()
    assert found.same == len(shared)
    for walk, sides in (
        (walks[0], [d.before for d in found.differences]),
        (walks[1], [d.after for d in found.differences]),
    ):
        named = [head.uid for head in sides if head]
        assert sorted(named) == sorted(walk.depths.keys() - shared)
    real = [one for one in found.differences if one.kind is not DifferenceKind.RERUN]
    assert (found.first_by_dependency is None) == (found.first_by_time is None) == (not real)
    assert all(plan.nodes_visited >= len(walk.depths) for plan, walk in zip(found.plans, walks, strict=True))
    for one in real:
        heads = [head for head in (one.before, one.after) if head and not head.hidden]
        if len(heads) == 2 and heads[0].label == heads[1].label == "Run":
            lr = [case.spec.nodes[head.uid]["p.lr"] for head in heads]
            assert (lr[0] != lr[1]) == any(change.field == "params.lr" for change in one.changes)


async def check_walks(case: Case, service: LineageService, depth: int, shown: NodeFilter, fan: int) -> None:
    oracle, scope = case.oracle, case.asked.scope
    up, down = (oracle.walk(case.start, way, depth) for way in (_UP, _DOWN))
    for direction, walk in ((_UP, up), (_DOWN, down)):
        answer = await service.lineage(case.question(direction, depth), scope=scope)
        assert {one.uid: one.more for one in answer.boundary} == walk.beyond
    depths = {
        uid: min(w.depths[uid] for w in (up, down) if uid in w.depths) for uid in {*up.depths, *down.depths}
    }
    # What a registered version is of is one step behind it, though the way down begins there, too.
    depths |= {uid: up.depths[uid] for uid in oracle.behind(case.start) & up.depths.keys()}
    question = replace(case.question(Direction.BOTH, depth), filter=shown)
    answer = await service.lineage(question, scope=scope)
    wanted = {uid: d for uid, d in depths.items() if not shown.kinds or case.label(uid) in shown.kinds}
    edges = {edge for edge in up.edges | down.edges if {edge[1], edge[2]} <= wanted.keys()}
    assert {node.head.uid: node.depth for node in answer.nodes} == wanted
    assert {(edge.type, edge.start, edge.end) for edge in answer.edges} == edges
    assert answer.omitted == len(depths) - len(wanted)
    scene = SceneQuestion(
        focus=case.start, up=depth, down=1, group_by=GroupBy.NONE,
        as_of=case.asked.as_of, known_at=case.asked.known_at, budget=_BIG,
    )  # fmt: skip
    drawn, near = await service.scene(scene, scope=scope), oracle.walk(case.start, _DOWN, 1)
    assert {node.head.uid for node in drawn.nodes} == {*up.depths, *near.depths}
    assert {(line.type, line.start, line.end) for line in drawn.edges} == up.edges | near.edges
    up_more, down_more = (aside(case, drawn, way, walk) for way, walk in ((_UP, up), (_DOWN, near)))
    assert {node.head.uid: node.hidden_up for node in drawn.nodes if node.hidden_up} == up_more
    assert {node.head.uid: node.hidden_down for node in drawn.nodes if node.hidden_down} == down_more
    cut = replace(case.question(_UP, 1), budget=replace(_BIG, per_node=fan))
    await check_cuts(case, service, cut)


def aside(case: Case, drawn: Scene, way: Direction, walk: Expected) -> dict[str, int]:
    """What is beyond a walk, and what leaves the other boxes that way and is not drawn."""
    out = dict(walk.beyond)
    for node in drawn.nodes:
        uid = node.head.uid
        if node.head.hidden or uid in walk.depths:
            continue
        lines = (line for line in drawn.edges if uid == (line.end if way is _UP else line.start))
        if more := len(case.oracle.leaving(uid, way)) - sum(line.weight for line in lines):
            out[uid] = more
    return out


async def check_cuts(case: Case, service: LineageService, question: LineageQuestion) -> None:
    """What a small fan-out cut off comes with its cursors, and nothing else does."""
    whole = case.oracle.walk(case.start, _UP, 1)
    answers = [await service.lineage(question, scope=case.asked.scope)]
    uids, edges = set[str](), set[tuple[str, str, str]]()
    while answers:
        answer = answers.pop()
        uids |= {node.head.uid for node in answer.nodes}
        edges |= {(edge.type, edge.start, edge.end) for edge in answer.edges}
        assert answer.is_partial == bool(answer.truncated)
        for one in answer.truncated:
            assert one.total is not None
            assert one.total > one.shown
            following = replace(question, after=one.cursor)
            answers.append(await service.lineage(following, scope=case.asked.scope))
    names = case.oracle.names
    assert {names.get(uid, uid) for uid in uids} == whole.depths.keys()
    named = {(kind, names.get(a, a), names.get(b, b)) for kind, a, b in edges}
    assert {edge for edge in named if edge[1] != edge[2]} == whole.edges


async def check_logical(case: Case, service: LineageService, start: str) -> None:
    asked = replace(case.asked, scope=None)
    question = LineageQuestion(
        start=(start,),
        direction=_DOWN,
        view=View.LOGICAL,
        max_depth=None,
        as_of=asked.as_of,
        known_at=asked.known_at,
    )
    scene = SceneQuestion(focus=start, view=View.LOGICAL, as_of=asked.as_of, known_at=asked.known_at)
    if asked.known_at is not None:
        for answer in (
            service.lineage(question, scope=None), service.impact(start, asked), service.counts(start, asked),
            service.path(start, start, asked), service.diff(start, start, asked), service.cost(start, asked),
            service.completeness(start, asked), service.scene(scene, scope=None),
        ):  # fmt: skip
            with pytest.raises(NotSupportedError, match="knownAt"):
                await answer
        return
    oracle = Oracle(case.spec, as_of=asked.as_of)
    walk = oracle.walk(start, _DOWN)
    found = await service.lineage(question, scope=None)
    assert {node.head.uid: node.depth for node in found.nodes} == walk.depths
    assert {(edge.type, edge.start, edge.end) for edge in found.edges} == walk.edges
    assert (await service.counts(start, asked)).downstream.nodes == len(walk.depths) - 1


async def check_fields(case: Case, service: LineageService, depth: int) -> None:
    if not case.start.startswith("version:"):
        return
    for direction, column in itertools.product((_UP, _DOWN), ("", "x")):
        question = replace(case.question(direction, depth), view=View.FIELD, column=column)
        columns = case.oracle.columns(case.start, direction, column, depth)
        try:
            found = await service.lineage(question, scope=case.asked.scope)
        except NotFoundError:
            assert column  # nobody has told of it, so nothing can have come of it
            assert not columns.links
            continue
        assert {node.head.uid: node.depth for node in found.nodes} == columns.depths
        assert {
            (one.start, one.start_column, one.end, one.end_column) for one in found.fields
        } == columns.links
        assert not found.is_partial


@pytest.mark.timeout(300)
@settings(max_examples=10, deadline=None, phases=PHASES, suppress_health_check=KEPT)
@given(asked=cases(), depth=st.integers(0, 4), fan=st.integers(1, 3), data=st.data())
async def test_questions_answer_what_the_oracle_does(
    graph: Bolt, service: LineageService, asked: list[Case], depth: int, fan: int, data: st.DataObject
) -> None:
    spec = asked[0].spec
    await spec.write(graph)
    kinds = data.draw(st.sets(st.sampled_from(["Run", "ArtifactVersion", "ModelVersion"]), max_size=2))
    limit = data.draw(st.none() | st.integers(1, 3))
    rolled = data.draw(st.sampled_from([uid for uid in spec.nodes if uid.startswith(("artifact:", "job:"))]))
    for case in asked:
        await check_impact(case, service)
        await check_counts(case, service, limit)
        await check_cost(case, service)
        await check_completeness(case, service)
        await check_path(case, service)
        await check_diff(case, service)
        await check_walks(case, service, depth, NodeFilter(kinds=frozenset(kinds)), fan)
        await check_fields(case, service, depth)
        await check_logical(case, service, rolled)
