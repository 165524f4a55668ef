"""The single batching writer: a bounded queue in front of one guarded statement at a time.

Callers await their verdicts; whatever has queued up while the last batch was being written
becomes the next one (group commit), so a lone caller waits for nobody. Acknowledged means
committed: raw events and their changes stand in one statement. When the graph is away the
batch is tried again, with the event ids looked up first, since the last try may have been
committed after all. The queue is bounded in events and bytes: beyond that, 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from lineage_server.changes import Change
from lineage_server.domain import ids
from lineage_server.domain.errors import LineageError, UnavailableError
from lineage_server.domain.events import Event
from lineage_server.graph.errors import DuplicateKeyError, GraphAwayError, TransientGraphError
from lineage_server.graph.write import GraphWriter, WriteBatch, WriteSession
from lineage_server.ingest.batch import Batch, Planned
from lineage_server.ingest.cache import WriterCache
from lineage_server.ingest.decode import Received, Unreadable, encode
from lineage_server.ingest.facts import Clock
from lineage_server.ingest.plan import facts_of
from lineage_server.ingest.verdicts import (
    ACCEPTED,
    DefectError,
    Entry,
    IdReusedError,
    IngestCounters,
    IngestLimits,
    NotYoursError,
    Outcome,
    Request,
    Verdict,
    entry_of,
    event_row,
    inflate,
    refuse,
)
from lineage_server.tasks import Tasks

logger = logging.getLogger(__name__)

CAREFUL_BATCHES = 32
"""After a wrong guess of what is new, so many batches ask the graph first."""
MOST_SURPRISES = 5
"""Wrong guesses about one batch before its events are written one by one."""
RETRY_FIRST_SECONDS = 0.05
RETRY_MOST_SECONDS = 2.0


class IngestWriter:
    """Queue, batches, verdicts. One per server process."""

    def __init__(
        self,
        graph: GraphWriter,
        *,
        publish: Callable[[Sequence[Change]], None],
        limits: IngestLimits | None = None,
    ) -> None:
        self._graph = graph
        self._publish = publish
        self.limits = limits or IngestLimits()
        self.counters = IngestCounters()
        self._queue: deque[Entry] = deque()
        self._queued_bytes = 0
        self._arrived = asyncio.Event()
        self._cache = WriterCache()
        self._careful = 0
        self._exclusive = 0
        self._last_recorded = 0
        self._closing = False
        self._paused: asyncio.Event = asyncio.Event()
        self._paused.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._drained = asyncio.Event()
        self._tasks = Tasks("ingest")

    # --- life ------------------------------------------------------------------------

    async def start(self) -> None:
        await self._graph.warm()
        self._tasks.start("writer", self._run(), ends=True)

    async def stop(self, timeout_seconds: float = 10.0) -> None:
        """Take nothing more, write what is queued, then end."""
        self._closing = True
        self._paused.set()
        self._arrived.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), timeout_seconds)
        await self._tasks.stop(2.0)
        self._fail(list(self._queue), UnavailableError("the server is stopping; send again", part="ingest"))
        self._queue.clear()

    @property
    def queue_depth(self) -> int:
        return len(self._queue)

    @property
    def queued_bytes(self) -> int:
        return self._queued_bytes

    # --- submitting ------------------------------------------------------------------

    async def submit(self, events: Sequence[Event], *, actor: str) -> list[Verdict]:
        """Record events made in this process; waits until they are committed."""
        received: list[Received | Unreadable] = [
            Received(i, event, encode(event)) for i, event in enumerate(events)
        ]
        return await self.submit_received(received, actor=actor)

    async def submit_received(
        self, received: Sequence[Received | Unreadable], *, actor: str, project: str = ""
    ) -> list[Verdict]:
        """Record what came over the wire; one verdict each, in order.

        Raises UnavailableError if the queue is full or the graph stays away: then nothing of
        it is acknowledged, and sending the same again is safe.
        """
        if not received:
            return []
        self._admit(received)
        loop = asyncio.get_running_loop()
        request = Request(
            loop.create_future(),
            [Verdict(r.index, ACCEPTED) for r in received],
            len(received),
            time.monotonic() + self.limits.patience_seconds,
        )
        now = self._now()
        for slot, item in enumerate(received):
            entry = entry_of(slot, item, actor=actor, now=now, request=request, project=project)
            self._queued_bytes += len(entry.raw)
            self._queue.append(entry)
        self._arrived.set()
        await request.done
        return request.verdicts

    def _admit(self, received: Sequence[Received | Unreadable]) -> None:
        size = sum(len(r.raw) for r in received)
        limits = self.limits
        if self._closing:
            raise UnavailableError("the server is stopping; send again in a moment", part="ingest")
        full = len(self._queue) + len(received) > limits.queue_events and self._queue
        if full or self._queued_bytes + size > limits.queue_bytes:
            self.counters.overloads += 1
            raise UnavailableError(
                f"{len(self._queue)} events wait already; send again in a moment",
                part="ingest",
                retry_after_seconds=1.0,
            )

    def _now(self) -> int:
        """Receiving time: never twice the same, never backwards."""
        self._last_recorded = max(self._last_recorded + 1, ids.now_micros())
        return self._last_recorded

    # --- writing ---------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await self._paused.wait()
            entries = self._take()
            if entries:
                self._idle.clear()
                try:
                    await self._write(entries)
                finally:
                    self._idle.set()
            elif self._closing:
                self._drained.set()
                return

    def _take(self) -> list[Entry]:
        entries: list[Entry] = []
        while self._queue and len(entries) < self.limits.batch_events:
            entries.append(self._queue.popleft())
        self._queued_bytes -= sum(len(e.raw) for e in entries)
        if not self._queue and not self._closing:
            self._arrived.clear()
        return entries

    async def _write(self, entries: list[Entry]) -> None:
        """Commit one batch, however often it takes; then tell its callers."""
        started = time.monotonic()
        pause = RETRY_FIRST_SECONDS
        unsure = False
        surprises = 0
        while entries:
            try:
                done = await self._attempt(entries, unsure)
                if done:
                    self.counters.last_batch_seconds = time.monotonic() - started
                    return
                continue
            except DuplicateKeyError as error:
                self._cache.forget()
                self._careful = CAREFUL_BATCHES
                unsure = True
                surprises += 1
                self.counters.retries += 1
                if surprises > MOST_SURPRISES:
                    logger.error("a batch of %d events meets existing keys again and again", len(entries))
                    entries = await self._isolate(entries, error)
                continue
            except (GraphAwayError, TransientGraphError, UnavailableError) as error:
                self._cache.forget()
                unsure = True
                self.counters.retries += 1
                self.counters.last_error = error.message
                entries = self._give_up_late(entries, error)
            except LineageError as error:
                self._cache.forget()
                self._fail(entries, error)
                return
            except Exception as error:  # the writer must outlive a defect in one batch
                self._cache.forget()
                logger.exception("a batch of %d events could not be written", len(entries))
                entries = await self._isolate(entries, error)
                continue
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_MOST_SECONDS)

    async def _attempt(self, entries: list[Entry], unsure: bool) -> bool:
        """Try to commit; False if another replica was faster (then again, holding the lock)."""
        careful = unsure or self._careful > 0
        if self._exclusive:
            self._exclusive -= 1
            self._cache.forget()
            async with self._graph.exclusive() as session:
                changes = await self._commit(entries, session, careful=True)
                if changes is None:
                    raise TransientGraphError("the writers' lock was lost; trying again", part="graph")
        else:
            changes = await self._commit(entries, self._graph.optimistic(), careful)
            if changes is None:
                self._cache.forget()
                self._exclusive = CAREFUL_BATCHES
                return False
        self._careful = max(0, self._careful - 1)
        self._acknowledge(entries)
        self._publish(changes)
        return True

    async def _commit(
        self, entries: list[Entry], session: WriteSession, careful: bool
    ) -> list[Change] | None:
        cache = self._cache
        if cache.position is None:
            cache.position = await session.position()
        seq, rid = cache.position
        fresh = await self._sort_out_duplicates(entries, session, careful)
        items = [Planned(e.uid, e.event, e.recorded_at, e.facts) for e in fresh]
        batch = Batch(session, cache, items, careful, entries[-1].recorded_at)
        await batch.prepare()
        for entry, item in zip(fresh, items, strict=True):
            if item.refusal:
                refuse(entry, NotYoursError(item.refusal))
        write = WriteBatch(seq, rid)
        batch.rows(write)
        write.rows["events"] = [event_row(e, seq, pos) for pos, e in enumerate(fresh) if e.refusal is None]
        write.rows["refused"] = [e.refusal for e in entries if e.refusal is not None]
        write.finish()
        if any(write.rows.values()):
            if not await session.commit(write):
                return None
            cache.position = (seq + 1, write.rid)
            self.counters.last_seq = seq + 1
        return batch.settle(seq)

    async def _sort_out_duplicates(
        self, entries: list[Entry], session: WriteSession, careful: bool
    ) -> list[Entry]:
        """Mark events that are stored already, or twice in this batch; returns the others."""
        seen: dict[str, bytes | None] = {}
        if careful:
            stored = await session.raw_events([e.uid for e in entries if e.facts])
            seen = {u: inflate(raw) if raw is not None else None for u, raw in stored.items()}
        fresh: list[Entry] = []
        for entry in entries:
            if not entry.facts:
                continue
            if entry.uid not in seen:
                seen[entry.uid] = entry.raw
                fresh.append(entry)
            elif seen[entry.uid] in (entry.raw, None):
                self._set(entry, Verdict(entry.index, Outcome.DUPLICATE))
            else:
                refuse(entry, IdReusedError())
        return fresh

    # --- telling ---------------------------------------------------------------------

    def _set(self, entry: Entry, verdict: Verdict) -> None:
        entry.request.verdicts[entry.index] = verdict

    def _acknowledge(self, entries: Iterable[Entry]) -> None:
        counters = self.counters
        counters.batches += 1
        counters.last_commit_at = ids.now_micros()
        counters.last_error = ""
        for entry in entries:
            refusal = entry.refusal
            if refusal is not None:
                counters.refused += 1
                code = str(refusal["code"])
                counters.by_code[code] = counters.by_code.get(code, 0) + 1
                verdict = Verdict(
                    entry.index, Outcome.REFUSED, code, refusal["message"], bool(refusal["retriable"])
                )
                self._set(entry, verdict)
            elif entry.request.verdicts[entry.index].outcome is Outcome.DUPLICATE:
                counters.duplicate += 1
            else:
                counters.accepted += 1
            self._finish_one(entry)

    def _finish_one(self, entry: Entry) -> None:
        request = entry.request
        request.open -= 1
        if request.open == 0 and not request.done.done():
            request.done.set_result(None)

    def _fail(self, entries: Iterable[Entry], error: Exception) -> None:
        for entry in entries:
            if not entry.request.done.done():
                entry.request.done.set_exception(error)

    def _give_up_late(self, entries: list[Entry], error: Exception) -> list[Entry]:
        """Callers that waited long enough are told; their events may still be committed."""
        now = time.monotonic()
        late = [e for e in entries if e.request.deadline < now or e.request.done.done() or self._closing]
        self._fail(late, error)
        return [e for e in entries if e not in late] if late else entries

    async def _isolate(self, entries: list[Entry], error: Exception) -> list[Entry]:
        """A defect: find the event it hangs on by writing the batch one by one."""
        if len(entries) == 1:
            entry = entries[0]
            if entry.refusal is None:
                refuse(entry, DefectError(error))
                return entries
            self._fail(entries, error)
            return []
        for entry in entries:
            await self._write([entry])
        return []

    # --- replaying -------------------------------------------------------------------

    async def pause(self) -> None:
        """Let events queue up while the stored ones are replayed."""
        self._paused.clear()
        await self._idle.wait()
        self._cache.forget()

    async def replay(self, events: Sequence[tuple[Event, str, str, int]]) -> None:
        """While paused: write stored events (event, uid, actor, recorded_at) again.

        They keep their receiving time, and are not stored a second time.
        """
        size = self.limits.batch_events
        for start in range(0, len(events), size):
            items = [
                Planned(uid, event, recorded_at, facts_of(event, _clock_of(event, uid, recorded_at)))
                for event, uid, _, recorded_at in events[start : start + size]
            ]
            async with self._graph.exclusive() as session:
                seq, rid = await session.position()
                batch = Batch(session, self._cache, items, True, items[-1].recorded_at)
                await batch.prepare()
                write = WriteBatch(seq, rid)
                batch.rows(write)
                write.finish()
                if any(write.rows.values()) and not await session.commit(write):
                    raise TransientGraphError("the writers' lock was lost during a replay", part="graph")
            self._publish(batch.settle(seq))

    def resume(self) -> None:
        self._cache.forget()
        self._paused.set()


def _clock_of(event: Event, uid: str, recorded_at: int) -> Clock:
    return Clock(event.at or recorded_at, uid.split("/", 1)[1])
