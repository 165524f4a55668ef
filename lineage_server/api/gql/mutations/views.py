"""Saved views: whoever reads a project keeps their own there, whoever writes there may share them."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.mutations.recording import audit_row
from lineage_server.api.gql.permissions import MayRead
from lineage_server.api.gql.types.payloads import MENDABLE, problem_of
from lineage_server.api.gql.types.views import DeleteViewPayload, SaveViewPayload, view_of
from lineage_server.auth.principal import Permission
from lineage_server.domain.nodes import RunState
from lineage_server.tracking.views import Shown, picture_of

Ctx = Info[Context, None]


@strawberry.input(description="Under a name that you have given already it replaces what is there")
class SaveViewInput:
    project: str
    name: str
    shared: bool = strawberry.field(
        default=False, description="seen by all who see the project; takes the right to write there"
    )
    columns: list[str] | None = strawberry.field(default=None, description="null are the usual ones")
    text: str = strawberry.field(default="", description="words, and comparisons such as m.loss<0.3")
    states: list[RunState] = strawberry.field(default_factory=lambda: list[RunState]())
    job: str = strawberry.field(default="", description="uid; empty is any job")
    sort: str = strawberry.field(default="", description="a column, after a minus the greatest first")


@strawberry.input
class DeleteViewInput:
    project: str
    view: str = strawberry.field(description="uid")


@strawberry.type
class ViewMutations:
    @strawberry.mutation(
        permission_classes=[MayRead], description="Keep a view of a project's list of runs by name"
    )
    async def save_view(self, info: Ctx, input: SaveViewInput) -> SaveViewPayload:
        context = context_of(info)
        principal = context.principal
        if input.shared:
            principal.check(Permission.WRITE, input.project)
        shown = Shown(
            columns=None if input.columns is None else tuple(input.columns),
            text=input.text.strip(),
            states=tuple(input.states),
            job=input.job,
            sort=input.sort,
        )
        after = {"name": input.name, "shared": input.shared, **picture_of(shown)}
        try:
            view = await context.services.views.save(
                project=input.project,
                owner=principal.actor,
                name=input.name,
                shared=input.shared,
                shown=shown,
                audit=audit_row(context, "saveView", input.project, "", after=after),
            )
        except MENDABLE as error:
            return SaveViewPayload(problems=[problem_of(error)])
        return SaveViewPayload(problems=[], view=view_of(view, principal))

    @strawberry.mutation(
        permission_classes=[MayRead], description="Let a view go: one of yours, or, as admin, a shared one"
    )
    async def delete_view(self, info: Ctx, input: DeleteViewInput) -> DeleteViewPayload:
        context = context_of(info)
        principal = context.principal
        view = await context.services.views.get(input.project, input.view, seen_by=principal.actor)
        if view.owner != principal.actor:
            principal.check(Permission.ADMIN, input.project)
        before = {"name": view.name, "owner": view.owner, "shared": view.shared}
        audit = audit_row(context, "deleteView", input.project, view.uid, before=before)
        await context.services.views.delete(view, audit=audit)
        return DeleteViewPayload(problems=[], view=view_of(view, principal))
