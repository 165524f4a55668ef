"""Where the program runs from: script, module or notebook, and the names that follow from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def current_place(environ: Mapping[str, str]) -> tuple[Path, str]:
    """Working folder and entry, as they are now."""
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted
        folder = Path(os.sep)
    return folder, _notebook(environ) or entry_point()


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


def default_name(entry: str) -> str:
    """A run's name where nobody gave one."""
    if entry.startswith("module:"):
        return entry.removeprefix("module:")
    return Path(entry).stem.strip() or "interactive"
