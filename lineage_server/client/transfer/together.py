"""Several at a time, in threads that never hold up the end of the program."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_AT_ONCE = 8


def each(
    work: Callable[[T], None], items: Iterable[T], stop: Callable[[BaseException], None] = lambda _: None
) -> None:
    """Do it for each; after a failure no more are begun, and it is raised. ``stop`` is told of it then, and
    when the caller is interrupted; in both cases nobody works any more at the end."""
    waiting = iter(items)
    lock = threading.Lock()
    failed: list[BaseException] = []

    def worker() -> None:
        while not failed:
            with lock:
                item = next(waiting, None)
            if item is None:
                return
            try:
                work(item)
            except BaseException as error:  # noqa: BLE001 - it is raised where the work was asked for
                failed.append(error)
                stop(error)

    # Not an executor: the interpreter would wait for its threads before it tells us that it ends.
    threads = [threading.Thread(target=worker, name="lineage-transfer", daemon=True) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    try:
        _wait(threads)
    except BaseException as error:
        failed.append(error)
        stop(error)
        _wait(threads)
        raise
    if failed:
        raise failed[0]


def _wait(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
