"""What a backup's folder holds: read, and checked to the last byte.

``backup.json`` lists all else with digests and is exchanged last, so that the folder holds a whole backup at
any time once it held one. ``state-…/`` has the stored events, the nodes that no event tells of and the
manifests of stored versions; ``objects/`` their bytes by SHA-256, shared by the backups that the folder has
held one after the other: what is there already is not fetched again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import listed, shorten
from lineage_server.domain.untyped import as_mapping

FORMAT, VERSION = "lineage-backup", 1
LIST, LOCK, OBJECTS = "backup.json", ".lock", "objects"
_PIECE = 1 << 20
_MOST_TOLD = 10

Progress = Callable[[str, int], None]
"""Told what moves on (a plural word), and by how many."""


@dataclass(frozen=True, slots=True)
class BackedFile:
    """A file by its path below the folder; ``count`` of events, nodes or manifests in it.

    ``late``: webhooks had not been told of these events yet.
    """

    path: str
    count: int
    bytes: int
    sha256: str
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a folder says that it holds.

    ``at``: the moment, microseconds; before batch ``until``. ``told``: up to which batch webhooks had been
    told. ``nodes``: how many, by label. ``lost``: objects and manifests that the server's store had no more.
    """

    id: str
    at: int
    server: str
    until: int
    told: int
    events: int
    nodes: dict[str, int]
    versions: int
    objects: int
    bytes: int
    files: tuple[BackedFile, ...]
    node_file: BackedFile
    manifest_file: BackedFile
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored version's manifest: ``raw`` as it is put in, ``objects`` their sizes by SHA-256."""

    project: str
    key: str
    raw: bytes
    objects: dict[str, int]


def write_list(folder: Path, backup: Backup) -> None:
    """In the place of the one before, whole or not at all."""
    told = {"format": FORMAT, "version": VERSION, **asdict(backup)}
    new = folder / f"{LIST}.new"
    write(new, json.dumps(told, indent=1, ensure_ascii=False).encode())
    new.replace(folder / LIST)


def write(path: Path, content: bytes) -> None:
    """On disk before anything says that it is there."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Backup:
    """Raises InvalidInputError where it is no backup."""
    try:
        told = json.loads((folder / LIST).read_bytes())
    except FileNotFoundError:
        raise InvalidInputError(
            f"{folder} has no {LIST}: it is no backup, or its first one was cut off; nothing was done",
            field="folder",
            allowed="a folder that 'lineage backup' has written",
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"{folder / LIST} cannot be read: {error}", field="folder") from None
    told = as_mapping(told)
    form, version = told.pop("format", None), told.pop("version", None)
    if (form, version) != (FORMAT, VERSION):
        raise InvalidInputError(
            f"{folder} is of format {shorten(str(form))} {version}; this version reads {FORMAT} {VERSION}",
            field="folder",
        )
    try:
        files: dict[str, Any] = {
            "files": tuple(BackedFile(**file) for file in told["files"]),
            "node_file": BackedFile(**told["node_file"]),
            "manifest_file": BackedFile(**told["manifest_file"]),
            "lost": tuple(told["lost"]),
        }
        return Backup(**{**told, **files})
    except (KeyError, TypeError) as error:
        raise InvalidInputError(
            f"{folder / LIST} is not as it was written: {error}", field="folder"
        ) from None


def content(folder: Path, file: BackedFile) -> bytes:
    """Raises InvalidInputError unless it is what was written."""
    path = folder / file.path
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InvalidInputError(f"{LIST} names {shorten(file.path)!r}, outside its folder", field="folder")
    try:
        found = path.read_bytes()
    except OSError as error:
        raise _damaged(f"{path} cannot be read: {error.strerror}") from None
    if hashlib.sha256(found).hexdigest() != file.sha256:
        raise _damaged(f"{path} is not what was backed up (its SHA-256 differs)")
    return found


def manifests(folder: Path, backup: Backup) -> Iterator[Kept]:
    """One after the other; raises InvalidInputError."""
    for number, line in enumerate(content(folder, backup.manifest_file).splitlines(), 1):
        try:
            yield kept_from(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(f"line {number} of {backup.manifest_file.path} is no manifest: {error}") from None


def kept_from(told: dict[str, Any]) -> Kept:
    """From a line of the file of manifests; raises KeyError, TypeError or ValueError."""
    manifest = told["manifest"]
    found: dict[str, int] = {}
    for entry in manifest["entries"]:
        if entry.get("link") is not None:
            continue
        parts = entry.get("parts")
        if not parts:
            found[_name(entry["sha256"])] = int(entry["size"])
            continue
        left = int(entry["size"])
        for part in parts:
            found[_name(part)] = min(PART, left)
            left -= PART
    raw = json.dumps(manifest).encode()
    return Kept(str(told["project"]), _name(told["key"]), raw, found)


PART = 16 << 20
"""Bytes of one object: larger files are kept in parts (decision 0012)."""


def _name(text: object) -> str:
    name = str(text)
    if len(name) != 64 or set(name) - set("0123456789abcdef"):
        raise ValueError(f"{shorten(name)!r} is not the name of an object")
    return name


def object_path(folder: Path, sha256: str) -> Path:
    return folder / OBJECTS / sha256[:2] / sha256


def whole(path: Path, sha256: str, size: int) -> bool:
    """Whether an object is there, byte by byte."""
    digest = hashlib.sha256()
    try:
        if path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError:
        return False
    return digest.hexdigest() == sha256


def check(folder: Path, backup: Backup, progress: Progress = lambda _what, _count: None) -> None:
    """All of it; raises InvalidInputError that names what is damaged."""
    for file in (*backup.files, backup.node_file):
        content(folder, file)
        progress("files", 1)
    damaged: list[str] = []
    seen: set[str] = set()
    for kept in manifests(folder, backup):
        for sha256, size in kept.objects.items():
            if sha256 in seen:
                continue
            seen.add(sha256)
            if not whole(object_path(folder, sha256), sha256, size):
                damaged.append(sha256)
            progress("objects", 1)
    if damaged:
        raise _damaged(f"{len(damaged)} objects are missing or spoilt: {listed(damaged, _MOST_TOLD)}")


def _damaged(what: str) -> InvalidInputError:
    return InvalidInputError(
        f"{what}; nothing was restored. Back up into this folder again where the server is still there, or "
        "take another backup",
        field="folder",
    )
