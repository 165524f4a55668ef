"""What callers of the writer hand in and get back: requests, entries, verdicts, limits, totals."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import zstandard

from lineage_server.domain.errors import LineageError
from lineage_server.domain.events import Event
from lineage_server.ingest.facts import NodeFacts

COMPRESS_FROM_BYTES = 256


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


ACCEPTED = Outcome.ACCEPTED


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """Bounds of the writer: events and bytes waiting, events a batch, seconds to keep trying."""

    queue_events: int = 20_000
    queue_bytes: int = 64 << 20
    batch_events: int = 500
    patience_seconds: float = 20.0
    skew_seconds: float = 3600.0


@dataclass(slots=True)
class Entry:
    """An event in the queue."""

    uid: str
    event: Event
    raw: bytes
    actor: str
    facts: list[NodeFacts]
    recorded_at: int
    index: int
    request: Request
    refusal: dict[str, Any] | None = None


@dataclass(slots=True)
class Request:
    """One caller waiting for its verdicts."""

    done: asyncio.Future[None]
    verdicts: list[Verdict]
    open: int
    deadline: float


@dataclass(slots=True)
class IngestCounters:
    """Totals since start, for ``/metrics`` and ``ingestStatus``."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    batches: int = 0
    retries: int = 0
    overloads: int = 0
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
