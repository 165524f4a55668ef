"""The single batching writer: a bounded queue in front of one guarded statement at a time.

Callers await their verdicts; whatever has queued up while the last batch was being written
becomes the next one (group commit), so a lone caller waits for nobody. While one batch is on
its way to the graph, the next is planned on the belief that it gets there; if it does not, the
plan is thrown away. Acknowledged means committed: raw events and their changes stand in one
statement. When the graph is away the batch is tried again, with the event ids looked up first,
since the last try may have been committed after all. The queue is bounded in events and bytes:
beyond that, 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lineage_server.changes import Change
from lineage_server.domain.errors import LineageError, UnavailableError
from lineage_server.domain.events import Event
from lineage_server.graph.errors import (
    DuplicateKeyError,
    RebuildingError,
    TooLargeError,
    TransientGraphError,
)
from lineage_server.graph.write import GraphWriter, WriteSession
from lineage_server.ingest.cache import WriterCache
from lineage_server.ingest.decode import Received, Unreadable, encode
from lineage_server.ingest.patience import for_senders, verdicts_given
from lineage_server.ingest.ready import Ready, make_ready
from lineage_server.ingest.telling import Telling
from lineage_server.ingest.verdicts import (
    ACCEPTED,
    DefectError,
    Entry,
    IngestLimits,
    Request,
    Verdict,
    entry_of,
    raise_refusal,
    refuse,
)
from lineage_server.ingest.waiting import WaitingEvents
from lineage_server.tasks import Tasks

logger = logging.getLogger(__name__)

CAREFUL_BATCHES = 32
"""After a wrong guess of what is new, so many batches ask the graph first."""
MOST_SURPRISES = 5
"""Wrong guesses about one batch before its events are written one by one."""
RETRY_FIRST_SECONDS = 0.05
RETRY_MOST_SECONDS = 2.0
OVERLAP_EVENTS = 8
"""So many waiting events are planned as a batch while the last batch is still on its way."""
_STEPS_TO_SEND = 4


class _OvertakenError(Exception):
    """Another replica committed since we read."""


class _FlightLostError(Exception):
    """The batch before this one did not get through, so what was planned on it is void."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """A batch on its way to the graph; the task answers what went wrong."""

    ready: Ready
    task: asyncio.Task[Exception | None]


class IngestWriter:
    """Queue, batches, verdicts. One per server process. ``publish`` and ``resync``: see ``Telling``."""

    def __init__(
        self,
        graph: GraphWriter,
        *,
        publish: Callable[[Sequence[Change]], None],
        resync: Callable[[int], None] | None = None,
        limits: IngestLimits | None = None,
    ) -> None:
        self._graph = graph
        self._telling = Telling(publish, resync)
        self.limits = limits or IngestLimits()
        self.blocked = ""
        self.counters = self._telling.counters
        self._queue = WaitingEvents(self.limits)
        self._arrived = asyncio.Event()
        self._ripe = asyncio.Event()
        self._cache = WriterCache()
        self._careful = 0
        self._exclusive = 0
        self._flight: _Flight | None = None
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
        self.counters.last_seq, *_ = await self._graph.optimistic().position()
        self._tasks.start("writer", self._run(), ends=True)

    async def stop(self, timeout_seconds: float = 10.0) -> None:
        """Take nothing more, write what is queued, then end."""
        self._closing = True
        self._paused.set()
        self._arrived.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), timeout_seconds)
        await self._tasks.stop(2.0)
        waiting = [*(self._flight.ready.entries if self._flight else ()), *self._queue]
        self._telling.failed(waiting, UnavailableError("the server is stopping; send again", part="ingest"))
        self._queue.clear()

    @property
    def queue_depth(self) -> int:
        return len(self._queue)

    @property
    def queued_bytes(self) -> int:
        return self._queue.bytes

    # --- submitting ------------------------------------------------------------------

    async def submit(self, events: Sequence[Event], *, actor: str) -> list[Verdict]:
        """Record events made in this process; waits until they are committed."""
        received: list[Received | Unreadable] = [
            Received(i, event, encode(event)) for i, event in enumerate(events)
        ]
        return await self.submit_received(received, actor=actor)

    async def record(self, event: Event, actor: str) -> None:
        """Record one event; raises what refused it."""
        received = Received(0, event, encode(event), answered=True)
        raise_refusal((await self.submit_received([received], actor=actor))[0])

    async def submit_received(
        self, received: Sequence[Received | Unreadable], *, actor: str
    ) -> list[Verdict]:
        """Record what came over the wire; one verdict each, in order.

        Raises UnavailableError if the queue is full or the graph stays away: then nothing of
        it is acknowledged, and sending the same again is safe.
        """
        if not received:
            return []
        if self._closing:
            raise UnavailableError("the server is stopping; send again in a moment", part="ingest")
        if self.blocked:
            raise _blocked(self.blocked)
        try:
            self._queue.admit(received)
        except UnavailableError:
            self.counters.overloads += 1
            raise
        loop = asyncio.get_running_loop()
        request = Request(
            loop.create_future(),
            [Verdict(r.index, ACCEPTED) for r in received],
            len(received),
            time.monotonic() + self.limits.patience_seconds,
            self.limits.event_bytes,
        )
        now = self._queue.now()
        for slot, item in enumerate(received):
            entry = entry_of(slot, item, actor=actor, now=now, request=request)
            self._queue.put(entry)
        self._arrived.set()
        if len(self._queue) >= OVERLAP_EVENTS:
            self._ripe.set()
        await verdicts_given(request, self.counters, self.limits.patience_seconds)
        return request.verdicts

    # --- writing ---------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await self._ripen()
            await self._paused.wait()
            entries = self._take()
            if entries:
                self._idle.clear()
                await self._write(entries)
            elif self._closing:
                self._drained.set()
                return
            if self._flight is None:
                self._idle.set()

    async def _ripen(self) -> None:
        """Until the batch on its way has landed, or enough wait to be planned meanwhile."""
        while self._flight is not None and not self._flight.task.done() and self._paused.is_set():
            if len(self._queue) >= OVERLAP_EVENTS:
                return
            self._ripe.clear()
            await self._ripe.wait()
        await self._land()
        self._idle.set()

    def _take(self) -> list[Entry]:
        entries = self._queue.take(self.limits.batch_events)
        if not self._queue and not self._closing and self._flight is None:
            self._arrived.clear()
        return entries

    async def _write(self, entries: list[Entry]) -> None:
        """Send one batch on its way, or write it with patience where something speaks against that."""
        if self._careful or self._exclusive:
            await self._land()
        if not (self._careful or self._exclusive):
            try:
                session = self._graph.optimistic(after=self._landed)
                ready = await make_ready(entries, session, self._cache, careful=False)
            except Exception:
                logger.debug("a batch is planned again", exc_info=True)
                self._cache.forget()
                await self._land()
            else:
                if await self._land():
                    await self._take_off(ready, session)
                    return
        await self._write_patiently(entries)
        self._queue.landed()

    async def _take_off(self, ready: Ready, session: WriteSession) -> None:
        """Start the commit, and give the statement time to be sent before more is planned."""
        task = self._tasks.start("commit", self._commit(ready, session), ends=True)
        self._flight = _Flight(ready, task)
        task.add_done_callback(self._wake)
        for _ in range(_STEPS_TO_SEND):
            await asyncio.sleep(0)

    def _wake(self, _: object = None) -> None:
        self._arrived.set()
        self._ripe.set()

    async def _commit(self, ready: Ready, session: WriteSession) -> Exception | None:
        """Write what is ready and tell its callers; answers what went wrong, without raising."""
        started = time.monotonic()
        try:
            if not ready.empty and not await session.commit(ready.write):
                return _OvertakenError()
        except Exception as error:
            logger.debug("a batch was not written", exc_info=True)
            return error
        self._telling.committed(ready, time.monotonic() - started)
        return None

    async def _land(self) -> bool:
        """Wait for the batch that is on its way; False if it had to be written again."""
        flight = self._flight
        if flight is None:
            return True
        error = await flight.task
        self._flight = None
        if error is not None:
            self._cache.forget()
            await self._write_patiently(flight.ready.entries, error)
        self._queue.landed()
        return error is None

    async def _landed(self) -> None:
        """Before the graph is read: what is on its way must be in it."""
        if self._flight is not None and await self._flight.task is not None:
            raise _FlightLostError

    async def _write_patiently(self, entries: list[Entry], error: Exception | None = None) -> None:
        """Commit one batch, however often it takes; ``error`` is what its first try met."""
        pause = RETRY_FIRST_SECONDS
        surprises = 0
        unsure = error is not None
        while entries:
            if error is None:
                error = await self._attempt(entries, unsure)
                if error is None:
                    return
            error = for_senders(error)
            self._cache.forget()
            self.counters.retries += 1
            unsure = True
            if isinstance(error, _OvertakenError):
                self._exclusive = CAREFUL_BATCHES
            elif isinstance(error, DuplicateKeyError):
                self._careful = CAREFUL_BATCHES
                surprises += 1
                if surprises > MOST_SURPRISES:
                    logger.error("a batch of %d events meets existing keys again and again", len(entries))
                    entries = await self._isolate(entries, error)
                elif surprises > 1:
                    # The graph was asked first, so another server makes the same node right now.
                    await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                    pause = min(pause * 2, RETRY_MOST_SECONDS)
            elif isinstance(error, UnavailableError) and not isinstance(error, RebuildingError):
                self.counters.last_error = error.message
                entries = self._give_up_late(entries, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_MOST_SECONDS)
            elif isinstance(error, TooLargeError):
                entries = await self._isolate(entries, error)
            elif isinstance(error, LineageError):
                self._telling.failed(entries, error)
                return
            else:  # the writer must outlive a defect in one batch
                logger.error("a batch of %d events could not be written", len(entries), exc_info=error)
                entries = await self._isolate(entries, error)
            error = None

    async def _attempt(self, entries: list[Entry], unsure: bool) -> Exception | None:
        """Plan and commit now; answers what went wrong, without raising."""
        careful = unsure or self._careful > 0
        started = time.monotonic()
        self._careful = max(0, self._careful - 1)
        try:
            if not self._exclusive:
                session = self._graph.optimistic()
                ready = await make_ready(entries, session, self._cache, careful=careful)
                return await self._commit(ready, session)
            self._exclusive -= 1
            self._cache.forget()
            async with self._graph.exclusive() as session:
                ready = await make_ready(entries, session, self._cache, careful=True)
                if not ready.empty and not await session.commit(ready.write):
                    raise TransientGraphError("the writers' lock was lost; trying again", part="graph")
        except Exception as error:
            logger.debug("a batch was not written", exc_info=True)
            return error
        self._telling.committed(ready, time.monotonic() - started)
        return None

    # --- giving up -------------------------------------------------------------------

    def _give_up_late(self, entries: list[Entry], error: Exception) -> list[Entry]:
        """Callers that waited long enough are told; their events may still be committed."""
        now = time.monotonic()
        late = [e for e in entries if e.request.deadline < now or e.request.done.done() or self._closing]
        self._telling.failed(late, error)
        return [e for e in entries if e not in late] if late else entries

    async def _isolate(self, entries: list[Entry], error: Exception) -> list[Entry]:
        """Find the event it hangs on by writing the batch in halves."""
        if len(entries) == 1:
            entry = entries[0]
            if entry.refusal is None:
                refuse(entry, error if isinstance(error, TooLargeError) else DefectError(error))
                return entries
            self._telling.failed(entries, error)
            return []
        middle = len(entries) // 2
        await self._write_patiently(entries[:middle])
        await self._write_patiently(entries[middle:])
        return []

    # --- pausing ---------------------------------------------------------------------

    async def pause(self) -> None:
        """Write nothing more; returns when no batch is on its way."""
        self._paused.clear()
        await self._idle.wait()
        self._cache.forget()

    def block(self, reason: str) -> None:
        """Take nothing more, for a reason that senders are told; what waits is sent back, too."""
        self.blocked = reason
        self._telling.failed(self._queue, _blocked(reason))
        self._queue.clear()

    def resume(self, seq: int = 0) -> None:
        """Go on; ``seq``: the graph was made anew up to there, which its readers are told."""
        self.blocked = ""
        self._cache.forget()
        self._paused.set()
        self._telling.others_wrote(seq)

    def note_position(self, seq: int) -> None:
        """The graph's position as somebody read it; a batch of ours on its way may be in it."""
        if self._idle.is_set():
            self._telling.others_wrote(seq)


def _blocked(reason: str) -> UnavailableError:
    return UnavailableError(reason, part="ingest", retry_after_seconds=5.0)
