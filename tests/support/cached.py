"""What tests need and what takes long to install: made once a machine, in the XDG cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def made_once(name: str, told: bytes, make: Callable[[Path], None]) -> Path:
    """The folder of that ``name`` that ``make`` filled when it was first ``told`` this.

    ``make`` fills another folder, which then moves to its place: whole, or not at all.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage-server"
    folder = cache / f"{name}-{hashlib.sha256(told).hexdigest()[:12]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        aside = folder.with_suffix(f".{os.getpid()}")
        try:
            make(aside)
            aside.rename(folder)
        except OSError:
            if not folder.exists():  # else somebody else was faster
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return folder
