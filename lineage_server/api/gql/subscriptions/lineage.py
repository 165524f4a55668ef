"""Changes in the lineage around a node."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container
from dataclasses import replace

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.permissions import MayRead
from lineage_server.api.gql.types.notices import ChangeNotice, Resync, notice_of
from lineage_server.changes import ChangeFilter, Notice
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Label
from lineage_server.provenance.answers import Budget, Direction, LineageQuestion, View

Ctx = Info[Context, None]
MAX_DEPTH = 20
_WATCHED = Budget(nodes=2_000, per_node=200)


@strawberry.type
class LineageSubscriptions:
    @strawberry.subscription(
        permission_classes=[MayRead],
        description="What changed among the nodes up to so many artifact steps around this one",
    )
    async def lineage_changed(
        self, info: Ctx, uid: str, depth: int = 3, resync: Resync = False
    ) -> AsyncGenerator[ChangeNotice, None]:
        context = context_of(info)
        if not 0 <= depth <= MAX_DEPTH:
            raise InvalidInputError("the depth is out of range", field="depth", allowed=f"0 to {MAX_DEPTH}")
        around = _Around()
        wanted = ChangeFilter(projects=context.scope, uids=around)
        async with context.services.changes.subscribe(wanted, resync=resync) as notices:
            if not resync:  # else its first notice leads to that
                around.known = {uid} | await _neighbours(context, uid, depth)
            async for notice in notices:
                if notice.kind == "changes":
                    changes = tuple(change for change in notice.changes if change.uid in around)
                    if not changes:
                        continue
                    notice = replace(notice, changes=changes)
                yield notice_of(notice)
                if _may_reach_further(notice):
                    around.known = (around.known or {uid}) | await _neighbours(context, uid, depth)


class _Around(Container[str]):
    """What lies around a node; anything may, until that is known."""

    def __init__(self) -> None:
        self.known: set[str] | None = None

    def __contains__(self, uid: object) -> bool:
        return self.known is None or uid in self.known


def _may_reach_further(notice: Notice) -> bool:
    return notice.kind == "resync" or any(change.kind in ("linked", "updated") for change in notice.changes)


async def _neighbours(context: Context, uid: str, depth: int) -> set[str]:
    """Uids of all that lies around, as far as the budget goes."""
    view = View.LOGICAL if label_of(uid) in (Label.ARTIFACT, Label.JOB) else View.VERSION
    question = LineageQuestion(
        start=(uid,), direction=Direction.BOTH, view=view, max_depth=depth, budget=_WATCHED
    )
    answer = await context.lineage.lineage(question, scope=context.scope)
    return {one for node in answer.nodes for one in (node.head.uid, *node.also)}
