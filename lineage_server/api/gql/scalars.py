"""Scalars of the contract: times as RFC 3339, big integers, metric values, free-form JSON."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import strawberry

from lineage_server.domain.errors import InvalidInputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_INT64 = 1 << 63


def to_text(micros: int) -> str:
    """Microseconds since the epoch as RFC 3339 text in UTC; beyond the year 9999 its last moment."""
    return (_EPOCH + timedelta(microseconds=min(micros, _LAST))).isoformat().replace("+00:00", "Z")


def from_text(text: Any) -> int:
    """RFC 3339 text (or a number of microseconds) as microseconds since the epoch.

    Raises InvalidInputError, which says what a time looks like.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return _to_long(text)
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise _no_time("this is not a time") from None
    if moment.tzinfo is None:
        raise _no_time("the time has no zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _no_time(why: str) -> InvalidInputError:
    return InvalidInputError(
        why, allowed="RFC 3339, such as 2026-03-03T00:00:00Z or 2026-03-03T09:00:00+09:00"
    )


def _long(value: Any) -> int:
    number = int(value)
    if not -_INT64 <= number < _INT64:
        raise ValueError("the number does not fit 64 bits")
    return number


def _to_long(value: Any) -> int:
    try:
        return _long(value)
    except (ValueError, TypeError, OverflowError):
        raise InvalidInputError(
            "this is no such number", allowed=f"whole, {-_INT64} to {_INT64 - 1}"
        ) from None


def real(value: Any) -> float | str:
    """A number as JSON can say it; NaN and the infinities as text."""
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _from_real(value: Any) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError
        return float(value)
    except (ValueError, TypeError, OverflowError):
        raise InvalidInputError(
            "this is no such number", allowed="one of 64 bits, or the texts NaN, Infinity, -Infinity"
        ) from None


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
    Long: strawberry.scalar(name="Long", description="64-bit integer", serialize=_long, parse_value=_to_long),
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
