"""What callers of the writer hand in and get back: requests, entries, verdicts, limits, totals.

An entry is one received event on its way through the queue; a refused one carries the row
under which it is kept for inspection and replay.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import zstandard

from lineage_server.domain import ids
from lineage_server.domain.errors import ERRORS, ConflictError, LineageError
from lineage_server.domain.events import AliasSet, Event, ModelVersionReported
from lineage_server.domain.stored import StoredEvent
from lineage_server.ingest.decode import Received, Unreadable, encode
from lineage_server.ingest.facts import Clock, NodeFacts
from lineage_server.ingest.plan import facts_of

logger = logging.getLogger(__name__)

COMPRESS_FROM_BYTES = 256
CUT_TO_BYTES = 65_536
"""What is kept of a refused event that is larger than events may be."""


Unnumbered: TypeAlias = ModelVersionReported | AliasSet
"""Events whose version the writer may have to fill in, see ``numbering``."""


class Outcome(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for the event at ``index`` of a request."""

    index: int
    outcome: Outcome
    code: str = ""
    message: str = ""
    retriable: bool = False
    current: str = ""
    """Of a conflict: what stands there."""
    version: str = ""
    """The number that the writer gave, see ``numbering``."""


ACCEPTED = Outcome.ACCEPTED
_BY_CODE = {error.code: error for error in ERRORS}


def raise_refusal(verdict: Verdict) -> None:
    """The verdict's error, if it was refused."""
    if verdict.outcome is not Outcome.REFUSED:
        return
    kind: type[LineageError] = _BY_CODE.get(verdict.code, ConflictError)
    if kind is ConflictError:
        raise ConflictError(verdict.message, current=verdict.current)
    raise kind(verdict.message)


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """Bounds of the writer: events and bytes waiting, events a batch, seconds to keep trying."""

    queue_events: int = 20_000
    queue_bytes: int = 64 << 20
    batch_events: int = 128
    event_bytes: int = 1 << 20
    patience_seconds: float = 20.0
    skew_seconds: float = 3600.0


@dataclass(slots=True)
class Entry:
    """An event in the queue."""

    uid: str
    id: str
    event: Event
    raw: bytes
    actor: str
    recorded_at: int
    index: int
    request: Request
    facts: list[NodeFacts] = field(default_factory=list[NodeFacts])
    refusal: dict[str, Any] | None = None
    current: str = ""
    audit: tuple[Mapping[str, Any], ...] = ()
    asked: Unnumbered | None = None
    asked_raw: bytes = b""
    """As it came, where the writer fills in a version (``numbering``)."""
    stored: StoredEvent | None = None
    """How it was stored before, where it is imported."""
    answered: bool = False

    @property
    def kept(self) -> bool:
        """Whether it is kept where it is refused: of a deed, only what a defect of ours has spoilt."""
        return not self.answered or (self.refusal or {}).get("code") == DefectError.code


@dataclass(slots=True)
class Request:
    """One caller waiting for its verdicts."""

    done: asyncio.Future[None]
    verdicts: list[Verdict]
    open: int
    deadline: float
    event_bytes: int


@dataclass(slots=True)
class IngestCounters:
    """Totals since start, for ``/metrics`` and ``ingestStatus``."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    batches: int = 0
    retries: int = 0
    overloads: int = 0
    last_seq: int = 0
    last_commit_at: int = 0
    last_batch_seconds: float = 0.0
    last_error: str = ""
    by_code: dict[str, int] = field(default_factory=dict[str, int])


class IdReusedError(LineageError):
    code = "CONFLICT"

    def __init__(self) -> None:
        super().__init__("an event with this id but other content is stored; give each event its own id")


class NotYoursError(LineageError):
    code = "NOT_FOUND"


class DefectError(LineageError):
    code = "INTERNAL"

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"the event could not be processed ({type(cause).__name__}); it is kept for replay")


_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_compress = zstandard.ZstdCompressor(level=1).compress


def deflate(raw: bytes) -> bytes:
    """A raw event as it is stored: compressed where that pays."""
    return _compress(raw) if len(raw) >= COMPRESS_FROM_BYTES else raw


def inflate(raw: bytes) -> bytes:
    """A stored raw event as it was received."""
    raw = bytes(raw)
    return zstandard.ZstdDecompressor().decompress(raw) if raw.startswith(_ZSTD_MAGIC) else raw


def entry_of(slot: int, item: Received | Unreadable, *, actor: str, now: int, request: Request) -> Entry:
    """A received event for the queue; one that cannot be read becomes a refused entry."""
    if isinstance(item, Unreadable):
        uid = (
            ids.event_uid(item.event.project, item.event.id or ids.content_id(item.raw)) if item.event else ""
        )
        entry = Entry(uid, "", Event(project=item.project), item.raw, actor, now, slot, request)
        refuse(entry, item.error)
        return entry
    event = item.event
    stored = item.stored
    event_id = event.id or ids.content_id(item.raw)
    if stored is not None:
        event_id, actor, now = stored.id, stored.actor, stored.recorded_at
    uid = ids.event_uid(event.project, event_id)
    return Entry(
        uid, event_id, event, item.raw, actor, now, slot, request, audit=item.audit, stored=stored,
        answered=item.answered,
    )  # fmt: skip


def plan(entry: Entry) -> None:
    """Find out what the event tells; one that cannot be planned is refused."""
    if entry.facts or entry.refusal is not None:
        return
    try:
        clock = Clock(entry.event.at or entry.recorded_at, entry.id)
        entry.facts = facts_of(entry.event, clock, entry.actor)
    except LineageError as error:
        refuse(entry, error)
    except Exception as error:  # a defect met by one event must not sink the others
        logger.exception("event %s could not be planned", entry.uid)
        refuse(entry, DefectError(error))


def refused_uid(project: str, raw: bytes) -> str:
    return f"refused:{project}/{ids.content_id(raw)}"


def refuse(entry: Entry, error: LineageError) -> None:
    """The event is not taken; what came is kept, once for each content and project."""
    raw = entry.asked_raw or entry.raw
    entry.facts = []
    entry.current = error.current if isinstance(error, ConflictError) else ""
    cut = len(raw) > entry.request.event_bytes
    project = entry.event.project
    entry.refusal = {
        "uid": refused_uid(project, raw),
        "project": project,
        "at": entry.recorded_at,
        "actor": entry.actor,
        "code": error.code,
        "message": str(error)[:2000],
        "retriable": error.retriable,
        # Once an event of this id is stored, this row has had its time.
        "event": entry.uid if entry.uid and not isinstance(error, IdReusedError) else None,
        "size": len(raw),
        "cut": cut,
        "raw": deflate(raw[:CUT_TO_BYTES] if cut else raw),
    }


def event_row(
    entry: Entry, seq: int, pos: int, left: Event | None, *, was: str | None = None
) -> dict[str, Any]:
    """The stored event: batch ``seq``, place ``pos`` in it; ``left`` where payload was withheld; ``was``:
    the state that it changed."""
    raw = entry.raw if left is None else encode(left)
    row = {
        "uid": entry.uid,
        "project": entry.event.project,
        "seq": seq,
        "pos": pos,
        "type": (left or entry.event).type,
        "at": entry.event.at or entry.recorded_at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor,
        "size": len(raw),
        "raw": deflate(raw),
        "redacted": True if left is not None or (entry.stored and entry.stored.redacted) else None,
    }
    # Of most events there is neither: the rows stay short.
    if was is not None:
        row["was"] = was
    if entry.stored is not None:
        row["imported"] = True
    return row
