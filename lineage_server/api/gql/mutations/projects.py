"""Projects and their members."""

from __future__ import annotations

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
            event = ProjectReported(
                project=name, description=input.description, owner=input.owner, tags=tags_of(input.tags)
            )
            await record(context, event, "createProject", uid, after={"owner": input.owner})
            if input.owner:
                member = MemberSet(project=name, subject=input.owner, role=Role.ADMIN)
                await record(context, member, "setMember", uid, after={input.owner: Role.ADMIN})
        except MENDABLE as error:
            return CreateProjectPayload(problems=[problem_of(error)])
        return CreateProjectPayload(problems=[], project=shown.node_of(await seen_node(context, uid)))

    @strawberry.mutation(permission_classes=[MayAdminister], description="Describe a project, name its owner")
    async def update_project(self, info: Ctx, input: UpdateProjectInput) -> UpdateProjectPayload:
        context = context_of(info)
        uid = ids.project_uid(input.project)
        old = await seen_node(context, uid)
        try:
            event = ProjectReported(
                project=input.project,
                description=input.description,
                owner=input.owner,
                tags=tags_of(input.tags),
            )
            before = {"description": old.description, "owner": old.properties.get("owner")}
            after = {"description": input.description, "owner": input.owner}
            await record(context, event, "updateProject", uid, before=before, after=after)
        except MENDABLE as error:
            return UpdateProjectPayload(problems=[problem_of(error)])
        return UpdateProjectPayload(problems=[], project=shown.node_of(await seen_node(context, uid)))

    @strawberry.mutation(permission_classes=[MayAdminister], description="Give or take a role")
    async def set_member(self, info: Ctx, input: SetMemberInput) -> SetMemberPayload:
        context = context_of(info)
        uid = ids.project_uid(input.project)
        await seen_node(context, uid)
        members = context.services.members
        old = await members.list_members(input.project)
        try:
            event = MemberSet(project=input.project, subject=input.subject, role=input.role)
            await record(
                context,
                event,
                "setMember",
                uid,
                before={input.subject: old.get(input.subject)},
                after={input.subject: input.role},
            )
        except MENDABLE as error:
            return SetMemberPayload(problems=[problem_of(error)])
        now = await members.list_members(input.project)
        return SetMemberPayload(
            problems=[],
            project=input.project,
            members=[Member(subject=subject, role=role) for subject, role in now.items()],
        )
