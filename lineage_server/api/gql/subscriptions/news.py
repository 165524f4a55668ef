"""That notifications may be others now; which, is asked for anew."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.permissions import SignedIn
from lineage_server.api.gql.types.notices import ChangeNotice, Resync, notice_of
from lineage_server.changes import ChangeFilter

Ctx = Info[Context, None]


@strawberry.type
class NewsSubscriptions:
    @strawberry.subscription(
        permission_classes=[SignedIn],
        description="Runs that failed, aliases and approvals that changed in projects that you see: read "
        "notifications again",
    )
    async def notifications_changed(
        self, info: Ctx, resync: Resync = False
    ) -> AsyncGenerator[ChangeNotice, None]:
        context = context_of(info)
        wanted = ChangeFilter(projects=context.scope, news=True)
        async with context.services.changes.subscribe(wanted, resync=resync) as notices:
            async for notice in notices:
                yield notice_of(notice)
