"""Runs and their metrics, live."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.lists import DEFAULT_POINTS, run_uid_of
from lineage_server.api.gql.permissions import MayRead
from lineage_server.api.gql.scalars import Long
from lineage_server.api.gql.types.notices import (
    ChangeNotice,
    MetricNotice,
    NoticeKind,
    Resync,
    RunNotice,
    notice_of,
)
from lineage_server.api.gql.types.records import MetricSeries, series_of
from lineage_server.api.gql.types.runs import run_of
from lineage_server.changes import ChangeFilter
from lineage_server.domain.nodes import Label, Run

Ctx = Info[Context, None]


class _RunAndChunks:
    """The uids of a run and of its metric chunks, whose names nobody knows beforehand."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._chunks = f"chunk:{run.removeprefix('run:')}/"

    def __contains__(self, uid: object) -> bool:
        return uid == self._run or str(uid).startswith(self._chunks)


@strawberry.type
class RunSubscriptions:
    @strawberry.subscription(permission_classes=[MayRead], description="A run, each time it changed")
    async def run_changed(
        self, info: Ctx, uid: str, resync: Resync = False
    ) -> AsyncGenerator[RunNotice, None]:
        context = context_of(info)
        uid = run_uid_of(uid)
        wanted = ChangeFilter(projects=context.scope, uids=frozenset({uid}))
        async with context.services.changes.subscribe(wanted, resync=resync) as notices:
            await context.node(uid)
            async for notice in notices:
                node = None
                if notice.kind != "reconnect":
                    node = (await context.tracking.nodes([uid], scope=context.scope)).get(uid)
                run = run_of(node) if isinstance(node, Run) else None
                yield RunNotice(kind=NoticeKind(notice.kind), seq=Long(notice.seq), run=run)

    @strawberry.subscription(
        permission_classes=[MayRead], description="Which runs of a project changed; read those you show"
    )
    async def runs_changed(
        self, info: Ctx, project: str, resync: Resync = False
    ) -> AsyncGenerator[ChangeNotice, None]:
        context = context_of(info)
        # Those who see every project would not be narrowed by their scope.
        wanted = ChangeFilter(projects=frozenset({project}), labels=frozenset({str(Label.RUN)}))
        async with context.services.changes.subscribe(wanted, resync=resync) as notices:
            async for notice in notices:
                yield notice_of(notice)

    @strawberry.subscription(
        permission_classes=[MayRead], description="A run's metrics: first what is there, then new points"
    )
    async def metric_points(
        self, info: Ctx, run: str, keys: list[str] | None = None, max_points: int = DEFAULT_POINTS
    ) -> AsyncGenerator[MetricNotice, None]:
        context = context_of(info)
        uid = run_uid_of(run)
        history = partial(
            context.tracking.history, uid, scope=context.scope, keys=keys or (), max_points=max_points
        )
        wanted = ChangeFilter(projects=context.scope, uids=_RunAndChunks(uid))
        async with context.services.changes.subscribe(wanted) as notices:
            points = await history()
            first = [series_of(one) for one in points.series]
            yield MetricNotice(kind=NoticeKind.CHANGED, seq=Long(0), series=first)
            async for notice in notices:
                fresh: list[MetricSeries] = []
                if notice.kind != "reconnect":
                    points = await history(after=points.position)
                    fresh = [series_of(one) for one in points.series]
                if fresh or notice.kind != "changes":
                    yield MetricNotice(kind=NoticeKind(notice.kind), seq=Long(notice.seq), series=fresh)
