"""The first rows of a Parquet or Arrow file, read where it can do no harm: in a process of its own.

``main`` is that process (``reading_apart`` starts it, says why, and speaks with it): it bounds itself, asks
for ranges of the file on standard output, gets their bytes on standard input, and answers once. Not here:
the bytes themselves, and anything of the server: this imports pyarrow and the standard library alone.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import resource
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow
import pyarrow.parquet as untyped_parquet

ROWS = 50
COLUMNS = 200
CELL = 500
MEMORY = 384 * 1024 * 1024
CPU_SECONDS = 5
_READ_AT_ONCE = 256 * 1024
_FIRST_TO_GO = "1000"
_Table: TypeAlias = tuple[Any, Iterable[Any]]
"""A schema, and batches. (Not a table without rows: to make one, pyarrow imports pandas.)"""
# Their stubs are incomplete.
pa: Any = pyarrow
pq: Any = untyped_parquet


def main() -> None:
    """One table: ``{"size", "rows"}`` comes in a line. As often as needed ``[start, end]`` goes out in a
    line, and just these bytes come. At last goes out in a line how long the answer is, and it, as JSON."""
    asked = json.loads(sys.stdin.buffer.readline())
    _bound()
    answer = json.dumps(first_rows(_Asked(asked["size"]), asked["rows"]), ensure_ascii=False).encode()
    sys.stdout.buffer.write(b"%d\n%b" % (len(answer), answer))
    sys.stdout.buffer.flush()


def _bound() -> None:
    """No more than this, whatever is decoded; what the imports have taken already does not count."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The second kills, should the first be ignored.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    with contextlib.suppress(OSError):  # only Linux tells and keeps it; elsewhere time is the bound
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        # Where memory runs out all the same, it is not the server that goes.
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)


def first_rows(source: Any, most: int) -> dict[str, Any]:
    """``columns``, ``rows``, whether they are the ``whole`` table; or the ``reason`` why there are none."""
    rows: list[list[Any]] = []
    try:
        schema, batches = _opened(source)
        columns = [
            {"name": cut(field.name), "type": cut(str(field.type))}
            for field in itertools.islice(schema, COLUMNS)
        ]
        most = fitting(most, len(columns))
        for batch in batches:
            some = batch.slice(0, most - len(rows))
            picked = [_values(some.column(i)) for i in range(len(columns))]
            rows += [[cell(value) for value in row] for row in zip(*picked, strict=True)]
            if batch.num_rows > some.num_rows or len(rows) >= most:
                return {"columns": columns, "rows": rows, "whole": False}
    except MemoryError:
        return {"reason": f"its first rows take more than {MEMORY >> 20} MiB of memory"}
    except (pa.ArrowException, OSError, ValueError, KeyError, RecursionError) as error:
        return {"reason": f"it begins as a table, but cannot be read: {cut(str(error), 200)}"}
    return {"columns": columns, "rows": rows, "whole": True}


def opener(head: bytes) -> Callable[[Any], _Table] | None:
    """How to read what begins so; None: it is no table."""
    if head.startswith(b"PAR1"):
        return _parquet
    if head.startswith(b"ARROW1"):
        return _arrow_file
    if head.startswith(b"\xff\xff\xff\xff"):
        return _arrow_stream
    return None


def _opened(source: Any) -> _Table:
    found = opener(source.read(8))
    if found is None:
        raise ValueError("it is another file than it was")
    source.seek(0)
    return found(pa.PythonFile(source, mode="r"))


def _parquet(source: Any) -> _Table:
    file = pq.ParquetFile(source, buffer_size=_READ_AT_ONCE, pre_buffer=False)
    names = [file.schema_arrow.field(i).name for i in range(min(COLUMNS, len(file.schema_arrow)))]
    return file.schema_arrow, file.iter_batches(batch_size=ROWS, columns=names, use_threads=False)


def _arrow_file(source: Any) -> _Table:
    file = pa.ipc.open_file(source)
    return file.schema, (file.get_batch(at) for at in range(file.num_record_batches))


def _arrow_stream(source: Any) -> _Table:
    stream = pa.ipc.open_stream(source)
    return stream.schema, stream


def _values(column: Any) -> list[Any]:
    """As Python has them. Nanoseconds as microseconds where that loses nothing, else as text: as they are
    they would take pandas, which takes seconds to import."""
    kind = column.type
    if pa.types.is_temporal(kind) and getattr(kind, "unit", "") == "ns":
        try:
            column = column.cast(_microseconds(kind))
        except pa.ArrowInvalid:
            column = column.cast(pa.string())
    return column.to_pylist()


def _microseconds(kind: Any) -> Any:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.duration("us") if pa.types.is_duration(kind) else pa.time64("us")


def fitting(rows: int, columns: int) -> int:
    """A wide table is told in fewer rows: an answer has at most as many values as usual."""
    return max(1, min(rows, ROWS * COLUMNS // max(1, min(columns, COLUMNS))))


def cell(value: Any) -> Any:
    """As JSON has it; what it has no word for, and what is long, as text."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 1 << 53):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    return cut(repr(value[:CELL]) if isinstance(value, bytes) else str(value))


def cut(text: str, most: int = CELL) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


class _Asked(io.RawIOBase):
    """The file, range by range from whoever started this process."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size, self._at = size, 0

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
        if end <= self._at:
            return b""
        sys.stdout.buffer.write(b"[%d,%d]\n" % (self._at, end))
        sys.stdout.buffer.flush()
        found = sys.stdin.buffer.read(end - self._at)
        if len(found) < end - self._at:
            sys.exit("whoever asked is gone")
        self._at = end
        return found
