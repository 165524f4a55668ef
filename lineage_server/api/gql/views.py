"""Query fields of saved views: which there are. For readers of the project."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.types.views import SavedView, view_of
from lineage_server.auth.principal import Permission

Ctx = Info[Context, None]


@strawberry.type
class ViewQueries:
    @strawberry.field(
        description="Views of a project's list of runs: yours, and those that are shared, by name"
    )
    async def saved_views(self, info: Ctx, project: str) -> list[SavedView]:
        context = context_of(info)
        principal = context.principal
        principal.check(Permission.READ, project)
        found = await context.services.views.list_views(project, seen_by=principal.actor)
        return [view_of(one, principal) for one in found]
