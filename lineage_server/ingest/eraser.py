"""The second half of erasing for privacy: what is stored of events, in the graph, archived or refused, and
audit records lose the payload, too.

The first half is the batch with ``NodeErased``: it clears the graph and leaves a mark in the same
transaction. This job works off the marks: at once when it is rung, at the start for what a crash left
undone, every minute for what other replicas took in. What arrives after the mark is redacted by the
writer before it is stored, so one pass over what is there is enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import replace

from lineage_server.domain.errors import LineageError
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries import events as q
from lineage_server.graph.queries import refused
from lineage_server.ingest.decode import decode, encode
from lineage_server.ingest.redact import may_tell, redact, tells
from lineage_server.ingest.replay import NO_LIMIT
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.verdicts import inflate

logger = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
RETRY_SECONDS = 5.0
CHUNKS_AT_ONCE = 200
REFUSED_AT_ONCE = 100
_WAIT_SECONDS = 30.0


class Eraser:
    """Redacts what is stored of erased nodes. One per server process."""

    def __init__(self, bolt: Bolt, store: EventStore) -> None:
        self._bolt = bolt
        self._store = store
        self._bell = asyncio.Event()
        self._busy = asyncio.Lock()

    def ring(self) -> None:
        """There may be something to do."""
        self._bell.set()

    async def run(self) -> None:
        """Work off the marks, for ever; what fails now is tried again."""
        while True:
            self._bell.clear()
            wait = EVERY_SECONDS
            try:
                await self.finish()
            except (LineageError, OSError) as error:
                logger.warning("stored events could not be redacted yet: %s", error)
                wait = RETRY_SECONDS
            try:
                async with asyncio.timeout(wait):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def done(self, uid: str) -> int:
        """Have it done now; answers how many stored events told of ``uid``."""
        await self.finish()
        rows = await self._bolt.read(q.ERASURE, {"uid": uid})
        return int(rows[0]["redacted"] or 0) if rows else 0

    async def finish(self) -> int:
        """Work off all marks there are now; answers how many events were redacted.

        Raises ConflictError if somebody else works on the stored events for too long, ArchiveAwayError if
        some can't be read: the marks stay, and with them the work.
        """
        async with self._busy:  # who is at it has not given back the lease before it is done
            if not await self._bolt.read(q.PENDING_ERASURES):
                return 0
            async with self._store.exclusively("erasing nodes", wait_seconds=_WAIT_SECONDS):
                return await self._work_off(await self._bolt.read(q.PENDING_ERASURES))

    async def _work_off(self, marks: list[Row]) -> int:
        if not marks:
            return 0
        await self._store.check()
        uids = [str(mark["uid"]) for mark in marks]
        for uid in uids:
            if uid.startswith("run:"):
                await self._drop_points(uid)
        await self._drop_refused(uids)
        await self._bolt.write(q.CLEAR_PICTURES, {"uids": uids})
        counts = await self._redact_stored(uids)
        rows = [{**mark, "redacted": counts[str(mark["uid"])]} for mark in marks]
        await self._bolt.write(q.ERASURES_DONE, {"rows": rows})
        logger.info("redacted %d stored events of %d erased nodes", counts.total(), len(uids))
        return counts.total()

    async def _drop_points(self, run: str) -> None:
        given = {"run": run, "limit": CHUNKS_AT_ONCE}
        while (await self._bolt.write(q.DROP_CHUNKS, given))[0]["deleted"]:
            pass

    async def _drop_refused(self, uids: list[str]) -> None:
        """Refused events that tell of them are no longer worth keeping."""
        after = ""
        while rows := await self._bolt.read(refused.RAW, {"after": after, "limit": REFUSED_AT_ONCE}):
            raws = {str(row["uid"]): inflate(row["raw"] or b"") for row in rows}
            gone = [one for one, raw in raws.items() if any(tells(raw, uid) for uid in uids)]
            if gone:
                await self._bolt.write(refused.DROP, {"uids": gone})
            after = str(rows[-1]["uid"])

    async def _redact_stored(self, uids: list[str]) -> Counter[str]:
        counts: Counter[str] = Counter()
        async with contextlib.aclosing(self._store.pages()) as pages:
            async for page in pages:
                changed = [left for stored in page if (left := _redacted(stored, uids, counts)) is not None]
                if changed:
                    await self._store.replace(changed)
        return counts


def _redacted(stored: StoredEvent, uids: list[str], counts: Counter[str]) -> StoredEvent | None:
    maybe = [uid for uid in uids if may_tell(stored.raw, uid)]
    if not maybe:
        return None
    try:
        event = left = decode(stored.raw, max_event_bytes=NO_LIMIT)
        told: list[str] = []
        for uid in maybe:
            less = redact(left, uid, stored.id)
            if less is not None and not (stored.redacted and less == left):
                left = less
                told.append(uid)
    except LineageError as error:
        logger.error("stored event %s can't be read any more: %s", stored.uid, error.message)
        return None
    if left is event:
        return None
    counts.update(told)
    return replace(stored, type=left.type, raw=encode(left), redacted=True)
