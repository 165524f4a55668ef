"""Scalars of the contract: times as RFC 3339, big integers, metric values, free-form JSON."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import strawberry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_INT64 = 1 << 63


def to_text(micros: int) -> str:
    """Microseconds since the epoch as RFC 3339 text in UTC; beyond the year 9999 its last moment."""
    return (_EPOCH + timedelta(microseconds=min(micros, _LAST))).isoformat().replace("+00:00", "Z")


def from_text(text: Any) -> int:
    """RFC 3339 text (or a number of microseconds) as microseconds since the epoch."""
    if isinstance(text, int) and not isinstance(text, bool):
        return _long(text)
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as 2026-03-03T00:00:00Z")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _long(value: Any) -> int:
    number = int(value)
    if not -_INT64 <= number < _INT64:
        raise ValueError("the number does not fit 64 bits")
    return number


def real(value: Any) -> float | str:
    """A number as JSON can say it; NaN and the infinities as text."""
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _from_real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a number is wanted")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a number of 64 bits is wanted") from None


Micros = NewType("Micros", int)
"""Microseconds since the epoch inside, ``DateTime`` (RFC 3339, UTC) outside."""
Long = NewType("Long", int)
"""An integer beyond 32 bits."""
Real = NewType("Real", float)
"""A metric's value."""
Json = NewType("Json", object)
"""Any JSON value."""

SCALARS: dict[object, Any] = {
    Micros: strawberry.scalar(
        name="DateTime", description="RFC 3339 time, UTC", serialize=to_text, parse_value=from_text
    ),
    Long: strawberry.scalar(name="Long", description="64-bit integer", serialize=_long, parse_value=_long),
    Real: strawberry.scalar(
        name="Real",
        description="a number, or the text NaN, Infinity or -Infinity",
        serialize=real,
        parse_value=_from_real,
    ),
    Json: strawberry.scalar(name="JSON", description="any JSON value", serialize=lambda v: v),
}


def micros(value: int | None) -> Micros | None:
    return None if value is None else Micros(value)
