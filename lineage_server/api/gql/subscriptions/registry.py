"""Registered models, live."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.permissions import MayRead
from lineage_server.api.gql.types.notices import ChangeNotice, notice_of
from lineage_server.changes import ChangeFilter
from lineage_server.domain.nodes import Label

Ctx = Info[Context, None]
_REGISTRY = frozenset(map(str, (Label.REGISTERED_MODEL, Label.MODEL_VERSION, Label.ALIAS, Label.APPROVAL)))


@strawberry.type
class RegistrySubscriptions:
    @strawberry.subscription(
        permission_classes=[MayRead],
        description="Which models of a project changed, their versions, aliases and approvals; read those "
        "you show",
    )
    async def models_changed(self, info: Ctx, project: str) -> AsyncGenerator[ChangeNotice, None]:
        context = context_of(info)
        # Those who see every project would not be narrowed by their scope.
        wanted = ChangeFilter(projects=frozenset({project}), labels=_REGISTRY)
        async with context.services.changes.subscribe(wanted) as notices:
            async for notice in notices:
                yield notice_of(notice)
