"""What a version consists of, file by file, and what changed between two: page by page, never all at once.

A version of 100,000 files is walked in as much memory as one page takes. What is recorded at a place of this
machine, and not kept by the server, is listed from there while it is the same.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lineage_server.client.downloads import asking_of, original_of, send_own
from lineage_server.client.file_changes import FileEntry
from lineage_server.client.hashing import Entry
from lineage_server.client.transfer.exchange import Exchange
from lineage_server.client.transfer.manifest import Listing
from lineage_server.client.transfer.page import Page, page_from
from lineage_server.domain.errors import (
    InvalidInputError,
    LineageError,
    NotFoundError,
    NotSupportedError,
    UnavailableError,
)
from lineage_server.domain.ids import listed

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a version, sorted by path; each walk over them asks anew. ``patterns``: only those that
    match one of them (``*`` also matches ``/``)."""

    client: Client
    artifact: Artifact
    patterns: tuple[str, ...] = ()

    def matching(self, *patterns: str) -> Files:
        """Only those whose path matches one of the patterns, such as ``"*.csv"`` or ``"images/*"``."""
        return Files(self.client, self.artifact, patterns_in(patterns))

    def __iter__(self) -> Iterator[FileEntry]:
        """Raises a domain error where they are not known."""
        send_own(self.client)
        pages = _pages(self.client, asking_of(self.artifact), self.patterns)
        try:
            entries = next(pages)
        except (NotFoundError, NotSupportedError) as error:
            entries = self._original(error)
        yield from map(_told, entries)
        for entries in pages:
            yield from map(_told, entries)

    def __repr__(self) -> str:
        only = f" that match {listed(self.patterns)}" if self.patterns else ""
        return f"<files of {self.artifact.ref}{only}>"

    def _original(self, why: LineageError) -> list[Entry]:
        """Those of where it was recorded, if that is still the same; else ``why`` is raised."""
        place, hashed = original_of(self.client, self.artifact) or (None, None)
        if place is None or hashed is None:
            raise why
        entries = hashed.entries  # None for a file
        if entries is None:
            name = os.fsencode(place.name)
            entries = (Entry(name, hashed.size, hashed.digest.removeprefix("sha256:"), hashed.parts),)
        chosen = [entry for entry in entries if _matches(entry, self.patterns)]
        if self.patterns and not chosen:
            raise NotFoundError(f"no file of {self.artifact.ref} matches {listed(self.patterns)}")
        return chosen


def patterns_in(told: tuple[str, ...]) -> tuple[str, ...]:
    """As they are; raises InvalidInputError for what is none."""
    if not all(isinstance(cast("object", pattern), str) for pattern in told):
        raise InvalidInputError(
            "a pattern is no text", field="patterns", allowed="texts such as '*.csv' or 'images/*'"
        )
    return told


def _matches(entry: Entry, patterns: Sequence[str]) -> bool:
    path = entry.path.decode("utf-8", "replace")
    return not patterns or any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _told(entry: Entry) -> FileEntry:
    path = entry.path.decode("utf-8", "surrogateescape")
    if entry.link:
        return FileEntry(path, 0, "", entry.link.decode("utf-8", "replace"))
    return FileEntry(path, entry.size, entry.digest)


def _pages(client: Client, asked: dict[str, str], patterns: Sequence[str]) -> Generator[list[Entry]]:
    """Each checked before the next is asked for; all of them are the version that its digest says."""
    with _connected(client) as ask:
        body: dict[str, Any] = {**asked, "paths": list(patterns), "after": "", "locate": False}
        page = ask(body)
        listing = Listing(page.size)
        while True:
            entries = list(page.entries)
            listing.add(entries)
            if not page.after and not patterns:
                listing.check(page.kind, page.digest)
            yield entries
            if not page.after:
                return
            following = ask({**body, "ref": "", "uid": page.uid, "after": page.after})
            if following.digest != page.digest:
                raise UnavailableError("the server answers with another version", part="server")
            page = following


@contextmanager
def _connected(client: Client) -> Generator[Callable[[dict[str, Any]], Page]]:
    exchange = Exchange(client.config)
    try:
        yield lambda body: page_from(exchange.page(body))
    finally:
        exchange.close()
