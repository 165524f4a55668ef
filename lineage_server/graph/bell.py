"""The clock of one statement: it rings when the time is up, or when nobody waits any more.

Only Neo4j honours the driver's transaction time limit, so whoever rings has the statement stopped on the
server himself (``Bolt``). What does not belong here: how that is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lineage_server.graph.errors import TransientGraphError, overdue, translate


class Bell:
    """Rings once at most. ``started`` is the loop's time."""

    def __init__(self, stop: Callable[[], None], started: float, timeout_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._started = started
        self._timeout_seconds = timeout_seconds
        self._stop = stop
        self._rung = False
        self._timer = self._loop.call_at(started + timeout_seconds, self.ring)

    def ring(self) -> None:
        self._timer.cancel()
        if not self._rung:
            self._rung = True
            self._stop()

    def silence(self) -> None:
        self._timer.cancel()

    def meaning(self, error: Exception) -> Exception:
        """The product's error for the driver's: what was stopped when its time was up is overdue."""
        told = translate(error)
        # Neo4j's own limit may strike a moment before the bell.
        late = self._loop.time() - self._started >= self._timeout_seconds * 0.95
        return overdue(self._timeout_seconds) if late and isinstance(told, TransientGraphError) else told
