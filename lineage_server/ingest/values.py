"""Checks and conversions of single values in events, shared by the planners."""

from __future__ import annotations

import json
import math
from typing import Any, cast

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Scalar

MAX_TIME = 1 << 53
MAX_KEY = 250
MAX_KEYS = 5_000
MAX_TEXT = 65_536
MAX_NESTING = 100
_INT64 = 1 << 63


def epoch(value: int, field: str) -> int:
    """Check a time in microseconds since the epoch."""
    if not 0 <= value < MAX_TIME:
        raise InvalidInputError(
            f"{field} {value} is not a time in microseconds since 1970", field=field, allowed="0 to 2^53"
        )
    return value


def whole(value: int, field: str, *, bits: int = 64) -> int:
    """Check an integer that is stored as such: the graph holds 64 bits, GraphQL's Int 32."""
    bound = 1 << (bits - 1)
    if not -bound <= value < bound:
        raise InvalidInputError(f"{field} is an integer of more than {bits} bits", field=field)
    return value


def canonical(value: Any) -> str:
    """The one JSON text of a value."""
    return _text(value, ordered=False)


def _text(value: Any, *, ordered: bool) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=not ordered)


def dumps(value: Any, *, ordered: bool = False) -> str:
    """Canonical text of what an event says; bounded, so that every reader can take it apart. ``ordered``: in
    the order of the event, where keys are the columns of a table."""
    try:
        text = _text(value, ordered=ordered)
    except RecursionError:
        raise _too_deep() from None
    if text.count("{") + text.count("[") > MAX_NESTING and _depth(value) > MAX_NESTING:
        raise _too_deep()
    return text


def _depth(value: Any) -> int:
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        inside: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inside.extend(cast("dict[str, Any]", item).values())
            elif isinstance(item, list):
                inside.extend(cast("list[Any]", item))
        level = inside
    return depth


def _too_deep() -> InvalidInputError:
    return InvalidInputError(f"a structure is nested more than {MAX_NESTING} deep", field="line")


def clean_key(key: str, field: str) -> str:
    """Check a key of params, metrics or tags: it becomes part of a property's name."""
    if 0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable():
        return key
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise InvalidInputError(
            f"{field} has the key {shorten(key, 40)!r}",
            field=field,
            allowed="keys of 1 to 250 printable characters",
        )
    return key


def _count(values: dict[str, Any], field: str) -> None:
    if len(values) > MAX_KEYS:
        raise InvalidInputError(f"{field} has {len(values)} keys; at most {MAX_KEYS} an event", field=field)


def clean_params(params: dict[str, Scalar | None]) -> dict[str, Any]:
    """Parameters as properties ``p.<key>``; text is cut at 64 Ki characters, never refused."""
    _count(params, "params")
    out: dict[str, Any] = {}
    for key, value in params.items():
        out["p." + clean_key(key, "params")] = clean_scalar(value)
    return out


def clean_scalar(value: Scalar | None) -> Any:
    """A value both engines can store: integers beyond 64 bits and odd floats become text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if len(value) <= MAX_TEXT else value[:MAX_TEXT]


def clean_tags(tags: dict[str, str | None] | None) -> dict[str, Any]:
    """Tags as properties ``t.<key>``; None removes a tag."""
    if not tags:
        return {}
    _count(tags, "tags")
    return {"t." + clean_key(k, "tags"): (v[:MAX_TEXT] if v is not None else None) for k, v in tags.items()}


def clean_metric(value: float | str, field: str = "values") -> float:
    """A metric's value; the texts NaN, Infinity and -Infinity stand for what JSON can't say."""
    if isinstance(value, str):
        if value not in ("NaN", "Infinity", "-Infinity"):
            raise InvalidInputError(
                f"metric value {shorten(value)!r} is not a number",
                field=field,
                allowed='a number, "NaN", "Infinity" or "-Infinity"',
            )
        return float(value.replace("Infinity", "inf"))
    return float(value)


def search_text(*words: str) -> str:
    """What text search looks through."""
    return " ".join(w for w in words if w).lower()
