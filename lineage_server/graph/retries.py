"""Trying again what failed for a passing reason, with growing pauses and an end.

For work that may be done twice: an answer that got lost says nothing of whether it was done.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lineage_server.domain.errors import UnavailableError
from lineage_server.graph.errors import DuplicateKeyError, OverdueQueryError

logger = logging.getLogger(__name__)
_T = TypeVar("_T")

_ATTEMPTS = 5
_FIRST_SHORT_PAUSE_SECONDS = 0.03
_FIRST_PAUSE_SECONDS = 0.05
_MOST_PAUSE_SECONDS = 2.0


async def patiently(work: Callable[[], Awaitable[_T]], *, seconds: float) -> _T:
    """The result of ``work``; what its last try met, once ``seconds`` are over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await work()
        except (UnavailableError, DuplicateKeyError, OverdueQueryError) as error:
            if loop.time() + pause > deadline:
                raise
            logger.debug("tried again in %.2f s: %s", pause, error.message)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _MOST_PAUSE_SECONDS)


async def a_few_times(
    once: Callable[[float], Awaitable[_T]], seconds: float, passing: tuple[type[UnavailableError], ...]
) -> _T:
    """What ``once`` gives within ``seconds`` (it is told how many are left); tried again when it fails so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    pause = _FIRST_SHORT_PAUSE_SECONDS
    for _ in range(_ATTEMPTS - 1):
        try:
            return await once(max(0.05, deadline - loop.time()))
        except passing:
            if loop.time() + pause >= deadline:
                raise
        # Spread by chance, so that those that collided do not meet again.
        await asyncio.sleep(pause * (0.5 + random.random()))
        pause *= 3
    return await once(max(0.05, deadline - loop.time()))
