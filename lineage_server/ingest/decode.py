"""Bytes to domain events and back: JSON, one event a line.

A line that can't be read is refused alone, with a sentence that says where it is wrong and
whether sending it again could help. Fields this version does not know are ignored here and
kept with the stored event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import msgspec

from lineage_server.domain.errors import InvalidInputError, LimitError, LineageError
from lineage_server.domain.event_parts import InputFact, OutputFact
from lineage_server.domain.events import EVENT_TYPES, Event
from lineage_server.domain.ids import DEFAULT_PROJECT, clean_project, shorten
from lineage_server.domain.stored import StoredEvent
from lineage_server.ingest.scrubbing import may_tell, without_secrets
from lineage_server.ingest.values import MAX_TIME

SECOND = 1_000_000
MAX_ARRAY_BYTES = 4 << 20
"""An array is taken apart as a whole, whatever is in it; lines have no such bound."""


class _Envelope(msgspec.Struct):
    type: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """An event that could be read, with the bytes it came as (but for secrets).

    ``audit``: records of the actions that the event comes from, to be written with it. ``stored``: how
    another server had stored it, or this one before; then it is stored here as it was there. ``answered``:
    somebody waits for what becomes of it, and does something else where it is refused: nobody is to find it
    among what could be replayed, and do it after all.
    """

    index: int
    event: Event
    raw: bytes
    audit: tuple[Mapping[str, Any], ...] = ()
    stored: StoredEvent | None = None
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is not taken, and why; ``event`` where it could be read as one all the same.

    ``project``: whose people may look at it.
    """

    index: int
    error: LineageError
    raw: bytes
    event: Event | None = None
    project: str = ""


class _Named(msgspec.Struct):
    project: str = DEFAULT_PROJECT


_NAMED = msgspec.json.Decoder(_Named)
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(cls) for name, cls in EVENT_TYPES.items()
}
_GENERIC = msgspec.json.Decoder(dict[str, Any])
_LISTS: dict[str, type[Any]] = {"inputs": InputFact, "outputs": OutputFact}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_BYTE = re.compile(r"byte (\d+)")
_NO_NUMBER = re.compile(rb"(-?(?:NaN|Infinity))\b")


def decode_lines(
    body: bytes, *, max_event_bytes: int, now: int, skew_seconds: float, max_events: int
) -> list[Received | Unreadable]:
    """Read a body of JSON lines (or one JSON array); ``now`` and ``at`` in microseconds.

    Secrets that a line tells are gone from it. Raises LimitError for more than ``max_events`` of them.
    """
    out: list[Received | Unreadable] = []
    suspect = may_tell(body)
    for line in _lines(body, max_events):
        index = len(out)
        event = None
        try:
            if suspect and len(line) <= max_event_bytes:
                line = without_secrets(line)
            event = decode(line, max_event_bytes=max_event_bytes)
            _check_time(event, now, skew_seconds)
            out.append(Received(index, event, line))
        except LineageError as error:
            out.append(Unreadable(index, error, line, event))
    return out


def _lines(body: bytes, most: int) -> list[bytes]:
    if body[:64].lstrip()[:1] == b"[":
        if len(body) > MAX_ARRAY_BYTES:
            raise LimitError(
                f"a body that is one array may have {MAX_ARRAY_BYTES} bytes, this one has {len(body)}; "
                "nothing was done. Send one event a line",
                limit=MAX_ARRAY_BYTES,
                actual=len(body),
            )
        try:
            lines = [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
        except (msgspec.DecodeError, RecursionError):
            return [body]
        _check_count(len(lines), most)
        return lines
    # Each line costs more than its bytes: count before anything is made of them.
    _check_count(body.count(b"\n") + (not body.endswith(b"\n")), most)
    return [line for raw in body.split(b"\n") if (line := raw.strip())]


def _check_count(lines: int, most: int) -> None:
    if lines > most:
        raise LimitError(
            f"the body has {lines} lines, at most {most} events are taken at once; nothing was done. "
            "Send them in several requests",
            limit=most,
            actual=lines,
        )


def decode(line: bytes, *, max_event_bytes: int) -> Event:
    """Read one event; raises InvalidInputError or LimitError."""
    if len(line) > max_event_bytes:
        raise LimitError(
            f"the event has {len(line)} bytes, at most {max_event_bytes} are taken; send fewer points, "
            "inputs or outputs an event, or put the payload in an artifact",
            limit=max_event_bytes,
            actual=len(line),
        )
    try:
        kind = _ENVELOPE.decode(line).type
        decoder = _DECODERS.get(kind)
        if decoder is None:
            raise InvalidInputError(
                f"event type {shorten(kind)!r} is not known", field="type", allowed=", ".join(EVENT_TYPES)
            )
        event: Event = decoder.decode(line)
        if not line.isascii():
            line.decode()  # what the decoder skips, it does not check
    except msgspec.ValidationError as error:
        event = _decode_leniently(line, error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_json(line, error) from None
    except RecursionError:
        raise InvalidInputError("the line is nested too deeply", field="line") from None
    project = clean_project(event.project)
    if project != event.project:
        event = replace(event, project=project)
    if len(event.id) > 200 or (event.id and not event.id.isprintable()):
        raise InvalidInputError("id is longer than 200 characters or has control characters", field="id")
    if b"\\u0000" in line and _has_nul(_GENERIC.decode(line)):
        raise InvalidInputError("the event has a NUL character", field="line", allowed="text without U+0000")
    return event


def _not_json(line: bytes, error: Exception) -> InvalidInputError:
    """Says so where it is what several languages write for numbers that JSON does not have."""
    byte = _AT_BYTE.search(str(error))
    word = _NO_NUMBER.match(line, int(byte[1])) if byte else None
    if word is None:
        return InvalidInputError(f"the line is not JSON: {error}", field="line")
    return InvalidInputError(
        f"the line is not JSON, which has no number {word[1].decode()} (byte {byte[1] if byte else 0})",
        field="line",
        allowed='finite numbers; NaN and infinities as the texts "NaN", "Infinity" and "-Infinity"',
    )


def _decode_leniently(line: bytes, error: msgspec.ValidationError) -> Event:
    """Times given as RFC 3339 text are fine too; anything else is the sender's error."""
    if line[:1] == b"[":
        raise InvalidInputError(
            "the line is an array or begins one: send one event a line, or one whole array of events",
            field="line",
        )
    try:
        generic = _GENERIC.decode(line)
        cls = EVENT_TYPES.get(str(generic.get("type", "")))
        if cls is not None and _times_to_micros(generic, cls):
            return msgspec.convert(generic, cls)
    except msgspec.ValidationError as second:
        error = second
    except (msgspec.DecodeError, RecursionError):
        pass
    raise InvalidInputError(f"the event does not fit its type: {error}", field=_path(str(error))) from None


def _path(message: str) -> str:
    return message.rpartition("`$.")[2].rstrip("`") if "`$." in message else "line"


def _times_to_micros(told: dict[str, Any], cls: type[Any]) -> bool:
    """Replace RFC 3339 text in the fields of ``cls`` that are times by microseconds; True if any was."""
    found = False
    for key in told.keys() & {field.name for field in fields(cls)}:
        item = told[key]
        if isinstance(item, str) and (key == "at" or key.endswith("_at")):
            told[key] = _micros_of(item, key)
            found = True
        elif key in _LISTS and isinstance(item, list):
            for one in cast("list[Any]", item):
                if isinstance(one, dict):
                    found |= _times_to_micros(cast("dict[str, Any]", one), _LISTS[key])
    return found


def _micros_of(text: str, key: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        why = f"{key} {shorten(text)!r} is not a time"
    else:
        if moment.tzinfo is not None:
            return (moment - _EPOCH) // timedelta(microseconds=1)
        why = f"{key} {text!r} has no time zone"
    allowed = "RFC 3339 such as 2026-03-03T00:00:00Z, or microseconds since 1970 as a number"
    raise InvalidInputError(f"{why}: write {allowed}", field=key, allowed=allowed)


def _has_nul(found: Any) -> bool:
    waiting = [found]  # no recursion: what is nested deeply may be read, but not by us
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                return True
        elif isinstance(value, dict):
            waiting.extend(cast("dict[str, Any]", value))
            waiting.extend(cast("dict[str, Any]", value).values())
        elif isinstance(value, list):
            waiting.extend(cast("list[Any]", value))
    return False


def _check_time(event: Event, now: int, skew_seconds: float) -> None:
    if not 0 <= event.at < MAX_TIME:
        raise InvalidInputError("at is not a time in microseconds since 1970", field="at")
    if event.at > now + skew_seconds * SECOND:
        ahead = (event.at - now) / SECOND
        raise FutureEventError(
            f"the event happened {ahead:.0f} s from now; at most {skew_seconds:.0f} s ahead are taken: "
            "check the producer's clock, or send the event again later",
            field="at",
        )


class FutureEventError(InvalidInputError):
    """The event's time lies too far ahead; the same event may be taken later."""

    retriable = True


@cache
def _defaults(cls: type[Any]) -> tuple[tuple[str, Any], ...]:
    out: list[tuple[str, Any]] = []
    for f in fields(cls):
        factory = f.default_factory
        out.append((f.name, factory() if factory is not MISSING else f.default))
    return tuple(out)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        known = {name: getattr(value, name) for name, _ in _defaults(type(value))}
        defaults = dict(_defaults(type(value)))
        return {k: _plain(v) for k, v in known.items() if v != defaults[k]}
    if isinstance(value, list):
        return [_plain(v) for v in cast("list[Any]", value)]
    return value


def project_named(line: bytes) -> str:
    """The project that an unreadable line names, empty where that can't be read either."""
    try:
        return clean_project(_NAMED.decode(line).project)
    except (msgspec.DecodeError, LineageError, UnicodeDecodeError, RecursionError):
        return ""


def with_version(raw: bytes, version: str) -> bytes:
    """The event as it came, with its ``version`` filled in."""
    return msgspec.json.encode({**_GENERIC.decode(raw), "version": version})


def encode(event: Event) -> bytes:
    """The canonical wire form of an event: only what differs from the defaults."""
    return msgspec.json.encode({"type": event.type, **_plain(event)})
