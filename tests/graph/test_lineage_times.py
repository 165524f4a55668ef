"""Time in lineage: content that is produced again, and every question as of an earlier day.

Round 1: raw@1 → prepare (at 10) → train@1, test@1; train and judge read them at 20 → model@1.
Round 2: correct (at 30) → raw@2 → prepare (at 40) → train@2, and test@1 once more; judged at 50 → model@2.
"""

from __future__ import annotations

import json

import pytest

from lineage_server.domain.errors import NotFoundError, NotSupportedError
from lineage_server.graph.bolt import Bolt
from lineage_server.provenance.answers import Budget, Direction, LineageQuestion, View
from lineage_server.provenance.compare import DifferenceKind
from lineage_server.provenance.paths import Relation
from lineage_server.provenance.service import Asked, LineageService
from tests.support.graphs import GraphSpec

ALL = Asked(scope=None)


class Rounds(GraphSpec):
    """The graph of the module's docstring; attributes are uids."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = [self.version(f"raw#{i}") for i in (1, 2)]
        self.train = [self.version(f"train#{i}") for i in (1, 2)]
        self.test = self.version("test#1")
        self.model = [self.version(f"model#{i}", kind="model") for i in (1, 2)]
        told = {"job": "job:p/script/prepare", "job_name": "prepare"}
        self.correct = self.step(3, self.raw[:1], self.raw[1:], at=30, job="job:p/script/correct")
        self.prepare, self.judge = list[str](), list[str]()
        for i, at in enumerate((10, 40)):
            outputs = [self.train[i], self.test]
            self.prepare.append(self.step(10 + i, [self.raw[i]], outputs, at=at, **told))
            inputs = [self.train[i], self.test]
            self.judge.append(
                self.step(20 + i, inputs, [self.model[i]], at=at + 10, job="job:p/script/judge")
            )


@pytest.fixture
async def rounds(graph: Bolt) -> Rounds:
    spec = Rounds()
    await spec.write(graph)
    return spec


@pytest.fixture
def service(graph: Bolt) -> LineageService:
    return LineageService(graph, opaque_key=b"tests")


async def reached(service: LineageService, start: str, direction: Direction, **asked: int) -> set[str]:
    question = LineageQuestion(start=(start,), direction=direction, max_depth=None, **asked)  # type: ignore[arg-type]
    return {node.head.uid for node in (await service.lineage(question, scope=None)).nodes}


async def test_what_is_produced_again_made_nothing_before(rounds: Rounds, service: LineageService) -> None:
    first_round = {rounds.raw[0], rounds.prepare[0], rounds.train[0], rounds.test, rounds.judge[0]}
    assert await reached(service, rounds.model[0], Direction.UPSTREAM) == {rounds.model[0], *first_round}
    second = await reached(service, rounds.model[1], Direction.UPSTREAM)
    assert {rounds.correct, rounds.raw[1], *rounds.prepare} < second
    down = await reached(service, rounds.raw[1], Direction.DOWNSTREAM)
    assert not {rounds.judge[0], rounds.model[0]} & down
    assert {rounds.judge[1], rounds.model[1], rounds.test} < down
    assert (await service.path(rounds.raw[1], rounds.model[0], ALL)).relation is Relation.COMMON_ANCESTOR
    found = await service.path(rounds.raw[1], rounds.model[1], ALL, k=9)
    assert found.relation is Relation.DOWNSTREAM
    assert len(found.paths) == 2
    assert (await service.impact(rounds.raw[1], ALL)).counts == {"Run": 2, "ArtifactVersion": 3}
    assert (await service.counts(rounds.model[0], ALL)).upstream.by_label == {"Run": 2, "ArtifactVersion": 3}


async def test_a_difference_is_traced_past_what_was_produced_again(
    rounds: Rounds, service: LineageService
) -> None:
    found = await service.diff(rounds.model[0], rounds.model[1], ALL)
    cause = found.first_by_dependency
    assert cause is not None
    assert cause.kind is DifferenceKind.ADDED
    assert cause.after is not None
    assert cause.after.uid == rounds.correct
    assert all(plan.round_trips for plan in found.plans)


async def test_a_version_has_all_its_producers_the_first_one_first(
    rounds: Rounds, service: LineageService
) -> None:
    for budget, truncated in ((Budget(), ()), (Budget(per_node=1), (1,))):
        question = LineageQuestion(start=(rounds.test,), max_depth=1, budget=budget)
        found = await service.lineage(question, scope=None)
        outputs = {e.start: e.properties.get("again", False) for e in found.edges if e.type == "OUTPUT"}
        assert (
            list(outputs.items()) == [(rounds.prepare[0], False), (rounds.prepare[1], True)][: len(outputs)]
        )
        assert tuple(cut.shown for cut in found.truncated) == truncated
    following = LineageQuestion(
        start=(rounds.test,), max_depth=1, budget=budget, after=found.truncated[0].cursor
    )
    found = await service.lineage(following, scope=None)
    assert [e.start for e in found.edges if e.type == "OUTPUT"] == [rounds.prepare[1]]


async def test_where_clocks_disagree_the_first_production_counts(
    graph: Bolt, service: LineageService
) -> None:
    spec = GraphSpec()
    made, model = spec.version("made"), spec.version("model")
    first, second = spec.step(1, [], [made], at=100), spec.step(2, [], [made], at=200)
    reader = spec.step(3, [made], [model], at=50)
    later = spec.step(4, [made], [], at=150)
    await spec.write(graph)
    assert await reached(service, model, Direction.UPSTREAM) == {model, reader, made, first}
    assert await reached(service, first, Direction.DOWNSTREAM) == {first, made, reader, model, later}
    assert await reached(service, second, Direction.DOWNSTREAM) == {second, made}


async def test_a_cut_within_the_reach_is_counted_and_continued(graph: Bolt, service: LineageService) -> None:
    """Of ten producers, six came before the reading; of ten readers, four after the production."""
    spec = GraphSpec()
    made, model = spec.version("made"), spec.version("model")
    producers = [spec.step(i, [], [made], at=10 * i + 10) for i in range(10)]
    for i in range(10):
        spec.step(20 + i, [made], [], at=10 * i + 15)
    reader = spec.step(50, [made], [model], at=65)
    await spec.write(graph)
    for start, direction, total in ((model, Direction.UPSTREAM, 6), (producers[6], Direction.DOWNSTREAM, 4)):
        question = LineageQuestion(
            start=(start,), direction=direction, max_depth=5, budget=Budget(per_node=3)
        )
        answer = await service.lineage(question, scope=None)
        ((cut,), runs) = answer.truncated, set[str]()
        assert (cut.uid, cut.shown, cut.total) == (made, 3, total)
        while True:
            runs |= {node.head.uid for node in answer.nodes if node.head.label == "Run"}
            if not answer.truncated:
                break
            following = LineageQuestion(
                start=(start,),
                direction=direction,
                max_depth=5,
                budget=Budget(per_node=3),
                after=answer.truncated[0].cursor,
            )
            answer = await service.lineage(following, scope=None)
        assert len(runs - {start, reader}) == total


async def test_a_version_come_to_again_later_is_left_further(graph: Bolt, service: LineageService) -> None:
    """Near the start ``made`` was read early, further away late: only then does ``again`` count."""
    spec = GraphSpec()
    made, middle, end = (spec.version(name) for name in ("made", "middle", "end"))
    first = spec.step(1, [], [made], at=10)
    again = spec.step(2, [], [made], at=40)
    late = spec.step(3, [made], [middle], at=50)
    last = spec.step(4, [middle], [end], at=60)
    spec.edge("INPUT_TO", made, last, role="early", at=20)
    source = spec.version("source")
    spec.edge("DERIVED", source, made, at=5)
    await spec.write(graph)
    question = LineageQuestion(start=(end,), max_depth=None)
    found = await service.lineage(question, scope=None)
    depths = {node.head.uid: node.depth for node in found.nodes}
    assert depths == {end: 0, last: 1, middle: 1, made: 1, late: 2, first: 2, source: 2, again: 3}
    (connection,) = (await service.path(again, end, ALL)).paths
    assert connection.uids == (again, made, late, middle, last, end)
    shallow = LineageQuestion(start=(end,), max_depth=2, count_boundary=True)
    boundary = (await service.lineage(shallow, scope=None)).boundary
    assert [(one.uid, one.more) for one in boundary] == [(made, 1)]


async def test_what_lies_beyond_the_depth_is_counted(rounds: Rounds, service: LineageService) -> None:
    for depth, more in ((0, {rounds.model[0]: 1}), (1, {rounds.train[0]: 1, rounds.test: 1}), (2, {})):
        question = LineageQuestion(start=(rounds.model[0],), max_depth=depth, count_boundary=True)
        found = await service.lineage(question, scope=None)
        assert not found.is_partial
        assert {one.uid: one.more for one in found.boundary} == more
    question = LineageQuestion(start=(rounds.raw[1],), direction=Direction.DOWNSTREAM, max_depth=1)
    found = await service.lineage(question, scope=None)
    assert {(one.uid, one.more) for one in found.boundary} == {(rounds.train[1], None), (rounds.test, None)}


async def test_twins_of_twins_are_the_same_thing_too(graph: Bolt, service: LineageService) -> None:
    """Two runs made the same content, and each named it by itself: the digest is what joins the two."""
    spec = GraphSpec()
    content, end = spec.version("d#content"), spec.version("end")
    named = [spec.version(f"d#{key}", key=f"run:{key}") for key in ("one", "two")]
    for number, uid in enumerate(named):
        spec.edge("SAME_AS", uid, content)
        spec.step(number, [], [uid])
    spec.step(2, named[:1], [end])
    source = spec.version("source")
    spec.edge("DERIVED", source, named[1], role="columns:run:two", fields=json.dumps({"y": [["x"]]}))
    await spec.write(graph)
    for start, depth in ((end, 1), (named[0], 0)):
        question = LineageQuestion(start=(start,), max_depth=depth, count_boundary=True)
        found = await service.lineage(question, scope=None)
        assert [(one.uid, one.more) for one in found.boundary] == [(content, 2)]
        assert found.nodes[-1].also == tuple(named)
    columns = await service.lineage(LineageQuestion(start=(named[0],), view=View.FIELD), scope=None)
    assert [(one.start, one.end, one.end_column) for one in columns.fields] == [(source, content, "y")]


async def test_every_question_as_of_and_as_known(rounds: Rounds, service: LineageService) -> None:
    early = Asked(scope=None, as_of=25)
    assert (await service.counts(rounds.raw[0], early)).downstream.nodes == 5
    assert (await service.path(rounds.raw[0], rounds.model[1], early)).relation is Relation.NONE
    assert (await service.impact(rounds.raw[0], early)).counts == {"Run": 2, "ArtifactVersion": 3}
    assert (await service.cost(rounds.model[1], early)).ancestry.runs == 0
    assert (await service.completeness(rounds.model[1], early)).counts == {
        "MISSING_DIGEST": 1,
        "NO_PRODUCER": 1,
    }
    assert (await service.diff(rounds.model[0], rounds.model[1], early)).same == 0
    unknown = Asked(scope=None, known_at=0)
    assert (await service.counts(rounds.raw[0], unknown)).downstream.nodes == 0
    assert (await service.path(rounds.raw[0], rounds.model[0], unknown)).relation is Relation.NONE
    assert (await service.impact(rounds.raw[0], unknown)).counts == {}
    assert (await service.cost(rounds.model[0], unknown)).ancestry.runs == 0


async def test_the_logical_view_tells_only_what_it_knows_of_a_day(
    graph: Bolt, service: LineageService
) -> None:
    spec = GraphSpec()
    thing, job = spec.node("artifact:p/dataset/a", name="a"), spec.node("job:p/script/j", name="j")
    spec.feeds(thing, job, first_at=5, last_at=9, run_count=3)
    await spec.write(graph)
    for as_of, properties in ((None, {"last_at": 9, "run_count": 3, "last_run": "run:x"}), (7, {})):
        question = LineageQuestion(start=(job,), view=View.LOGICAL, as_of=as_of)
        (edge,) = (await service.lineage(question, scope=None)).edges
        assert edge.properties == properties
    with pytest.raises(NotSupportedError, match="VERSION view"):
        await service.lineage(LineageQuestion(start=(job,), view=View.LOGICAL, known_at=7), scope=None)
    with pytest.raises(NotSupportedError, match="asOf"):
        await service.counts(job, Asked(scope=None, known_at=7))


async def test_what_was_live_is_judged_as_of_the_day(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    model = spec.node("modelversion:p/m@1", name="m")
    served = spec.node("deployment:p/c/e@1", name="e", from_at=5, to_at=20)
    spec.edge("DEPLOYED_AS", model, served, at=5)
    run = spec.run(1, state="complete", ended_at=20)
    await spec.write(graph)
    for as_of, live in ((None, False), (10, True), (20, False), (30, False)):
        found = await service.impact(model, Asked(scope=None, as_of=as_of))
        assert [one.live for one in found.deployments] == [live]
        unfinished = (await service.completeness(run, Asked(scope=None, as_of=as_of))).counts
        assert unfinished == ({"UNFINISHED": 1} if as_of == 10 else {})


async def test_what_ended_later_had_not_ended_on_the_day(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    made, model = spec.version("made"), spec.node("modelversion:p/m@1", name="m")
    run = spec.run(1, state="complete", started_at=5, ended_at=20)
    served = spec.node("deployment:p/c/e@1", name="e", state="retired", from_at=5, to_at=20)
    spec.edge("OUTPUT", run, made, at=5)
    spec.edge("REGISTERED_AS", made, model, at=5)
    spec.edge("DEPLOYED_AS", model, served, at=5)
    await spec.write(graph)
    told = {None: ("complete", "retired", 20), 20: ("complete", "retired", 20), 10: ("running", "", None)}
    for start, direction in (
        (run, Direction.DOWNSTREAM),
        (made, Direction.DOWNSTREAM),
        (served, Direction.UPSTREAM),
    ):
        for as_of, (of_run, of_service, end) in told.items():
            question = LineageQuestion(start=(start,), direction=direction, as_of=as_of)
            heads = {one.head.uid: one.head for one in (await service.lineage(question, scope=None)).nodes}
            if run in heads:
                assert (heads[run].state, heads[run].ended_at) == (of_run, end)
            assert (heads[served].state, heads[served].ended_at) == (of_service, end)
    early = LineageQuestion(start=(run,), direction=Direction.DOWNSTREAM, as_of=4)
    (alone,) = (await service.lineage(early, scope=None)).nodes
    assert alone.head.state == ""


async def test_every_question_keeps_to_its_budget(rounds: Rounds, service: LineageService) -> None:
    few = Asked(scope=None, budget=Budget(nodes=2))
    model = rounds.model[0]
    answers = [
        await service.impact(rounds.raw[0], few),
        await service.path(rounds.raw[0], model, few),
        await service.diff(model, rounds.model[1], few),
        await service.cost(model, few),
        await service.completeness(model, few),
        (await service.counts(model, few)).upstream,
    ]
    assert [(one.is_partial, one.reason) for one in answers] == [(True, "nodes")] * len(answers)


async def test_several_inputs_of_one_role_are_all_compared(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    parts = [spec.version(f"part#{i}") for i in range(3)]
    made = [spec.version(f"made#{i}", digest="sha256:0") for i in range(2)]
    for index, inputs in enumerate((parts[:2], parts)):
        run = spec.step(index, [], [made[index]], job="job:p/script/join")
        for one in inputs:
            spec.edge("INPUT_TO", one, run, role="part")
    await spec.write(graph)
    found = await service.diff(made[0], made[1], ALL)
    (joined,) = (d for d in found.differences if d.before and d.before.label == "Run")
    (change,) = joined.changes
    assert change.field == "inputs.part"
    assert (change.before, change.after) == (", ".join(sorted(parts[:2])), ", ".join(sorted(parts)))


async def test_an_input_of_which_no_version_is_known_is_a_hole(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    near, model = spec.version("near"), spec.version("model")
    run = spec.step(1, [near], [model], at=5)
    for name, role, at in (("near", "in0", 5), ("far", "source", 5), ("later", "late", 9)):
        artifact = spec.node(f"artifact:p/dataset/{name}", name=name)
        spec.edge("READS", run, artifact, role=role, at=at)
    foreign = spec.node("artifact:q/dataset/foreign", project="q", name="foreign")
    spec.edge("READS", run, foreign, role="foreign", at=5)
    await spec.write(graph)
    for asked, uids in (
        (ALL, {"artifact:p/dataset/far", "artifact:p/dataset/later", foreign}),
        (Asked(scope=None, as_of=6), {"artifact:p/dataset/far", foreign}),
        (Asked(scope=frozenset("p"), as_of=6), {"artifact:p/dataset/far"}),
        (Asked(scope=None, known_at=0), set[str]()),
    ):
        found = await service.completeness(model, asked)
        unknown = {one.uid for one in found.findings if one.kind == "UNKNOWN_INPUT"}
        assert (unknown, found.counts.get("UNKNOWN_INPUT", 0)) == (uids, len(uids))


async def test_column_reached_again_over_a_twin_goes_on_further(service: LineageService, graph: Bolt) -> None:
    """What one twin was kept from following is followed when the other is reached later on."""
    spec = GraphSpec()
    one, other = spec.version("one#1"), spec.version("one#2", key="run:1")
    spec.edge("SAME_AS", one, other)
    spec.edge("OUTPUT", spec.run(1), other, at=2)
    spec.edge("DERIVED", one, other, role="columns:run:1", at=4, fields=json.dumps({"y": [["x"]]}))
    spec.edge("DERIVED", other, one, role="told:1", at=5, fields=json.dumps({"y": [["y"]]}))
    spec.edge("DERIVED", other, one, role="told:2", at=3, fields=json.dumps({"z": [["y"]]}))
    await spec.write(graph)
    question = LineageQuestion(start=(one,), direction=Direction.DOWNSTREAM, view=View.FIELD, column="x")
    found = await service.lineage(question, scope=None)
    assert {(f.start_column, f.end_column) for f in found.fields} == {("x", "y"), ("y", "y"), ("y", "z")}


async def test_references_mean_what_they_meant_then(graph: Bolt, service: LineageService) -> None:
    spec = GraphSpec()
    data = [
        spec.version(f"raw#{n}", ordinal=n, sealed_at=n * 10, deleted_at=deleted)
        for n, deleted in ((1, None), (2, None), (3, 35))
    ]
    models = [
        spec.node(
            f"modelversion:p/churn@{n}",
            name="churn",
            model="model:p/churn",
            version=str(n),
            created_at=n * 10,
        )
        for n in (1, 2, 3)
    ]
    alias = spec.node("alias:p/churn@prod", model="model:p/churn", alias="prod", target=models[1])
    spec.edge("POINTS_TO", alias, models[0], at=12, moves=[(12, 12, True), (22, 40, False)])
    spec.edge("POINTS_TO", alias, models[1], at=22, moves=[(22, 40, True)])
    await spec.write(graph)

    async def meant(reference: str, **when: int) -> str:
        return await service.resolve(reference, scope=None, project="p", **when)

    assert [await meant("dataset:raw", as_of=at) for at in (15, 25, 34, 36, 5)] == [
        data[0], data[1], data[2], data[1], data[2],
    ]  # fmt: skip
    assert await meant("dataset:raw@2", as_of=15) == data[1]
    assert [await meant("model:churn", as_of=at) for at in (15, 25, 35)] == models
    assert await meant("model:churn@prod") == models[1]
    assert [await meant("model:churn@prod", as_of=at) for at in (12, 21, 22)] == [
        models[0],
        models[0],
        models[1],
    ]
    assert [await meant("model:churn@prod", known_at=at) for at in (39, 40)] == models[:2]
    assert await meant("model:churn@2", as_of=15) == models[1]
    with pytest.raises(NotFoundError, match="no version or alias 'prod'; there are: 3, 2, 1, latest"):
        await meant("model:churn@prod", as_of=11)
