"""What a value is to a tracked function: data that is read or made, a parameter, or neither."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import itertools
import numbers
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any, cast

from lineage_server.client.arrays import are_arrays, is_array, is_sparse

_MOST_LEAVES = 1000
_NOTHING = object()


def is_data(value: object) -> bool:
    """A table or an array, by what it is and not by what it could be made into."""
    if isinstance(value, type):
        return False
    if hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__"):
        return True
    return is_array(value) or is_sparse(value) or are_arrays(value)


def state_of(path: Path) -> tuple[int, ...] | None:
    """Changes whenever the file is written; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if path.is_file() else None


def as_param(value: object) -> tuple[bool, Any]:
    """Whether a value is a parameter as it stands, and what to record of it."""
    leaves = itertools.count()
    try:
        plain = _plain(value, leaves, 0)
    except _TooLargeError:
        return True, f"<{type(value).__name__} of {len(cast('list[Any]', value))}>"
    return plain is not _NOTHING, plain


class _TooLargeError(Exception):
    """More than a parameter is."""


def _plain(value: Any, leaves: Iterable[int], depth: int) -> Any:
    if next(iter(leaves)) > _MOST_LEAVES or depth > 10:
        raise _TooLargeError
    if value is None or isinstance(value, str | bool | numbers.Number):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Path | datetime.date | datetime.time | datetime.timedelta):
        return str(value)
    if isinstance(value, Mapping):
        whole = cast("Mapping[Any, Any]", value)
        return _kept({str(key): _plain(each, leaves, depth + 1) for key, each in whole.items()})
    if isinstance(value, list | tuple | Set):
        parts = [_plain(each, leaves, depth + 1) for each in cast("Iterable[Any]", value)]
        return _NOTHING if any(part is _NOTHING for part in parts) else parts
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return _kept({f.name: _plain(getattr(value, f.name), leaves, depth + 1) for f in fields if f.repr})
    return _NOTHING


def _kept(found: dict[str, Any]) -> Any:
    """Of a mapping what can be told; nothing at all where none of it can."""
    kept = {key: value for key, value in found.items() if value is not _NOTHING}
    return kept if kept or not found else _NOTHING
