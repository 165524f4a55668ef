"""Answers of the graph that may be believed for some seconds: a small cache with an age and a bound."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """Forgets by age, and the oldest when full. ``clock`` exists for tests."""

    def __init__(
        self, seconds: float, *, size: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._size = size
        self._clock = clock
        self._kept: OrderedDict[_K, tuple[float, _V]] = OrderedDict()

    def find(self, key: _K) -> tuple[_V] | None:
        """The value in a one-tuple, since a remembered value may itself be None."""
        entry = self._kept.get(key)
        if entry is None or self._clock() - entry[0] >= self._seconds:
            return None
        return (entry[1],)

    def keep(self, key: _K, value: _V) -> None:
        self._kept[key] = (self._clock(), value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def forget(self, key: _K | None = None) -> None:
        """Forget one key, or all."""
        if key is None:
            self._kept.clear()
        else:
            self._kept.pop(key, None)
