"""The process the client lives in: its end, its signals, its forks.

However a process ends, what it logged is in the journal, and its open runs get an end where that is
still possible: at the normal end, at ``sys.exit``, at an unhandled exception, at SIGTERM, when the
terminal is closed. After a fork the child goes on with its own journal; runs stay the parent's to end.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Protocol

from lineage_server.client.ending import Ending
from lineage_server.client.leaving import ending_of_program, keep_exit_code, listen
from lineage_server.domain.nodes import RunState

FATAL = {signal.SIGTERM: "terminated by SIGTERM"}
"""Signals that end a process, but not at once, with what is said of its runs."""
if hasattr(signal, "SIGHUP"):
    FATAL[signal.SIGHUP] = "its terminal was closed (SIGHUP)"
_EXIT_SECONDS = 5.0
_TERM_SECONDS = 3.0


class OpenRun(Protocol):
    """A run that nobody has finished."""

    def end_with(self, ending: Ending) -> object: ...


class Guarded(Protocol):
    """What has to be told when the process forks or ends."""

    open_runs: list[OpenRun]

    def renew_after_fork(self) -> None: ...

    def finish(self, seconds: float, timeout: float) -> bool: ...

    def close(self, timeout: float) -> bool: ...

    def after_writing(self, action: Callable[[], None]) -> bool: ...


_guarded: weakref.WeakSet[Guarded] = weakref.WeakSet()
_watching = threading.Event()
_importing = threading.Lock()
_IMPORT_SECONDS = 10.0


@contextmanager
def importing() -> Generator[None]:
    """Around imports in background threads: a fork waits for them.

    A module that is half imported when its thread is gone can never be imported in the child.
    """
    with _importing:
        yield


def guard(box: Guarded) -> None:
    """From now on ``box`` is told."""
    _guarded.add(box)
    if _watching.is_set():
        return
    _watching.set()
    atexit.register(at_exit)
    listen()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_parent=_release, after_in_child=_after_fork)


def unguard(box: Guarded) -> None:
    """``box`` is closed."""
    _guarded.discard(box)


def at_exit() -> None:
    """The interpreter ends: end open runs, write everything, send what can be sent soon."""
    _close_all(ending_of_program(), _EXIT_SECONDS)
    keep_exit_code()


def _close_all(ending: Ending, seconds: float) -> None:
    boxes = list(_guarded)
    for box in boxes:
        for run in list(box.open_runs):
            run.end_with(ending)
    for box in boxes:
        box.close(seconds / len(boxes))


def watch_signals() -> None:
    """Write before a signal ends the process; only where nobody else handles it, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in FATAL:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _on_signal)


def _on_signal(signum: int, frame: FrameType | None) -> None:
    end = partial(_terminate, signal.Signals(signum))
    if any(box.after_writing(end) for box in list(_guarded)):
        return  # this thread was interrupted in the middle of a write: right after it
    end()


def _terminate(by: signal.Signals) -> None:
    # In a thread of its own: this one may hold a lock that closing needs.
    ending = Ending(RunState.ABORTED, FATAL[by])
    closing = threading.Thread(target=_close_all, args=(ending, _TERM_SECONDS), daemon=True)
    closing.start()
    closing.join(_TERM_SECONDS + 1)
    # Then die of it, as if nobody had listened.
    signal.signal(by, signal.SIG_DFL)
    os.kill(os.getpid(), by)


def _before_fork() -> None:
    _importing.acquire(timeout=_IMPORT_SECONDS)


def _release() -> None:
    if _importing.locked():
        _importing.release()


def _after_fork() -> None:
    _release()
    for box in list(_guarded):
        box.renew_after_fork()
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        # Children of multiprocessing leave by os._exit: only its own finalizers run then. They are
        # cleared in the child before this callback runs.
        util.register_after_fork(_watching, _finish_with_multiprocessing)


def _finish_with_multiprocessing(_: object) -> None:
    from multiprocessing.util import Finalize

    Finalize(None, _flush_all, exitpriority=5)


def _flush_all() -> None:
    for box in list(_guarded):
        box.finish(_EXIT_SECONDS, _EXIT_SECONDS)
