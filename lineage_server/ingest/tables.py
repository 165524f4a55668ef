"""Stored events as Parquet or as lines of JSON, and back: of archives, exports and backups alike.

Pure, but slow for many of them: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import pyarrow
import pyarrow.compute as untyped_compute
import pyarrow.parquet as untyped_parquet

from lineage_server.domain.stored import StoredEvent

# The stubs leave half of these unknown.
pa: Any = pyarrow
pc: Any = untyped_compute
pq: Any = untyped_parquet

_SCHEMA = pa.schema(
    [
        ("uid", pa.string()),
        ("project", pa.string()),
        ("seq", pa.int64()),
        ("pos", pa.int32()),
        ("type", pa.string()),
        ("at", pa.int64()),
        ("recorded_at", pa.int64()),
        ("actor", pa.string()),
        ("raw", pa.binary()),
        ("redacted", pa.bool_()),
    ]
)
_TEXTS = [field.name for field in _SCHEMA if field.type in (pa.string(), pa.binary())]
_ROW_BYTES = 64
"""What a row takes at least."""


class NotEventsError(ValueError):
    """The bytes are no table of stored events."""


def to_parquet(events: Sequence[StoredEvent]) -> bytes:
    """One Parquet file of them, in their order."""
    columns = {name: [getattr(e, name) for e in events] for name in _SCHEMA.names}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=_SCHEMA), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def from_parquet(content: bytes, *, max_bytes: int | None = None) -> list[StoredEvent]:
    """The events, in their order; raises NotEventsError, also for more than ``max_bytes`` inflated."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        if max_bytes is not None:
            _check_outside(file, max_bytes)
            # What is there once and said to be in many rows stays so until it is known how much that is.
            texts = [name for name in _TEXTS if name in file.schema_arrow.names]
            file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
        table = file.read(columns=_SCHEMA.names)
        if max_bytes is not None:
            _check_size(sum(_size(chunk) for column in table.columns for chunk in column.chunks), max_bytes)
        rows = cast("list[dict[str, Any]]", table.select(_SCHEMA.names).cast(_SCHEMA).to_pylist())
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise NotEventsError(str(error)) from error
    wrong = next((key for row in rows for key, value in row.items() if value is None), None)
    if wrong is not None:
        raise NotEventsError(f"a row has no {wrong}")
    return [StoredEvent(**row) for row in rows]


def _check_outside(file: Any, most: int) -> None:
    """By what the file says of itself, before any of it is read."""
    nested = [field.name for field in file.schema_arrow if pa.types.is_nested(field.type)]
    if nested:
        raise NotEventsError(f"column {nested[0][:80]!r} is a list or has fields of its own")
    groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
    _check_size(max(sum(groups), file.metadata.num_rows * _ROW_BYTES), most)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise NotEventsError(f"{size} bytes inflated, at most {most} are read at once")


def _size(chunk: Any) -> int:
    """Bytes of all its values, each row's for itself."""
    if not pa.types.is_dictionary(chunk.type):
        return int(chunk.nbytes)
    lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
    return int(pc.sum(lengths.take(chunk.indices)).as_py() or 0)


_encode_line = msgspec.json.Encoder().encode
_decode_line = msgspec.json.Decoder(StoredEvent).decode


def to_lines(events: Sequence[StoredEvent]) -> bytes:
    """One JSON object a line, ``raw`` in base64: for who cannot read Parquet."""
    return b"".join(_encode_line(event) + b"\n" for event in events)


def from_lines(content: bytes) -> list[StoredEvent]:
    """The events, in their order; raises NotEventsError."""
    events: list[StoredEvent] = []
    for line in filter(None, content.split(b"\n")):
        try:
            events.append(_decode_line(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotEventsError(f"line {len(events) + 1}: {error}") from error
    return events
