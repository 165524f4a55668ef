"""Runs, and what each of them read and wrote, as the contract shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from lineage_server.api.gql.context import context_of
from lineage_server.api.gql.scalars import Json, Micros, Real, micros, real
from lineage_server.api.gql.types.artifacts import ArtifactVersion, version_of
from lineage_server.api.gql.types.base import Ctx, Node, common, page_shown
from lineage_server.api.gql.types.listing import Connection, connection
from lineage_server.api.gql.types.values import Metric, Param
from lineage_server.domain import nodes as domain
from lineage_server.tracking import parts
from lineage_server.tracking.filters import Page
from lineage_server.tracking.parts import LinkPage

strawberry.enum(domain.RunState)


@strawberry.type
class VersionLink:
    """A version that a run read or wrote, and as what."""

    role: str
    at: Micros | None
    basis: str = strawberry.field(description="observed, declared or inferred")
    version: ArtifactVersion


@strawberry.type
class VersionLinkConnection(Connection[VersionLink]):
    """Versions that a run read or wrote, by role; as far as one may see them."""

    hidden: int = strawberry.field(description="how many more lie in projects that you may not see")


@strawberry.type
class Run(Node):
    """One execution."""

    job: str = strawberry.field(description="uid of the job")
    job_name: str
    state: domain.RunState | None
    requested_at: Micros | None
    queued_at: Micros | None
    started_at: Micros | None
    ended_at: Micros | None
    duration_seconds: float | None
    reason: str
    exit_code: int | None
    attempt: int | None
    gpu_product: str
    gpu_count: float | None
    gpu_seconds: float | None
    own: strawberry.Private[domain.Run]

    @strawberry.field(description="parameters by key; all of them where no keys are named")
    def params(self, keys: list[str] | None = None) -> list[Param]:
        return [Param(key=key, value=Json(value)) for key, value in _picked(self.own.params, keys)]

    @strawberry.field(description="latest metric values by key; all of them where no keys are named")
    def metrics(self, keys: list[str] | None = None) -> list[Metric]:
        return [Metric(key=key, value=Real(value)) for key, value in _picked(self.own.metrics, keys)]

    @strawberry.field(description="parameters as one JSON object: cheaper for tables")
    def param_map(self, keys: list[str] | None = None) -> Json:
        return Json(dict(_picked(self.own.params, keys)))

    @strawberry.field(description="latest metric values as one JSON object: cheaper for tables")
    def metric_map(self, keys: list[str] | None = None) -> Json:
        return Json({key: real(value) for key, value in _picked(self.own.metrics, keys)})

    @strawberry.field(description="versions it read")
    async def inputs(self, info: Ctx, first: int = 100, after: str = "") -> VersionLinkConnection:
        wanted = parts.inputs_of(self.uid, first=first, after=after)
        return _links(await context_of(info).loaders.inputs.load(wanted), after)

    @strawberry.field(description="versions it wrote")
    async def outputs(self, info: Ctx, first: int = 100, after: str = "") -> VersionLinkConnection:
        wanted = parts.outputs_of(self.uid, first=first, after=after)
        return _links(await context_of(info).loaders.outputs.load(wanted), after)

    @strawberry.field(description="its steps or trials")
    async def children(self, info: Ctx, first: int = 100, after: str = "") -> Connection[Run]:
        wanted = parts.children_of(self.uid, first=first, after=after)
        return page_shown(await context_of(info).loaders.children.load(wanted), after, run_of)


def run_of(node: domain.Run) -> Run:
    seconds = (
        (node.ended_at - node.started_at) / 1e6
        if node.started_at is not None and node.ended_at is not None
        else None
    )
    return Run(
        **common(node),
        job=node.job,
        job_name=str(node.properties.get("job_name") or ""),
        state=node.state,
        requested_at=micros(node.requested_at),
        queued_at=micros(node.queued_at),
        started_at=micros(node.started_at),
        ended_at=micros(node.ended_at),
        duration_seconds=seconds,
        reason=node.reason,
        exit_code=node.exit_code,
        attempt=node.attempt,
        gpu_product=node.gpu_product,
        gpu_count=node.gpu_count,
        gpu_seconds=node.gpu_seconds,
        own=node,
    )


def _picked(values: Mapping[str, Any], keys: list[str] | None) -> list[tuple[str, Any]]:
    if keys is None:
        return sorted(values.items())
    return [(key, values[key]) for key in keys if key in values]


def _links(links: LinkPage | None, after: str) -> VersionLinkConnection:
    links = links or LinkPage(page=Page(items=(), cursors=(), has_more=False), total=0, hidden=0)

    async def count() -> int:
        return links.total

    return connection(
        [
            VersionLink(
                role=link.role, at=micros(link.at or None), basis=link.basis, version=version_of(link.version)
            )
            for link in links.page.items
        ],
        links.page.cursors,
        has_more=links.page.has_more,
        after=after,
        counter=count,
        kind=VersionLinkConnection,
        hidden=links.hidden,
    )
