"""A look at a stored file without loading it: first rows, an image, the beginning of a text.

Everything is read by ranges, and never more than a bounded number of bytes, whatever the file says of
itself. Only what its first bytes show it to be is believed, not its name (but for CSV, which has no sign).
Nothing is decoded here but UTF-8 and CSV, of at most ``TEXT_BYTES``: images go out as they are, and what
may be more than it seems, a table, is read elsewhere (``reading_apart``).
"""

from __future__ import annotations

import codecs
import csv
import itertools
from dataclasses import dataclass, field, replace
from typing import Any

from lineage_server.domain.errors import InvalidInputError
from lineage_server.storage.claims import StoredVersion
from lineage_server.storage.downloads import Downloads, file_of
from lineage_server.storage.keys import object_key
from lineage_server.storage.manifest import PART, Entry
from lineage_server.storage.reading_apart import Read, TableReader
from lineage_server.storage.store import Store
from lineage_server.storage.table_rows import CELL, COLUMNS, ROWS, fitting, opener
from lineage_server.storage.verified import SpoiltError, Verified

MOST_ROWS = 1_000
TEXT_BYTES = 64 * 1024
IMAGE_BYTES = 1024 * 1024
MOST_HASHED = 128 * 1024 * 1024
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF", "image/webp"),
)
_SEPARATORS = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``kind``: table, text, image, or none with its ``reason`` and, in a word, ``why``: ``unknown``,
    ``image`` (a large one), ``table`` (not to be read), ``spoilt``. ``whole``: there is no more than this.
    ``verified``: all that it was read from is known to be as it was kept."""

    path: str
    size: int
    kind: str
    whole: bool = False
    verified: bool = True
    reason: str = ""
    why: str = ""
    columns: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    text: str = ""
    media_type: str = ""
    image: bytes = b""


async def preview(
    downloads: Downloads, version: StoredVersion, path: str = "", *, rows: int = ROWS
) -> Preview:
    """Of the file at ``path``, else of the first one, with up to so many rows of a table (fewer of one with
    many columns); raises NotFoundError, InvalidInputError."""
    if not 1 <= rows <= MOST_ROWS:
        raise InvalidInputError("so many rows are not shown", field="rows", allowed=f"1 to {MOST_ROWS}")
    manifest = await downloads.manifest(version)
    entry = file_of(version, manifest, path or None)
    parts = _Parts(downloads.verified, downloads.stores.of(version.project), list(entry.objects()))
    try:
        found = await _look(entry, parts.read, downloads.tables, rows)
    except SpoiltError as error:
        return _none(entry, "spoilt", error.message)
    return replace(found, verified=parts.verified)


class _Parts:
    """The objects of one file, each hashed before the first look into it, while that is not too much."""

    def __init__(self, verified: Verified, store: Store, objects: list[tuple[str, int]]) -> None:
        self.verified = True
        self._by, self._store, self._objects = verified, store, objects
        self._hashed: set[int] = set()
        self._left = MOST_HASHED

    async def read(self, start: int, end: int) -> bytes:
        pieces: list[bytes] = []
        while start < end:
            until = min(end, (start // PART + 1) * PART)
            pieces.append(await self._read_of_one(start, until))
            start = until
        return b"".join(pieces)

    async def _read_of_one(self, start: int, end: int) -> bytes:
        at = start // PART
        name, size = self._objects[at]
        if at not in self._hashed and size <= self._left:
            await self._by.check(self._store, name)
            self._hashed.add(at)
            self._left -= size
        self.verified = self.verified and at in self._hashed
        return await self._store.get_range(object_key(name), start - at * PART, end - at * PART)


async def _look(entry: Entry, read: Read, tables: TableReader, rows: int) -> Preview:
    size = entry.size or 0
    head = await read(0, min(size, TEXT_BYTES)) if size else b""
    media_type = next((kind for sign, kind in _IMAGES if head.startswith(sign)), "")
    if media_type == "image/webp" and head[8:12] != b"WEBP":
        media_type = ""
    if media_type:
        if size > IMAGE_BYTES:
            much = f"an image of more than {IMAGE_BYTES} bytes; download the file to see it"
            return _none(entry, "image", much)
        image = head if size <= len(head) else head + await read(len(head), size)
        return Preview(
            path=entry.path, size=size, kind="image", media_type=media_type, image=image, whole=True
        )
    if opener(head) is None:
        return _words(entry, head, rows)
    table = await tables.first_rows(read, size, rows)
    if table.reason:
        return _none(entry, "table", f"{table.reason}; download the file to look into it")
    return Preview(
        path=entry.path, size=size, kind="table", columns=table.columns, rows=table.rows, whole=table.whole
    )


def _words(entry: Entry, head: bytes, most: int) -> Preview:
    size = entry.size or 0
    whole = size <= len(head)
    text = _decoded(head, whole=whole)
    if text is None or "\0" in text:
        return _none(entry, "unknown", "neither a table, nor an image, nor text")
    separator = _SEPARATORS.get(entry.path.rpartition(".")[2].lower())
    if separator is None:
        return Preview(path=entry.path, size=size, kind="text", text=text, whole=whole)
    lines = text.splitlines(keepends=True)
    if not whole and lines:
        lines.pop()  # it may be cut
    try:
        found = list(itertools.islice(csv.reader(lines, delimiter=separator), most + 2))
    except csv.Error:
        return Preview(path=entry.path, size=size, kind="text", text=text, whole=whole)
    most = fitting(most, len(found[0]) if found else 1)
    names = [{"name": name[:CELL], "type": "string"} for name in (found[0] if found else [])[:COLUMNS]]
    rows: list[list[Any]] = [[cell[:CELL] for cell in row[:COLUMNS]] for row in found[1 : most + 1]]
    whole = whole and len(found) <= most + 1
    return Preview(path=entry.path, size=size, kind="table", columns=names, rows=rows, whole=whole)


def _decoded(head: bytes, *, whole: bool) -> str | None:
    """None where it is not UTF-8; of a beginning, the last character may be cut."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return None


def _none(entry: Entry, why: str, reason: str) -> Preview:
    return Preview(path=entry.path, size=entry.size or 0, kind="none", why=why, reason=reason)
