"""Named, guarded asyncio tasks and their orderly stop; used by server and watchers alike.

Every background task of the product is started here: it gets a name, an owner (the ``Tasks`` it
belongs to) and an end (``Tasks.stop``). What belongs here: starting, guarding and stopping. What
does not: what the tasks do, retries, back-off, signals. This is the only module that may call
``asyncio.create_task``; it needs nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")

logger = logging.getLogger(__name__)

# Tasks that were cancelled only because the deadline had passed still get this long to notice.
_LAST_GRACE_SECONDS = 0.1


class Tasks:
    """The background tasks of one owner, stopped in the reverse order of their start."""

    def __init__(self, owner: str = "") -> None:
        self._prefix = f"{owner}: " if owner else ""
        # A dict keeps the order of the starts, and strong references: the loop holds weak ones.
        self._running: dict[asyncio.Task[Any], bool] = {}
        self._stopping = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tasks that run now, oldest first."""
        return tuple(task.get_name() for task in self._running)

    def start(self, name: str, coroutine: Coroutine[Any, Any, _T], *, ends: bool = False) -> asyncio.Task[_T]:
        """Run ``coroutine`` under ``name``; ``ends=True`` says that finishing is no surprise.

        A failure is logged once, with the name, whether or not anybody awaits the task.
        """
        if self._stopping:
            coroutine.close()  # else Python warns about a coroutine that was never awaited
            raise RuntimeError(f"{self._prefix}{name} cannot start: its owner is stopping")
        task = asyncio.create_task(coroutine, name=self._prefix + name)
        self._running[task] = ends
        task.add_done_callback(self._finished)
        return task

    async def settle(self, timeout_seconds: float) -> None:
        """Wait until the tasks that run now have ended by themselves, at most this long."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=timeout_seconds)

    async def stop(self, timeout_seconds: float = 5.0) -> tuple[str, ...]:
        """Cancel and await every task, newest first; answer (and log) the names of those that hang.

        All share one deadline. When it has passed, the rest is cancelled at once.
        """
        self._stopping = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        # A task that stops its own owner must not wait for itself.
        mine = [task for task in self._running if task is not asyncio.current_task()]
        for task in reversed(mine):
            task.cancel()
            await asyncio.wait({task}, timeout=max(0.0, deadline - loop.time()))
        late = {task for task in mine if not task.done()}
        if late:
            await asyncio.wait(late, timeout=_LAST_GRACE_SECONDS)
        hanging = tuple(task.get_name() for task in mine if not task.done())
        for name in hanging:
            logger.error("task %s hangs: not stopped after %.1f s", name, timeout_seconds)
        return hanging

    async def __aenter__(self) -> Tasks:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        ends = self._running.pop(task)
        if task.cancelled():
            if not self._stopping:
                logger.info("task %s was cancelled", task.get_name())
            return
        # Asking for the exception also marks it as seen: asyncio will not log it a second time.
        failure = task.exception()
        if failure is not None:
            logger.error("task %s failed", task.get_name(), exc_info=failure)
        elif not ends and not self._stopping:
            logger.warning("task %s finished unexpectedly", task.get_name())
