"""Aliases of models: moving them, who may, and the approvals that it takes.

Who comes first, and what an alias needs, is judged by the writer in its transaction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid5

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.models import (
    DecideApprovalInput,
    DeleteAliasInput,
    RequestApprovalInput,
    SetAliasInput,
    SetProtectionInput,
)
from lineage_server.api.gql.mutations.recording import named_version, record, seen_node
from lineage_server.api.gql.permissions import MayAdminister, MayWrite
from lineage_server.api.gql.registry import seen_alias
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types import registered as payloads
from lineage_server.api.gql.types.payloads import MENDABLE, problem_of
from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, InvalidInputError, NotFoundError
from lineage_server.domain.event_registry import AliasSet, ApprovalGiven, ApprovalRequested, ProtectionSet
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import Label, ModelState, Node
from lineage_server.domain.people import sender_of
from lineage_server.ingest.judging import archived, version_in
from lineage_server.registry.aliases import moves_of

Ctx = Info[Context, None]


@strawberry.type
class AliasMutations:
    @strawberry.mutation(
        permission_classes=[MayWrite],
        description="Let an alias point to a version; where it does already, nothing is changed",
    )
    async def set_alias(self, info: Ctx, input: SetAliasInput) -> payloads.SetAliasPayload:
        context = context_of(info)
        version = await _version(context, input.project, input.model, input.version)
        try:
            if version.properties.get("state") == ModelState.ARCHIVED:
                raise archived(input.version)
            _, name = named_version(version)
            there = await _pointing(context, input, name)
            if there is not None:
                return payloads.SetAliasPayload(problems=[], alias=shown.node_of(there))
            event = AliasSet(
                project=input.project, model=input.model, alias=input.alias, version=name,
                expected=input.expected, approval=input.approval or None, reason=input.reason,
                unless_taken=True,
            )  # fmt: skip
            node = await _move(context, event, "setAlias")
        except MENDABLE as error:
            return payloads.SetAliasPayload(problems=[problem_of(error)])
        return payloads.SetAliasPayload(problems=[], alias=shown.node_of(node))

    @strawberry.mutation(
        permission_classes=[MayWrite], description="Let an alias point nowhere; its history stays"
    )
    async def delete_alias(self, info: Ctx, input: DeleteAliasInput) -> payloads.DeleteAliasPayload:
        context = context_of(info)
        await seen_alias(context, input.project, input.model, input.alias)
        try:
            event = AliasSet(
                project=input.project, model=input.model, alias=input.alias, expected=input.expected,
                reason=input.reason,
            )  # fmt: skip
            node = await _move(context, event, "deleteAlias")
        except MENDABLE as error:
            return payloads.DeleteAliasPayload(problems=[problem_of(error)])
        return payloads.DeleteAliasPayload(problems=[], alias=shown.node_of(node))

    @strawberry.mutation(
        permission_classes=[MayAdminister],
        description="Say who may move an alias, or all of a model, and whether it takes an approval",
    )
    async def set_protection(self, info: Ctx, input: SetProtectionInput) -> payloads.SetProtectionPayload:
        context = context_of(info)
        model = await seen_node(context, ids.model_uid(input.project, ids.clean_name(input.model, "model")))
        try:
            movers, approvers = _whole(input.movers), _whole(input.approvers)
            event = ProtectionSet(
                project=input.project, model=input.model, alias=input.alias, protected=input.protected,
                approval=input.approval, movers=movers, approvers=approvers, reason=input.reason,
            )  # fmt: skip
            uid = _uid(input.project, input.model, input.alias) if input.alias else model.uid
            old = (await context.tracking.nodes([uid], scope=context.scope)).get(uid)
            before = {"protected": bool(old is not None and old.properties.get("protected"))}
            after = {
                "protected": input.protected, "approval": input.approval, "movers": movers,
                "reason": input.reason,
            }  # fmt: skip
            after |= {"approvers": approvers} if approvers else {}
            await record(context, event, "setProtection", uid, before=before, after=after)
        except MENDABLE as error:
            return payloads.SetProtectionPayload(problems=[problem_of(error)])
        return payloads.SetProtectionPayload(problems=[], node=shown.node_of(await seen_node(context, uid)))

    @strawberry.mutation(
        permission_classes=[MayWrite],
        description="Ask for a verdict on a version; what waits for just that already is answered as it is",
    )
    async def request_approval(
        self, info: Ctx, input: RequestApprovalInput
    ) -> payloads.RequestApprovalPayload:
        context = context_of(info)
        version = await _version(context, input.project, input.model, input.version)
        try:
            node = await _request(context, version, input)
        except MENDABLE as error:
            return payloads.RequestApprovalPayload(problems=[problem_of(error)])
        return payloads.RequestApprovalPayload(problems=[], approval=shown.node_of(node))

    @strawberry.mutation(
        permission_classes=[MayWrite],
        description="Approve or reject what somebody else requested; withdraw what you did",
    )
    async def decide_approval(self, info: Ctx, input: DecideApprovalInput) -> payloads.DecideApprovalPayload:
        context = context_of(info)
        asked = await seen_node(context, input.uid)
        try:
            if asked.label is not Label.APPROVAL:
                raise InvalidInputError("this is no approval", field="uid", allowed="uids of approvals")
            version = str(asked.properties.get("version") or "")
            model, _, name = version.partition("/")[2].rpartition("@")
            event = ApprovalGiven(
                project=asked.project, model=model, version=name, verdict=str(input.verdict),
                approver=context.principal.subject, comment=input.comment,
                alias=str(asked.properties.get("alias") or ""), request=asked.uid,
            )  # fmt: skip
            after = {"verdict": input.verdict, "comment": input.comment}
            await record(context, event, "decideApproval", asked.uid, after=after)
        except MENDABLE as error:
            return payloads.DecideApprovalPayload(problems=[problem_of(error)])
        node = shown.node_of(await seen_node(context, input.uid))
        return payloads.DecideApprovalPayload(problems=[], approval=node)


def _whole(names: list[str]) -> list[str]:
    """Users by name alone, others as issuer/subject."""
    return [sender_of(name) for name in names]


def _uid(project: str, model: str, alias: str) -> str:
    return ids.alias_uid(project, ids.clean_name(model, "model"), ids.clean_part(alias, "alias", "@"))


async def _version(context: Context, project: str, model: str, version: str) -> Node:
    """Raises NotFoundError for what is not there, or not any more."""
    name = ids.clean_part(version, "version", "@")
    node = await seen_node(context, ids.model_version_uid(project, ids.clean_name(model, "model"), name))
    if node.deleted_at is not None or node.stub:
        raise NotFoundError(f"model {ids.shorten(model)!r} has no version {ids.shorten(version)!r} any more")
    return node


async def _pointing(context: Context, told: SetAliasInput, version: str) -> Node | None:
    """The alias, if it points to that version already and nothing speaks against it: a move that changes
    nothing uses up no approval, and is none."""
    uid = _uid(told.project, told.model, told.alias)
    alias = (await context.tracking.nodes([uid], scope=context.scope)).get(uid)
    now = version_in(alias.properties.get("target")) if alias is not None else ""
    return alias if now == version and told.expected in (None, version) else None


async def _request(context: Context, version: Node, asked: RequestApprovalInput) -> Node:
    """What waits for just that, else a new request. Two who ask at once give it the same id, made of what
    was asked for before: the writer takes one of them, and the other is answered what waits by then."""
    alias = ids.normal(asked.alias)
    before = await _approvals(context, version, alias)
    if waiting := _waiting(before):
        return waiting[0]
    key = f"{version.uid} {alias} {before[0].uid if before else ''}"
    event = ApprovalRequested(
        id=str(uuid5(ids.CLUSTER_NAMESPACE, key)), project=asked.project, model=asked.model,
        version=asked.version, alias=asked.alias, comment=asked.comment,
    )  # fmt: skip
    after = {"alias": asked.alias, "comment": asked.comment}
    try:
        sent = await record(context, event, "requestApproval", version.uid, after=after)
    except ConflictError:
        if waiting := _waiting(await _approvals(context, version, alias)):
            return waiting[0]
        # The other one was decided or deleted meanwhile.
        sent = await record(context, replace(event, id=""), "requestApproval", version.uid, after=after)
    model = ids.clean_name(asked.model, "model")
    return await seen_node(context, ids.approval_uid(asked.project, model, sent.id))


async def _approvals(context: Context, version: Node, alias: str | None = None) -> list[Node]:
    """What was asked for and given for a version (as an alias), the newest first."""
    model = ids.model_uid(version.project, named_version(version)[0])
    found = await context.tracking.registry.approvals(model, version.uid, scope=context.scope)
    return [one for one in found if alias in (None, one.properties.get("alias") or "")]


def _waiting(approvals: list[Node]) -> list[Node]:
    return [one for one in approvals if one.properties.get("state") == "pending"]


async def withdraw_all(context: Context, version: Node) -> None:
    """Take back what was asked for a version that is deleted: nobody can decide on it any more."""
    model, name = named_version(version)
    for asked in _waiting(await _approvals(context, version)):
        comment = "the version was deleted"
        event = ApprovalGiven(
            project=asked.project, model=model, version=name, verdict="withdrawn",
            approver=context.principal.subject, comment=comment,
            alias=str(asked.properties.get("alias") or ""), request=asked.uid,
        )  # fmt: skip
        after = {"verdict": event.verdict, "comment": comment}
        await record(context, event, "decideApproval", asked.uid, after=after)


async def _move(context: Context, event: AliasSet, action: str) -> Node:
    """Move the alias after all its known moves, whatever the clock of this server says."""
    uid = _uid(event.project, event.model, event.alias)
    old = (await context.tracking.nodes([uid], scope=context.scope)).get(uid)
    moves = moves_of(old.properties.get("history")) if old is not None else ()
    at = max(now_micros(), moves[0].at + 1 if moves else 0)
    before = {"version": moves[0].version if moves else ""}
    after: dict[str, Any] = {"version": event.version or "", "reason": event.reason}
    after |= {"approval": event.approval} if event.approval else {}
    await record(context, event, action, uid, at=at, before=before, after=after)
    return await seen_node(context, uid)
