"""Which program runs, and where from: script, module or notebook, and the names that follow from it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is executed of a notebook, or at IPython's prompt: its number there, and its text."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a run executes. ``python``: its interpreter, empty where it has none, None: the one that
    runs us. ``began``: when, in nanoseconds; 0 where nobody asks. Who made it stands in ``command`` where it
    is not this process."""

    folder: Path
    entry: str = ""
    argv: tuple[str, ...] = ()
    python: str | None = None
    pid: int = 0
    cell: Cell | None = None
    began: int = 0


def this_program(environ: Mapping[str, str]) -> Program:
    """This process, as it is now."""
    return Program(
        folder=working_folder(),
        entry=_notebook(environ) or entry_point(),
        argv=tuple(sys.orig_argv),
        pid=os.getpid(),
        cell=_cell(),
        began=time.time_ns(),
    )


def working_folder() -> Path:
    """Where relative paths begin."""
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return Path(os.sep)


def entry_point() -> str:
    """The script that runs, ``module:<name>`` for ``-m``, or empty in a prompt or notebook."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name and spec.name != "__main__":
        return f"module:{spec.name.removesuffix('.__main__')}"
    path = getattr(main, "__file__", None)
    return str(path) if path else ""


def _notebook(environ: Mapping[str, str]) -> str:
    """The notebook this kernel runs, where its front end says so."""
    if "ipykernel" not in sys.modules:
        return ""
    with suppress(KeyError, AttributeError):
        namespace = sys.modules["__main__"].__dict__
        told = namespace.get("__vsc_ipynb_file__") or namespace.get("__session__")
        if told:
            return str(told)
    return environ.get("JPY_SESSION_NAME", "")


def _cell() -> Cell | None:
    """The cell that runs now: IPython notes its text before it runs it.

    The last in its history, for when its counter moves on differs from version to version.
    """
    ask = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell: Any = ask() if ask is not None else None
    with suppress(AttributeError, IndexError, TypeError):
        noted = shell.history_manager.input_hist_raw  # begins with an empty one, of number 0
        return Cell(number=len(noted) - 1, text=str(noted[-1])) if len(noted) > 1 else None
    return None


def default_name(entry: str) -> str:
    """A run's name where nobody gave one."""
    if entry.startswith("module:"):
        return entry.removeprefix("module:")
    return Path(entry).stem.strip() or "interactive"
