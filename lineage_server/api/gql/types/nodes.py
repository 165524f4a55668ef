"""Nodes as the contract shows them: one interface, one type a label; made from domain objects.

Values are plain attributes, filled when a node is made: a page of runs has thousands of them, and a
resolver each would cost more than the query. Only what needs another question, or an argument, is a
method; it asks a loader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.lists import VersionFilter, VersionOrder, version_filter, version_order
from lineage_server.api.gql.scalars import Json, Long, Micros, Real, micros, real
from lineage_server.api.gql.types.listing import Connection, Count, connection
from lineage_server.api.gql.types.values import Column, Metric, Param, RunRef, Tag
from lineage_server.domain import nodes as domain
from lineage_server.domain.nodes import Label, Role
from lineage_server.tracking import parts
from lineage_server.tracking.filters import Page
from lineage_server.tracking.parts import LinkPage

Ctx = Info[Context, None]
for _enum in (domain.RunState, Role):
    strawberry.enum(_enum)

_ROLE = "role."


@strawberry.interface
class Node:
    """Whatever the graph holds and one may see."""

    uid: str
    label: str
    project: str
    name: str
    kind: str
    description: str
    tags: list[Tag]
    created_at: Micros | None
    updated_at: Micros | None
    deleted_at: Micros | None
    stub: bool = strawberry.field(description="referred to, described by nobody yet")
    properties: Json = strawberry.field(description="everything that has no field of its own")


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
        return page_shown(await context_of(info).loaders.children.load(wanted), after)


@strawberry.type
class Job(Node):
    """What is run again."""


@strawberry.type
class Artifact(Node):
    """A named thing that has versions."""

    version_count: int
    latest_at: Micros | None

    @strawberry.field(description="its versions, newest first unless told otherwise")
    async def versions(
        self,
        info: Ctx,
        filter: VersionFilter | None = None,
        order_by: VersionOrder | None = None,
        first: int = 100,
        after: str = "",
    ) -> Connection[ArtifactVersion]:
        wanted = parts.versions_of(
            self.uid,
            wanted=version_filter(filter),
            order=version_order(order_by),
            first=first,
            after=after,
        )
        return page_shown(await context_of(info).loaders.versions.load(wanted), after)


@strawberry.type
class ArtifactVersion(Node):
    """Immutable content of an artifact."""

    artifact: str = strawberry.field(description="uid of the artifact")
    ordinal: int | None
    digest: str
    uri: str
    size: Long | None = strawberry.field(description="bytes")
    sealed_at: Micros | None
    partial: bool
    hold: bool
    ttl_at: Micros | None
    columns: list[Column]
    stats: Json

    @strawberry.field(description="the run that made it")
    async def run(self, info: Ctx) -> RunRef | None:
        found = await context_of(info).loaders.producers.load(self.uid)
        return RunRef(uid=found[0], name=found[1]) if found else None


@strawberry.type
class Project(Node):
    """What access is given to."""

    owner: str


@strawberry.type
class RegisteredModel(Node):
    """A model in the registry."""


@strawberry.type
class ModelVersion(Node):
    """A version of a registered model."""

    model: str = strawberry.field(description="uid of the registered model")
    version: str
    state: str
    uri: str

    @strawberry.field(description="aliases that point here now")
    async def aliases(self, info: Ctx) -> list[str]:
        return await context_of(info).loaders.aliases.load(self.uid) or []


@strawberry.type
class Alias(Node):
    """A name that points to a model version."""

    model: str
    target: str
    protected: bool


@strawberry.type
class Approval(Node):
    """A verdict on a model version."""

    model: str
    verdict: str
    approver: str
    comment: str


@strawberry.type
class Deployment(Node):
    """A revision of an endpoint."""

    cluster: str
    revision: str
    endpoint: str
    state: str
    traffic: float | None = strawberry.field(description="percent")
    from_at: Micros | None
    to_at: Micros | None


@strawberry.type
class ContextNode(Node):
    """What surrounds runs: actor, intent, environment, code, volume, node, GPU; the label says which."""


CONCRETE: tuple[type, ...] = (
    *(Run, Job, Artifact, ArtifactVersion, Project, RegisteredModel, ModelVersion),
    *(Alias, Approval, Deployment, ContextNode),
)
"""Every type that implements ``Node``; the schema has to be told of them."""


# --- from the domain ------------------------------------------------------------------------------


def node_of(node: domain.Node) -> Any:
    """The GraphQL object of a node, of the type that its label names."""
    make = _MAKERS.get(node.label)
    return make(node) if make is not None else ContextNode(**_common(node))


def _common(node: domain.Node) -> dict[str, Any]:
    return {
        "uid": node.uid,
        "label": str(node.label),
        "project": node.project,
        "name": node.name,
        "kind": node.kind,
        "description": node.description,
        "tags": [Tag(key=key, value=value) for key, value in node.tags.items()],
        "created_at": micros(node.created_at or None),
        "updated_at": micros(node.updated_at or None),
        "deleted_at": micros(node.deleted_at),
        "stub": node.stub,
        "properties": Json(_plain(node.properties)),
    }


def _plain(properties: Mapping[str, object]) -> dict[str, object]:
    """Bytes are no JSON, and who has which role has a field of its own."""
    return {
        key: value
        for key, value in properties.items()
        if not key.startswith(_ROLE) and not isinstance(value, bytes | bytearray)
    }


def run_of(node: domain.Run) -> Run:
    seconds = (
        (node.ended_at - node.started_at) / 1e6
        if node.started_at is not None and node.ended_at is not None
        else None
    )
    return Run(
        **_common(node),
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


def version_of(node: domain.ArtifactVersion) -> ArtifactVersion:
    return ArtifactVersion(
        **_common(node),
        artifact=node.artifact,
        ordinal=node.ordinal,
        digest=node.digest,
        uri=node.uri,
        size=None if node.size is None else Long(node.size),
        sealed_at=micros(node.sealed_at),
        partial=node.partial,
        hold=node.hold,
        ttl_at=micros(node.ttl_at),
        columns=[Column(name=c.name, type=c.type, nullable=c.nullable) for c in node.columns],
        stats=Json(dict(node.stats)),
    )


def _artifact(node: domain.Artifact) -> Artifact:
    return Artifact(**_common(node), version_count=node.version_count, latest_at=micros(node.latest_at))


def _words(node: domain.Node, *keys: str) -> dict[str, Any]:
    return {key: str(node.properties.get(key) or "") for key in keys}


def _deployment(node: domain.Node) -> Deployment:
    told = node.properties
    traffic = told.get("traffic")
    return Deployment(
        **_common(node),
        **_words(node, "cluster", "revision", "endpoint", "state"),
        traffic=float(traffic) if isinstance(traffic, int | float) else None,
        from_at=micros(cast("int | None", told.get("from_at"))),
        to_at=micros(cast("int | None", told.get("to_at"))),
    )


def _alias(node: domain.Node) -> Alias:
    protected = bool(node.properties.get("protected"))
    return Alias(**_common(node), **_words(node, "model", "target"), protected=protected)


_MAKERS: dict[Label, Callable[[Any], Any]] = {
    Label.RUN: run_of,
    Label.ARTIFACT_VERSION: version_of,
    Label.ARTIFACT: _artifact,
    Label.JOB: lambda node: Job(**_common(node)),
    Label.PROJECT: lambda node: Project(**_common(node), **_words(node, "owner")),
    Label.REGISTERED_MODEL: lambda node: RegisteredModel(**_common(node)),
    Label.MODEL_VERSION: lambda node: ModelVersion(
        **_common(node), **_words(node, "model", "version", "state", "uri")
    ),
    Label.ALIAS: _alias,
    Label.APPROVAL: lambda node: Approval(
        **_common(node), **_words(node, "model", "verdict", "approver", "comment")
    ),
    Label.DEPLOYMENT: _deployment,
}


def _picked(values: Mapping[str, Any], keys: list[str] | None) -> list[tuple[str, Any]]:
    if keys is None:
        return sorted(values.items())
    return [(key, values[key]) for key in keys if key in values]


def page_shown(page: Page[Any] | None, after: str, counter: Count | None = None) -> Any:
    """A page of nodes as a connection, an empty one where there is nothing to see."""
    page = page or Page(items=(), cursors=(), has_more=False)
    found = [node_of(node) for node in page.items]
    return connection(found, page.cursors, has_more=page.has_more, after=after, counter=counter)


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
