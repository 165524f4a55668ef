"""The change feed: who wants to know is told what changed, after it was committed.

``publish`` never waits and never grows: each subscriber has a bounded queue, and one that reads too
slowly loses its queue and gets one ``resync`` notice instead ("something changed, ask again"). A
stream ends after ten minutes with ``reconnect``, so nothing a client forgot lives for ever.

Belongs here: telling. Does not: what counts as a change (the ingest writer says it), permissions
(the subscriber's scope comes as ``projects``), transports.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import Counter, Gauge

DEFAULT_QUEUE = 1_000
DEFAULT_STREAM_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Change:
    """One node that a committed batch touched; ``kind`` = created, updated, deleted or linked.

    ``seq`` is the number of the batch: numbers only grow, so a reader knows what it has seen. ``news``:
    somebody may want to be told that did not ask for the node.
    """

    uid: str
    label: str
    project: str
    kind: str
    seq: int
    news: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """What a subscriber reads: changes, or a mark.

    ``resync``: changes were left out, read the state again. ``reconnect``: the stream ends here,
    open a new one (changes between the two are covered by reading the state again).
    """

    kind: Literal["changes", "resync", "reconnect"]
    changes: tuple[Change, ...] = ()
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilter:
    """What a subscriber wants; None = all. ``uids`` may be a set that its owner goes on changing.

    ``news``: only changes that are news. ``projects`` is the subscriber's scope
    (``Principal.visible_projects()``): changes of nodes that belong to no project reach only those who see
    everything.
    """

    projects: frozenset[str] | None = None
    uids: Container[str] | None = None
    labels: Container[str] | None = None
    news: bool = False

    def wants(self, change: Change) -> bool:
        return (
            (change.news or not self.news)
            and (self.projects is None or change.project in self.projects)
            and (self.uids is None or change.uid in self.uids)
            and (self.labels is None or change.label in self.labels)
        )


class _Subscriber:
    """A filter, a bounded queue and a bell."""

    def __init__(self, wanted: ChangeFilter, limit: int) -> None:
        self.wanted = wanted
        self.closed = False
        self._limit = limit
        self._waiting: deque[Change] = deque()
        self._lost = False
        self._lost_until = 0
        self._bell = asyncio.Event()

    def offer(self, batch: Iterable[Change]) -> bool:
        """Queue what is wanted; True when the queue overflowed and was given up just now."""
        news = [change for change in batch if self.wanted.wants(change)]
        if not news:
            return False
        if self._lost or len(self._waiting) + len(news) > self._limit:
            return self.lose(news[-1].seq)
        self._waiting.extend(news)
        self._bell.set()
        return False

    def lose(self, seq: int) -> bool:
        """Give the queue up for one ``resync``; True unless that was due already."""
        newly = not self._lost
        self._lost, self._lost_until = True, max(seq, self._lost_until)
        self._waiting.clear()
        self._bell.set()
        return newly

    def close(self) -> None:
        self.closed = True
        self._bell.set()

    def take(self) -> Notice | None:
        """All that waits, as one notice; None when nothing does."""
        self._bell.clear()
        if self._lost:
            self._lost = False
            return Notice("resync", seq=self._lost_until)
        if not self._waiting:
            return None
        changes = tuple(self._waiting)
        self._waiting.clear()
        return Notice("changes", changes, changes[-1].seq)

    async def ring(self) -> None:
        await self._bell.wait()


class Changes:
    """The feed of one server process."""

    def __init__(
        self,
        *,
        queue: int = DEFAULT_QUEUE,
        stream_seconds: float = DEFAULT_STREAM_SECONDS,
        gauge: Gauge | None = None,
        resyncs: Counter | None = None,
    ) -> None:
        self._queue = queue
        self._stream_seconds = stream_seconds
        self._gauge = gauge
        self._resyncs = resyncs
        self._subscribers: set[_Subscriber] = set()
        self._turnstile = asyncio.Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the server is stopping: whatever streams should end."""
        return self._closed

    @property
    def subscribers(self) -> int:
        return len(self._subscribers)

    def publish(self, batch: Sequence[Change]) -> None:
        """Tell of a committed batch; call it on the event loop, after the commit."""
        for subscriber in self._subscribers:
            self._note_loss(subscriber.offer(batch))

    def resync_all(self, seq: int = 0) -> None:
        """Changes were committed that we cannot name (a rebuild, another replica's batch)."""
        for subscriber in self._subscribers:
            self._note_loss(subscriber.lose(seq))

    def close(self) -> None:
        """End every stream with ``reconnect`` (the server is stopping); new ones end at once."""
        self._closed = True
        for subscriber in self._subscribers:
            subscriber.close()

    @contextlib.asynccontextmanager
    async def subscribe(
        self, wanted: ChangeFilter | None = None, *, resync: bool = False
    ) -> AsyncGenerator[AsyncIterator[Notice], None]:
        """Notices from now on: ``async with changes.subscribe(f) as notices: async for n in notices``.

        The subscription exists once the block is entered: read the state inside the block and
        nothing can fall between the two. ``resync``: for whoever reads it elsewhere, a first notice says
        that it exists.
        """
        subscriber = _Subscriber(wanted or ChangeFilter(), self._queue)
        if resync:
            subscriber.lose(0)
        subscriber.closed = self._closed
        self._subscribers.add(subscriber)
        self._count()
        notices = self._notices(subscriber)
        try:
            yield notices
        finally:
            self._subscribers.discard(subscriber)
            self._count()
            await notices.aclose()

    async def _notices(self, subscriber: _Subscriber) -> AsyncGenerator[Notice, None]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._stream_seconds
        # A stream that never falls silent ends in time, too.
        while not subscriber.closed and loop.time() < deadline:
            notice = subscriber.take()
            if notice is not None:
                yield notice
                continue
            try:
                async with asyncio.timeout_at(deadline):
                    await subscriber.ring()
            except TimeoutError:
                break
            # Telling of a large batch keeps the loop busy for milliseconds. If all subscribers did so
            # in one round of the loop, writers and everybody else would wait for the last of them.
            async with self._turnstile:
                await asyncio.sleep(0)
        yield Notice("reconnect")

    def _note_loss(self, newly: bool) -> None:
        if newly and self._resyncs is not None:
            self._resyncs.inc()

    def _count(self) -> None:
        if self._gauge is not None:
            self._gauge.set(len(self._subscribers))
