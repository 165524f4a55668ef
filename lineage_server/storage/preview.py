"""A look at a stored file without loading it: first rows, an image, the beginning of a text.

Everything is read by ranges, and never more than a bounded number of bytes, whatever the file says of
itself. Only what its first bytes show it to be is believed, not its name (but for CSV, which has no sign).
"""

from __future__ import annotations

import asyncio
import codecs
import csv
import io
import itertools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as untyped_parquet

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten
from lineage_server.storage.claims import StoredVersion
from lineage_server.storage.downloads import Downloads, file_of
from lineage_server.storage.keys import object_key
from lineage_server.storage.manifest import PART, Entry
from lineage_server.storage.store import Store
from lineage_server.storage.verified import SpoiltError, Verified

ROWS = 50
MOST_ROWS = 1_000
COLUMNS = 200
CELL = 500
TEXT_BYTES = 64 * 1024
IMAGE_BYTES = 1024 * 1024
MOST_READ = 32 * 1024 * 1024
MOST_HASHED = 128 * 1024 * 1024
_READ_AT_ONCE = 256 * 1024
_WAIT_SECONDS = 30.0
pq: Any = untyped_parquet
"""Its stubs are incomplete."""
_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF", "image/webp"),
)
_SEPARATORS = {"csv": ",", "tsv": "\t"}
_Read = Callable[[int, int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``kind``: table, text, image, or none with its ``reason``. ``whole``: there is no more than this.
    ``verified``: all that it was read from is known to be as it was kept."""

    path: str
    size: int
    kind: str
    whole: bool = False
    verified: bool = True
    reason: str = ""
    columns: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    text: str = ""
    media_type: str = ""
    image: bytes = b""


class _TooMuchError(Exception):
    """A look would have to read too much."""


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
        found = await _look(entry, parts.read, rows)
    except SpoiltError as error:
        return _none(entry, error.message)
    return replace(found, verified=parts.verified)


class _Parts:
    """The objects of one file, each hashed before the first look into it, while that is not too much."""

    def __init__(self, verified: Verified, store: Store, objects: list[tuple[str, int]]) -> None:
        self.verified = True
        self._by, self._store, self._objects = verified, store, objects
        self._hashed: set[int] = set()
        self._left = MOST_HASHED

    async def read(self, start: int, end: int) -> bytes:
        """Within one part."""
        at = start // PART
        name, size = self._objects[at]
        if at not in self._hashed and size <= self._left:
            await self._by.check(self._store, name)
            self._hashed.add(at)
            self._left -= size
        self.verified = self.verified and at in self._hashed
        return await self._store.get_range(object_key(name), start - at * PART, end - at * PART)


async def _look(entry: Entry, read: _Read, rows: int) -> Preview:
    size = entry.size or 0
    head = await read(0, min(size, TEXT_BYTES)) if size else b""
    media_type = next((kind for sign, kind in _IMAGES if head.startswith(sign)), "")
    if media_type == "image/webp" and head[8:12] != b"WEBP":
        media_type = ""
    if media_type:
        if size > IMAGE_BYTES:
            return _none(entry, f"an image of more than {IMAGE_BYTES} bytes")
        image = head if size <= len(head) else head + await read(len(head), size)
        return Preview(
            path=entry.path, size=size, kind="image", media_type=media_type, image=image, whole=True
        )
    opener = _opener(head)
    if opener is not None:
        source = _Ranged(asyncio.get_running_loop(), read, size)
        return await asyncio.to_thread(_table, entry, opener, source, rows)
    return _words(entry, head, rows)


def _opener(head: bytes) -> Callable[[Any], Iterable[Any]] | None:
    """How to read the batches of what begins so."""
    if head.startswith(b"PAR1"):
        return _parquet
    if head.startswith(b"ARROW1"):
        return lambda source: _batches(ipc.open_file(source))
    if head.startswith(b"\xff\xff\xff\xff"):
        return ipc.open_stream
    return None


def _parquet(source: Any) -> Iterable[Any]:
    file = pq.ParquetFile(source, buffer_size=_READ_AT_ONCE, pre_buffer=False)
    names = [file.schema_arrow.field(i).name for i in range(min(COLUMNS, len(file.schema_arrow)))]
    yield file.schema_arrow.empty_table().select(names)
    yield from file.iter_batches(batch_size=ROWS, columns=names, use_threads=False)


def _batches(file: Any) -> Iterable[Any]:
    yield file.schema.empty_table()
    for at in range(file.num_record_batches):
        yield file.get_batch(at)


def _table(entry: Entry, opener: Callable[[Any], Iterable[Any]], source: _Ranged, most: int) -> Preview:
    rows: list[list[Any]] = []
    columns: list[dict[str, str]] = []
    whole = True
    try:
        for batch in opener(pa.PythonFile(source, mode="r")):
            columns = [{"name": f.name, "type": str(f.type)} for f in itertools.islice(batch.schema, COLUMNS)]
            most = _fitting(most, len(columns))
            some = batch.slice(0, most - len(rows))
            picked = [some.column(i).to_pylist() for i in range(len(columns))]
            rows += [[_cell(value) for value in row] for row in zip(*picked, strict=True)]
            if batch.num_rows > some.num_rows or len(rows) >= most:
                whole = False
                break
    except _TooMuchError:
        return _none(entry, f"its first rows are not within {MOST_READ} bytes")
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        return _none(entry, f"it begins as a table, but cannot be read: {shorten(str(error), 200)}")
    return Preview(
        path=entry.path, size=entry.size or 0, kind="table", columns=columns, rows=rows, whole=whole
    )


def _words(entry: Entry, head: bytes, most: int) -> Preview:
    size = entry.size or 0
    whole = size <= len(head)
    text = _decoded(head, whole=whole)
    if text is None or "\0" in text:
        return _none(entry, "neither a table, nor an image, nor text")
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
    most = _fitting(most, len(found[0]) if found else 1)
    names = [{"name": name[:CELL], "type": "string"} for name in (found[0] if found else [])[:COLUMNS]]
    rows: list[list[Any]] = [[cell[:CELL] for cell in row[:COLUMNS]] for row in found[1 : most + 1]]
    whole = whole and len(found) <= most + 1
    return Preview(path=entry.path, size=size, kind="table", columns=names, rows=rows, whole=whole)


def _fitting(rows: int, columns: int) -> int:
    """A wide table is told in fewer rows: an answer has at most as many values as usual."""
    return max(1, min(rows, ROWS * COLUMNS // max(1, min(columns, COLUMNS))))


def _decoded(head: bytes, *, whole: bool) -> str | None:
    """None where it is not UTF-8; of a beginning, the last character may be cut."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return None


def _cell(value: Any) -> Any:
    """As JSON has it; what it has no word for, and what is long, as text."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 1 << 53):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    text = repr(value[:CELL]) if isinstance(value, bytes) else str(value)
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _none(entry: Entry, reason: str) -> Preview:
    return Preview(path=entry.path, size=entry.size or 0, kind="none", reason=reason)


class _Ranged(io.RawIOBase):
    """A stored file for a reader in a thread of its own; raises _TooMuchError beyond ``MOST_READ``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, read: _Read, size: int) -> None:
        super().__init__()
        self._loop, self._read, self._size = loop, read, size
        self._at = self._total = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def size(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        found: list[bytes] = []
        self._total += max(0, end - self._at)
        if self._total > MOST_READ:
            raise _TooMuchError
        while self._at < end:
            until = min(end, (self._at // PART + 1) * PART)
            asked = asyncio.run_coroutine_threadsafe(_awaited(self._read(self._at, until)), self._loop)
            found.append(asked.result(_WAIT_SECONDS))
            self._at = until
        return b"".join(found)


async def _awaited(asked: Awaitable[bytes]) -> bytes:
    return await asked
