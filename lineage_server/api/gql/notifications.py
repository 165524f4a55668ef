"""The query field of notifications: what of late concerns whoever asks."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.lists import names_of
from lineage_server.api.gql.types.notifications import Notifications, news_of
from lineage_server.auth.principal import Permission, Principal
from lineage_server.tracking.notifications import Reader

Ctx = Info[Context, None]


@strawberry.type
class NotificationQueries:
    @strawberry.field(
        description="What of the last seven days concerns you, and what waits for you however long, in all "
        "projects that you see; everything where nobody signs in"
    )
    async def notifications(self, info: Ctx, first: int = 50) -> Notifications:
        context = context_of(info)
        news = await context.tracking.notifications.list_news(reader_of(context.principal), first=first)
        return news_of(news)


def reader_of(principal: Principal) -> Reader:
    return Reader(
        issuer=principal.issuer,
        subject=principal.subject,
        names=names_of(principal),
        seen=principal.visible_projects(),
        written=_may(principal, Permission.WRITE),
        administered=_may(principal, Permission.ADMIN),
        everybody=principal.kind == "local",
    )


def _may(principal: Principal, permission: Permission) -> frozenset[str] | None:
    """The projects in which they may; None for all."""
    if principal.can(permission):
        return None
    return frozenset(project for project in principal.roles if principal.can(permission, project))
