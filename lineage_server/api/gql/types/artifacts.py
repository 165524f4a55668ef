"""Artifacts and their versions, as the contract shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from lineage_server.api.gql.context import context_of
from lineage_server.api.gql.inputs.lists import VersionFilter, VersionOrder, version_filter, version_order
from lineage_server.api.gql.scalars import Json, Long, Micros, micros
from lineage_server.api.gql.types.base import Ctx, Node, RunLazily, common, maker_shown, node_of, page_shown
from lineage_server.api.gql.types.listing import Connection
from lineage_server.api.gql.types.values import Column
from lineage_server.domain import nodes as domain
from lineage_server.tracking import parts

if TYPE_CHECKING:
    from lineage_server.api.gql.types.models import ModelVersion

ModelVersionLazily = Annotated["ModelVersion", strawberry.lazy("lineage_server.api.gql.types.models")]


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
        return page_shown(await context_of(info).loaders.versions.load(wanted), after, version_of)


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
    stored_at: Micros | None = strawberry.field(description="since when its bytes are kept here, if at all")
    columns: list[Column]
    stats: Json

    @strawberry.field(description="the run that made it")
    async def run(self, info: Ctx) -> RunLazily | None:
        return await maker_shown(info, self.uid)

    @strawberry.field(
        description="versions of registered models that are made of it, the newest first: those you may see"
    )
    async def registrations(self, info: Ctx) -> list[ModelVersionLazily]:
        found = await context_of(info).loaders.registrations.load(self.uid) or ()
        return [node_of(one) for one in found]


def version_of(node: domain.ArtifactVersion) -> ArtifactVersion:
    return ArtifactVersion(
        **common(node),
        artifact=node.artifact,
        ordinal=node.ordinal,
        digest=node.digest,
        uri=node.uri,
        size=None if node.size is None else Long(node.size),
        sealed_at=micros(node.sealed_at),
        partial=node.partial,
        hold=node.hold,
        ttl_at=micros(node.ttl_at),
        stored_at=micros(node.stored_at),
        columns=[Column(name=c.name, type=c.type, nullable=c.nullable) for c in node.columns],
        stats=Json(dict(node.stats)),
    )


def artifact_of(node: domain.Artifact) -> Artifact:
    return Artifact(**common(node), version_count=node.version_count, latest_at=micros(node.latest_at))
