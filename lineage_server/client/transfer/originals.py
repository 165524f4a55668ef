"""A version copied from where it was recorded: the same care for names, links and what lies there already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from lineage_server.client.hashing import Entry, Hashed
from lineage_server.client.transfer.bringing import Bringer, NoCopies
from lineage_server.client.transfer.chosen import Chosen
from lineage_server.client.transfer.folder import Folder
from lineage_server.client.transfer.manifest import check_links, shown
from lineage_server.client.transfer.page import Page
from lineage_server.client.transfer.receive import NothingChosenError
from lineage_server.client.transfer.together import each
from lineage_server.domain.errors import ConflictError


class _Originals(NoCopies):
    """Files of one place, by their digest."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def find(self, sha256: str) -> Path | None:
        return self._files.get(sha256)


def copy_original(
    source: Path,
    hashed: Hashed,
    folder: Folder,
    *,
    report: Callable[[int, int], None],
    overwrite: bool = False,
    chosen: Chosen | None = None,
) -> bytes:
    """The name of the one file; empty for a folder. Raises a domain error."""
    entries = _entries(source, hashed)
    check_links(entries)
    if chosen:
        entries = tuple(entry for entry in entries if chosen(entry.path))
        if not entries:
            raise NothingChosenError(chosen)
    files = {entry.digest: _place(source, hashed, entry) for entry in entries if not entry.link}
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        report(done, sum(entry.size for entry in entries) if chosen else hashed.size)

    bringer = Bringer(_changed, folder, _Originals(files), count, overwrite)
    nowhere = Page(
        uid="", kind="", digest=hashed.digest, size=hashed.size, method="original", after="", entries=entries,
        places={piece: str(source) for entry in entries for piece in (entry.digest, *entry.parts)},
    )  # fmt: skip
    each(
        lambda entry: bringer.bring(entry, nowhere, {}),
        (entry for entry in entries if not entry.link),
        bringer.end_for,
    )
    for entry in entries:
        if entry.link:
            folder.link(entry.path, entry.link, overwrite=overwrite)
    return b"" if hashed.entries is not None else entries[0].path


def _entries(source: Path, hashed: Hashed) -> tuple[Entry, ...]:
    if hashed.entries is not None:
        return hashed.entries
    digest = hashed.digest.removeprefix("sha256:")
    return (Entry(os.fsencode(source.name), hashed.size, digest, hashed.parts),)


def _place(source: Path, hashed: Hashed, entry: Entry) -> Path:
    return source / os.fsdecode(entry.path) if hashed.entries is not None else source


def _changed(place: str) -> Iterable[bytes]:
    """Nothing else is asked for it."""
    raise ConflictError(f"{shown(os.fsencode(place))} changed while it was copied; copy it again")
