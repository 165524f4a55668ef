"""Stored events as Parquet or as lines of JSON, and back: of archives, exports and backups alike.

Pure, but slow for many of them: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as untyped_parquet

from lineage_server.domain.stored import StoredEvent

pq: Any = untyped_parquet
"""The stubs leave half of this module unknown."""

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
        groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
        if max_bytes is not None and sum(groups) > max_bytes:
            raise NotEventsError(f"{sum(groups)} bytes inflated, at most {max_bytes} are read at once")
        table = file.read().select(_SCHEMA.names).cast(_SCHEMA)
        rows = cast("list[dict[str, Any]]", table.to_pylist())
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise NotEventsError(str(error)) from error
    wrong = next((key for row in rows for key, value in row.items() if value is None), None)
    if wrong is not None:
        raise NotEventsError(f"a row has no {wrong}")
    return [StoredEvent(**row) for row in rows]


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
