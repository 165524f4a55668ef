"""Whole exports: what a server has stored, written, checked and put into another server.

The default format is a folder, the others are files (``interchange/``); an import sees by itself which it
has. The folder holds ``events/*.parquet``, pages of stored events as the server gives them, and
``export.json``, which lists them with their digests and is written last: without it the export was cut
off. Nothing here looks into the pages, so nothing of them can get lost on the way.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lineage_server.client.interchange.files import import_file
from lineage_server.client.interchange.pages import IMPORT, ImportReport, Progress, pages
from lineage_server.client.operating import Operating
from lineage_server.domain.errors import ConflictError, InvalidInputError

FORMAT, VERSION = "lineage-export", 1
LIST = "export.json"


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
    with Operating() as server:
        for number, page in enumerate(pages(server, project)):
            if page.events:
                path = f"events/{number:08d}.parquet"
                _write(folder / path, page.content)
                digest = hashlib.sha256(page.content).hexdigest()
                yield PageFile(path, page.events, len(page.content), digest)
            progress(page.events)


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


def import_from(path: Path, *, project: str = "", progress: Progress = lambda _: None) -> ImportReport:
    """Every event of an export, of whichever format, into the server; what is there already stays as it is.

    All of it is checked before anything is sent; cut off, it may simply be done again. ``project``: where to
    put what a file by others tells. Raises InvalidInputError where it is nothing that can be imported.
    """
    if path.is_file():
        return import_file(path, project=project, progress=progress)
    if project:
        raise InvalidInputError(
            f"{path} is no file by others: exported events keep their projects; nothing was imported. Leave "
            "--project out",
            field="project",
        )
    export = read_export(path)
    for file in export.files:
        _content(path, file)
    report = ImportReport()
    with Operating() as server:
        for file in export.files:
            answer = server.call("POST", IMPORT, content=_content(path, file), patient=report.begun)
            report.note(answer.json())
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
