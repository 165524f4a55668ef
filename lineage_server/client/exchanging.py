"""Whole exports: a folder of what a server has stored, written, checked and put into another server.

The folder holds ``events/*.parquet``, pages of stored events as the server gives them, and
``export.json``, which lists them with their digests and is written last: without it the export was cut
off. Nothing here looks into the pages, so nothing of them can get lost on the way.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lineage_server.client.operating import Operating
from lineage_server.domain.errors import ConflictError, InvalidInputError

FORMAT, VERSION = "lineage-export", 1
LIST = "export.json"
_EXPORT, _IMPORT = "/api/v1/export/events", "/api/v1/import/events"
_MOST_REASONS = 20

Progress = Callable[[int], None]
"""Told of each page how many events it had."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of events, by its path below the folder."""

    path: str
    events: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Export:
    """What a folder holds; ``project`` is empty where it holds all, ``made_at`` RFC 3339."""

    project: str
    events: int
    made_at: str
    files: tuple[PageFile, ...]


@dataclass(slots=True)
class ImportReport:
    """How many events were taken, were there already, were refused; and why, for some of those."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list[str])


def export_to(folder: Path, *, project: str = "", progress: Progress = lambda _: None) -> Export:
    """Everything that is stored now, of one project or (empty) of all, into a new folder.

    Raises ConflictError where the folder has something in it, InvalidInputError where it cannot be
    written, and what the server refuses.
    """
    folder = folder.absolute()
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConflictError(f"{folder} is there already and not empty; name a new folder")
        (partial / "events").mkdir(parents=True)
        files = tuple(_pages(partial, project, progress))
        made = Export(project, sum(f.events for f in files), datetime.now(UTC).isoformat(), files)
        told = {"format": FORMAT, "version": VERSION, **asdict(made)}
        _write(partial / LIST, json.dumps(told, indent=1, ensure_ascii=False).encode())
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except OSError as error:
        raise InvalidInputError(
            f"{folder} cannot be written: {error.strerror or error}; nothing is left of what was begun",
            field="folder",
            allowed="a new folder in one that you may write, on a disk with room",
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return made


def _pages(folder: Path, project: str, progress: Progress) -> Iterator[PageFile]:
    asked: dict[str, Any] = {"project": project} if project else {}
    with Operating() as server:
        for number in range(1 << 62):
            answer = server.call("GET", _EXPORT, asked, patient=number > 0)
            count = int(answer.headers["lineage-events"])
            if count:
                path = f"events/{number:08d}.parquet"
                _write(folder / path, answer.content)
                digest = hashlib.sha256(answer.content).hexdigest()
                yield PageFile(path, count, len(answer.content), digest)
            progress(count)
            if "lineage-next" not in answer.headers:
                return
            asked |= {"first": answer.headers["lineage-next"], "until": answer.headers["lineage-until"]}


def _write(path: Path, content: bytes) -> None:
    """On disk before anything says that it is there."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_export(folder: Path) -> Export:
    """What the folder says that it holds; raises InvalidInputError where it is no whole export."""
    try:
        told = json.loads((folder / LIST).read_bytes())
    except FileNotFoundError:
        raise InvalidInputError(
            f"{folder} has no {LIST}: it is no export, or one that was cut off",
            field="folder",
            allowed="a folder that 'lineage export' has written",
        ) from None
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{folder / LIST} cannot be read: {error}", field="folder") from None
    try:
        if (told["format"], told["version"]) != (FORMAT, VERSION):
            raise InvalidInputError(
                f"{folder} is an export of format {told['format']} {told['version']}; this version reads "
                f"{FORMAT} {VERSION}",
                field="folder",
            )
        files = tuple(PageFile(**file) for file in told["files"])
        return Export(told["project"], told["events"], told["made_at"], files)
    except (KeyError, TypeError) as error:
        raise InvalidInputError(
            f"{folder / LIST} is not as it was written: {error}", field="folder"
        ) from None


def import_from(folder: Path, *, progress: Progress = lambda _: None) -> ImportReport:
    """Every event of an export into the server; what is there already stays as it is.

    All files are checked before anything is sent; cut off, it may simply be done again. Raises
    InvalidInputError where the folder is not what was exported.
    """
    export = read_export(folder)
    for file in export.files:
        _content(folder, file)
    report = ImportReport()
    with Operating() as server:
        for file in export.files:
            begun = report.accepted + report.duplicate + report.refused > 0
            told = server.call("POST", _IMPORT, content=_content(folder, file), patient=begun).json()
            report.accepted += told["accepted"]
            report.duplicate += told["duplicate"]
            report.refused += told["refused"]
            reasons = [e["message"] for e in told["events"] if e["verdict"] == "refused"]
            report.reasons += reasons[: _MOST_REASONS - len(report.reasons)]
            progress(file.events)
    return report


def _content(folder: Path, file: PageFile) -> bytes:
    path = folder / file.path
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InvalidInputError(f"{LIST} names {file.path!r}, outside its folder", field="folder")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", field="folder") from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InvalidInputError(
            f"{path} is not what was exported (its SHA-256 differs); nothing was imported", field="folder"
        )
    return content
