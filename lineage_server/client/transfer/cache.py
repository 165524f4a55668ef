"""Downloads that are kept: files by their digest, versions as folders whose files are the same files.

``versions/<digest>/<kind>/…`` is what ``Artifact.path`` leads to, ``files/<sha256>`` the same files (second
names, not copies) for other versions that have them. All of it may be deleted at any time. A version in
use is locked by the process that uses it, and stays; of the rest, what was not used for longest goes first.
Files are read-only, and checked by their digest before they are used.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from lineage_server.client.hashing import Entry
from lineage_server.client.locks import share_lock, try_lock
from lineage_server.client.transfer.folder import Folder
from lineage_server.client.transfer.page import KINDS

_MARK = b".lineage-"
_GONE = ".gone-"
_UID = "uid"
_TURN = "turn"
_MOST_HELD = 200
_LOOK_SECONDS = 0.02
_STALLED_SECONDS = 10.0
_held: dict[Path, int] = {}
_holding = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """A version, or a file that no version has (``uid`` is empty); ``used``: when, in seconds."""

    path: Path
    digest: str
    size: int
    used: float
    uid: str = ""
    in_use: bool = False
    alone: tuple[Path, ...] = field(default=(), repr=False)
    """Files that go with it."""


class Kept(NamedTuple):
    """A version that was downloaded: a file, or a folder."""

    kind: str
    path: Path


class Cache:
    """``most_bytes`` are what stays when nothing is in use. ``shares``: its files may get a second name in
    what is downloaded, and what is downloaded one here; else they are copied, and nothing is kept."""

    def __init__(self, folder: Path, most_bytes: int, *, shares: bool = False) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._files = folder / "files"
        self._versions = folder / "versions"
        self._shares = shares
        self._turn: tuple[Path, int] | None = None

    # --- single files ------------------------------------------------------------------

    def find(self, sha256: str) -> Path | None:
        path = self._files / sha256
        with suppress(OSError):
            if path.stat().st_nlink == 1:
                os.utime(path)
            return path
        return None

    def share(self, folder: Folder, entry: Entry) -> bool:
        path = self.find(entry.digest) if self._shares else None
        return path is not None and folder.take(entry.path, path)

    def keep(self, folder: Folder, entry: Entry) -> None:
        if self._turn is not None:
            with suppress(OSError):
                os.utime(self._turn[0])  # for those who wait
        if self._shares and self.most_bytes:
            with suppress(OSError):
                self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.give(entry.path, self._files / entry.digest)

    def drop(self, sha256: str) -> None:
        with suppress(OSError):
            (self._files / sha256).unlink()

    # --- versions ----------------------------------------------------------------------

    def version(self, digest: str) -> Path:
        """The folder of a version, made where it is not there; it stays for as long as this process lives."""
        top = self._versions / digest.removeprefix("sha256:")
        with _holding:
            while top not in _held or not _is(top, _held[top]):
                top.mkdir(parents=True, exist_ok=True, mode=0o700)
                with suppress(FileNotFoundError):
                    if not _hold(top):
                        time.sleep(_LOOK_SECONDS)  # it is being removed: another one will be made
        with suppress(OSError):
            os.utime(top)
        return top

    def take_turn(self, digest: str) -> None:
        """Wait until nobody else fetches this version: then it is there, and nobody meets a part of a file
        among its files. Who stands still is not waited for: two at once fetch the same."""
        seen, since = 0, time.monotonic()
        while self._turn is None and time.monotonic() - since < _STALLED_SECONDS:
            path = self.version(digest) / _TURN
            try:
                fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
            except OSError:
                return  # what cannot be written, the download says
            if try_lock(fd) and _is(path, fd):
                self._turn = path, fd
                return
            now = os.fstat(fd).st_mtime_ns
            os.close(fd)
            if now != seen:
                seen, since = now, time.monotonic()
            time.sleep(_LOOK_SECONDS)

    def end_turn(self) -> None:
        """The next one may."""
        if self._turn is not None:
            os.close(self._turn[1])
            self._turn = None

    def kept(self, digest: str) -> Kept | None:
        """A version, if it was downloaded; whether it is whole its digest says."""
        top = self._versions / digest.removeprefix("sha256:")
        return _kept_in(self.version(digest)) if top.is_dir() else None

    def name(self, digest: str, uid: str) -> None:
        """For ``listed``: what people call it."""
        with suppress(OSError):
            (self.version(digest) / _UID).write_text(uid, encoding="utf-8", errors="replace")

    def forget(self, digest: str) -> None:
        """It is not what it should be; what this process uses of it goes, too."""
        _remove(self._versions / digest.removeprefix("sha256:"))

    # --- care --------------------------------------------------------------------------

    def listed(self) -> list[Cached]:
        """Everything, what was not used for longest first."""
        files = {state.st_ino: (path, state) for path, state in _files_in(self._files)}
        found = [self._version(top, files) for top in _folders_in(self._versions)]
        found += [
            Cached(path=path, digest=f"sha256:{path.name}", size=state.st_size, used=state.st_mtime)
            for path, state in files.values()
            if state.st_nlink == 1
        ]
        return sorted(found, key=lambda one: one.used)

    def _version(self, top: Path, files: dict[int, tuple[Path, os.stat_result]]) -> Cached:
        size, alone = 0, list[Path]()
        for _, state in _files_below(top):
            size += state.st_size
            if state.st_nlink == 2 and state.st_ino in files:
                alone.append(files[state.st_ino][0])
        uid, used = "", 0.0
        with suppress(OSError):
            used = top.stat().st_mtime
            uid = (top / _UID).read_text(encoding="utf-8")
        return Cached(
            path=top, digest=f"sha256:{top.name}", size=size, used=used, uid=uid or top.name,
            in_use=_in_use(top), alone=tuple(alone),
        )  # fmt: skip

    def trim(self, most_bytes: int | None = None) -> list[Cached]:
        """What went so that the rest has its bound. Another process that does the same is left to it."""
        most = self.most_bytes if most_bytes is None else most_bytes
        gone: list[Cached] = []
        with self._trimming() as ours:
            if not ours:
                return gone
            for left in _folders_in(self._versions, gone=True):
                shutil.rmtree(left, ignore_errors=True)
            items = self.listed()
            # Files that several versions have count in each: rather too little stays than too much.
            total = sum(one.size for one in items)
            for one in items:
                if total > most and self._went(one):
                    gone.append(one)
                    total -= one.size
        return gone

    def make_room(self, size: int) -> bool:
        """Let go of so many bytes that nobody uses now, whatever may stay; False where nothing went."""
        return bool(self.trim(sum(one.size for one in self.listed()) - max(size, 1)))

    def _went(self, one: Cached) -> bool:
        if not one.uid:
            self.drop(one.path.name)
            return True
        with _locked(one.path) as ours:
            if not ours:
                return False
            for path in one.alone:
                with suppress(OSError):
                    path.unlink()
            _remove(one.path)
        return True

    @contextmanager
    def _trimming(self) -> Generator[bool]:
        with suppress(OSError):
            self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(self._files) as ours:
            yield ours


def _kept_in(top: Path) -> Kept | None:
    for kind in KINDS:
        place = top / kind
        if kind == "folder":
            if place.is_dir():
                return Kept(kind, place)
            continue
        with suppress(OSError):
            names = [name for name in os.listdir(os.fsencode(place)) if not name.startswith(_MARK)]
            if len(names) == 1:
                return Kept(kind, place / os.fsdecode(names[0]))
    return None


def _hold(top: Path) -> bool:
    """Lock it for as long as this process lives; of very many the first is let go of."""
    fd = os.open(top, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    if not share_lock(fd) or not _is(top, fd):
        os.close(fd)
        return False
    before = _held.pop(top, None)
    if before is None and len(_held) >= _MOST_HELD:
        before = _held.pop(next(iter(_held)))
    if before is not None:
        os.close(before)
    _held[top] = fd
    return True


def _is(path: Path, fd: int) -> bool:
    """Whether the descriptor is of what lies there now."""
    with suppress(OSError):
        return os.path.samestat(os.stat(path), os.fstat(fd))
    return False


@contextmanager
def _locked(folder: Path) -> Generator[bool]:
    """Whether nobody uses it, and nobody will during the block."""
    try:
        fd = os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        yield False
        return
    try:
        yield try_lock(fd)
    finally:
        os.close(fd)


def _in_use(top: Path) -> bool:
    with _locked(top) as ours:
        return not ours


def _remove(top: Path) -> None:
    """At once for everybody who looks for it; what was being read can be read to its end."""
    aside = top.with_name(f"{_GONE}{uuid.uuid4().hex}")
    with suppress(OSError):
        top.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _folders_in(folder: Path, *, gone: bool = False) -> list[Path]:
    with suppress(OSError):
        return [one for one in folder.iterdir() if one.name.startswith(_GONE) == gone]
    return []


def _files_in(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with suppress(OSError), os.scandir(folder) as inside:
        for one in inside:
            with suppress(OSError):
                state = one.stat(follow_symlinks=False)
                if stat.S_ISREG(state.st_mode):
                    yield Path(one.path), state


def _files_below(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    yield from _files_in(folder)
    for inner in _folders_in(folder):
        if inner.is_dir() and not inner.is_symlink():
            yield from _files_below(inner)
