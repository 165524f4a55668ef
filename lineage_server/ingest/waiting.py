"""The bounded queue in front of the writer: what was received and waits to be written.

Bounds are in events and in bytes: whoever would exceed them is told to come again, so that
memory does not grow with the load.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from lineage_server.domain import ids
from lineage_server.domain.errors import UnavailableError
from lineage_server.ingest.decode import Received, Unreadable
from lineage_server.ingest.verdicts import Entry, IngestLimits


class WaitingEvents:
    """Entries in the order in which they came."""

    def __init__(self, limits: IngestLimits) -> None:
        self._limits = limits
        self._entries: deque[Entry] = deque()
        self._last_recorded = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def admit(self, received: Sequence[Received | Unreadable]) -> None:
        """Raises UnavailableError if there is no room for all of them."""
        size = sum(len(r.raw) for r in received)
        full = len(self._entries) + len(received) > self._limits.queue_events and self._entries
        if full or self.bytes + size > self._limits.queue_bytes:
            raise UnavailableError(
                f"{len(self._entries)} events wait already; send again in a moment",
                part="ingest",
                retry_after_seconds=1.0,
            )

    def now(self) -> int:
        """Receiving time: never twice the same, never backwards."""
        self._last_recorded = max(self._last_recorded + 1, ids.now_micros())
        return self._last_recorded

    def put(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.bytes += len(entry.raw)

    def take(self, most: int) -> list[Entry]:
        entries = [self._entries.popleft() for _ in range(min(most, len(self._entries)))]
        self.bytes -= sum(len(e.raw) for e in entries)
        return entries

    def clear(self) -> None:
        self._entries.clear()
        self.bytes = 0
