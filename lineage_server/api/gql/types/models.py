"""The model registry and what serves its models, as the contract shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import strawberry

from lineage_server.api.gql.context import context_of
from lineage_server.api.gql.scalars import Micros, micros
from lineage_server.api.gql.types.base import Ctx, Node, RunLazily, common, maker_shown, words
from lineage_server.domain import nodes as domain
from lineage_server.domain.nodes import Label


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

    @strawberry.field(description="the run that made what was registered")
    async def run(self, info: Ctx) -> RunLazily | None:
        return await maker_shown(info, self.uid)


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


def _deployment(node: domain.Node) -> Deployment:
    told = node.properties
    traffic = told.get("traffic")
    return Deployment(
        **common(node),
        **words(node, "cluster", "revision", "endpoint", "state"),
        traffic=float(traffic) if isinstance(traffic, int | float) else None,
        from_at=micros(cast("int | None", told.get("from_at"))),
        to_at=micros(cast("int | None", told.get("to_at"))),
    )


def _alias(node: domain.Node) -> Alias:
    protected = bool(node.properties.get("protected"))
    return Alias(**common(node), **words(node, "model", "target"), protected=protected)


MAKERS: dict[Label, Callable[[Any], Any]] = {
    Label.REGISTERED_MODEL: lambda node: RegisteredModel(**common(node)),
    Label.MODEL_VERSION: lambda node: ModelVersion(
        **common(node), **words(node, "model", "version", "state", "uri")
    ),
    Label.ALIAS: _alias,
    Label.APPROVAL: lambda node: Approval(
        **common(node), **words(node, "model", "verdict", "approver", "comment")
    ),
    Label.DEPLOYMENT: _deployment,
}
