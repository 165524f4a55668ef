"""Query fields of lineage: each resolves the references it was given and asks the service."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.limits import WIDE_WALK
from lineage_server.api.gql.scalars import Micros
from lineage_server.api.gql.types import answers as shown
from lineage_server.api.gql.types import walks
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import LABEL_OF
from lineage_server.graph.heads import Head
from lineage_server.provenance import answers, scene

Ctx = Info[Context, None]
MAX_STARTS = 100


@strawberry.input(description="How much a walk may bring back")
class BudgetInput:
    nodes: int = 1000
    per_node: int = 100
    milliseconds: int = 5000


@strawberry.input(description="Which nodes to show; all are walked")
class NodeFilterInput:
    kinds: list[str] = strawberry.field(default_factory=list[str])
    text: str = ""
    states: list[str] = strawberry.field(default_factory=list[str])
    projects: list[str] = strawberry.field(default_factory=list[str])
    since: Micros | None = None
    until: Micros | None = None


def _filter(value: NodeFilterInput | None, kinds: list[str] | None = None) -> answers.NodeFilter:
    value = value or NodeFilterInput()
    return answers.NodeFilter(
        kinds=frozenset(value.kinds) | frozenset(kinds or ()),
        text=value.text,
        states=frozenset(value.states),
        projects=frozenset(value.projects),
        since=value.since,
        until=value.until,
    )


def _budget(value: BudgetInput | None, default: answers.Budget) -> answers.Budget:
    if value is None:
        return default
    return answers.Budget(nodes=value.nodes, per_node=value.per_node, milliseconds=value.milliseconds)


async def uid_of(info: Ctx, text: str, project: str) -> str:
    """A uid stays; a reference is resolved in ``project``."""
    prefix, _, rest = text.partition(":")
    if prefix in LABEL_OF and prefix not in ("model",) and (prefix == "run" or "/" in rest):
        return text
    context = context_of(info)
    return await context.lineage.resolve(text, scope=context.scope, project=project)


async def _aliases(info: Ctx, heads: list[Head]) -> dict[str, list[str]]:
    """Aliases of the model versions among ``heads``: one question for all of them."""
    context = context_of(info)
    uids = [h.uid for h in heads if not h.hidden]
    return await context.lineage.aliases(uids, scope=context.scope)


@strawberry.type
class LineageQueries:
    @strawberry.field(description="What made this, what came of it")
    async def lineage(
        self,
        info: Ctx,
        start: list[str],
        direction: answers.Direction = answers.Direction.UPSTREAM,
        view: answers.View = answers.View.VERSION,
        max_depth: int | None = 5,
        kinds: list[str] | None = None,
        filter: NodeFilterInput | None = None,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        after: str = "",
        column: str = "",
        project: str = DEFAULT_PROJECT,
    ) -> walks.Lineage:
        if not 0 < len(start) <= MAX_STARTS:
            raise InvalidInputError("start takes 1 to 100 uids or references", field="start")
        context = context_of(info)
        question = answers.LineageQuestion(
            start=tuple([await uid_of(info, s, project) for s in start]),
            direction=direction,
            view=view,
            max_depth=max_depth,
            filter=_filter(filter, kinds),
            as_of=as_of,
            known_at=known_at,
            budget=_budget(budget, answers.Budget()),
            after=after,
            column=column,
        )
        answer = await context.lineage.lineage(question, scope=context.scope)
        return walks.lineage(answer, await _aliases(info, [n.head for n in answer.nodes]))

    @strawberry.field(description="A lineage made ready for drawing")
    async def lineage_scene(
        self,
        info: Ctx,
        focus: str,
        up: int = 3,
        down: int = 3,
        view: answers.View = answers.View.VERSION,
        group_by: scene.GroupBy = scene.GroupBy.JOB,
        filter: NodeFilterInput | None = None,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        best_metric: str = "",
        higher_is_better: bool = True,
        project: str = DEFAULT_PROJECT,
    ) -> walks.LineageScene:
        context = context_of(info)
        question = scene.SceneQuestion(
            focus=await uid_of(info, focus, project),
            up=up,
            down=down,
            view=view,
            group_by=group_by,
            filter=_filter(filter),
            as_of=as_of,
            known_at=known_at,
            budget=_budget(budget, answers.Budget(nodes=500, per_node=50)),
            best_metric=best_metric,
            higher_is_better=higher_is_better,
        )
        answer = await context.lineage.scene(question, scope=context.scope)
        return walks.lineage_scene(answer, await _aliases(info, [n.head for n in answer.nodes]))

    @strawberry.field(description="What breaks if this is bad", metadata=WIDE_WALK)
    async def impact(
        self, info: Ctx, of: str, as_of: Micros | None = None, project: str = DEFAULT_PROJECT
    ) -> shown.Impact:
        context = context_of(info)
        uid = await uid_of(info, of, project)
        return shown.impact_answer(await context.lineage.impact(uid, scope=context.scope, as_of=as_of))

    @strawberry.field(description="How two things are connected", metadata=WIDE_WALK)
    async def path(
        self,
        info: Ctx,
        start: str,
        end: str,
        k: int = 3,
        as_of: Micros | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> shown.LineagePath:
        context = context_of(info)
        one, other = await uid_of(info, start, project), await uid_of(info, end, project)
        answer = await context.lineage.path(one, other, scope=context.scope, k=k, as_of=as_of)
        return shown.path_answer(answer)

    @strawberry.field(description="Why two things differ", metadata=WIDE_WALK)
    async def lineage_diff(
        self, info: Ctx, a: str, b: str, project: str = DEFAULT_PROJECT
    ) -> shown.LineageDiff:
        context = context_of(info)
        one, other = await uid_of(info, a, project), await uid_of(info, b, project)
        return shown.diff_answer(await context.lineage.diff(one, other, scope=context.scope))

    @strawberry.field(description="What this cost, each upstream run counted once", metadata=WIDE_WALK)
    async def cost(self, info: Ctx, of: str, project: str = DEFAULT_PROJECT) -> shown.Cost:
        context = context_of(info)
        uid = await uid_of(info, of, project)
        return shown.cost_answer(await context.lineage.cost(uid, scope=context.scope))

    @strawberry.field(description="How complete what we know about this is", metadata=WIDE_WALK)
    async def completeness(self, info: Ctx, of: str, project: str = DEFAULT_PROJECT) -> shown.Completeness:
        context = context_of(info)
        uid = await uid_of(info, of, project)
        return shown.completeness_answer(await context.lineage.completeness(uid, scope=context.scope))

    @strawberry.field(description="How much lies on each side of this", metadata=WIDE_WALK)
    async def lineage_counts(
        self, info: Ctx, of: str, max_depth: int | None = None, project: str = DEFAULT_PROJECT
    ) -> shown.LineageCounts:
        context = context_of(info)
        uid = await uid_of(info, of, project)
        answer = await context.lineage.counts(uid, scope=context.scope, max_depth=max_depth)
        return shown.counts_answer(answer)

    @strawberry.field(description="The uid that a reference means, such as dataset:iris@3")
    async def resolve(self, info: Ctx, ref: str, project: str = DEFAULT_PROJECT) -> str:
        return await uid_of(info, ref, project)
