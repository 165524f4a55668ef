"""Writing stored events again, batch by batch as they were written the first time.

A batch keeps its events together and their receiving times, so that what was learned when, which inferred
edge stood until which later truth, comes out as it was. Events are not stored a second time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from lineage_server.domain.errors import LineageError
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph.lease import LeaseLostError
from lineage_server.graph.retries import retry
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.batch import Planned
from lineage_server.ingest.cache import WriterCache
from lineage_server.ingest.decode import decode
from lineage_server.ingest.facts import Clock
from lineage_server.ingest.plan import facts_of
from lineage_server.ingest.ready import planned

logger = logging.getLogger(__name__)

NO_LIMIT = 1 << 62


class Replay:
    """One replay by ``owner``, whom the graph knows as its rebuilder."""

    def __init__(self, graph: GraphWriter, owner: str, *, patience_seconds: float) -> None:
        self._session = graph.optimistic(rebuilder=owner)
        self._patience_seconds = patience_seconds
        self._cache = WriterCache()
        self._careful = False

    async def write(self, batch: Sequence[StoredEvent]) -> None:
        """Write one batch, however often it takes; raises LeaseLostError if another server rebuilds."""
        items = [item for stored in batch if (item := _planned(stored)) is not None]
        if items:
            self._careful = False
            await retry(lambda _: self._try(items), seconds=self._patience_seconds)

    async def _try(self, items: list[Planned]) -> None:
        """A second try may find the first one committed: then everything is asked for and nothing is new."""
        cache = self._cache
        try:
            write, batch = await planned(items, self._session, cache, careful=self._careful)
            write.finish()
            if any(write.rows.values()) and not await self._session.commit(write):
                raise LeaseLostError
        except BaseException:
            cache.forget()
            self._careful = True
            raise
        cache.position = (write.seq, write.rid)
        batch.settle(write.seq)


def _planned(stored: StoredEvent) -> Planned | None:
    try:
        event = decode(stored.raw, max_event_bytes=NO_LIMIT)
        clock = Clock(event.at or stored.recorded_at, stored.id)
        facts = facts_of(event, clock, stored.actor)
        return Planned(stored.uid, event, stored.recorded_at, facts, stored.actor, accepted=True)
    except LineageError as error:
        logger.error("stored event %s can't be read any more: %s", stored.uid, error.message)
        return None
