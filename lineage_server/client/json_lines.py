"""JSON lines as tables: a part of the file at a time, and one type for a column that all parts agree on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from lineage_server.client.frames import arrow
from lineage_server.domain.errors import InvalidInputError

_BLOCK = 16 * 1024 * 1024
_LONGEST_LINE = 64 * 1024 * 1024
_BLANK = re.compile(rb"\n\s")
"""How a line begins that may be empty."""


class Span(NamedTuple):
    """Of a file the lines that begin from ``start`` on and before ``end``."""

    path: Path
    start: int
    end: int


def whole(files: Iterable[Path]) -> list[Span]:
    """All of these files."""
    return [Span(path, 0, path.stat().st_size) for path in files]


def spread(spans: Sequence[Span], pieces: int, size: int) -> list[Span]:
    """Pieces of ``size`` bytes, evenly spread over all of them, the beginning and the end too."""
    total = sum(span.end - span.start for span in spans)
    found: list[Span] = []
    before, chosen = 0, iter(int(index * (total - size) / (pieces - 1)) for index in range(pieces))
    at = next(chosen, None)
    for span in spans:
        length = span.end - span.start
        while at is not None and at < before + length:
            start = span.start + at - before
            found.append(Span(span.path, start, min(start + size, span.end)))
            at = next(chosen, None)
        before += length
    return found


def tables(spans: Iterable[Span], schema: Any = None) -> Iterator[Any]:
    """The lines, in parts that each know their types; of ``schema``, where it is known. Raises ArrowInvalid,
    InvalidInputError or OSError."""
    for span in spans:
        with span.path.open("rb") as file:
            for block in _blocks(file, span):
                if not block.isspace():
                    yield _parsed(block, schema)


def count(files: Iterable[Path]) -> int:
    """Lines that are not empty."""
    found = 0
    for span in whole(files):
        with span.path.open("rb") as file:
            for block in _blocks(file, span):
                lines = block.count(b"\n") + (not block.endswith(b"\n"))
                if block[:1].isspace() or _BLANK.search(block):
                    lines = sum(1 for line in block.splitlines() if line.strip())
                found += lines
    return found


def read(files: Sequence[Path]) -> Any:
    """All as one table; raises ArrowInvalid, ArrowTypeError, InvalidInputError or OSError."""
    pa = arrow()
    spans = whole(files)
    parts = list(tables(spans))
    if not parts:
        return pa.table({})
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowTypeError:
        schema = pa.schema([])
        for part in parts:
            schema = agreed(schema, part.schema)
        del parts
        return pa.concat_tables(tables(spans, schema))


def agreed(one: Any, other: Any) -> Any:
    """The schema that both are read by; raises ArrowTypeError where there is none."""
    return one if one.equals(other) else arrow().schema(_fields(list(one), list(other)))


def _fields(one: list[Any], other: list[Any]) -> list[Any]:
    pa = arrow()
    types = {field.name: field.type for field in one}
    for field in other:
        types[field.name] = _type(types[field.name], field.type) if field.name in types else field.type
    return [pa.field(name, kind) for name, kind in types.items()]


def _type(one: Any, other: Any) -> Any:
    pa = arrow()
    is_, both = pa.types, (one, other)
    if all(map(is_.is_struct, both)):
        return pa.struct(_fields(list(one), list(other)))
    if all(map(is_.is_list, both)):
        return pa.list_(_type(one.value_type, other.value_type))
    if any(map(is_.is_timestamp, both)) and any(map(is_.is_string, both)):
        return pa.string()  # what looks like times in one part does not in another
    schemas = [pa.schema([("x", kind)]) for kind in both]
    return pa.unify_schemas(schemas, promote_options="permissive").field(0).type


def _blocks(file: BinaryIO, span: Span) -> Iterator[bytes]:
    """Whole lines."""
    if span.start:
        file.seek(span.start - 1)
        _line(file)
    while (at := file.tell()) < span.end and (block := file.read(min(_BLOCK, span.end - at))):
        yield block if block.endswith(b"\n") else block + _line(file)


def _line(file: BinaryIO) -> bytes:
    """To its end."""
    line = file.readline(_LONGEST_LINE)
    if len(line) == _LONGEST_LINE:
        raise InvalidInputError(
            f"{file.name} has a line of more than {_LONGEST_LINE} bytes",
            field="value",
            allowed="one row a line",
        )
    return line


def _parsed(block: bytes, schema: Any) -> Any:
    pa = arrow()
    import pyarrow.json as json

    untyped: Any = json
    told = {} if schema is None else {"explicit_schema": schema, "unexpected_field_behavior": "ignore"}
    return untyped.read_json(
        pa.BufferReader(block),
        read_options=untyped.ReadOptions(block_size=len(block)),
        parse_options=untyped.ParseOptions(**told),
    )
