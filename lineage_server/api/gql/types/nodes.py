"""Nodes as the contract shows them: one interface, one type a label; made from domain objects.

Values are plain attributes, filled when a node is made: a page of runs has thousands of them, and a
resolver each would cost more than the query. Only what needs another question, or an argument, is a
method; it asks a loader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import strawberry

from lineage_server.api.gql.context import context_of
from lineage_server.api.gql.scalars import Json, Micros, Real, micros, real
from lineage_server.api.gql.types import models
from lineage_server.api.gql.types.artifacts import Artifact, ArtifactVersion, artifact_of, version_of
from lineage_server.api.gql.types.base import Ctx, Node, common, page_shown, words
from lineage_server.api.gql.types.listing import Connection, connection
from lineage_server.api.gql.types.values import Metric, Param
from lineage_server.domain import nodes as domain
from lineage_server.domain.nodes import Label, Role
from lineage_server.tracking import parts
from lineage_server.tracking.filters import Page
from lineage_server.tracking.parts import LinkPage

for _enum in (domain.RunState, Role):
    strawberry.enum(_enum)


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


@strawberry.type
class Job(Node):
    """What is run again."""


@strawberry.type
class Project(Node):
    """What access is given to."""

    owner: str


@strawberry.type
class ContextNode(Node):
    """What surrounds runs: actor, intent, environment, code, volume, node, GPU; the label says which."""


CONCRETE: tuple[type, ...] = (
    *(Run, Job, Artifact, ArtifactVersion, Project, ContextNode),
    *(models.RegisteredModel, models.ModelVersion, models.Alias, models.Approval, models.Deployment),
)
"""Every type that implements ``Node``; the schema has to be told of them."""


# --- from the domain ------------------------------------------------------------------------------


def node_of(node: domain.Node) -> Any:
    """The GraphQL object of a node, of the type that its label names."""
    make = _MAKERS.get(node.label)
    return make(node) if make is not None else ContextNode(**common(node))


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


_MAKERS: dict[Label, Callable[[Any], Any]] = {
    Label.RUN: run_of,
    Label.ARTIFACT_VERSION: version_of,
    Label.ARTIFACT: artifact_of,
    Label.JOB: lambda node: Job(**common(node)),
    Label.PROJECT: lambda node: Project(**common(node), **words(node, "owner")),
    **models.MAKERS,
}


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
