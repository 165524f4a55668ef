"""The bounded queue in front of the writer: what was received and waits to be written.

Bounds are in events and in bytes: whoever would exceed them is told to come again, so that
memory does not grow with the load. What has been taken counts until it has landed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import cast

from lineage_server.domain import ids
from lineage_server.domain.errors import UnavailableError
from lineage_server.domain.untyped import as_mapping
from lineage_server.ingest.decode import Received, Unreadable
from lineage_server.ingest.verdicts import Entry, IngestLimits

BATCH_BYTES = 4 << 20
"""Bytes of events in one batch: what becomes of them must fit one statement."""
BATCH_PARTS = 10_000
"""Inputs, outputs, parameters and the like in one batch: as many as one event may have. Each may be a node
or a property that the graph has not seen, some milliseconds of its time; more at once might never be done
in time, and nobody else's events are while it tries."""
_FEW_BYTES = 2 << 10
"""A shorter event has too few parts to be worth counting."""


class WaitingEvents:
    """Entries in the order in which they came."""

    def __init__(self, limits: IngestLimits) -> None:
        self._limits = limits
        self._entries: deque[Entry] = deque()
        self._taken: deque[tuple[int, int]] = deque()
        self._last_recorded = 0
        self.events = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def admit(self, received: Sequence[Received | Unreadable]) -> None:
        """Raises UnavailableError if there is no room for all of them."""
        size = sum(len(r.raw) for r in received)
        full = self.events + len(received) > self._limits.queue_events
        if full or self.bytes + size > self._limits.queue_bytes:
            raise UnavailableError(
                f"{self.events} events wait already; send again in a moment",
                part="ingest",
                retry_after_seconds=1.0,
            )

    def now(self) -> int:
        """Receiving time: never twice the same, never backwards."""
        self._last_recorded = max(self._last_recorded + 1, ids.now_micros())
        return self._last_recorded

    def put(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.events += 1
        self.bytes += len(entry.raw)

    def take(self, most: int) -> list[Entry]:
        """A batch; ``landed`` is called when nothing more will be done with it.

        Imported events that were one batch are one again, for what follows from them was learned then.
        """
        entries: list[Entry] = []
        size = parts = 0
        while self._entries:
            more, wide = len(self._entries[0].raw), _parts_of(self._entries[0])
            old = _old_batch(self._entries[0])
            if entries and old != _old_batch(entries[0]):
                break
            full = size + more > BATCH_BYTES or parts + wide > BATCH_PARTS or len(entries) >= most
            if entries and old is None and full:
                break
            entries.append(self._entries.popleft())
            size += more
            parts += wide
        if entries:
            self._taken.append((len(entries), size))
        return entries

    def landed(self) -> None:
        """The batch that was taken first is written, or given up."""
        events, size = self._taken.popleft()
        self.events -= events
        self.bytes -= size

    def clear(self) -> None:
        """Forget what waits; what was taken still counts."""
        self._entries.clear()
        self.events = sum(events for events, _ in self._taken)
        self.bytes = sum(size for _, size in self._taken)


def _parts_of(entry: Entry) -> int:
    """What an event tells by name: not the points of a series, which stay together as they came."""
    if len(entry.raw) < _FEW_BYTES:
        return 0
    return sum(_named(getattr(entry.event, field.name)) for field in fields(entry.event))


def _named(value: object) -> int:
    if not isinstance(value, list):
        return len(as_mapping(value))
    items = cast("list[object]", value)
    return 0 if items and isinstance(items[0], int | float) else len(items)


def _old_batch(entry: Entry) -> int | None:
    """The number of the batch that an imported event was in; None for what is new."""
    return entry.stored.seq if entry.stored is not None else None
