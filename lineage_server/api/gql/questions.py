"""Query fields of lineage: each resolves the references it was given and asks the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import strawberry
from strawberry.types import Info
from strawberry.types.nodes import SelectedField, Selection

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.limits import WIDE_WALK
from lineage_server.api.gql.scalars import Micros
from lineage_server.api.gql.types import answers as shown
from lineage_server.api.gql.types import walks
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import LABEL_OF, ArtifactType, JobKind
from lineage_server.graph.heads import Head
from lineage_server.provenance import answers, service
from lineage_server.provenance.ancestry import WIDE
from lineage_server.provenance.references import run_beginning
from lineage_server.provenance.traverse import WALKED
from lineage_server.tracking.conditions import check_kinds, check_times

Ctx = Info[Context, None]
MAX_STARTS = 100
_KINDS = (*sorted(WALKED), *JobKind, *ArtifactType)


@strawberry.input(description="How much a walk may bring back; what is not said is up to the question")
class BudgetInput:
    nodes: int | None = None
    per_node: int | None = None
    milliseconds: int | None = None


@strawberry.input(description="Which nodes to show; all are walked")
class NodeFilterInput:
    kinds: list[str] = strawberry.field(default_factory=list[str])
    text: str = ""
    states: list[str] = strawberry.field(default_factory=list[str])
    projects: list[str] = strawberry.field(default_factory=list[str])
    since: Micros | None = None
    until: Micros | None = None


def filter_of(value: NodeFilterInput | None, kinds: list[str] | None = None) -> answers.NodeFilter:
    value = value or NodeFilterInput()
    check_times(value.since, value.until, ("since", "until"))
    return answers.NodeFilter(
        kinds=frozenset(check_kinds([*value.kinds, *(kinds or ())], _KINDS, "kinds")),
        text=value.text,
        states=frozenset(value.states),
        projects=frozenset(value.projects),
        since=value.since,
        until=value.until,
    )


def budget_of(value: BudgetInput | None, default: answers.Budget) -> answers.Budget:
    told = {} if value is None else {k: v for k, v in vars(value).items() if v is not None}
    return replace(default, **told)


def _asked(
    info: Ctx, as_of: Micros | None, known_at: Micros | None, budget: BudgetInput | None
) -> service.Asked:
    return service.Asked(
        scope=context_of(info).scope, as_of=as_of, known_at=known_at, budget=budget_of(budget, WIDE)
    )


def _wants_more(info: Ctx) -> bool:
    """Whether ``boundary { more }`` was asked for: to count takes further questions to the graph."""
    boundaries = [one for field in info.selected_fields for one in fields_of(field, "boundary")]
    return any(True for boundary in boundaries for _ in fields_of(boundary, "more"))


def fields_of(selection: Selection, name: str) -> Iterator[SelectedField]:
    """Fields of that name below a selection, also those in fragments."""
    for one in selection.selections:
        if not isinstance(one, SelectedField):
            yield from fields_of(one, name)
        elif one.name == name:
            yield one


def is_uid(text: str) -> bool:
    """And no reference. ``model:a/b`` may be both: the uid counts where there is one."""
    prefix, _, rest = text.partition(":")
    if prefix == "run" and run_beginning(text):
        return False
    return prefix in LABEL_OF and prefix != "model" and (prefix != "job" or "/" in rest)


async def uid_of(
    info: Ctx, text: str, project: str, as_of: int | None = None, known_at: int | None = None
) -> str:
    """A uid stays; a reference is resolved in ``project``, to what it meant then."""
    if is_uid(text):
        return text
    context = context_of(info)
    return await context.lineage.resolve(
        text, scope=context.scope, project=project, as_of=as_of, known_at=known_at
    )


async def aliases_of(
    info: Ctx, heads: Iterable[Head], as_of: int | None, known_at: int | None
) -> dict[str, list[str]]:
    """Aliases of the model versions among ``heads``: one question for all of them."""
    context = context_of(info)
    asked = service.Asked(scope=context.scope, as_of=as_of, known_at=known_at)
    return await context.lineage.aliases((h.uid for h in heads if not h.hidden), asked.sight)


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
            start=tuple([await uid_of(info, s, project, as_of, known_at) for s in start]),
            direction=direction,
            view=view,
            max_depth=max_depth,
            filter=filter_of(filter, kinds),
            as_of=as_of,
            known_at=known_at,
            budget=budget_of(budget, answers.Budget()),
            after=after,
            column=column,
            count_boundary=_wants_more(info),
        )
        answer = await context.lineage.lineage(question, scope=context.scope)
        heads = (n.head for n in answer.nodes)
        return walks.lineage(answer, await aliases_of(info, heads, as_of, known_at))

    @strawberry.field(description="What breaks if this is bad", metadata=WIDE_WALK)
    async def impact(
        self,
        info: Ctx,
        of: str,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> shown.Impact:
        uid, asked = await uid_of(info, of, project, as_of, known_at), _asked(info, as_of, known_at, budget)
        return shown.impact_answer(await context_of(info).lineage.impact(uid, asked))

    @strawberry.field(description="How two things are connected", metadata=WIDE_WALK)
    async def path(
        self,
        info: Ctx,
        start: str,
        end: str,
        k: int = 3,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> shown.LineagePath:
        one, other = (
            await uid_of(info, start, project, as_of, known_at),
            await uid_of(info, end, project, as_of, known_at),
        )
        asked = _asked(info, as_of, known_at, budget)
        return shown.path_answer(await context_of(info).lineage.path(one, other, asked, k=k))

    @strawberry.field(description="Why two things differ", metadata=WIDE_WALK)
    async def lineage_diff(
        self,
        info: Ctx,
        a: str,
        b: str,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> shown.LineageDiff:
        one, other = (
            await uid_of(info, a, project, as_of, known_at),
            await uid_of(info, b, project, as_of, known_at),
        )
        asked = _asked(info, as_of, known_at, budget)
        return shown.diff_answer(await context_of(info).lineage.diff(one, other, asked))

    @strawberry.field(
        description="What this cost, each upstream run once, by its figures of today", metadata=WIDE_WALK
    )
    async def cost(
        self,
        info: Ctx,
        of: str,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> shown.Cost:
        uid, asked = await uid_of(info, of, project, as_of, known_at), _asked(info, as_of, known_at, budget)
        return shown.cost_answer(await context_of(info).lineage.cost(uid, asked))

    @strawberry.field(description="How complete what we know about this is", metadata=WIDE_WALK)
    async def completeness(
        self,
        info: Ctx,
        of: str,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> shown.Completeness:
        uid, asked = await uid_of(info, of, project, as_of, known_at), _asked(info, as_of, known_at, budget)
        return shown.completeness_answer(await context_of(info).lineage.completeness(uid, asked))

    @strawberry.field(description="How much lies on each side of this", metadata=WIDE_WALK)
    async def lineage_counts(
        self,
        info: Ctx,
        of: str,
        max_depth: int | None = None,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        budget: BudgetInput | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> shown.LineageCounts:
        uid, asked = await uid_of(info, of, project, as_of, known_at), _asked(info, as_of, known_at, budget)
        answer = await context_of(info).lineage.counts(uid, asked, max_depth=max_depth)
        return shown.counts_answer(answer)

    @strawberry.field(description="The uid that a reference means, such as dataset:iris@3, or meant then")
    async def resolve(
        self,
        info: Ctx,
        ref: str,
        as_of: Micros | None = None,
        known_at: Micros | None = None,
        project: str = DEFAULT_PROJECT,
    ) -> str:
        return await uid_of(info, ref, project, as_of, known_at)
