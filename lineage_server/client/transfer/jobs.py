"""Uploads that are not done yet, as small files beside the journals: ``uploads/<journal>.<number>.json``.

Each says what is to be sent from where. It is deleted once the server has committed it, so what a process
leaves, however it ended, is sent by the next one or by ``lineage sync``. Those that can never be sent are
told in ``uploads/failed.jsonl``. Bytes that lie nowhere else wait beside their upload as ``….data``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage_server.client.hashing import Entry
from lineage_server.client.journal import SUFFIX as JOURNAL
from lineage_server.client.locks import try_lock
from lineage_server.client.transfer import manifest
from lineage_server.domain.errors import InvalidInputError

FOLDER = "uploads"
SUFFIX = ".json"
DATA = ".data"
_FAILED = "failed.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``source``: the file or folder that the entries are of. ``kind`` as in the manifest."""

    project: str
    type: str
    name: str
    kind: str
    digest: str
    source: Path
    entries: tuple[Entry, ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of what is to be there, each object once."""
        return sum({p.sha256: p.size for entry in self.entries for p in manifest.pieces(entry)}.values())

    @property
    def title(self) -> str:
        """For messages."""
        return f"{self.type}:{self.name}@{self.digest[:19]}"

    def place_of(self, entry: Entry) -> bytes:
        """Where an entry's bytes are."""
        top = os.fsencode(self.source)
        return os.path.join(top, entry.path) if self.kind == "folder" else top

    def check(self) -> None:
        """Raises InvalidInputError for what no server takes."""
        manifest.check_links(self.entries)

    def manifest(self) -> dict[str, Any]:
        return manifest.told(self.kind, self.digest, self.entries)


def write(path: Path, job: Job) -> None:
    """Whole or not at all; raises OSError."""
    told = {
        "v": 1,
        "project": job.project,
        "type": job.type,
        "name": job.name,
        "source": os.fspath(job.source),
        "manifest": job.manifest(),
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_suffix(".new")
    try:
        aside.write_text(json.dumps(told), encoding="ascii")
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink()
        raise


def read(path: Path) -> Job:
    """Raises InvalidInputError for what is none."""
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        listed = told["manifest"]
        return Job(
            project=told["project"],
            type=told["type"],
            name=told["name"],
            kind=listed["kind"],
            digest=listed["digest"],
            source=Path(told["source"]),
            entries=tuple(manifest.entries_from(listed["entries"])),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{path} is no upload: {error}", field="upload") from None


def listed(journals: Path) -> list[Path]:
    """All that wait beside these journals, the oldest first."""
    with suppress(OSError):
        return sorted(path for path in (journals / FOLDER).iterdir() if path.suffix == SUFFIX)
    return []


def waiting_uploads(journals: Path) -> list[Path]:
    """Those that no living process will send."""
    return [path for path in listed(journals) if not is_owned(path)]


def is_owned(path: Path) -> bool:
    """Whether the process that began it lives, and will send it itself."""
    journal = path.parent.parent / f"{path.name.rpartition('.')[0].rpartition('.')[0]}{JOURNAL}"
    try:
        fd = os.open(journal, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not try_lock(fd)
    finally:
        os.close(fd)


@contextmanager
def claimed(path: Path) -> Generator[bool]:
    """Whether it is there and ours for the block: nobody else sends it meanwhile."""
    try:
        fd = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        yield False
        return
    try:
        yield try_lock(fd) and path.exists()
    finally:
        os.close(fd)


def remove(path: Path) -> None:
    """It is done, or never will be."""
    for one in (path, path.with_suffix(DATA)):
        with suppress(OSError):
            one.unlink()


def keep_failed(path: Path, job: Job | None, reason: str) -> None:
    """Tell for good why it was not sent, and forget it."""
    told: dict[str, object] = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "reason": reason}
    if job is not None:
        told |= {"project": job.project, "type": job.type, "name": job.name, "digest": job.digest}
        told["source"] = os.fspath(job.source)
    with suppress(OSError), (path.parent / _FAILED).open("a", encoding="ascii") as file:
        file.write(json.dumps(told) + "\n")
    remove(path)
