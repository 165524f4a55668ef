"""How far a download or an upload is: a bar on a terminal or in a notebook, else a line now and then.

Nothing is shown of what takes only a moment, and nothing at all where LINEAGE_PROGRESS says so.
"""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

from lineage_server.client.quietly import Quietly

Report = Callable[[int, int], None]
"""Told of how many bytes are there, and of how many there will be."""

_BAR_AFTER_SECONDS = 0.7
_WAIT_SECONDS = 2.0
_BAR_EVERY_SECONDS = 0.1
_LINE_SECONDS = 30.0


@contextmanager
def shown(title: str, report: Report | None = None, *, silent: bool = False) -> Generator[Report]:
    """Where to report to: whoever asked to be told, else a bar or lines on standard error."""
    if report is not None or silent:
        yield report or _nobody
        return
    screen = _screen()
    shows = _Lines(title) if screen is None else _Bar(title, screen, _BAR_AFTER_SECONDS)
    try:
        yield shows.report
    finally:
        shows.end()


@contextmanager
def waited(title: str, *, silent: bool = False) -> Generator[Report | None]:
    """For what a program waits for at its end: a bar once that takes long, which never raises; None where
    none can be drawn."""
    screen = None if silent else _screen()
    if screen is None:
        yield None
        return
    bar = _Bar(title, screen, _WAIT_SECONDS)

    def report(done: int, total: int) -> None:
        with Quietly("how far it is"):
            bar.report(done, total)

    try:
        yield report
    finally:
        with Quietly("how far it is"):
            bar.end()


def _nobody(done: int, total: int) -> None:
    """Who is told where nobody wants to be."""


def _screen() -> Callable[[str], _Screen] | None:
    """What makes a bar; None where nobody would see it."""
    if _in_notebook():
        return _NotebookBar
    return _TerminalBar if sys.stderr is not None and sys.stderr.isatty() else None


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs us: then IPython is there, and its shell has one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


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


class _Screen(Protocol):
    """Where a bar is drawn."""

    def draw(self, done: int, total: int) -> None: ...

    def end(self) -> None: ...


class _Bar:
    """It goes away with its end."""

    def __init__(self, title: str, screen: Callable[[str], _Screen], after_seconds: float) -> None:
        self._title = title
        self._next = time.monotonic() + after_seconds
        self._make = screen
        self._screen: _Screen | None = None

    def report(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _BAR_EVERY_SECONDS
        if self._screen is None:
            self._screen = self._make(self._title)
        self._screen.draw(done, total)

    def end(self) -> None:
        if self._screen is not None:
            self._screen.end()


class _TerminalBar:
    """By rich, on standard error."""

    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            # What others print to standard output stays there; no thread, which none can start at an exit.
            redirect_stdout=False,
            auto_refresh=False,
        )
        self._task = self._bar.add_task(title, total=None)
        self._bar.start()

    def draw(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total, refresh=True)

    def end(self) -> None:
        self._bar.stop()


class _NotebookBar:
    """The page's own, drawn anew in its place. (rich's needs ipywidgets, which many notebooks lack.)"""

    def __init__(self, title: str) -> None:
        # Of the kernel that runs us; we depend on no IPython.
        self._handle: Any = import_module("IPython.display").DisplayHandle()
        self._title = title
        self._handle.display({"text/plain": title}, raw=True)

    def draw(self, done: int, total: int) -> None:
        told = f"{self._title}: {done >> 20} of {total >> 20} MiB"
        bar = f'<progress value="{done}" max="{max(total, 1)}" style="width: 20em"></progress>'
        self._handle.update({"text/plain": told, "text/html": f"{bar} {html.escape(told)}"}, raw=True)

    def end(self) -> None:
        self._handle.update({"text/plain": "", "text/html": ""}, raw=True)
