"""The intake's numbers, every second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.permissions import SeesEverything
from lineage_server.api.gql.types.records import IngestStatus, status_of

Ctx = Info[Context, None]
_EVERY_SECONDS = 1.0


@strawberry.type
class IntakeSubscriptions:
    @strawberry.subscription(permission_classes=[SeesEverything], description="The intake, each second")
    async def ingest_status(self, info: Ctx) -> AsyncGenerator[IngestStatus, None]:
        services = context_of(info).services
        loop = asyncio.get_running_loop()
        end = loop.time() + services.settings.http.stream_seconds
        while loop.time() < end and not services.changes.closed:
            yield status_of(services.ingest)
            await asyncio.sleep(_EVERY_SECONDS)
