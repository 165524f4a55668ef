"""SHA-256 of files and folders, streamed, in parallel, remembered while a file does not change.

A folder's digest is over its manifest: every file's path, size and digest, sorted by path. Symbolic
links that stay inside are read as the file they lead to; others are recorded as links and not
followed. Bytes are never copied.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from lineage_server.domain.errors import ConflictError, InvalidInputError, NotFoundError

logger = logging.getLogger("lineage_server.client")

_TRIES = 3
_SETTLED_SECONDS = 2.0
"""A file younger than this is not remembered: it could change again within the clock's tick."""
_REMEMBER_FROM_BYTES = 64 * 1024
_LISTED = 200


class Entry(NamedTuple):
    """A file of a manifest. ``path`` relative, in bytes as the system has it."""

    path: bytes
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Hashed:
    """Digest of a file or folder. ``entries`` only of a folder, sorted by path."""

    digest: str
    size: int
    entries: tuple[Entry, ...] | None = None

    def stats(self) -> dict[str, Any] | None:
        """What is told of a folder's files: their number, and the first of them."""
        if self.entries is None:
            return None
        shown = [
            {"path": e.path.decode("utf-8", "replace"), "size": e.size, "sha256": e.digest}
            for e in self.entries[:_LISTED]
        ]
        return {
            "files": len(self.entries),
            "manifest": shown,
            "manifest_whole": len(shown) == len(self.entries),
        }


class Remembered:
    """Digests by inode, size and times, in one small SQLite file; without it everything still works."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "digests.sqlite"
        self._broken = False

    def find(self, key: str) -> str | None:
        """The digest last computed for this very state of a file."""
        found = self._run("SELECT digest FROM digests WHERE key = ?", (key,))
        return str(found[0][0]) if found else None

    def keep(self, key: str, digest: str) -> None:
        """Remember; what was not used for long is dropped one day."""
        self._run("INSERT OR REPLACE INTO digests VALUES (?, ?, ?)", (key, digest, int(time.time())))

    def _run(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        if self._broken:
            return []
        import sqlite3

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A connection a call: any thread, any process, nothing to close after a fork.
            connection = sqlite3.connect(self._path, timeout=2.0)
            try:
                with connection:
                    connection.execute(
                        "CREATE TABLE IF NOT EXISTS digests (key TEXT PRIMARY KEY, digest TEXT, used INT)"
                    )
                    return connection.execute(statement, values).fetchall()
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            logger.info("lineage: digests are not remembered: %s", error)
            self._broken = True
            return []


def hash_path(path: Path, cache: Remembered | None = None) -> Hashed:
    """Digest of a file or folder; raises NotFoundError, InvalidInputError or ConflictError."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise NotFoundError(f"there is no file or folder {path}; nothing was recorded") from None
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}", field="path") from None
    if stat.S_ISDIR(mode):
        return hash_folder(path, cache)
    if not stat.S_ISREG(mode):
        raise InvalidInputError(
            f"{path} is neither a file nor a folder, and cannot be recorded by its content", field="path"
        )
    return hash_file(path, cache)


def hash_file(path: Path, cache: Remembered | None = None) -> Hashed:
    """Digest of a regular file as it is now; raises ConflictError when it keeps changing."""
    for _ in range(_TRIES):
        try:
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                key = _key(before)
                known = cache.find(key) if cache and before.st_size >= _REMEMBER_FROM_BYTES else None
                digest = known or "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
                after = os.fstat(file.fileno())
                # The name may point to another file by now (written aside, then renamed).
                now = path.stat()
        except FileNotFoundError:
            raise NotFoundError(
                f"the file {path} went away while it was read; nothing was recorded"
            ) from None
        except OSError as error:
            raise InvalidInputError(f"{path} cannot be read: {error}", field="path") from None
        if key == _key(after) == _key(now):
            settled = time.time() - max(after.st_mtime, after.st_ctime) > _SETTLED_SECONDS
            if cache and not known and settled and after.st_size >= _REMEMBER_FROM_BYTES:
                cache.keep(key, digest)
            return Hashed(digest, after.st_size)
    raise ConflictError(
        f"{path} changed while it was read, {_TRIES} times; nothing was recorded: "
        "produce it once its writer has finished"
    )


def _key(told: os.stat_result) -> str:
    # The change time too: modification times can be set back, it can't.
    return f"{told.st_dev}:{told.st_ino}:{told.st_size}:{told.st_mtime_ns}:{told.st_ctime_ns}"


def hash_folder(root: Path, cache: Remembered | None = None) -> Hashed:
    """Digest of a folder's manifest."""
    real = root.resolve()
    files: list[tuple[bytes, Path]] = []
    entries: list[Entry] = []
    for path in _walk(root):
        name = os.fsencode(path.relative_to(root).as_posix())
        target = _target(path, real)
        if target is None:
            link = os.fsencode(os.readlink(path))
            entries.append(Entry(name, 0, "link:" + hashlib.sha256(link).hexdigest()))
        elif target.is_file():
            files.append((name, target))
    if files:
        workers = min(8, os.cpu_count() or 1, len(files))
        with ThreadPoolExecutor(workers, thread_name_prefix="lineage-hash") as pool:
            hashed = pool.map(partial(hash_file, cache=cache), [path for _, path in files])
            for (name, _), one in zip(files, hashed, strict=True):
                entries.append(Entry(name, one.size, one.digest.removeprefix("sha256:")))
    entries.sort()
    return Hashed(manifest_digest(entries), sum(e.size for e in entries), tuple(entries))


def manifest_digest(entries: list[Entry]) -> str:
    """Over every entry in turn: digest, size, path, each with an end that cannot stand inside it."""
    digest = hashlib.sha256(b"lineage-folder-v1\n")
    for entry in entries:
        digest.update(f"{entry.digest} {entry.size} ".encode())
        digest.update(entry.path + b"\0")
    return "sha256:" + digest.hexdigest()


def _walk(root: Path) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        raise InvalidInputError(f"{error.filename} cannot be read: {error.strerror}", field="path")

    for folder, inner, names in os.walk(root, onerror=unreadable):
        here = Path(folder)
        for name in names:
            yield here / name
        for name in inner:
            if (here / name).is_symlink():
                yield here / name


def _target(path: Path, root: Path) -> Path | None:
    """What to read for an entry; None for a link that is recorded as such."""
    if not path.is_symlink():
        return path
    with suppress(OSError, RuntimeError):
        target = path.resolve(strict=True)
        if target.is_relative_to(root) and target.is_file():
            return target
    return None
