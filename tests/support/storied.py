"""An engine that holds the story and nothing else, told anew only after something was written to it.

Wiping a graph and recording the story again is most of what a test of answers would cost; most of
those tests only ask. Not here: the story (``stories.py``), the application (``served.py``).
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from lineage_server.graph import schema
from lineage_server.graph.bolt import Bolt
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stories import story
from tests.support.warm import wipe

_NODES = "MATCH (n) WHERE NOT n:Meta AND NOT n:Writer RETURN count(n) AS nodes"


class Writes:
    """How often this process has begun to write to a graph, to whichever and by whomever."""

    def __init__(self) -> None:
        self.count = 0

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Count from now on, until ``patch`` is undone."""
        for name in ("write", "transaction"):
            patch.setattr(Bolt, name, self._noting(getattr(Bolt, name)))

    def _noting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def noted(*args: Any, **named: Any) -> Any:
            self.count += 1
            return method(*args, **named)

        return noted


class Stories:
    """Which engines hold the story and nothing else, as far as this process knows."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._held: dict[str, tuple[int, int]] = {}

    @contextlib.asynccontextmanager
    async def told(self, address: Address, folder: Path, *, mode: str) -> AsyncGenerator[Served]:
        """The application over the story; kept for the next test if this one wrote nothing."""
        async with Bolt(
            address.uri, user=address.user, password=address.password, database=address.database
        ) as bolt:
            fresh = self._held.pop(address.uri, None) != (self._writes.count, await _nodes(bolt))
            if fresh:
                await schema.migrate(bolt)
                await wipe(bolt)
            async with serving(address, folder, mode=mode) as running:
                if fresh:
                    await running.record(*story())
                    await running.services.eraser.finish()
                before = self._writes.count
                yield running
                clean = self._writes.count == before
            if clean:
                self._held[address.uri] = (self._writes.count, await _nodes(bolt))


async def _nodes(bolt: Bolt) -> int:
    """What another process has written shows here."""
    return (await bolt.read(_NODES))[0]["nodes"]
