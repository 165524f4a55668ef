"""Projects and their members."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.changes import CreateProjectInput, SetMemberInput, UpdateProjectInput
from lineage_server.api.gql.mutations.recording import record, seen_node, tags_of
from lineage_server.api.gql.permissions import MayAdminister, RunsThePlatform
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types.payloads import (
    MENDABLE,
    CreateProjectPayload,
    SetMemberPayload,
    UpdateProjectPayload,
    problem_of,
)
from lineage_server.api.gql.types.records import Member
from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError
from lineage_server.domain.events import MemberSet, ProjectReported
from lineage_server.domain.nodes import Role

Ctx = Info[Context, None]


@strawberry.type
class ProjectMutations:
    @strawberry.mutation(permission_classes=[RunsThePlatform], description="Make a project")
    async def create_project(self, info: Ctx, input: CreateProjectInput) -> CreateProjectPayload:
        context = context_of(info)
        try:
            name = ids.clean_project(input.name)
            uid = ids.project_uid(name)
            known = (await context.tracking.nodes([uid], scope=context.scope)).get(uid)
            if known is not None and not known.stub:
                raise ConflictError(f"project {name!r} is there already; nothing was changed", current=uid)
            after = _asked(input)
            await record(context, ProjectReported(project=name, **after), "createProject", uid, after=after)
            if input.owner:
                await _set_role(context, name, input.owner, Role.ADMIN)
        except MENDABLE as error:
            return CreateProjectPayload(problems=[problem_of(error)])
        return CreateProjectPayload(problems=[], project=shown.node_of(await seen_node(context, uid)))

    @strawberry.mutation(permission_classes=[MayAdminister], description="Describe a project, name its owner")
    async def update_project(self, info: Ctx, input: UpdateProjectInput) -> UpdateProjectPayload:
        context = context_of(info)
        uid = ids.project_uid(input.project)
        old = await seen_node(context, uid)
        try:
            after = _asked(input)
            tags = {key: old.tags.get(key) for key in after.get("tags", ())}
            was = {"description": old.description, "owner": old.properties.get("owner"), "tags": tags}
            event = ProjectReported(project=input.project, **after)
            before = {key: was[key] for key in after}
            await record(context, event, "updateProject", uid, before=before, after=after)
        except MENDABLE as error:
            return UpdateProjectPayload(problems=[problem_of(error)])
        return UpdateProjectPayload(problems=[], project=shown.node_of(await seen_node(context, uid)))

    @strawberry.mutation(permission_classes=[MayAdminister], description="Give or take a role")
    async def set_member(self, info: Ctx, input: SetMemberInput) -> SetMemberPayload:
        context = context_of(info)
        await seen_node(context, ids.project_uid(input.project))
        try:
            expected = None if input.expected is strawberry.UNSET else input.expected or ""
            await _set_role(context, input.project, input.subject, input.role, expected)
        except MENDABLE as error:
            return SetMemberPayload(problems=[problem_of(error)])
        now = await context.services.members.role_of(input.subject, input.project)
        member = Member(subject=input.subject, role=now) if now is not None else None
        return SetMemberPayload(problems=[], project=input.project, member=member)


def _asked(input: CreateProjectInput | UpdateProjectInput) -> dict[str, Any]:
    """What is to be set; the rest stays as it is."""
    told = {"description": input.description, "owner": input.owner, "tags": tags_of(input.tags)}
    return {key: value for key, value in told.items() if value is not None}


async def _set_role(
    context: Context, project: str, subject: str, role: Role | None, expected: str | None = None
) -> None:
    old = await context.services.members.role_of(subject, project)
    event = MemberSet(project=project, subject=subject, role=role, expected=expected)
    uid = ids.project_uid(project)
    await record(context, event, "setMember", uid, before={subject: old}, after={subject: role})
