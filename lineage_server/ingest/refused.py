"""Keeping the refused events few: bounded by age and number, gone once they were taken after all.

They are kept for inspection and replay, one row for each content. Whether an event that is taken was
refused before is not asked while it is written: that would cost every event a look-up. Not here: how
they come to be (``verdicts``), reading and replaying them (the API).
"""

from __future__ import annotations

import asyncio
import logging
from typing import LiteralString

from lineage_server.domain.errors import LineageError
from lineage_server.domain.ids import now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import refused as q
from lineage_server.ingest.verdicts import IngestCounters

logger = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
HOUR_SECONDS = 3600.0
AT_ONCE = 500
_DAY = 86_400_000_000


class RefusedEvents:
    """The care of all refused events; several replicas may do it at once."""

    def __init__(self, bolt: Bolt, *, most: int, days: float) -> None:
        self._bolt = bolt
        self._most = most
        self._days = days

    async def keep_tidy(self, counters: IngestCounters) -> None:
        """For ever: soon after something was refused or taken, and every hour."""
        seen, idle = (-1, -1), 0.0
        while True:
            now = (counters.accepted, counters.refused)
            idle += EVERY_SECONDS
            if now != seen or idle >= HOUR_SECONDS:
                try:
                    await self.tidy()
                    seen, idle = now, 0.0
                except LineageError as error:
                    logger.warning("could not tidy the refused events: %s", error.message)
            await asyncio.sleep(EVERY_SECONDS)

    async def tidy(self) -> None:
        """Drop what is too old, what was taken meanwhile, and the oldest beyond the number."""
        if not await self._count():
            return
        await self._drop(q.DROP_OLD, before=now_micros() - int(self._days * _DAY))
        await self._drop_taken()
        excess = await self._count() - self._most
        while excess > 0:
            await self._bolt.write(q.DROP_OLDEST, {"limit": min(excess, AT_ONCE)})
            excess -= AT_ONCE

    async def _count(self) -> int:
        return int((await self._bolt.read(q.COUNT))[0]["total"])

    async def _drop(self, statement: LiteralString, **given: int) -> None:
        while (await self._bolt.write(statement, {**given, "limit": AT_ONCE}))[0]["deleted"]:
            pass

    async def _drop_taken(self) -> None:
        after = ""
        while rows := await self._bolt.read(q.WITH_EVENT, {"after": after, "limit": AT_ONCE}):
            taken = await self._bolt.read(q.TAKEN, {"rows": rows})
            if taken:
                await self._bolt.write(q.DROP, {"uids": [row["uid"] for row in taken]})
            after = str(rows[-1]["uid"])
