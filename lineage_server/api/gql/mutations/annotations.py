"""Tags and descriptions of any node; tombstones, restoring, erasing."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.changes import (
    DeleteNodeInput,
    EraseNodeInput,
    RestoreNodeInput,
    SetDescriptionInput,
    SetTagsInput,
)
from lineage_server.api.gql.mutations.aliases import withdraw_all
from lineage_server.api.gql.mutations.recording import check_override, record, seen_node, tags_of
from lineage_server.api.gql.permissions import MayAdminister, MayWrite
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types.payloads import (
    MENDABLE,
    DeleteNodePayload,
    EraseNodePayload,
    RestoreNodePayload,
    SetDescriptionPayload,
    SetTagsPayload,
    problem_of,
)
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import NodeAnnotated, NodeDeleted, NodeErased, NodeRestored
from lineage_server.domain.nodes import Label, Node

Ctx = Info[Context, None]


@strawberry.type
class AnnotationMutations:
    @strawberry.mutation(permission_classes=[MayWrite], description="Set tags; a null value removes one")
    async def set_tags(self, info: Ctx, input: SetTagsInput) -> SetTagsPayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            tags = tags_of(input.tags)
            if tags is None:
                raise InvalidInputError("there is no tag to set", field="tags", allowed="at least one")
            event = NodeAnnotated(project=old.project, uid=input.uid, tags=tags)
            before = {key: old.tags.get(key) for key in tags}
            await record(context, event, "setTags", input.uid, before=before, after=tags)
        except MENDABLE as error:
            return SetTagsPayload(problems=[problem_of(error)])
        return SetTagsPayload(problems=[], node=shown.node_of(await seen_node(context, input.uid)))

    @strawberry.mutation(permission_classes=[MayWrite], description="Describe a node in words")
    async def set_description(self, info: Ctx, input: SetDescriptionInput) -> SetDescriptionPayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            event = NodeAnnotated(project=old.project, uid=input.uid, description=input.description)
            before, after = {"description": old.description}, {"description": input.description}
            await record(context, event, "setDescription", input.uid, before=before, after=after)
        except MENDABLE as error:
            return SetDescriptionPayload(problems=[problem_of(error)])
        return SetDescriptionPayload(problems=[], node=shown.node_of(await seen_node(context, input.uid)))

    @strawberry.mutation(
        permission_classes=[MayWrite],
        description="Put a tombstone: uid, digest and edges stay, everything else goes out of sight. "
        "CONFLICT names what depends on it, near or far: an alias, a deployment, a hold, a registered model",
    )
    async def delete_node(self, info: Ctx, input: DeleteNodeInput) -> DeleteNodePayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            check_override(input.override, input.reason)
            event = NodeDeleted(
                project=old.project, uid=input.uid, reason=input.reason, unless_used=not input.override
            )
            before = _standing(old)
            after = {**before, "deleted": True, "reason": input.reason}
            after |= {"override": True} if input.override else {}
            await record(context, event, "deleteNode", input.uid, before=before, after=after)
            if old.label is Label.MODEL_VERSION:
                await withdraw_all(context, old)
        except MENDABLE as error:
            return DeleteNodePayload(problems=[problem_of(error)])
        return DeleteNodePayload(problems=[], node=shown.node_of(await seen_node(context, input.uid)))

    @strawberry.mutation(permission_classes=[MayWrite], description="Lift a tombstone again")
    async def restore_node(self, info: Ctx, input: RestoreNodeInput) -> RestoreNodePayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            event = NodeRestored(project=old.project, uid=input.uid, reason=input.reason)
            before = _standing(old)
            after = {**before, "deleted": False, "reason": input.reason}
            await record(context, event, "restoreNode", input.uid, before=before, after=after)
        except MENDABLE as error:
            return RestoreNodePayload(problems=[problem_of(error)])
        return RestoreNodePayload(problems=[], node=shown.node_of(await seen_node(context, input.uid)))

    @strawberry.mutation(
        permission_classes=[MayAdminister],
        description="For privacy: take the payload from the node and from all stored events, for good",
    )
    async def erase_node(self, info: Ctx, input: EraseNodeInput) -> EraseNodePayload:
        context = context_of(info)
        old = await seen_node(context, input.uid)
        try:
            if not input.reason.strip():
                raise InvalidInputError("erasing needs a reason", field="reason", allowed="some words")
            event = NodeErased(project=old.project, uid=input.uid, reason=input.reason)
            before = _standing(old)
            after = {**before, "erased": True, "reason": input.reason}
            await record(context, event, "eraseNode", input.uid, before=before, after=after)
        except MENDABLE as error:
            return EraseNodePayload(problems=[problem_of(error)])
        count = await context.services.eraser.done(input.uid)
        node = shown.node_of(await seen_node(context, input.uid))
        return EraseNodePayload(problems=[], node=node, events_redacted=count)


def _standing(node: Node) -> dict[str, bool]:
    """How a node stands, without a word of what it holds: that may be what has to go."""
    return {"deleted": node.deleted_at is not None, "erased": bool(node.properties.get("erased"))}
