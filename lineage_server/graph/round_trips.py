"""How often the graph was asked: counted for whoever wants to know, across the tasks they start."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class RoundTrips:
    """How often the graph was asked within one ``counting()`` block."""

    count: int = 0


_counter: ContextVar[RoundTrips | None] = ContextVar("bolt_round_trips", default=None)


@contextlib.contextmanager
def counting() -> Generator[RoundTrips]:
    """Count the round trips of this task and of the tasks it starts; blocks may be nested."""
    counter = RoundTrips()
    outer = _counter.get()
    token = _counter.set(counter)
    try:
        yield counter
    finally:
        _counter.reset(token)
        if outer is not None:
            outer.count += counter.count


def note_round_trip() -> None:
    """The connection is about to ask."""
    counter = _counter.get()
    if counter is not None:
        counter.count += 1
