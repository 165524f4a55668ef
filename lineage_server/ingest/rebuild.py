"""Replaying the stored events: into an empty graph, or again for those once refused.

The proof that events are the truth: wipe what was derived, feed everything that was ever
accepted through the same plan, and the same graph stands there. Intake waits meanwhile; a
rebuild that is cut off is taken up again at the next start.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from lineage_server.domain.errors import LineageError
from lineage_server.domain.events import Event
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import events as q
from lineage_server.ingest.decode import decode, encode
from lineage_server.ingest.redact import may_tell, redact
from lineage_server.ingest.store import EventStore, StoredEvent
from lineage_server.ingest.writer import IngestWriter

logger = logging.getLogger(__name__)

WIPE_NODES = 2_000
NO_LIMIT = 1 << 62


class Rebuilder:
    """Rebuilds the graph, and erases for privacy."""

    def __init__(self, bolt: Bolt, store: EventStore, writer: IngestWriter) -> None:
        self._bolt = bolt
        self._store = store
        self._writer = writer

    async def unfinished(self) -> bool:
        """Was a rebuild cut off?"""
        return bool((await self._bolt.read(q.IS_REBUILDING))[0]["rebuilding"])

    async def rebuild(self, progress: Callable[[int], None] | None = None) -> int:
        """Wipe and replay; returns the number of events. Tokens and audit records stay."""
        await self._writer.pause()
        try:
            await self._bolt.write(q.SET_REBUILDING, {"value": True})
            await self._wipe()
            done = 0
            async for page in self._store.pages():
                await self._replay(page)
                done += len(page)
                if progress is not None:
                    progress(done)
            await self._bolt.write(q.SET_REBUILDING, {"value": False})
        finally:
            self._writer.resume()
        return done

    async def _wipe(self) -> None:
        for label in q.WIPED:
            while True:
                rows = await self._bolt.write(q.wipe(label), {"limit": WIPE_NODES}, timeout_seconds=120)
                if not rows or not rows[0]["deleted"]:
                    break

    async def _replay(self, page: list[StoredEvent]) -> None:
        readable: list[tuple[Event, StoredEvent]] = []
        for stored in page:
            try:
                readable.append((decode(stored.raw, max_event_bytes=NO_LIMIT), stored))
            except LineageError as error:
                logger.error("stored event %s can't be read any more: %s", stored.uid, error.message)
        await self._writer.replay([(event, s.uid, s.actor, s.recorded_at) for event, s in readable])

    async def erase(self, uid: str) -> int:
        """After ``NodeErased``: take the node's payload out of the stored events too."""
        redacted = 0
        if uid.startswith("run:"):
            await self._bolt.write(q.CHUNKS_OF_RUN, {"run": uid})
        async for page in self._store.pages():
            changed: list[StoredEvent] = []
            for stored in page:
                if not may_tell(stored.raw, uid):
                    continue
                left = redact(decode(stored.raw, max_event_bytes=NO_LIMIT), uid)
                if left is not None:
                    changed.append(replace(stored, type=left.type, raw=encode(left), redacted=True))
            if changed:
                await self._store.replace(changed)
                redacted += len(changed)
        return redacted
