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
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
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


@dataclass(frozen=True)
class Mounting:
    """Whether a file system can be mounted here: how ``mount`` is called, or what speaks against it."""

    before: tuple[str, ...] = ()
    no_right: str = ""
    impossible: str = ""

    @property
    def told(self) -> str:
        why = self.no_right or self.impossible
        return f"only a bound on file sizes ({why})" if why else "a small tmpfs, and a bound on file sizes"


@cache
def mounting() -> Mounting:
    """Found out by doing it: root in a container may not be allowed to either."""
    before: tuple[str, ...] = ()
    if shutil.which("mount") is None or sys.platform != "linux":
        return Mounting(impossible="this system has no tmpfs to mount")
    if os.geteuid() != 0:
        before = ("sudo", "-n")
        if shutil.which("sudo") is None or subprocess.run([*before, "true"], capture_output=True).returncode:
            return Mounting(no_right="neither root nor sudo without a password")
    with tempfile.TemporaryDirectory() as folder:
        tried = _mount(before, Path(folder), 1)
        if tried.returncode:
            return Mounting(impossible=f"root may not mount here: {tried.stderr.strip()}")
        subprocess.run([*before, "umount", folder], check=True)
    return Mounting(before)


def _mount(before: tuple[str, ...], folder: Path, mebibytes: int) -> subprocess.CompletedProcess[str]:
    options = f"size={mebibytes}m,mode=0700,uid={os.getuid()}"
    command = [*before, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def small_disk(folder: Path, mebibytes: int) -> Generator[SmallDisk]:
    """Mounted on ``folder``, which is made."""
    before = mounting().before
    folder.mkdir(parents=True, exist_ok=True)
    _mount(before, folder, mebibytes).check_returncode()
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: whoever still has a file open there is ended by somebody else.
        subprocess.run([*before, "umount", "-l", str(folder)], check=True)
