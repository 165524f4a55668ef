"""Query fields of what was recorded: single nodes, lists, search, metric history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.lists import (
    ListFilterInput,
    ListOrder,
    RunFilter,
    RunOrder,
    node_filter,
    node_order,
    run_filter,
    run_order,
)
from lineage_server.api.gql.questions import uid_of
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types.listing import Connection, connection
from lineage_server.api.gql.types.records import MetricSeries, series_of
from lineage_server.domain import ids
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import Label
from lineage_server.tracking.filters import ListFilter, Order, Page
from lineage_server.tracking.service import SEARCHED

Ctx = Info[Context, None]
MAX_UIDS = 500
DEFAULT_POINTS = 1_000


@strawberry.type
class ListQueries:
    @strawberry.field(description="A node by uid")
    async def node(self, info: Ctx, uid: str) -> shown.Node:
        return shown.node_of(await context_of(info).node(uid))

    @strawberry.field(description="Nodes by uid, in the same order; null where there is none to see")
    async def nodes(self, info: Ctx, uids: list[str]) -> list[shown.Node | None]:
        if len(uids) > MAX_UIDS:
            raise InvalidInputError(f"at most {MAX_UIDS} uids at once", field="uids")
        context = context_of(info)
        found = await context.tracking.nodes(uids, scope=context.scope)
        return [shown.node_of(found[uid]) if uid in found else None for uid in uids]

    @strawberry.field(description="An artifact version by reference, such as dataset:iris@3, or uid")
    async def version(self, info: Ctx, ref: str, project: str = DEFAULT_PROJECT) -> shown.ArtifactVersion:
        node = await context_of(info).node(await uid_of(info, ref, project))
        if node.label is not Label.ARTIFACT_VERSION:
            raise NotFoundError(f"{ids.shorten(ref)!r} is a {node.label}, not an artifact version")
        return shown.node_of(node)

    @strawberry.field(description="A run by uid or UUID")
    async def run(self, info: Ctx, uid: str) -> shown.Run:
        return shown.node_of(await context_of(info).node(run_uid_of(uid)))

    @strawberry.field(description="An artifact by uid, or as type:name")
    async def artifact(self, info: Ctx, ref: str, project: str = DEFAULT_PROJECT) -> shown.Artifact:
        uid = artifact_uid_of(ref, project)
        return shown.node_of(await context_of(info).node(uid))

    @strawberry.field(description="Versions of an artifact, newest first")
    async def versions(
        self,
        info: Ctx,
        artifact: str,
        first: int = 100,
        after: str = "",
        deleted: bool = False,
        project: str = DEFAULT_PROJECT,
    ) -> Connection[shown.ArtifactVersion]:
        context = context_of(info)
        uid = artifact_uid_of(artifact, project)
        page = await context.tracking.list_versions(
            uid, scope=context.scope, first=first, after=after, deleted=deleted
        )
        if not page.items:
            await context.node(uid)  # an empty list is no answer for what is not there
        return _shown(page, after)

    @strawberry.field(description="Runs, the newest start first unless told otherwise")
    async def runs(
        self,
        info: Ctx,
        project: str | None = None,
        projects: list[str] | None = None,
        filter: RunFilter | None = None,
        order_by: RunOrder | None = None,
        first: int = 50,
        after: str = "",
    ) -> Connection[shown.Run]:
        asked = _projects(project, projects)
        return await _list(info, Label.RUN, asked, run_filter(filter), run_order(order_by), first, after)

    @strawberry.field(description="Jobs: what is run again and again")
    async def jobs(
        self,
        info: Ctx,
        project: str | None = None,
        filter: ListFilterInput | None = None,
        order_by: ListOrder | None = None,
        first: int = 50,
        after: str = "",
    ) -> Connection[shown.Job]:
        asked = _projects(project, None)
        return await _list(info, Label.JOB, asked, node_filter(filter), node_order(order_by), first, after)

    @strawberry.field(description="Artifacts")
    async def artifacts(
        self,
        info: Ctx,
        project: str | None = None,
        filter: ListFilterInput | None = None,
        order_by: ListOrder | None = None,
        first: int = 50,
        after: str = "",
    ) -> Connection[shown.Artifact]:
        wanted, order = node_filter(filter), node_order(order_by)
        return await _list(info, Label.ARTIFACT, _projects(project, None), wanted, order, first, after)

    @strawberry.field(description="Registered models")
    async def models(
        self,
        info: Ctx,
        project: str | None = None,
        filter: ListFilterInput | None = None,
        order_by: ListOrder | None = None,
        first: int = 50,
        after: str = "",
    ) -> Connection[shown.RegisteredModel]:
        wanted, order = node_filter(filter), node_order(order_by)
        asked = _projects(project, None)
        return await _list(info, Label.REGISTERED_MODEL, asked, wanted, order, first, after)

    @strawberry.field(description="Deployments")
    async def deployments(
        self,
        info: Ctx,
        project: str | None = None,
        filter: ListFilterInput | None = None,
        order_by: ListOrder | None = None,
        first: int = 50,
        after: str = "",
    ) -> Connection[shown.Deployment]:
        wanted, order = node_filter(filter), node_order(order_by)
        return await _list(info, Label.DEPLOYMENT, _projects(project, None), wanted, order, first, after)

    @strawberry.field(description="By words of name, kind, description and tags, or digits of a digest")
    async def search(
        self,
        info: Ctx,
        text: str,
        project: str | None = None,
        labels: list[str] | None = None,
        first: int = 20,
    ) -> Connection[shown.Node]:
        context = context_of(info)
        chosen = [label for label in SEARCHED if labels is None or label in labels]
        page = await context.tracking.search(
            text, scope=context.scope, projects=_projects(project, None), labels=chosen, first=first
        )
        return _shown(page, "")

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


def _projects(project: str | None, projects: list[str] | None) -> list[str]:
    return [*([project] if project is not None else []), *(projects or ())]


async def _list(
    info: Ctx,
    label: Label,
    projects: Sequence[str],
    wanted: ListFilter,
    order: Order,
    first: int,
    after: str,
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
    )

    async def count() -> int:
        return await context.tracking.count(label, scope=context.scope, projects=projects, wanted=wanted)

    return connection(
        [shown.node_of(node) for node in page.items],
        page.cursors,
        has_more=page.has_more,
        after=after,
        counter=count,
    )


def _shown(page: Page[Any], after: str) -> Any:
    return connection(
        [shown.node_of(node) for node in page.items], page.cursors, has_more=page.has_more, after=after
    )
