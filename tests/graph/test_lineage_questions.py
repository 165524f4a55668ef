"""Scene, impact, path, difference, cost, completeness and counts, on a story of two versions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.errors import OverdueQueryError, overdue
from lineage_server.provenance.answers import Budget, Direction, LineageQuestion, View
from lineage_server.provenance.compare import DifferenceKind
from lineage_server.provenance.completeness import Doubt
from lineage_server.provenance.cursors import Cursor
from lineage_server.provenance.paths import Relation
from lineage_server.provenance.scene import SceneQuestion
from lineage_server.provenance.service import Asked, LineageService
from lineage_server.provenance.traverse import fingerprint
from tests.support.graphs import GraphSpec
from tests.support.two_versions import SECOND, Story


async def test_impact_names_endpoints_aliases_and_owners(story: Story, service: LineageService) -> None:
    found = await service.impact(story.raw[0], Asked(scope=None))
    (endpoint,) = found.deployments
    assert (endpoint.head.uid, endpoint.distance, endpoint.live) == (story.endpoint, 4, True)
    assert endpoint.path == (
        story.raw[0],
        story.prepare[0],
        story.clean[0],
        story.train[0],
        story.model[0],
        story.registered[0],
        story.endpoint,
    )
    assert [(a.alias.alias, a.distance) for a in found.aliases] == [("prod", 3)]
    assert {(o.project, o.owner) for o in found.owners} == {("p", "ann"), ("q", "quentin")}
    assert found.counts == {"Run": 2, "ArtifactVersion": 2, "ModelVersion": 1, "Deployment": 1}
    assert not found.is_partial


async def test_impact_hides_other_projects(story: Story, service: LineageService) -> None:
    found = await service.impact(story.raw[0], Asked(scope=frozenset({"p"})))
    assert found.deployments == ()
    assert found.hidden == 1
    assert {o.project for o in found.owners} == {"p"}


async def test_start_of_another_project_is_not_found(story: Story, service: LineageService) -> None:
    for scope in (frozenset({"p"}), frozenset[str]()):
        with pytest.raises(NotFoundError):
            await service.lineage(LineageQuestion(start=(story.endpoint,)), scope=scope)
        with pytest.raises(NotFoundError):
            await service.path(story.raw[0], story.endpoint, Asked(scope=scope))
        with pytest.raises(NotFoundError):
            await service.resolve(story.endpoint, scope=scope)


async def test_time_that_ends_before_the_start_is_seen_is_said_to_have_ended(
    story: Story, service: LineageService, graph: Bolt, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(*_: object, **__: object) -> None:
        raise overdue(0.01)

    monkeypatch.setattr(graph, "read", late)
    asked, (one, other) = Asked(scope=None), story.model
    for question in (
        service.lineage(LineageQuestion(start=(one, other)), scope=None),
        service.scene(SceneQuestion(focus=one), scope=None),
        service.impact(one, asked),
        service.path(one, other, asked),
        service.diff(one, other, asked),
        service.cost(one, asked),
        service.completeness(one, asked),
        service.counts(one, asked),
    ):
        with pytest.raises(OverdueQueryError, match="ask for less"):
            await question


async def test_forged_cursor_opens_nothing(story: Story, service: LineageService) -> None:
    """A node of another project is not there, edges of no known type are refused."""
    budget = Budget(per_node=1)
    question = LineageQuestion(start=(story.raw[0],), direction=Direction.DOWNSTREAM, budget=budget)
    forged = Cursor(
        skip=0,
        known_at=1 << 60,
        question=fingerprint(question),
        uid=story.endpoint,
        type="DEPLOYED_AS",
        direction="UPSTREAM",
    )
    asked = LineageQuestion(
        start=question.start, direction=question.direction, budget=budget, after=forged.encode()
    )
    with pytest.raises(NotFoundError):
        await service.lineage(asked, scope=frozenset({"p"}))
    nonsense = replace(forged, uid=story.raw[0], type="NONSENSE", direction="DOWNSTREAM").encode()
    with pytest.raises(InvalidInputError, match="no cursor of a lineage answer"):
        await service.lineage(replace(asked, after=nonsense), scope=None)


async def test_path_finds_both_ways_and_common_ancestors(story: Story, service: LineageService) -> None:
    down = await service.path(story.raw[0], story.endpoint, Asked(scope=None))
    assert down.relation is Relation.DOWNSTREAM
    assert down.paths[0].uids[0] == story.raw[0]
    assert down.paths[0].uids[-1] == story.endpoint
    assert len(down.paths[0].uids) == len(down.paths[0].edges) + 1 == 7
    up = await service.path(story.model[0], story.raw[0], Asked(scope=None))
    assert up.relation is Relation.UPSTREAM
    assert up.paths[0].uids == (
        story.model[0],
        story.train[0],
        story.clean[0],
        story.prepare[0],
        story.raw[0],
    )
    across = await service.path(story.clean[0], story.registered[0], Asked(scope=None))
    assert across.relation is Relation.DOWNSTREAM
    apart = await service.path(story.raw[0], story.raw[1], Asked(scope=None))
    assert (apart.relation, apart.paths, apart.is_partial) == (Relation.NONE, (), False)


async def test_path_does_not_lead_through_what_is_hidden(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    source, a, b, c = (spec.version(name) for name in ("source", "a", "b", "c"))
    for number, (start, end) in enumerate([(source, a), (source, b)]):
        spec.step(number, [start], [end])
    spec.step(2, [a], [c], project="other")
    spec.nodes[source]["project"] = "other"
    await spec.write(graph)
    theirs, mine = Asked(scope=None), Asked(scope=frozenset({"p"}))
    assert (await service.path(a, c, theirs)).relation is Relation.DOWNSTREAM
    assert (await service.path(a, c, mine)).relation is Relation.NONE
    found = await service.path(a, b, mine)
    assert found.relation is Relation.COMMON_ANCESTOR
    assert found.nodes[found.paths[0].uids[2]].hidden


async def test_path_gives_k_paths_of_a_diamond_chain(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    versions = [spec.version(f"v{i}") for i in range(21)]
    for i in range(20):
        spec.step(2 * i, [versions[i]], [versions[i + 1]])
        spec.step(2 * i + 1, [versions[i]], [versions[i + 1]])
    aside = spec.version("aside")
    spec.step(100, [versions[10]], [aside])
    await spec.write(graph)
    found = await service.path(versions[0], versions[20], Asked(scope=None), k=5)
    assert len({one.uids for one in found.paths}) == 5
    assert {len(one.uids) for one in found.paths} == {41}
    common = await service.path(aside, versions[11], Asked(scope=None))
    assert common.relation is Relation.COMMON_ANCESTOR
    assert common.paths[0].uids[2] == versions[10]


async def test_difference_is_traced_to_its_first_cause(story: Story, service: LineageService) -> None:
    found = await service.diff(story.model[0], story.model[1], Asked(scope=None))
    kinds = {(d.kind, d.before.uid, d.after.uid) for d in found.differences if d.before and d.after}
    changed = DifferenceKind.CHANGED
    assert kinds == {
        (changed, story.model[0], story.model[1]),
        (changed, story.train[0], story.train[1]),
        (changed, story.clean[0], story.clean[1]),
        (changed, story.prepare[0], story.prepare[1]),
        (changed, story.raw[0], story.raw[1]),
    }
    train = next(d for d in found.differences if d.before and d.before.uid == story.train[0])
    assert [(c.field, c.before, c.after) for c in train.changes] == [
        ("inputs.in0", story.clean[0], story.clean[1]),
        ("params.lr", "0.1", "0.2"),
    ]
    assert found.first_by_dependency is not None
    assert found.first_by_dependency.after is not None
    assert found.first_by_dependency.after.uid == story.raw[1]
    same = await service.diff(story.model[0], story.model[0], Asked(scope=None))
    assert same.differences == ()
    assert same.same == 5


async def test_cost_counts_each_run_once_and_failures_apart(graph: Bolt, service: LineageService) -> None:
    spec = Story()
    parent = spec.run(500, job="job:p/experiment/search")
    spec.edge("CHILD_OF", spec.train[0], parent)
    failed = spec.run(501, state="failed", gpu_seconds=100.0)
    spec.edge("CHILD_OF", failed, parent)
    attempt = spec.run(502, state="aborted", gpu_count=2, started_at=0, ended_at=10 * SECOND)
    spec.edge("RETRY_OF", failed, attempt)
    # A second way from raw to the model: the diamond must not count twice.
    spec.edge("INPUT_TO", spec.raw[0], spec.train[0], role="again")
    await spec.write(graph)
    found = await service.cost(spec.model[0], Asked(scope=None))
    assert (found.own.runs, found.own.gpu_seconds) == (1, 20.0)
    assert (found.ancestry.runs, found.ancestry.gpu_seconds) == (2, 30.0)
    assert found.ancestry.usage == {"cpu_seconds": 3.0}
    assert (found.failed.runs, found.failed.gpu_seconds, found.failed.estimated) == (2, 120.0, 1)


async def test_completeness_lists_holes(graph: Bolt, service: LineageService) -> None:
    spec = Story()
    spec.node(
        "gap:c/pods/1", cluster="c", kind="pods", from_at=9 * SECOND, to_at=10 * SECOND, reason="restart"
    )
    guess = spec.version("guess", key="run:x")
    spec.edge("INPUT_TO", guess, spec.train[0], role="extra", basis="inferred", rule="newest")
    await spec.write(graph)
    found = await service.completeness(spec.model[0], Asked(scope=None))
    assert found.counts == {
        Doubt.WATCH_GAP: 1,
        Doubt.INFERRED_INPUT: 1,
        Doubt.MISSING_DIGEST: 1,
        Doubt.NO_PRODUCER: 2,
    }
    assert 0 < found.score < 1
    whole = await service.completeness(spec.model[1], Asked(scope=None))
    assert whole.score == 1.0


async def test_counts_of_both_sides(story: Story, service: LineageService) -> None:
    found = await service.counts(story.clean[0], Asked(scope=None))
    assert found.upstream.by_label == {"Run": 1, "ArtifactVersion": 1}
    assert found.downstream.nodes == 4
    assert (found.upstream.depth, found.downstream.depth) == (1, 3)


async def test_scene_folds_like_siblings(graph: Bolt, service: LineageService) -> None:
    spec = Story()
    for i in range(12):
        made = spec.version(f"trial{i}#t", kind="model")
        state = "failed" if i == 0 else "complete"
        run = spec.step(300 + i, [spec.clean[0]], [made], state=state, job="job:p/trial/hpo", job_name="hpo")
        spec.nodes[run]["m.acc"] = i / 100
    await spec.write(graph)
    question = SceneQuestion(focus=spec.clean[0], up=1, down=1, best_metric="acc")
    found = await service.scene(question, scope=None)
    groups = {group.label: group for group in found.groups}
    assert groups[Label.RUN].count == groups[Label.ARTIFACT_VERSION].count == 12
    assert groups[Label.RUN].states == {"complete": 11, "failed": 1}
    assert (groups[Label.RUN].best_value, groups[Label.RUN].name) == (0.11, "hpo")
    weights = {(e.start, e.end): e.weight for e in found.edges}
    assert weights[spec.clean[0], groups[Label.RUN].id] == 12
    assert weights[groups[Label.RUN].id, groups[Label.ARTIFACT_VERSION].id] == 12
    shown = {node.head.uid: node for node in found.nodes}
    assert shown[spec.model[0]].hidden_down == 1
    assert (await service.scene(question, scope=None)).version == found.version
    await graph.write("MATCH (r:Run {uid: $uid}) SET r.state = 'failed'", {"uid": spec.train[0]})
    assert (await service.scene(question, scope=None)).version != found.version


async def test_columns_are_followed_through_versions(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    a, b, c = (spec.version(name) for name in "abc")
    spec.edge("DERIVED", a, b, role="columns:run:1", fields=json.dumps({"y": [["x", "SUM"]], "z": [["w"]]}))
    spec.edge("DERIVED", b, c, role="columns:run:2", fields=json.dumps({"out": [["y"], ["z"]]}))
    await spec.write(graph)
    question = LineageQuestion(start=(c,), view=View.FIELD, column="out", max_depth=None)
    found = await service.lineage(question, scope=None)
    links = {(f.start, f.start_column, f.end, f.end_column, f.how) for f in found.fields}
    assert links == {
        (b, "y", c, "out", ""),
        (b, "z", c, "out", ""),
        (a, "x", b, "y", "SUM"),
        (a, "w", b, "z", ""),
    }
    assert {node.head.uid: node.depth for node in found.nodes} == {c: 0, b: 1, a: 2}
    down = LineageQuestion(start=(a,), view=View.FIELD, column="x", direction=Direction.DOWNSTREAM)
    found = await service.lineage(down, scope=None)
    assert {(f.end, f.end_column) for f in found.fields} == {(b, "y"), (c, "out")}
    plain = await service.lineage(LineageQuestion(start=(c,), max_depth=None), scope=None)
    assert len(plain.nodes) == 1


async def test_tombstone_is_walked_and_shown(story: Story, service: LineageService, graph: Bolt) -> None:
    await graph.write("MATCH (v:ArtifactVersion {uid: $uid}) SET v.deleted_at = 7", {"uid": story.clean[0]})
    found = await service.lineage(LineageQuestion(start=(story.model[0],)), scope=None)
    heads = {node.head.uid: node.head for node in found.nodes}
    assert heads[story.clean[0]].deleted_at == 7
    assert story.raw[0] in heads
