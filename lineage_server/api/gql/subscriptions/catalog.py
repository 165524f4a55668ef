"""Registered models and artifacts of a project, live."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.permissions import MayRead
from lineage_server.api.gql.types.notices import ChangeNotice, Resync, notice_of
from lineage_server.changes import ChangeFilter
from lineage_server.domain.nodes import Label

Ctx = Info[Context, None]
_REGISTRY = frozenset(map(str, (Label.REGISTERED_MODEL, Label.MODEL_VERSION, Label.ALIAS, Label.APPROVAL)))
_ARTIFACTS = frozenset(map(str, (Label.ARTIFACT, Label.ARTIFACT_VERSION)))


@strawberry.type
class CatalogSubscriptions:
    @strawberry.subscription(
        permission_classes=[MayRead],
        description="Which models of a project changed, their versions, aliases and approvals; read those "
        "you show",
    )
    async def models_changed(
        self, info: Ctx, project: str, resync: Resync = False
    ) -> AsyncGenerator[ChangeNotice, None]:
        changes, wanted = context_of(info).services.changes, _of(project, _REGISTRY)
        async with changes.subscribe(wanted, resync=resync) as notices:
            async for notice in notices:
                yield notice_of(notice)

    @strawberry.subscription(
        permission_classes=[MayRead],
        description="Which artifacts of a project changed, their versions and who uses them; read those "
        "you show",
    )
    async def artifacts_changed(
        self, info: Ctx, project: str, resync: Resync = False
    ) -> AsyncGenerator[ChangeNotice, None]:
        changes, wanted = context_of(info).services.changes, _of(project, _ARTIFACTS)
        async with changes.subscribe(wanted, resync=resync) as notices:
            async for notice in notices:
                yield notice_of(notice)


def _of(project: str, labels: frozenset[str]) -> ChangeFilter:
    # Those who see every project would not be narrowed by their scope.
    return ChangeFilter(projects=frozenset({project}), labels=labels)
