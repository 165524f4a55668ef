"""Query fields of what was recorded: single nodes, lists, search, metric history."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.lists import (
    ListFilterInput,
    ListOrder,
    RunFilter,
    RunOrder,
    VersionFilter,
    VersionOrder,
    node_filter,
    node_order,
    run_filter,
    run_order,
    version_filter,
    version_order,
)
from lineage_server.api.gql.questions import fields_of, is_uid, uid_of
from lineage_server.api.gql.scalars import Long
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types.artifacts import Artifact, ArtifactVersion
from lineage_server.api.gql.types.base import Node, page_shown
from lineage_server.api.gql.types.listing import Connection
from lineage_server.api.gql.types.models import Deployment, RegisteredModel
from lineage_server.api.gql.types.records import MetricSeries, RunSeries, series_of
from lineage_server.api.gql.types.runs import Run
from lineage_server.auth.principal import Principal
from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import Label
from lineage_server.tracking.conditions import check_kinds
from lineage_server.tracking.filters import ListFilter, Order
from lineage_server.tracking.parts import versions_of
from lineage_server.tracking.search import SEARCHED

Ctx = Info[Context, None]
MAX_UIDS = 500
MAX_REFERENCES = 50
"""Each of them is a question of its own."""
DEFAULT_POINTS = 1_000


def _projects(project: str | None, projects: list[str] | None) -> list[str]:
    return [*([project] if project is not None else []), *(projects or ())]


async def list_of(
    info: Ctx,
    label: Label,
    projects: Sequence[str],
    wanted: ListFilter,
    order: Order,
    first: int,
    after: str,
    brought: tuple[str, ...] | None = None,
) -> Any:
    context = context_of(info)
    page = await context.tracking.list_nodes(
        label,
        scope=context.scope,
        projects=projects,
        wanted=wanted,
        order=order,
        first=first,
        after=after,
        brought=brought,
    )

    async def count() -> int:
        return await context.tracking.count(label, scope=context.scope, projects=projects, wanted=wanted)

    return page_shown(page, after, shown.node_of, count)


_KEYED = {"params": "p.", "paramMap": "p.", "metrics": "m.", "metricMap": "m."}
"""Fields of a run that show what has keys, and what the properties begin with that they read."""


def _brought(info: Ctx) -> tuple[str, ...] | None:
    """Of the parameters and metrics of listed runs those that are shown; None where one field shows all."""
    edges = [edge for field in info.selected_fields for edge in fields_of(field, "edges")]
    nodes = [node for edge in edges for node in fields_of(edge, "node")]
    brought: set[str] = set()
    for name, prefix in _KEYED.items():
        for shown_field in (one for node in nodes for one in fields_of(node, name)):
            keys: list[str] | str | None = shown_field.arguments.get("keys")
            if keys is None:
                return None
            brought |= {prefix + key for key in ([keys] if isinstance(keys, str) else keys)}
    return tuple(sorted(brought))


def _listed(label: Label, kind: Any, description: str) -> Any:
    """The field that lists nodes of a label."""

    async def resolve(
        info: Ctx,
        project: str | None = None,
        filter: ListFilterInput | None = None,
        order_by: ListOrder | None = None,
        first: int = 50,
        after: str = "",
    ) -> Any:
        wanted, order = node_filter(filter, label), node_order(order_by, label)
        return await list_of(info, label, _projects(project, None), wanted, order, first, after)

    return strawberry.field(resolve, description=description, graphql_type=Connection[kind])


@strawberry.type
class ListQueries:
    @strawberry.field(description="A node by uid, or by reference, such as model:churn@prod")
    async def node(self, info: Ctx, uid: str, project: str = DEFAULT_PROJECT) -> Node:
        return shown.node_of(await context_of(info).node(await uid_of(info, uid, project)))

    @strawberry.field(
        description="Nodes by uid or reference, in the same order; null where there is none to see"
    )
    async def nodes(self, info: Ctx, uids: list[str], project: str = DEFAULT_PROJECT) -> list[Node | None]:
        if len(uids) > MAX_UIDS:
            raise InvalidInputError(f"at most {MAX_UIDS} uids at once", field="uids")
        context = context_of(info)
        asked = dict.fromkeys(uids)
        likely = [text for text in asked if is_uid(text) or text.startswith("model:")]
        found = await context.tracking.nodes(likely, scope=context.scope)
        others = [text for text in asked if text not in found and not is_uid(text)]
        meant = await _resolved(info, others, project)
        found |= await context.tracking.nodes(meant.values(), scope=context.scope)
        nodes = [found.get(meant.get(text, text)) for text in uids]
        return [shown.node_of(node) if node is not None else None for node in nodes]

    @strawberry.field(description="An artifact version by reference, such as dataset:iris@3, or uid")
    async def version(self, info: Ctx, ref: str, project: str = DEFAULT_PROJECT) -> ArtifactVersion:
        node = await context_of(info).node(await uid_of(info, ref, project))
        if node.label is not Label.ARTIFACT_VERSION:
            raise NotFoundError(f"{ids.shorten(ref)!r} is of type {node.label}, not an artifact version")
        return shown.node_of(node)

    @strawberry.field(description="A run by uid or UUID")
    async def run(self, info: Ctx, uid: str) -> Run:
        return shown.node_of(await context_of(info).node(run_uid_of(uid)))

    @strawberry.field(description="An artifact by uid, or as type:name")
    async def artifact(self, info: Ctx, ref: str, project: str = DEFAULT_PROJECT) -> Artifact:
        uid = artifact_uid_of(ref, project)
        return shown.node_of(await context_of(info).node(uid))

    @strawberry.field(description="Versions of an artifact, newest first unless told otherwise")
    async def versions(
        self,
        info: Ctx,
        artifact: str,
        filter: VersionFilter | None = None,
        order_by: VersionOrder | None = None,
        first: int = 100,
        after: str = "",
        project: str = DEFAULT_PROJECT,
    ) -> Connection[ArtifactVersion]:
        context = context_of(info)
        uid = artifact_uid_of(artifact, project)
        wanted = versions_of(
            uid,
            wanted=version_filter(filter),
            order=version_order(order_by),
            first=first,
            after=after,
        )
        page = await context.loaders.versions.load(wanted)
        if not page or not page.items:
            await context.node(uid)  # an empty list is no answer for what is not there
        return page_shown(page, after, shown.node_of)

    @strawberry.field(
        description="Runs, the newest start first unless told otherwise; mine are those that you sent or "
        "that name you as who ran them, and all where nobody signs in"
    )
    async def runs(
        self,
        info: Ctx,
        project: str | None = None,
        projects: list[str] | None = None,
        filter: RunFilter | None = None,
        order_by: RunOrder | None = None,
        first: int = 50,
        after: str = "",
        mine: bool = False,
    ) -> Connection[Run]:
        asked = _projects(project, projects)
        wanted = replace(run_filter(filter), mine=names_of(context_of(info).principal) if mine else ())
        order, brought = run_order(order_by), _brought(info)
        return await list_of(info, Label.RUN, asked, wanted, order, first, after, brought)

    jobs: Connection[shown.Job] = _listed(Label.JOB, shown.Job, "Jobs: what is run again and again")
    artifacts: Connection[Artifact] = _listed(Label.ARTIFACT, Artifact, "Artifacts")
    models: Connection[RegisteredModel] = _listed(
        Label.REGISTERED_MODEL, RegisteredModel, "Registered models"
    )
    deployments: Connection[Deployment] = _listed(Label.DEPLOYMENT, Deployment, "Deployments")

    @strawberry.field(description="By words of name, kind, description and tags, or digits of a digest")
    async def search(
        self,
        info: Ctx,
        text: str,
        project: str | None = None,
        labels: list[str] | None = None,
        first: int = 20,
        after: str = "",
    ) -> Connection[Node]:
        context = context_of(info)
        asked = SEARCHED if labels is None else check_kinds(labels, SEARCHED, "labels")
        chosen = [label for label in SEARCHED if label in asked]
        page = await context.tracking.search(
            text,
            scope=context.scope,
            projects=_projects(project, None),
            labels=chosen,
            first=first,
            after=after,
        )
        return page_shown(page, after, shown.node_of)

    @strawberry.field(description="Series of a run's metrics, thinned so that extremes stay")
    async def metric_history(
        self,
        info: Ctx,
        run: str,
        keys: list[str] | None = None,
        max_points: int | None = strawberry.UNSET,
    ) -> list[MetricSeries]:
        context = context_of(info)
        points = await context.tracking.history(
            run_uid_of(run),
            scope=context.scope,
            keys=keys or (),
            max_points=DEFAULT_POINTS if max_points is strawberry.UNSET else max_points,
        )
        return [series_of(one) for one in points.series]

    @strawberry.field(
        description="Series of some metrics of up to 200 runs, thinned so that extremes stay; of some of the "
        "steps (both ends included) in as much detail as of all"
    )
    async def metric_histories(
        self,
        info: Ctx,
        runs: list[str],
        keys: list[str],
        max_points: int = DEFAULT_POINTS,
        from_step: Long | None = None,
        to_step: Long | None = None,
    ) -> list[RunSeries]:
        context = context_of(info)
        found = await context.tracking.histories(
            [run_uid_of(one) for one in runs],
            scope=context.scope,
            keys=keys,
            max_points=max_points,
            steps=(from_step, to_step),
        )
        return [RunSeries(run=uid, series=[series_of(one) for one in series]) for uid, series in found]


async def _resolved(info: Ctx, references: list[str], project: str) -> dict[str, str]:
    """The uids of those references that mean something to see."""
    if len(references) > MAX_REFERENCES:
        raise InvalidInputError(f"at most {MAX_REFERENCES} references at once", field="uids")

    async def one(text: str) -> tuple[str, str]:
        try:
            return text, await uid_of(info, text, project)
        except NotFoundError:
            return text, ""

    answers = await asyncio.gather(*map(one, references))
    return {text: uid for text, uid in answers if uid}


def names_of(principal: Principal) -> tuple[str, ...]:
    """What runs call somebody; nothing where everybody is the same person."""
    if principal.kind == "local":
        return ()
    return (principal.actor, ids.actor_uid(principal.issuer, principal.subject))


def run_uid_of(text: str) -> str:
    """A run's uid from its uid or its UUID."""
    return ids.run_uid(ids.clean_run_id(text.removeprefix("run:")))


def artifact_uid_of(text: str, project: str) -> str:
    """An artifact's uid from its uid or from ``[project/]type:name``."""
    if text.startswith("artifact:"):
        return text
    asked = ids.parse_reference(text)
    kind = ids.clean_artifact_type(asked.kind)
    return ids.artifact_uid(asked.project or project, kind, asked.name)
