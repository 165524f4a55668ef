"""Times as people give them, in a call or on the command line: one way to read them for both."""

from __future__ import annotations

from datetime import date, datetime, time

from lineage_server.client.checking import told
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

FORMS = "2026-05-01, 2026-05-01T12:00, or with a zone 2026-05-01T12:00:00Z"


def moment(when: object, field: str) -> str | None:
    """RFC 3339 of a ``datetime`` or a text, which is in the clock of this machine unless it says otherwise;
    a date is its first moment. Raises InvalidInputError."""
    if when is None:
        return None
    try:
        found = _read(when, field)
        return (found if found.tzinfo else found.astimezone()).isoformat()
    except (ValueError, OverflowError):
        raise InvalidInputError(_not_a_time(when, field), field=field, allowed=FORMS) from None


def _read(when: object, field: str) -> datetime:
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise InvalidInputError(
                f"{field} has no time zone",
                field=field,
                allowed=f"a datetime with one, such as when.astimezone(), or a text: {FORMS}",
            )
        return when
    if isinstance(when, date):
        return datetime.combine(when, time())
    if isinstance(when, str):
        return datetime.fromisoformat(when.strip())
    raise ValueError


def _not_a_time(when: object, field: str) -> str:
    return f"{field} {shorten(when)!r} is not a time" if isinstance(when, str) else f"{field} is {told(when)}"
