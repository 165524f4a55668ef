"""Query fields of webhooks: which there are, and what became of what was sent. For admins of the project."""

from __future__ import annotations

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.types.hooks import Delivery, Webhook, delivery_of, webhook_of
from lineage_server.api.gql.types.listing import Connection, connection
from lineage_server.auth.principal import Permission
from lineage_server.graph.read_tracking import Place
from lineage_server.tracking.filters import check_first, cursor_parts, encode_cursor, no_cursor

Ctx = Info[Context, None]
_MARK = "deliveries"


@strawberry.type
class WebhookQueries:
    @strawberry.field(description="Webhooks of a project that you administer")
    async def webhooks(self, info: Ctx, project: str) -> list[Webhook]:
        context = context_of(info)
        context.principal.check(Permission.ADMIN, project)
        return [webhook_of(one) for one in await context.services.webhooks.list_webhooks(project)]

    @strawberry.field(description="What a webhook was told, the newest first, and what came of it")
    async def webhook_deliveries(
        self, info: Ctx, project: str, webhook: str, first: int = 50, after: str = ""
    ) -> Connection[Delivery]:
        context = context_of(info)
        context.principal.check(Permission.ADMIN, project)
        check_first(first)
        hooks = context.services.webhooks
        at, uid = _place(after)
        owner = await hooks.get(project, webhook)
        found = await hooks.deliveries(owner, first=first + 1, at=at, after=uid)
        shown = found[:first]
        cursors = [encode_cursor(Place(rank=0, value=one.at, uid=one.uid), _MARK) for one in shown]
        more = len(found) > first
        return connection([delivery_of(one) for one in shown], cursors, has_more=more, after=after)


def _place(after: str) -> tuple[int | None, str]:
    if not after:
        return None, ""
    _, at, uid = cursor_parts(after, _MARK)
    if not isinstance(at, int):
        raise no_cursor()
    return at, uid
