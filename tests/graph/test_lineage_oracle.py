"""Walks against a plain oracle, on random graphs and on the shapes that break naive traversals."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_lineage import LineageReader
from lineage_server.provenance.answers import Budget, Direction, LineageAnswer, LineageQuestion, View
from lineage_server.provenance.traverse import lineage
from tests.support.graphs import GraphSpec
from tests.support.oracle import KEY, Expected, Oracle
from tests.support.random_graphs import KEPT, PHASES, TIMES, random_graphs

_BIG = Budget(nodes=10_000, per_node=1000, milliseconds=60_000)


def _found(answer: LineageAnswer) -> Expected:
    return Expected(
        {node.head.uid: node.depth for node in answer.nodes},
        {(edge.type, edge.start, edge.end) for edge in answer.edges},
    )


@pytest.mark.timeout(300)
@settings(max_examples=30, deadline=None, phases=PHASES, suppress_health_check=KEPT)
@given(spec=random_graphs(), data=st.data())
async def test_walk_finds_what_the_oracle_finds(graph: Bolt, spec: GraphSpec, data: st.DataObject) -> None:
    await spec.write(graph)
    reader = LineageReader(graph, opaque_key=KEY)
    projects = sorted({str(node["project"]) for node in spec.nodes.values()})
    for _ in range(3):
        start = data.draw(st.sampled_from(sorted(spec.nodes)))
        seen = data.draw(st.none() | st.sets(st.sampled_from(projects)))
        scope = None if seen is None else frozenset(seen) | {str(spec.nodes[start]["project"])}
        as_of, known_at = data.draw(st.none() | TIMES), data.draw(st.none() | TIMES)
        depth = data.draw(st.integers(0, 6))
        oracle = Oracle(spec, scope=scope, as_of=as_of, known_at=known_at)
        for direction in (Direction.UPSTREAM, Direction.DOWNSTREAM):
            question = LineageQuestion(
                start=(start,),
                direction=direction,
                max_depth=depth,
                as_of=as_of,
                known_at=known_at,
                budget=_BIG,
            )
            answer = await lineage(reader, question, scope=scope)
            assert _found(answer) == oracle.walk(start, direction, depth)
            assert not answer.is_partial


async def _pages(reader: LineageReader, question: LineageQuestion) -> list[LineageAnswer]:
    pages = [await lineage(reader, question, scope=None)]
    while pages[-1].cursor:
        following = LineageQuestion(
            start=question.start,
            direction=question.direction,
            max_depth=question.max_depth,
            budget=question.budget,
            after=pages[-1].cursor,
        )
        pages.append(await lineage(reader, following, scope=None))
    return pages


@pytest.mark.timeout(300)
@settings(max_examples=12, deadline=None, phases=PHASES, suppress_health_check=KEPT)
@given(spec=random_graphs(), size=st.integers(1, 4), data=st.data())
async def test_pages_together_are_the_whole_walk(
    graph: Bolt, spec: GraphSpec, size: int, data: st.DataObject
) -> None:
    await spec.write(graph)
    reader = LineageReader(graph, opaque_key=KEY)
    start = data.draw(st.sampled_from(sorted(spec.nodes)))
    question = LineageQuestion(start=(start,), max_depth=None, budget=Budget(nodes=size, milliseconds=60_000))
    found = Expected()
    for page in await _pages(reader, question):
        assert page.is_partial == bool(page.cursor)
        assert len(page.nodes) <= size
        found.depths.update({node.head.uid: node.depth for node in page.nodes})
        found.edges |= {(edge.type, edge.start, edge.end) for edge in page.edges}
    expected = Oracle(spec).walk(start, "UPSTREAM", 50)
    # Twins that turn out to be one only on a later page may be named twice.
    names = Oracle(spec).names
    assert {names[uid] for uid in found.depths} == set(expected.depths)
    assert {(t, names[a], names[b]) for t, a, b in found.edges if names[a] != names[b]} == expected.edges


async def test_twenty_diamonds_are_sixty_one_nodes(graph: Bolt) -> None:
    spec = GraphSpec()
    versions = [spec.version(f"v{i}") for i in range(21)]
    for i in range(20):
        spec.step(2 * i, [versions[i]], [versions[i + 1]])
        spec.step(2 * i + 1, [versions[i]], [versions[i + 1]])
    await spec.write(graph)
    reader = LineageReader(graph)
    answer = await lineage(reader, LineageQuestion(start=(versions[20],), max_depth=None), scope=None)
    assert len(answer.nodes) == 61
    assert len(answer.edges) == 80
    assert not answer.is_partial
    assert answer.nodes[-1].depth == 20
    assert answer.plan.round_trips <= 21


async def test_chain_of_500_and_a_cycle_end(graph: Bolt) -> None:
    spec = GraphSpec()
    versions = [spec.version(f"v{i}") for i in range(501)]
    for i in range(500):
        spec.step(i, [versions[i]], [versions[i + 1]])
    spec.step(1000, [versions[500]], [versions[0]])
    await spec.write(graph)
    reader = LineageReader(graph)
    question = LineageQuestion(
        start=(versions[250],),
        direction=Direction.BOTH,
        max_depth=None,
        budget=Budget(milliseconds=60_000, nodes=5000),
    )
    answer = await lineage(reader, question, scope=None)
    assert len(answer.nodes) == 1002
    assert not answer.is_partial


async def test_hub_is_cut_counted_and_continued(graph: Bolt) -> None:
    spec = GraphSpec()
    hub = spec.version("hub")
    for i in range(250):
        spec.step(i, [hub], [spec.version(f"o{i}")], at=i // 2 + 1)
    await spec.write(graph)
    reader = LineageReader(graph)
    question = LineageQuestion(
        start=(hub,), direction=Direction.DOWNSTREAM, max_depth=1, budget=Budget(per_node=100)
    )
    answer = await lineage(reader, question, scope=None)
    (cut,) = answer.truncated
    assert (cut.uid, cut.type, cut.shown, cut.total, cut.capped) == (hub, "INPUT_TO", 100, 250, False)
    assert answer.is_partial
    assert answer.reason == "per_node"
    runs = [node.head.uid for node in answer.nodes if node.head.label == "Run"]
    while answer.truncated:
        following = LineageQuestion(
            start=(hub,),
            direction=Direction.DOWNSTREAM,
            max_depth=1,
            budget=Budget(per_node=100),
            after=answer.truncated[0].cursor,
        )
        answer = await lineage(reader, following, scope=None)
        runs += [node.head.uid for node in answer.nodes if node.head.label == "Run"]
    assert len(runs) == len(set(runs)) == 250
    assert len(answer.nodes) == 1 + 2 * 50


@pytest.mark.parametrize("direction", [Direction.UPSTREAM, Direction.DOWNSTREAM])
async def test_logical_view_walks_what_feeds_what(graph: Bolt, direction: Direction) -> None:
    spec = GraphSpec()
    things = [spec.node(f"artifact:p/dataset/a{i}", name=f"a{i}", kind="dataset") for i in range(4)]
    jobs = [spec.node(f"job:p/step/j{i}", name=f"j{i}", kind="step") for i in range(3)]
    for i, job in enumerate(jobs):
        spec.feeds(things[i], job, first_at=i + 1)
        spec.feeds(job, things[i + 1], first_at=i + 1)
    spec.feeds(things[3], jobs[0], first_at=9)
    await spec.write(graph)
    reader = LineageReader(graph, opaque_key=KEY)
    for start, as_of in itertools.product((things[1], jobs[1]), (None, 3)):
        oracle = Oracle(spec, as_of=as_of)
        question = LineageQuestion(
            start=(start,), direction=direction, view=View.LOGICAL, max_depth=None, as_of=as_of
        )
        answer = await lineage(reader, question, scope=None)
        assert _found(answer) == oracle.walk(start, direction, 10)
