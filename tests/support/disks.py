"""A disk that is full, and has room again: a small file system, or a bound on one process's files.

``SmallDisk`` is the real thing (ENOSPC for everybody) and needs the right to mount. ``FileBound`` needs
no rights: one process may write to no file any more (EFBIG).
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Protocol

import psutil

_PIECE = b"\0" * 65_536


class Disk(Protocol):
    """What can fill up."""

    def fill(self) -> None: ...

    def free(self) -> None: ...


class SmallDisk:
    """A file system of its own, in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Not one byte is left."""
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(_PIECE)
        assert not os.statvfs(self.folder).f_bavail

    def free(self) -> None:
        self._ballast.unlink()


class FileBound:
    """The process can write to no file any more; what is no file (a socket) is open to it."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def fill(self) -> None:
        self._bind(0)

    def free(self) -> None:
        self._bind(resource.RLIM_INFINITY)

    def _bind(self, size: int) -> None:
        # Only the soft limit: whoever may lower it may raise it again.
        _, hard = self._process.rlimit(psutil.RLIMIT_FSIZE)
        self._process.rlimit(psutil.RLIMIT_FSIZE, (size, hard))


def mounting() -> list[str] | None:
    """How to call ``mount`` here; None without the right to."""
    if shutil.which("mount") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    allowed = shutil.which("sudo") and not subprocess.run([*sudo, "true"], check=False).returncode
    return sudo if allowed else None


@contextlib.contextmanager
def small_disk(folder: Path, mebibytes: int) -> Generator[SmallDisk]:
    """Mounted on ``folder``, which is made."""
    before = mounting()
    assert before is not None, "the right to mount is missing"
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={mebibytes}m,mode=0700,uid={os.getuid()}"
    subprocess.run([*before, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: whoever still has a file open there is ended by somebody else.
        subprocess.run([*before, "umount", "-l", str(folder)], check=True)
