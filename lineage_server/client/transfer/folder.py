"""A folder that is written into and never left, whatever the names say and whatever lies there already.

Everything below it is reached from one open descriptor, step by step, and no link is followed. A file has
its name once it is whole; until then it is a hidden part beside it, which one process at a time writes and
the next one goes on with (``drafts``). Not here: where bytes come from (``receive``).
"""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from lineage_server.client import drafts
from lineage_server.client.locks import try_lock
from lineage_server.client.transfer.manifest import shown
from lineage_server.domain.errors import (
    ConflictError,
    InvalidInputError,
    LineageError,
    NotSupportedError,
    UnavailableError,
)

_STEP = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_IN_THE_WAY = (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY)
_LOOK_SECONDS = 0.05
_STALLED_SECONDS = 10.0


class Draft:
    """A file that is not whole yet. ``had``: its bytes when it was opened; ``waited``: another process
    had it before, and may have finished it."""

    def __init__(
        self, parent: int, aside: bytes, name: bytes, fd: int, *, waited: bool, left: list[bytes]
    ) -> None:
        self.fd = fd
        self.had = os.fstat(fd).st_size
        self.waited = waited
        self._parent = parent
        self._aside = aside
        self._name = name
        self._left = left

    def finish(self, size: int, mode: int | None) -> None:
        """Give it its name."""
        if os.fstat(self.fd).st_size != size:
            os.ftruncate(self.fd, size)
        if mode is not None:
            os.fchmod(self.fd, mode)
        os.rename(self._aside, self._name, src_dir_fd=self._parent, dst_dir_fd=self._parent)
        drafts.remove_others(self._parent, self._name, self._left)

    def discard(self) -> None:
        """Nothing of it is of use."""
        with suppress(FileNotFoundError):
            os.unlink(self._aside, dir_fd=self._parent)


class Folder:
    """``root`` itself may be reached through links; it is made where it is not there. ``mode``: of files,
    None = as the process makes them."""

    def __init__(self, root: Path, *, mode: int | None = None) -> None:
        if os.open not in os.supports_dir_fd:
            raise NotSupportedError("downloads need a system that opens files relative to a folder (POSIX)")
        self.root = root
        self._mode = mode
        self._lockless = False
        self._left: dict[bytes, list[bytes]] = {}
        self._looking = threading.Lock()
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(root, _STEP)
        except OSError as error:
            raise _told(error, root) from None

    def close(self) -> None:
        os.close(self._fd)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @contextmanager
    def _parent(self, path: bytes, *, make: bool = False) -> Generator[tuple[int, bytes]]:
        """The folder that ``path`` is in, and its name there; raises OSError."""
        *steps, name = path.split(b"/")
        here = self._fd
        try:
            for step in steps:
                below = _below(here, step, make=make)
                if here != self._fd:
                    os.close(here)
                here = below
            yield here, name
        finally:
            if here != self._fd:
                os.close(here)

    def state(self, path: bytes) -> os.stat_result | None:
        """Of what lies there; None where nothing does. Raises ConflictError for a link on the way."""
        try:
            with self._parent(path) as (parent, name):
                return os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error(error, path) from None

    @contextmanager
    def opened(self, path: bytes) -> Generator[int | None]:
        """A regular file that lies there; None where there is none."""
        fd = None
        with suppress(OSError), self._parent(path) as (parent, name):
            fd = os.open(name, os.O_RDONLY | _FLAGS, dir_fd=parent)
        try:
            yield fd if fd is not None and stat.S_ISREG(os.fstat(fd).st_mode) else None
        finally:
            if fd is not None:
                os.close(fd)

    @contextmanager
    def draft(self, path: bytes, digest: str) -> Generator[Draft]:
        """To write a file of this digest; what was left of it is there. Every OSError inside is told as
        what it means for this file."""
        try:
            with self._parent(path, make=True) as (parent, name):
                left = self._left_in(path.rpartition(b"/")[0], parent)
                fd, aside, waited = self._taken(parent, drafts.name_of(name, digest))
                try:
                    yield Draft(parent, aside, name, fd, waited=waited, left=left)
                finally:
                    os.close(fd)
        except OSError as error:
            raise self._error(error, path) from None

    def finish(self, draft: Draft, size: int) -> None:
        draft.finish(size, self._mode)

    def _left_in(self, folder: bytes, parent: int) -> list[bytes]:
        """Parts that others have left there when it was first written into; the old ones of them go."""
        with self._looking:
            if folder not in self._left:
                self._left[folder] = drafts.remove_old(parent)
            return self._left[folder]

    def _taken(self, parent: int, aside: bytes) -> tuple[int, bytes, bool]:
        """The hidden part, ours alone; where nobody can say whose it is, another one."""
        waited, seen, since = False, (-1, -1), time.monotonic()
        while not self._lockless:
            fd = os.open(aside, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666, dir_fd=parent)
            try:
                taken, state = try_lock(fd), os.fstat(fd)
                if not taken:
                    waited = True
                    if seen != (now := (state.st_size, state.st_mtime_ns)):
                        seen, since = now, time.monotonic()
                    if time.monotonic() - since > _STALLED_SECONDS:
                        break  # stopped, or a file system without locks
                    time.sleep(_LOOK_SECONDS)
                elif not drafts.is_at(parent, aside, state.st_ino):
                    waited = True  # whoever had it has finished it, or thrown it away, since it was opened
                elif not stat.S_ISREG(state.st_mode) or state.st_nlink > 1:
                    os.unlink(aside, dir_fd=parent)  # none of ours
                else:
                    fd, mine = -1, fd
                    return mine, aside, waited
            finally:
                if fd >= 0:
                    os.close(fd)
        self._lockless = True
        own = aside + f".{os.getpid()}.{threading.get_ident()}".encode()
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | _FLAGS
        return os.open(own, flags, 0o666, dir_fd=parent), own, waited

    def take(self, path: bytes, file: Path) -> bool:
        """Give a file of this file system a second name here; whether that went."""
        with suppress(OSError), self._parent(path, make=True) as (parent, name):
            os.link(file, name, dst_dir_fd=parent, follow_symlinks=False)
            return True
        return False

    def give(self, path: bytes, file: Path) -> None:
        """Give what lies here a second name there, where that goes."""
        with suppress(OSError), self._parent(path) as (parent, name):
            os.link(name, file, src_dir_fd=parent, follow_symlinks=False)

    def remove(self, path: bytes) -> None:
        """A file; nothing where there is none."""
        with suppress(FileNotFoundError), self._parent(path) as (parent, name):
            os.unlink(name, dir_fd=parent)

    def link(self, path: bytes, text: bytes, *, overwrite: bool) -> None:
        """A symbolic link; raises ConflictError where something else lies there."""
        try:
            with self._parent(path, make=True) as (parent, name):
                try:
                    os.symlink(text, name, dir_fd=parent)
                except FileExistsError:
                    if _text_of(parent, name) == text:
                        return
                    if not overwrite:
                        raise
                    os.unlink(name, dir_fd=parent)
                    os.symlink(text, name, dir_fd=parent)
        except OSError as error:
            raise self._error(error, path) from None

    def shown(self, path: bytes) -> str:
        """For people."""
        return f"{self.root}/{shown(path)}"

    def _error(self, error: OSError, path: bytes) -> LineageError:
        if error.errno in _IN_THE_WAY:
            return ConflictError(
                f"something else is where {self.shown(path)} belongs: a folder, a link, or a file in place "
                "of a folder; nothing is written through it or over it: name another folder"
            )
        return _told(error, self.shown(path))


def _told(error: OSError, place: object) -> LineageError:
    if error.errno in _FULL:
        return UnavailableError(
            f"{place} cannot be written, the disk is full; what has arrived is kept: make room, then the "
            "same again goes on from there",
            part="disk",
        )
    return InvalidInputError(f"{place} cannot be written: {error.strerror or error}", field="to")


def _below(here: int, step: bytes, *, make: bool) -> int:
    flags = _STEP | _FLAGS
    try:
        return os.open(step, flags, dir_fd=here)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):  # another thread was quicker
        os.mkdir(step, dir_fd=here)
    return os.open(step, flags, dir_fd=here)


def _text_of(parent: int, name: bytes) -> bytes | None:
    with suppress(OSError):
        return os.readlink(name, dir_fd=parent)
    return None
