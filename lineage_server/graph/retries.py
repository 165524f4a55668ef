"""Trying again what failed for a passing reason, with growing pauses and an end."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lineage_server.domain.errors import LineageError, UnavailableError
from lineage_server.graph.errors import DuplicateKeyError, OverdueQueryError

logger = logging.getLogger(__name__)
_T = TypeVar("_T")

PASSING: tuple[type[LineageError], ...] = (UnavailableError, DuplicateKeyError, OverdueQueryError)
"""What may be gone the next time; a lost answer among it, which says nothing of what was done."""

_FIRST_PAUSE_SECONDS = 0.03
_MOST_PAUSE_SECONDS = 2.0
_LEAST_SECONDS = 0.05


async def retry(
    attempt: Callable[[float], Awaitable[_T]],
    *,
    seconds: float,
    attempts: int | None = None,
    on: tuple[type[LineageError], ...] = PASSING,
) -> _T:
    """The result of ``attempt``, which is told how many of the ``seconds`` are left.

    Raises what the last one met, once the seconds are over or there were as many ``attempts``.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    pause = _FIRST_PAUSE_SECONDS
    made = 0
    while True:
        try:
            return await attempt(max(_LEAST_SECONDS, deadline - loop.time()))
        except on as error:
            made += 1
            if made == attempts or loop.time() + pause >= deadline:
                raise
            logger.debug("tried again in %.2f s: %s", pause, error.message)
        # Spread by chance, so that those that collided do not meet again.
        await asyncio.sleep(pause * (0.5 + random.random()))
        pause = min(pause * 3, _MOST_PAUSE_SECONDS)
