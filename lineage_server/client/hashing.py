"""SHA-256 of files and folders, streamed, in parallel, remembered while a file does not change.

A folder's digest is over its manifest: every file's path, size and digest, sorted by path; what its links
are read as says ``walking``. Bytes are never copied. What is to be uploaded is hashed in parts as well, from
the same bytes, so that nothing can change between the two.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from lineage_server.client.remembered import Known, Remembered, is_settled, key_of
from lineage_server.client.walking import walk
from lineage_server.domain.errors import ConflictError, InvalidInputError, NotFoundError

PART = 16 * 1024 * 1024
"""Bytes of the objects that a larger file is stored as (docs/decisions/0012)."""
_TRIES = 3
_REMEMBER_FROM_BYTES = 64 * 1024
_LISTED = 200
_FILES_AT_ONCE = 64


class Entry(NamedTuple):
    """A file of a manifest. ``path`` relative, in bytes as the system has it; ``link`` is a link's text."""

    path: bytes
    size: int
    digest: str
    parts: tuple[str, ...] = ()
    link: bytes = b""


@dataclass(frozen=True, slots=True)
class Hashed:
    """Digest of a file or folder. ``entries`` only of a folder, sorted by path; ``parts`` only of a file."""

    digest: str
    size: int
    entries: tuple[Entry, ...] | None = None
    parts: tuple[str, ...] = ()

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


def hash_path(
    path: Path, cache: Remembered | None = None, *, in_parts: bool = False, follow: bool = True
) -> Hashed:
    """Digest of a file or folder; raises NotFoundError, InvalidInputError or ConflictError. Unless told to
    ``follow`` them, links in a folder are what they are, as in one that was downloaded."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise NotFoundError(f"there is no file or folder {path}; nothing was recorded") from None
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}", field="path") from None
    if stat.S_ISDIR(mode):
        return hash_folder(path, cache, in_parts=in_parts, follow=follow)
    if not stat.S_ISREG(mode):
        raise InvalidInputError(
            f"{path} is neither a file nor a folder, and cannot be recorded by its content", field="path"
        )
    found = _hash_files([os.fsencode(path)], cache, in_parts=in_parts)[0]
    return Hashed(found.known.digest, found.size, parts=found.known.parts)


class _Found(NamedTuple):
    """A file's size and digests, and the state of it that they are of."""

    size: int
    known: Known
    key: str = ""
    """Empty where it is not to be remembered."""


def _hash_files(files: Sequence[bytes], cache: Remembered | None, *, in_parts: bool) -> list[_Found]:
    """In their order; several at a time."""

    def some(start: int) -> list[_Found]:
        paths = files[start : start + _FILES_AT_ONCE]
        known = _remembered(paths, cache, in_parts=in_parts)
        found = [known.get(path) or _hash_file(path, in_parts=in_parts) for path in paths]
        if cache:
            cache.keep({one.key: one.known for one in found if one.key})
        return found

    starts = range(0, len(files), _FILES_AT_ONCE)
    if len(starts) < 2:
        return some(0)
    workers = min(8, os.cpu_count() or 1, len(starts))
    with ThreadPoolExecutor(workers, thread_name_prefix="lineage-hash") as pool:
        return [one for found in pool.map(some, starts) for one in found]


def _remembered(paths: Sequence[bytes], cache: Remembered | None, *, in_parts: bool) -> dict[bytes, _Found]:
    if cache is None:
        return {}
    states: dict[bytes, tuple[str, int]] = {}
    for path in paths:
        with suppress(OSError):
            now = os.stat(path)
            if now.st_size >= _REMEMBER_FROM_BYTES:
                states[path] = key_of(now), now.st_size
    known = cache.find(key for key, _ in states.values()) if states else {}
    return {
        path: _Found(size, known[key])
        for path, (key, size) in states.items()
        if key in known and (known[key].parts or not in_parts or size <= PART)
    }


def _hash_file(name: bytes, *, in_parts: bool) -> _Found:
    """A regular file as it is now; raises ConflictError when it keeps changing."""
    path = Path(os.fsdecode(name))
    for _ in range(_TRIES):
        try:
            with open(name, "rb", buffering=0) as file:
                before = os.fstat(file.fileno())
                read = _read_in_parts if in_parts and before.st_size > PART else _read
                known = read(file, before.st_size)
                after = os.fstat(file.fileno())
                # The name may point to another file by now (written aside, then renamed).
                now = os.stat(name)
        except FileNotFoundError:
            raise NotFoundError(
                f"the file {path} went away while it was read; nothing was recorded"
            ) from None
        except OSError as error:
            raise InvalidInputError(f"{path} cannot be read: {error}", field="path") from None
        key = key_of(before)
        if key == key_of(after) == key_of(now):
            kept = is_settled(after) and after.st_size >= _REMEMBER_FROM_BYTES
            return _Found(after.st_size, known, key if kept else "")
    raise ConflictError(
        f"{path} changed while it was read, {_TRIES} times; nothing was recorded: "
        "produce it once its writer has finished"
    )


def _read(file: FileIO, size: int) -> Known:
    if size < _REMEMBER_FROM_BYTES:
        return Known("sha256:" + hashlib.sha256(file.read()).hexdigest())
    return Known("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())  # pyright: ignore[reportArgumentType]


def _read_in_parts(file: FileIO, size: int) -> Known:
    """The whole by this thread, the parts by another, from the same bytes."""
    whole = hashlib.sha256()
    parts: list[str] = []
    view = memoryview(bytearray(PART))
    with ThreadPoolExecutor(1, thread_name_prefix="lineage-hash") as beside:
        while read := _fill(file, view):
            part = beside.submit(hashlib.sha256, view[:read])
            whole.update(view[:read])
            parts.append(part.result().hexdigest())
    return Known(f"sha256:{whole.hexdigest()}", tuple(parts))


def _fill(file: FileIO, view: memoryview) -> int:
    done = 0
    while done < len(view):
        read = file.readinto(view[done:])
        if not read:
            break
        done += read
    return done


def hash_folder(
    root: Path, cache: Remembered | None = None, *, in_parts: bool = False, follow: bool = True
) -> Hashed:
    """Digest of a folder's manifest; what a download that was cut off left there is none of its files."""
    files: list[bytes] = []
    entries: list[Entry] = []
    names: list[bytes] = []
    for name, path, link in walk(os.fsencode(root), follow=follow):
        if link:
            entries.append(Entry(name, 0, "link:" + hashlib.sha256(link).hexdigest(), link=link))
        else:
            files.append(path)
            names.append(name)
    for name, one in zip(names, _hash_files(files, cache, in_parts=in_parts), strict=True):
        digest = one.known.digest.removeprefix("sha256:")
        entries.append(Entry(name, one.size, digest, one.known.parts))
    entries.sort()
    return Hashed(manifest_digest(entries), sum(e.size for e in entries), tuple(entries))


class FolderDigest:
    """Over every entry in turn: digest, size, path, each with an end that cannot stand inside it."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256(b"lineage-folder-v1\n")

    def add(self, entry: Entry) -> None:
        self._digest.update(f"{entry.digest} {entry.size} ".encode() + entry.path + b"\0")

    def digest(self) -> str:
        return "sha256:" + self._digest.hexdigest()


def manifest_digest(entries: Sequence[Entry]) -> str:
    """Of a folder's entries, sorted by path."""
    digest = FolderDigest()
    for entry in entries:
        digest.add(entry)
    return digest.digest()
