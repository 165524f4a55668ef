"""Scalars of the contract: times as RFC 3339, big integers, free-form JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import strawberry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_text(micros: int) -> str:
    """Microseconds since the epoch as RFC 3339 text in UTC."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")


def from_text(text: Any) -> int:
    """RFC 3339 text (or a number of microseconds) as microseconds since the epoch."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as 2026-03-03T00:00:00Z")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _long(value: Any) -> int:
    return int(value)


Micros = NewType("Micros", int)
"""Microseconds since the epoch inside, ``DateTime`` (RFC 3339, UTC) outside."""
Long = NewType("Long", int)
"""An integer beyond 32 bits."""
Json = NewType("Json", object)
"""Any JSON value."""

SCALARS: dict[object, Any] = {
    Micros: strawberry.scalar(
        name="DateTime", description="RFC 3339 time, UTC", serialize=to_text, parse_value=from_text
    ),
    Long: strawberry.scalar(name="Long", description="64-bit integer", serialize=_long, parse_value=_long),
    Json: strawberry.scalar(name="JSON", description="any JSON value", serialize=lambda v: v),
}
