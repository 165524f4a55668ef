"""Tables from anywhere as Arrow, and a digest of their content that does not depend on where they came from.

The digest covers column names, logical types and values in canonical form: not chunking, not offsets
or padding, not what lies under a null, not dictionary or view encodings, not pandas' metadata. So a
pandas and a polars frame of the same content have the same digest, as far as their types agree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from lineage_server.domain.errors import InvalidInputError, NotSupportedError

if TYPE_CHECKING:
    import pyarrow as pa

_WINDOW = 65_536
"""Rows hashed at a time, whatever the chunks."""


def arrow() -> Any:
    """pyarrow, or an error that says how to get it."""
    try:
        import pyarrow as pa
        import pyarrow.compute  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise NotSupportedError(
            'frames need pyarrow, which is not installed: pip install "lineage-server[frames]" '
            "(or write the frame to a file and pass its path)"
        ) from None
    return pa


def is_frame(value: object) -> bool:
    """Whether a value is a table: Arrow PyCapsule interface, columns by name, or a list of rows."""
    if hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__"):
        return True
    if isinstance(value, Mapping):
        columns = list(cast("Mapping[Any, Any]", value).values())
        return bool(columns) and all(_is_column(c) for c in columns)
    if isinstance(value, list):
        rows = cast("list[Any]", value)
        return bool(rows) and all(isinstance(row, Mapping) for row in rows)
    return False


def are_frames(value: object) -> bool:
    """A mapping of names to tables, which have columns themselves."""
    if not isinstance(value, Mapping) or not value:
        return False
    parts = cast("Mapping[object, Any]", value).items()
    return all(isinstance(name, str) and _is_table(each) for name, each in parts)


def _is_table(value: Any) -> bool:
    """Not a column: neither a series nor an array."""
    has_columns = hasattr(value, "columns") or hasattr(value, "schema")
    return has_columns and (hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__"))


def digest_of_frames(tables: Mapping[str, Any]) -> tuple[str, int]:
    """The digest over all tables by name, in whatever order they come, and how many bytes they take."""
    digest, size = hashlib.sha256(b"lineage-frames-v1\n"), 0
    for name in sorted(tables):
        one, bytes_of_it = digest_of(tables[name])
        text = name.encode("utf-8", "surrogatepass")
        digest.update(b"%d " % len(text) + text + one.encode())
        size += bytes_of_it
    return f"sha256:{digest.hexdigest()}", size


def _is_column(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) or hasattr(value, "__array__") or hasattr(value, "__arrow_c_array__")
    )


def table_of(value: Any) -> pa.Table:
    """A table from anything that ``is_frame``; raises InvalidInputError when Arrow cannot hold it."""
    pa = arrow()
    try:
        if isinstance(value, pa.Table):
            return value
        if _is_series(value):
            value = value.to_frame("values") if value.name in (None, "") else value.to_frame()
        if isinstance(value, list):
            return pa.Table.from_pylist(_rows(cast("list[Mapping[str, Any]]", value)))
        if isinstance(value, Mapping):
            return pa.table({str(k): v for k, v in cast("Mapping[Any, Any]", value).items()})
        return pa.table(value)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"this {_kind_of(cast(object, value))} cannot be a table: {error}",
            field="value",
            allowed="columns of one type each and of equal length",
        ) from None


def _is_series(value: Any) -> bool:
    """One column of pandas or Polars."""
    return type(value).__name__ == "Series" and hasattr(value, "to_frame") and hasattr(value, "name")


def _kind_of(value: object) -> str:
    return type(value).__name__


def _rows(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    # Every column of every row: Arrow itself looks at the first row only.
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def without_index(table: Any) -> pa.Table:
    """Less the index of a pandas frame, which Arrow keeps as columns: no model takes it."""
    facts = cast("Mapping[str, Any]", table.schema.pandas_metadata or {})
    index = [name for name in facts.get("index_columns", ()) if isinstance(name, str)]
    return table.drop_columns([name for name in index if name in table.column_names])


def columns_of(table: Any) -> list[dict[str, Any]]:
    """The schema as events carry it."""
    return [{"name": f.name, "type": type_name(f.type), "nullable": f.nullable} for f in table.schema]


def type_name(kind: Any) -> str:
    """A type in Arrow's words, without what is only encoding."""
    types: Any = arrow().types
    if types.is_dictionary(kind):
        return type_name(kind.value_type)
    if types.is_large_string(kind) or types.is_string_view(kind):
        return "string"
    if types.is_large_binary(kind) or types.is_binary_view(kind):
        return "binary"
    if (
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    ):
        return f"list<{type_name(kind.value_type)}>"
    if types.is_fixed_size_list(kind):
        return f"fixed_size_list<{type_name(kind.value_type)}>[{kind.list_size}]"
    if types.is_struct(kind):
        inner = ", ".join(f"{json.dumps(f.name)}: {type_name(f.type)}" for f in kind)
        return f"struct<{inner}>"
    if types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if getattr(kind, "storage_type", None) is not None:
        return f"{kind.extension_name}<{type_name(kind.storage_type)}>"
    return str(kind)


class _Counted:
    """SHA-256, and how many bytes went into it."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.size = 0

    def update(self, data: bytes | memoryview) -> None:
        self._sha.update(data)
        self.size += len(data)

    def hexdigest(self) -> str:
        return self._sha.hexdigest()


def digest_of(table: Any) -> tuple[str, int]:
    """SHA-256 over the canonical content, and the size of that in bytes."""
    digest = _Counted()
    digest.update(b"lineage-frame-v1\n")
    head = [[f.name, type_name(f.type)] for f in table.schema]
    digest.update(json.dumps([table.num_rows, head]).encode() + b"\n")
    for start in range(0, table.num_rows, _WINDOW):
        part = table.slice(start, _WINDOW)
        for index in range(part.num_columns):
            _feed(digest, _one(part.column(index)))
    return "sha256:" + digest.hexdigest(), digest.size


def _one(column: Any) -> Any:
    pa = arrow()
    if column.num_chunks == 1:
        return column.chunk(0)
    combined = column.combine_chunks()
    # Of several chunks it is an array, of none a chunked array again.
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined


def _feed(digest: _Counted, array: Any) -> None:
    """One array's validity and values."""
    pa = arrow()
    types: Any = pa.types
    kind = array.type
    if getattr(kind, "storage_type", None) is not None:
        return _feed(digest, array.storage)
    if types.is_dictionary(kind):
        return _feed(digest, decoded(array))
    digest.update(f"{len(array)} {array.null_count}\n".encode())
    if types.is_null(kind):
        return None
    if array.null_count:
        _bytes(digest, array.is_valid().cast(pa.uint8()), 1)
    if types.is_boolean(kind):
        return _bytes(digest, array.cast(pa.uint8()).fill_null(0), 1)
    if types.is_floating(kind) or types.is_integer(kind) or _is_time(types, kind):
        return _feed_numbers(digest, array)
    if _is_text(types, kind):
        return _feed_text(digest, array)
    if types.is_list(kind) or types.is_large_list(kind):
        _bytes(digest, pa.compute.list_value_length(array).cast(pa.int64()).fill_null(0), 8)
        return _feed(digest, array.flatten())
    if types.is_fixed_size_list(kind):
        return _feed(digest, array.flatten())
    if types.is_struct(kind):
        for child in array.flatten():
            _feed(digest, child)
        return None
    return _feed_slowly(digest, array)


def decoded(array: Any) -> Any:
    """A dictionary's values in place of its indices; the kernels know no views (polars' text)."""
    pa = arrow()
    values = array.dictionary
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    elif pa.types.is_binary_view(values.type):
        values = values.cast(pa.large_binary())
    return values.take(array.indices)


def _is_time(types: Any, kind: Any) -> bool:
    return types.is_temporal(kind) and not types.is_interval(kind)


def _is_text(types: Any, kind: Any) -> bool:
    return (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
    )


def _feed_numbers(digest: _Counted, array: Any) -> None:
    pa = arrow()
    width = array.type.bit_width // 8
    if array.type in (pa.float32(), pa.float64()):
        # NaN has many bit patterns.
        nan = pa.scalar(float("nan"), array.type)
        array = pa.compute.if_else(pa.compute.is_nan(array), nan, array)
    bits = {1: pa.uint8(), 2: pa.uint16(), 4: pa.uint32(), 8: pa.uint64()}[width]
    _bytes(digest, array.view(bits).fill_null(0), width)


def _feed_text(digest: _Counted, array: Any) -> None:
    pa = arrow()
    array = array.cast(pa.large_binary()).fill_null(b"")
    _bytes(digest, pa.compute.binary_length(array).cast(pa.int64()), 8)
    offsets: Any
    data: Any
    _, offsets, data = array.buffers()
    if not len(array) or data is None:
        return
    ends: Any = memoryview(offsets).cast("q")
    first, last = ends[array.offset], ends[array.offset + len(array)]
    digest.update(memoryview(data)[first:last])


def _bytes(digest: _Counted, array: Any, width: int) -> None:
    """The values of a fixed-width array without nulls; nothing of the padding around them."""
    data = array.buffers()[1]
    if data is not None and len(array):
        digest.update(memoryview(data)[array.offset * width : (array.offset + len(array)) * width])


def _feed_slowly(digest: _Counted, array: Any) -> None:
    """Types that are rare (decimals, maps, unions, intervals): as text, value by value."""
    for value in array.to_pylist():
        digest.update(repr(value).encode("utf-8", "surrogatepass") + b"\n")
