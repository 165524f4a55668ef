"""Files and folders that hold a table: their columns and statistics, in bounded memory, and the table itself.

A folder is a table where all its files are Parquet files of one schema, or all are JSON lines; what Spark and
others write beside their files (``_SUCCESS``, hidden files) does not count. A folder that says elsewhere
which of its files count (``_delta_log``, ``.hoodie``) is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from lineage_server.client import json_lines, parquet_files
from lineage_server.client.frames import arrow, columns_of
from lineage_server.client.hashing import Hashed
from lineage_server.client.sampling import Sampled
from lineage_server.client.walking import walk
from lineage_server.domain.errors import InvalidInputError, LineageError, NotSupportedError

_FORMATS = {
    ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow", ".jsonl": "lines", ".ndjson": "lines",
}  # fmt: skip
_OF_FOLDERS = ("parquet", "lines")
_BESIDE = (b"_SUCCESS", b"_metadata", b"_common_metadata")
_LARGEST_BYTES = 1 << 30
"""Of a larger table only some parts are looked at; of a format that does not go by parts, nothing is."""
_MOST_FILES = 10_000
_SPANS, _SPAN_BYTES = 32, 8 * 1024 * 1024
_CELLS_OF_SOME = 8_000_000


class Inside(NamedTuple):
    """As events carry it."""

    columns: list[dict[str, Any]]
    stats: dict[str, Any]


class _Files(NamedTuple):
    """Of one format; of a ``folder``, where they are not a single file."""

    format: str
    paths: list[Path]
    folder: Path | None


def look(path: Path, hashed: Hashed) -> Inside | None:
    """Columns and statistics, where there is pyarrow to read them; None for what is no table."""
    try:
        names = None if hashed.entries is None else [(e.path, bool(e.link)) for e in hashed.entries]
        files = _files(path, names)
        if files is None or len(files.paths) > _MOST_FILES:
            return None
        arrow()
        if files.format in _LOOKS:
            return _LOOKS[files.format](files)
        return _looked_whole(files) if hashed.size <= _LARGEST_BYTES else None
    except LineageError:
        return None  # no pyarrow, or no table: the digest alone says which content it is
    except (OSError, ValueError, TypeError, MemoryError):
        return None  # the name promised a table; pyarrow's errors are OSError, ValueError or TypeError


def read(path: Path) -> Any:
    """As an Arrow table; raises NotSupportedError for what is none, InvalidInputError for what only looks
    like one."""
    pa = arrow()
    names = None
    if path.is_dir():
        names = [(found.name, bool(found.link)) for found in walk(os.fsencode(path))]
    files = _files(path, names)
    if files is None:
        raise NotSupportedError(
            f"{path.name} is not read as a table; that is done for {', '.join(sorted(_FORMATS))}, and for "
            "folders of nothing but Parquet files or JSON lines. Its place is .path"
        )
    try:
        return _READS[files.format](files)
    except (pa.ArrowException, UnicodeError) as error:
        raise InvalidInputError(f"{path} cannot be read as a table: {error}", field="value") from error


def _files(path: Path, names: Iterable[tuple[bytes, bool]] | None) -> _Files | None:
    """``names`` of a folder: each file's, and whether it is a link that stays one."""
    if names is None:
        kind = _FORMATS.get(path.suffix.lower())
        return _Files(kind, [path], None) if kind is not None else None
    found: list[bytes] = []
    kinds = set[str | None]()
    for name, is_link in sorted(names):
        *folders, last = name.split(b"/")
        if any(folder.startswith(b"_") or folder == b".hoodie" for folder in folders):
            return None
        if is_link or last in _BESIDE or any(step.startswith(b".") for step in (*folders, last)):
            continue
        kinds.add(_FORMATS.get(os.path.splitext(os.fsdecode(last))[1].lower()))
        if len(kinds) > 1 or not kinds.issubset(_OF_FOLDERS):
            return None
        found.append(name)
    kind = kinds.pop() if kinds else None
    return _Files(kind, [path / os.fsdecode(name) for name in found], path) if kind is not None else None


def _looked_whole(files: _Files) -> Inside:
    from lineage_server.client.stats import stats_of

    table = _READS[files.format](files)
    return Inside(columns_of(table), stats_of(table))


def _look_at_parquet(files: _Files) -> Inside:
    found = parquet_files.opened(files.paths, files.folder)
    is_whole = found.size <= _LARGEST_BYTES
    seen = Sampled()
    rows = _CELLS_OF_SOME // max(1, len(found.schema))
    for part in found.tables() if is_whole else found.first_of_some(rows):
        seen.add(part)
    return _told(seen, found.schema, found.rows, seen.nulls() if is_whole else found.nulls())


def _look_at_lines(files: _Files) -> Inside | None:
    pa = arrow()
    spans = json_lines.whole(files.paths)
    is_whole = sum(span.end for span in spans) <= _LARGEST_BYTES
    if not is_whole:
        spans = json_lines.spread(spans, _SPANS, _SPAN_BYTES)
    schema = None
    for _ in range(2):
        seen, met = Sampled(), pa.schema([])
        for part in json_lines.tables(spans, schema):
            seen.add(part)
            met = json_lines.agreed(met, part.schema)
        if not seen.rows:
            return None
        try:
            rows = seen.rows if is_whole else json_lines.count(files.paths)
            return _told(seen, met, rows, seen.nulls() if is_whole else {})
        except pa.ArrowTypeError:
            schema = met  # parts took one column for different things: once more, all alike
    return None


def _told(seen: Sampled, schema: Any, rows: int, nulls: dict[str, int]) -> Inside:
    from lineage_server.client.stats import stats_of

    table = seen.table(schema)
    return Inside(columns_of(table), stats_of(table, rows=rows, nulls=nulls))


def _read_csv(files: _Files) -> Any:
    import pyarrow.csv as csv

    untyped: Any = csv
    path = files.paths[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    return untyped.read_csv(path, parse_options=untyped.ParseOptions(delimiter=delimiter))


def _read_arrow(files: _Files) -> Any:
    pa = arrow()
    source = pa.memory_map(str(files.paths[0]))
    try:
        return pa.ipc.open_file(source).read_all()
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source).read_all()


_READS: dict[str, Callable[[_Files], Any]] = {
    "parquet": lambda files: parquet_files.read(files.paths, files.folder),
    "lines": lambda files: json_lines.read(files.paths),
    "csv": _read_csv,
    "arrow": _read_arrow,
}
_LOOKS: dict[str, Callable[[_Files], Inside | None]] = {
    "parquet": _look_at_parquet,
    "lines": _look_at_lines,
}
