"""Registered models and their versions: registering, describing, archiving, holding."""

from __future__ import annotations

from typing import Any, cast

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.models import (
    CreateModelVersionInput,
    MetricInput,
    RegisterModelInput,
    SetHoldInput,
    SetModelStateInput,
    SetTimeToLiveInput,
    UpdateModelInput,
    UpdateModelVersionInput,
)
from lineage_server.api.gql.mutations.recording import (
    check_override,
    deleted,
    named_version,
    record,
    seen_node,
    tags_of,
)
from lineage_server.api.gql.permissions import MayWrite
from lineage_server.api.gql.scalars import real
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types import registered as payloads
from lineage_server.api.gql.types.payloads import MENDABLE, problem_of
from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, InvalidInputError
from lineage_server.domain.event_registry import ModelReported, ModelVersionReported
from lineage_server.domain.events import Event, VersionReported
from lineage_server.domain.nodes import ArtifactVersion, Label, ModelState, Node
from lineage_server.ingest.expecting import digest

Ctx = Info[Context, None]


@strawberry.type
class ModelMutations:
    @strawberry.mutation(permission_classes=[MayWrite], description="Make a model, which has versions")
    async def register_model(self, info: Ctx, input: RegisterModelInput) -> payloads.RegisterModelPayload:
        context = context_of(info)
        try:
            name = ids.clean_name(input.name, "name")
            uid = ids.model_uid(input.project, name)
            known = (await context.tracking.nodes([uid], scope=context.scope)).get(uid)
            if known is not None and not known.stub:
                was = (
                    "was deleted: restore it, or take another name"
                    if known.deleted_at
                    else "is there already"
                )
                raise ConflictError(f"model {ids.shorten(name)!r} {was}; nothing was changed", current=uid)
            after = _told(input, "title", "owner", "description", "card")
            event = ModelReported(project=input.project, model=name, state=ModelState.READY, **after)
            await record(context, event, "registerModel", uid, after=_picture(after))
        except MENDABLE as error:
            return payloads.RegisterModelPayload(problems=[problem_of(error)])
        return payloads.RegisterModelPayload(problems=[], model=shown.node_of(await seen_node(context, uid)))

    @strawberry.mutation(permission_classes=[MayWrite], description="Describe a model")
    async def update_model(self, info: Ctx, input: UpdateModelInput) -> payloads.UpdateModelPayload:
        context = context_of(info)
        uid = ids.model_uid(input.project, ids.clean_name(input.model, "model"))
        old = await seen_node(context, uid)
        try:
            after = _told(input, "title", "owner", "description", "card")
            seen = digest(input.expected_card) if input.expected_card is not None else None
            event = ModelReported(project=old.project, model=old.name, expected_card=seen, **after)
            await record(
                context, event, "updateModel", uid, before=_before(old, after), after=_picture(after)
            )
        except MENDABLE as error:
            return payloads.UpdateModelPayload(problems=[problem_of(error)])
        return payloads.UpdateModelPayload(problems=[], model=shown.node_of(await seen_node(context, uid)))

    @strawberry.mutation(
        permission_classes=[MayWrite],
        description="Register a version: of what is recorded, or of what lies elsewhere",
    )
    async def create_model_version(
        self, info: Ctx, input: CreateModelVersionInput
    ) -> payloads.CreateModelVersionPayload:
        context = context_of(info)
        uid = ids.model_uid(input.project, ids.clean_name(input.model, "model"))
        model = await seen_node(context, uid)
        origin = await seen_node(context, input.origin) if input.origin is not None else None
        try:
            _check_alive(model)
            if origin is not None and origin.deleted_at is not None:
                raise deleted(origin)
            if not (input.origin or input.uri or input.run):
                raise InvalidInputError(
                    "a version is made of something",
                    field="origin",
                    allowed="at least one of origin, uri, run",
                )
            after = {**_version_told(input), **_told(input, "origin", "uri", "run")}
            if input.version is not None:
                after["version"] = _version_name(input.version)
            event = ModelVersionReported(
                project=model.project, model=model.name, state=input.state,
                unless_taken=input.version is not None, **after,
            )  # fmt: skip
            version = ids.model_version_uid(model.project, model.name, event.version)
            sent = await record(context, event, "createModelVersion", version, after=_picture(after))
            version = ids.model_version_uid(model.project, model.name, sent.version)
        except MENDABLE as error:
            return payloads.CreateModelVersionPayload(problems=[problem_of(error)])
        node = await seen_node(context, version)
        return payloads.CreateModelVersionPayload(problems=[], version=shown.node_of(node))

    @strawberry.mutation(permission_classes=[MayWrite], description="Describe a version of a model")
    async def update_model_version(
        self, info: Ctx, input: UpdateModelVersionInput
    ) -> payloads.UpdateModelVersionPayload:
        context = context_of(info)
        version = ids.clean_part(input.version, "version", "@")
        uid = ids.model_version_uid(input.project, ids.clean_name(input.model, "model"), version)
        old = await seen_node(context, uid)
        try:
            after = _version_told(input)
            event = ModelVersionReported(project=old.project, model=input.model, version=version, **after)
            before = _before(old, after)
            await record(context, event, "updateModelVersion", uid, before=before, after=_picture(after))
        except MENDABLE as error:
            return payloads.UpdateModelVersionPayload(problems=[problem_of(error)])
        node = await seen_node(context, uid)
        return payloads.UpdateModelVersionPayload(problems=[], version=shown.node_of(node))

    @strawberry.mutation(
        permission_classes=[MayWrite], description="Archive a model or a version, or take it back"
    )
    async def set_model_state(self, info: Ctx, input: SetModelStateInput) -> payloads.SetModelStatePayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            check_override(input.override, input.reason)
            if old.deleted_at is not None:
                raise deleted(old)
            told: dict[str, Any] = {"state": input.state, "reason": input.reason}
            told["unless_used"] = not input.override
            if old.label is Label.REGISTERED_MODEL:
                event: Event = ModelReported(project=old.project, model=old.name, **told)
            elif old.label is Label.MODEL_VERSION:
                model, version = named_version(old)
                event = ModelVersionReported(project=old.project, model=model, version=version, **told)
            else:
                raise InvalidInputError(f"a {old.label} has no such state", field="uid", allowed=_MODELS)
            before = {"state": old.properties.get("state")}
            after = {"state": input.state, "reason": input.reason}
            after |= {"override": True} if input.override else {}
            await record(context, event, "setModelState", input.uid, before=before, after=after)
        except MENDABLE as error:
            return payloads.SetModelStatePayload(problems=[problem_of(error)])
        node = shown.node_of(await seen_node(context, input.uid))
        return payloads.SetModelStatePayload(problems=[], node=node)

    @strawberry.mutation(
        permission_classes=[MayWrite], description="Keep a version from being deleted, or let it go"
    )
    async def set_hold(self, info: Ctx, input: SetHoldInput) -> payloads.SetHoldPayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            event = _hold(old, input.hold)
            held = old.hold if isinstance(old, ArtifactVersion) else old.properties.get("hold")
            before, after = {"hold": bool(held)}, {"hold": input.hold, "reason": input.reason}
            await record(context, event, "setHold", input.uid, before=before, after=after)
        except MENDABLE as error:
            return payloads.SetHoldPayload(problems=[problem_of(error)])
        node = shown.node_of(await seen_node(context, input.uid))
        return payloads.SetHoldPayload(problems=[], node=node)

    @strawberry.mutation(
        permission_classes=[MayWrite],
        description="Say when a version's bytes may go, unless it is held, registered or deployed by then: "
        "the next collection (lineage gc) takes them, the version and its lineage stay",
    )
    async def set_time_to_live(self, info: Ctx, input: SetTimeToLiveInput) -> payloads.SetTimeToLivePayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            if not isinstance(old, ArtifactVersion):
                raise InvalidInputError(
                    f"a {old.label} has no time to live", field="uid", allowed="versions of artifacts"
                )
            event = _of_version(old, ttl_at=input.ttl_at or 0)
            before = {"ttlAt": old.ttl_at}
            after = {"ttlAt": input.ttl_at, "reason": input.reason}
            await record(context, event, "setTimeToLive", input.uid, before=before, after=after)
        except MENDABLE as error:
            return payloads.SetTimeToLivePayload(problems=[problem_of(error)])
        node = shown.node_of(await seen_node(context, input.uid))
        return payloads.SetTimeToLivePayload(problems=[], node=node)


_MODELS = "uids of registered models and of their versions"


def _told(input: Any, *names: str) -> dict[str, Any]:
    """What is to be set; the rest stays as it is."""
    told = {name: getattr(input, name) for name in names}
    if hasattr(input, "tags"):
        told["tags"] = tags_of(input.tags)
    return {name: value for name, value in told.items() if value is not None}


def _version_told(input: CreateModelVersionInput | UpdateModelVersionInput) -> dict[str, Any]:
    told = _told(input, "description", "card")
    if input.metrics:
        told["metrics"] = _metrics(input.metrics)
    signature = cast("object", input.signature)
    if signature is not None:
        if not isinstance(signature, dict):
            raise InvalidInputError("a signature is an object", field="signature", allowed="a JSON object")
        told["signature"] = signature
    return told


def _metrics(metrics: list[MetricInput]) -> dict[str, float | str]:
    """As an event is kept: NaN and the infinities as words, since JSON has no numbers for them."""
    out = {metric.key: real(metric.value) for metric in metrics}
    if len(out) < len(metrics):
        raise InvalidInputError("a metric is named twice", field="metrics", allowed="each key once")
    return out


def _picture(after: dict[str, Any]) -> dict[str, Any]:
    """For the audit log: of a card and a signature, that they were told."""
    return {key: "…" if key in ("card", "signature") else value for key, value in after.items()}


def _before(old: Node, after: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {**old.properties, "description": old.description}
    known |= {
        "tags": {key: old.tags.get(key) for key in after.get("tags", ())},
        "metrics": {key: old.properties.get(f"m.{key}") for key in after.get("metrics", ())},
    }
    return _picture({key: known.get(key) for key in after})


def _check_alive(model: Node) -> None:
    if model.deleted_at is not None or model.properties.get("state") == ModelState.ARCHIVED:
        state = "deleted" if model.deleted_at is not None else "archived"
        raise ConflictError(
            f"model {ids.shorten(model.name)!r} is {state}; nothing was changed. Take it back first",
            current=state,
        )


def _version_name(version: str) -> str:
    """Whether it is free, the writer judges."""
    name = ids.clean_part(version, "version", "@")
    if name == "latest":
        raise InvalidInputError(
            "'latest' means the newest version", field="version", allowed="any other name, or none"
        )
    return name


def _hold(old: Node, hold: bool) -> Event:
    if old.label is Label.MODEL_VERSION:
        model, version = named_version(old)
        return ModelVersionReported(project=old.project, model=model, version=version, hold=hold)
    if old.label is not Label.ARTIFACT_VERSION:
        raise InvalidInputError(
            f"a {old.label} is not held", field="uid", allowed="versions of artifacts and of models"
        )
    return _of_version(old, hold=hold)


def _of_version(old: Node, **told: Any) -> Event:
    """Raises InvalidInputError for what only stands for a registered version, and has no bytes here."""
    if version := ids.registered_in(old.uid):
        of = ids.Reference("model", ids.shorten(old.name), version, old.project)
        raise InvalidInputError(
            f"{ids.shorten(old.uid)!r} only stands for {of}, which lies elsewhere: no bytes of it are kept "
            f"here that could go; nothing was changed. To keep the version, hold that one: lineage hold {of}",
            field="uid",
            allowed=ids.model_version_uid(old.project, old.name, version),
        )
    key = old.uid.rpartition("@")[2]
    run = key.removeprefix("run:") if key.startswith("run:") else ""
    return VersionReported(
        project=old.project, artifact=old.name, kind=old.kind, run=run, digest="" if run else key, **told
    )
