"""Old events as Parquet files: writing them for good, and reading nothing but what was written.

The graph says which files there are and what is in them (``queries/events``); a file that is not
exactly that is not read. All of it is blocking file work: call it in a thread. Not here: which
events are old, and when they leave the graph (``store``).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lineage_server.domain.errors import InvalidInputError, UnavailableError
from lineage_server.domain.stored import StoredEvent
from lineage_server.ingest.tables import NotEventsError, from_parquet, to_parquet

SETTING = "LINEAGE_INGEST__ARCHIVE_DIR"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """The events of the batches from ``first`` to before ``until``."""

    name: str
    first: int
    until: int
    events: int
    sha256: str


class ArchiveAwayError(UnavailableError):
    """Archived events are not where this server looks, or not what was archived."""

    def __init__(self, file: ArchiveFile, what: str) -> None:
        super().__init__(
            f"{file.events} archived events (batches {file.first} to {file.until - 1}) cannot be read: "
            f"{what}. Nothing was changed. Bring the file back, or have {SETTING} name the folder that "
            "holds it, the same one for all servers on this graph",
            part="archive",
            retry_after_seconds=60.0,
        )


class ArchiveFolder:
    """The folder of archive files; None where there is none, and then nothing is archived."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        if self._path is None:
            raise InvalidInputError(
                f"nothing is archived: servers on one graph must share the folder of archived events, so "
                f"{SETTING} must name it",
                field=SETTING,
            )
        return self._path

    def prepare(self) -> None:
        """Raises what would keep a file from being written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._not_written(error) from error

    @staticmethod
    def new_name(first: int, until: int) -> str:
        """Never the same twice, whoever else writes to this folder."""
        return f"events-{first:012d}-{until:012d}-{secrets.token_hex(4)}.parquet"

    def write(self, name: str, first: int, until: int, events: Sequence[StoredEvent]) -> ArchiveFile:
        """Write, keep through a power cut, read back and compare."""
        partial = self.path / f"{name}.partial"
        try:
            try:
                partial.write_bytes(to_parquet(events))
                _persist(partial, self.path / name)
            finally:
                partial.unlink(missing_ok=True)
            digest = hashlib.sha256((self.path / name).read_bytes()).hexdigest()
        except OSError as error:
            raise self._not_written(error) from error
        file = ArchiveFile(name, first, until, len(events), digest)
        if self.read(file) != list(events):
            raise ArchiveAwayError(file, f"{self.path / name} holds something else than was just written")
        return file

    def read(self, file: ArchiveFile) -> list[StoredEvent]:
        """All its events, in order; raises ArchiveAwayError."""
        try:
            return from_parquet(self._content(file))
        except NotEventsError as error:
            raise ArchiveAwayError(file, f"{file.name} is no archive of events ({error})") from error

    def check(self, files: Sequence[ArchiveFile]) -> None:
        """Raises ArchiveAwayError unless every file is there as it was written."""
        for file in files:
            self._content(file)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def _not_written(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"events cannot be archived in {self.path}: {error.strerror or error}. Nothing was changed",
            part="archive",
            retry_after_seconds=60.0,
        )

    def _content(self, file: ArchiveFile) -> bytes:
        if self._path is None:
            raise ArchiveAwayError(file, f"no folder is named, and the file is called {file.name}")
        path = self._path / file.name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ArchiveAwayError(file, f"{path}: {error.strerror or error}") from error
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ArchiveAwayError(file, f"{path} is not what was archived (its SHA-256 differs)")
        return content


def _persist(partial: Path, final: Path) -> None:
    """On disk under its final name, also after a power cut."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
