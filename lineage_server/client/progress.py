"""How far a download or an upload is: a bar on a terminal or in a notebook, else a line now and then.

Nothing is shown of what takes only a moment.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

Report = Callable[[int, int], None]
"""Told of how many bytes are there, and of how many there will be."""

_BAR_AFTER_SECONDS = 0.7
_BAR_EVERY_SECONDS = 0.1
_LINE_SECONDS = 30.0


@contextmanager
def shown(title: str, report: Report | None = None) -> Generator[Report]:
    """Where to report to: whoever asked to be told, else a bar or lines on standard error."""
    if report is not None:
        yield report
        return
    shows = _Bar(title) if _has_screen() else _Lines(title)
    try:
        yield shows.report
    finally:
        shows.end()


def _has_screen() -> bool:
    return "ipykernel" in sys.modules or sys.stderr.isatty()


class _Lines:
    """One every half minute."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._next = time.monotonic() + _LINE_SECONDS

    def report(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _LINE_SECONDS
            sys.stderr.write(f"lineage: {self._title}: {done >> 20} of {total >> 20} MiB\n")
            sys.stderr.flush()

    def end(self) -> None:
        """The last one needs no end."""


class _Bar:
    """It goes away with its end."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._next = time.monotonic() + _BAR_AFTER_SECONDS
        self._bar: Any = None
        self._task: Any = None

    def report(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _BAR_EVERY_SECONDS
        if self._bar is None:
            self._bar = _bar()
            self._task = self._bar.add_task(self._title, total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
