"""The model registry and what serves its models, as the contract shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import strawberry

from lineage_server.api.gql.activities import deeds_of
from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.scalars import Json, Micros, Real, micros
from lineage_server.api.gql.types.artifacts import ArtifactVersion
from lineage_server.api.gql.types.base import Ctx, Node, RunLazily, common, maker_shown, node_of, words
from lineage_server.api.gql.types.values import Metric
from lineage_server.auth.audit import AuditRecord
from lineage_server.domain import nodes as domain
from lineage_server.domain.ids import run_uid
from lineage_server.domain.nodes import Label
from lineage_server.registry.aliases import Move, moves_of, standing
from lineage_server.tracking.filters import ListFilter, Order, SortBy, check_first

_CARD = "Markdown, for people who want to know more"


@strawberry.type
class Activity:
    """That somebody did something to a model or a version."""

    at: Micros
    by: str = strawberry.field(description="who did it, as issuer/subject")
    action: str = strawberry.field(description="as the mutation for it is called: setAlias, setModelState …")
    target: str = strawberry.field(description="uid of what it was done to")
    version: str = strawberry.field(description="name, where it is about one")
    alias: str
    reason: str = strawberry.field(description="why, or what they said")
    before: Json
    after: Json


async def _activity(info: Ctx, of: Node, model: str, first: int) -> list[Activity]:
    """Of the model, or of the version."""
    check_first(first)
    context = context_of(info)
    aliases = await context.loaders.model_aliases.load(model) or []
    registry = context.tracking.registry
    uid = of.uid if of.uid != model else ""
    approvals = await registry.approvals(model, uid, scope=context.scope)
    targets = [uid] if uid else [model, *(one.uid for one in aliases)]
    page = await context.services.audit.list_records(project=of.project, targets=targets, first=first)
    made = () if uid else await _registrations(context, of, first)
    name = uid.rpartition("@")[2]
    hidden = of.deleted_at is not None
    found = deeds_of(aliases, approvals, (*page.records, *made), version=name, hidden=hidden)
    return [
        Activity(
            at=Micros(one.at), by=one.by, action=one.action, target=one.target, version=one.version,
            alias=one.alias, reason=one.reason, before=Json(dict(one.before)), after=Json(dict(one.after)),
        )
        for one in found[:first]
    ]  # fmt: skip


async def _registrations(context: Context, model: Node, first: int) -> Sequence[AuditRecord]:
    """Who registered the newest versions: of what else was done to them they tell themselves."""
    page = await context.tracking.list_nodes(
        Label.MODEL_VERSION, scope=context.scope, projects=[model.project],
        wanted=ListFilter(model=model.uid, deleted=True),
        order=Order(by=SortBy.CREATED, descending=True), first=first, after="",
    )  # fmt: skip
    targets = [one.uid for one in page.items]
    if not targets:
        return ()
    found = await context.services.audit.list_records(
        project=model.project, targets=targets, action="createModelVersion", first=first
    )
    return found.records


@strawberry.type
class RegisteredModel(Node):
    """A model in the registry."""

    title: str = strawberry.field(description="what it is called now")
    owner: str
    state: str
    card: str = strawberry.field(description=_CARD)
    highest: int | None = strawberry.field(description="the highest number among its versions")
    latest_at: Micros | None = strawberry.field(
        description="when it, a version or an alias of it was told of last"
    )
    protected: bool = strawberry.field(description="whether all its aliases are moved by its rules only")
    needs_approval: bool
    movers: list[str] = strawberry.field(description="who may move its aliases; empty is whoever may write")
    approvers: list[str] = strawberry.field(description="whose approval counts; empty is whoever may write")

    @strawberry.field(description="name of its newest version: the highest number, or the last one made")
    async def newest(self, info: Ctx) -> str:
        if self.highest is not None:
            return str(self.highest)
        found = await context_of(info).loaders.newest.load(self.uid)
        return str(found.properties.get("version") or "") if found is not None else ""

    @strawberry.field(description="by name, also those that point nowhere now")
    async def aliases(self, info: Ctx) -> list[Alias]:
        return [node_of(one) for one in await context_of(info).loaders.model_aliases.load(self.uid) or ()]

    @strawberry.field(
        description="who did what to it and its aliases, and why, the newest first; versions tell their own"
    )
    async def activity(self, info: Ctx, first: int = 100) -> list[Activity]:
        return await _activity(info, self, self.uid, first)


@strawberry.type
class ModelVersion(Node):
    """A version of a registered model."""

    model: str = strawberry.field(description="uid of the registered model")
    version: str
    number: int | None = strawberry.field(description="null where its name is none")
    state: str
    hold: bool = strawberry.field(description="must not be removed")
    uri: str
    card: str = strawberry.field(description=_CARD)
    metrics: list[Metric]
    signature: Json | None

    @strawberry.field(description="aliases that point here now")
    async def aliases(self, info: Ctx) -> list[str]:
        return await context_of(info).loaders.aliases.load(self.uid) or []

    @strawberry.field(description="the artifact version that was registered; null for what lies elsewhere")
    async def origin(self, info: Ctx) -> ArtifactVersion | None:
        found = await context_of(info).loaders.origins.load(self.uid)
        return node_of(found) if found is not None else None

    @strawberry.field(description="the run that made what was registered")
    async def run(self, info: Ctx) -> RunLazily | None:
        made = await maker_shown(info, self.uid)
        told = cast("dict[str, Any]", self.properties).get("run")
        if made is not None or not told:
            return made
        # Of what lies elsewhere only who registered it has said so.
        found = await context_of(info).loaders.nodes.load(run_uid(str(told)))
        return node_of(found) if found is not None else None

    @strawberry.field(description="whatever ever ran it, the newest first")
    async def deployments(self, info: Ctx) -> list[Deployment]:
        return [node_of(one) for one in await context_of(info).loaders.deployments.load(self.uid) or ()]

    @strawberry.field(description="who did what to it, and why, the newest first")
    async def activity(self, info: Ctx, first: int = 100) -> list[Activity]:
        return await _activity(info, self, self.model, first)


@strawberry.type
class AliasMove:
    """That an alias began to point to a version, or to none."""

    at: Micros
    version: str = strawberry.field(description="empty: it pointed nowhere from then on")
    before: str = strawberry.field(description="the version it pointed to until then")
    by: str = strawberry.field(description="who moved it, as issuer/subject")
    reason: str
    approval: str = strawberry.field(description="uid, where it took one")
    source: str
    event: str = strawberry.field(description="id of the event")


@strawberry.type
class Alias(Node):
    """A name that points to a model version."""

    model: str
    target: str
    version: str = strawberry.field(description="the version it points to now; empty is none")
    protected: bool
    needs_approval: bool
    movers: list[str] = strawberry.field(description="who may move it; empty is whoever may write")
    approvers: list[str] = strawberry.field(description="whose approval counts; empty is whoever may write")
    moves: strawberry.Private[tuple[Move, ...]]

    @strawberry.field(description="every move, the newest first")
    async def history(self, first: int = 100) -> list[AliasMove]:
        return [_move(one) for one in self.moves[: max(0, first)]]

    @strawberry.field(description="the move that counted at a time; null where it pointed nowhere yet")
    async def as_of(self, at: Micros) -> AliasMove | None:
        found = standing(self.moves, at)
        return _move(found) if found is not None else None


def _move(one: Move) -> AliasMove:
    return AliasMove(
        at=Micros(one.at), version=one.version, before=one.before, by=one.by, reason=one.reason,
        approval=one.approval, source=one.source, event=one.event,
    )  # fmt: skip


@strawberry.type
class Approval(Node):
    """A verdict on a model version, or that one was requested."""

    model: str
    version: str = strawberry.field(description="uid of the model version")
    alias: str = strawberry.field(description="for which it is meant")
    state: str = strawberry.field(description="pending, approved, rejected, withdrawn, used")
    verdict: str
    approver: str = strawberry.field(description="as the verdict names them")
    comment: str
    by: str = strawberry.field(description="who gave the verdict, as issuer/subject")
    decided_at: Micros | None
    asker: str = strawberry.field(description="who requested it, as issuer/subject")
    question: str = strawberry.field(description="what they said")
    requested_at: Micros | None
    used_at: Micros | None = strawberry.field(description="when an alias was moved with it")


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

    @strawberry.field(description="uids of the model versions that it serves or served, the newest first")
    async def serves(self, info: Ctx) -> list[str]:
        return [one.uid for one in await context_of(info).loaders.served.load(self.uid) or ()]


def _deployment(node: domain.Node) -> Deployment:
    told = node.properties
    traffic = told.get("traffic")
    return Deployment(
        **common(node),
        **words(node, "cluster", "revision", "endpoint", "state"),
        traffic=float(traffic) if isinstance(traffic, int | float) else None,
        **_times(node, "from_at", "to_at"),
    )


def _times(node: domain.Node, *keys: str) -> dict[str, Any]:
    return {key: micros(cast("int | None", node.properties.get(key))) for key in keys}


def _protection(told: Mapping[str, object]) -> dict[str, Any]:
    return {
        "protected": bool(told.get("protected")),
        "needs_approval": bool(told.get("needs_approval")),
        **{
            name: [str(one) for one in cast("list[object]", told.get(name) or [])]
            for name in ("movers", "approvers")
        },
    }


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _without(node: domain.Node, *keys: str) -> dict[str, Any]:
    """What all nodes have, without long properties that have fields of their own."""
    left = {k: v for k, v in node.properties.items() if k not in keys and not k.startswith("m.")}
    return common(replace(node, properties=left))


def _model(node: domain.Node) -> RegisteredModel:
    return RegisteredModel(
        **_without(node, "card"),
        **words(node, "title", "owner", "state", "card"),
        highest=_whole(node.properties.get("highest")),
        **_times(node, "latest_at"),
        **_protection(node.properties),
    )


def _version(node: domain.Node) -> ModelVersion:
    told = node.properties
    metrics = [
        Metric(key=key[2:], value=Real(float(value)))
        for key, value in sorted(told.items())
        if key.startswith("m.") and isinstance(value, int | float)
    ]
    return ModelVersion(
        **_without(node, "card", "signature"),
        **words(node, "model", "version", "state", "uri", "card"),
        number=_whole(told.get("number")),
        hold=bool(told.get("hold")),
        metrics=metrics,
        signature=Json(told.get("signature")) if told.get("signature") is not None else None,
    )


def _alias(node: domain.Node) -> Alias:
    return Alias(
        **_without(node, "history"),
        **words(node, "model", "target"),
        version=str(node.properties.get("target") or "").rpartition("@")[2],
        **_protection(node.properties),
        moves=moves_of(node.properties.get("history")),
    )


def _approval(node: domain.Node) -> Approval:
    return Approval(
        **common(node),
        **words(node, "model", "version", "alias", "state", "verdict", "approver", "comment", "by", "asker"),
        question=str(node.properties.get("question") or ""),
        **_times(node, "decided_at", "requested_at", "used_at"),
    )


MAKERS: dict[Label, Callable[[Any], Any]] = {
    Label.REGISTERED_MODEL: _model,
    Label.MODEL_VERSION: _version,
    Label.ALIAS: _alias,
    Label.APPROVAL: _approval,
    Label.DEPLOYMENT: _deployment,
}
