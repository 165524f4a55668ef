"""Query fields of what is drawn: lineage, steps of a run, versions of one thing. A picture is one call."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.lists import run_uid_of
from lineage_server.api.gql.questions import (
    BudgetInput,
    NodeFilterInput,
    aliases_of,
    budget_of,
    filter_of,
    uid_of,
)
from lineage_server.api.gql.scalars import Micros
from lineage_server.api.gql.types import walks
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.provenance import answers, scene
from lineage_server.provenance.boxes import GroupBy
from lineage_server.provenance.steps import StepsQuestion
from lineage_server.provenance.version_tree import VersionsQuestion

Ctx = Info[Context, None]


@strawberry.type
class SceneQueries:
    @strawberry.field(description="A lineage made ready for drawing")
    async def lineage_scene(
        self,
        info: Ctx,
        focus: str,
        up: int = 3,
        down: int = 3,
        view: answers.View = answers.View.VERSION,
        group_by: GroupBy = GroupBy.JOB,
        filter: NodeFilterInput | None = None,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        best_metric: str = "",
        higher_is_better: bool = True,
        opened: list[str] | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> walks.LineageScene:
        context = context_of(info)
        question = scene.SceneQuestion(
            focus=await uid_of(info, focus, project, as_of, known_at),
            up=up,
            down=down,
            view=view,
            group_by=group_by,
            filter=filter_of(filter),
            as_of=as_of,
            known_at=known_at,
            budget=budget_of(budget, answers.Budget(nodes=500, per_node=50)),
            best_metric=best_metric,
            higher_is_better=higher_is_better,
            opened=tuple(opened or ()),
        )
        answer = await context.lineage.scene(question, scope=context.scope)
        return walks.lineage_scene(
            answer, await aliases_of(info, (n.head for n in answer.nodes), as_of, known_at)
        )

    @strawberry.field(
        description="The steps of a run made ready for drawing, ordered by the data between them. DATA lines "
        "lead from a step to one that read what it wrote; opened are steps whose own steps are shown, too"
    )
    async def run_scene(
        self,
        info: Ctx,
        uid: str,
        opened: list[str] | None = None,
        group_by: GroupBy = GroupBy.JOB,
        budget: BudgetInput | None = None,
    ) -> walks.LineageScene:
        context = context_of(info)
        question = StepsQuestion(
            run=run_uid_of(uid),
            opened=tuple(opened or ()),
            group_by=group_by,
            budget=budget_of(budget, answers.Budget(nodes=500, per_node=100)),
        )
        return walks.lineage_scene(await context.lineage.steps(question, scope=context.scope), {})

    @strawberry.field(
        description="Versions of an artifact or a registered model and what each was derived from, made "
        "ready for drawing: VIA a run that read it, or DERIVED as somebody said"
    )
    async def version_scene(
        self,
        info: Ctx,
        of: str,
        group_by: GroupBy = GroupBy.JOB,
        budget: BudgetInput | None = None,
    ) -> walks.LineageScene:
        context = context_of(info)
        question = VersionsQuestion(
            of=of, group_by=group_by, budget=budget_of(budget, answers.Budget(nodes=500, per_node=20))
        )
        answer = await context.lineage.versions(question, scope=context.scope)
        return walks.lineage_scene(answer, await aliases_of(info, (n.head for n in answer.nodes), None, None))
