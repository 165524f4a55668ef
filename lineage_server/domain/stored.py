"""Events as they are stored: what was received, with what the server knew of it when it was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was received; times in microseconds.

    ``seq`` is the number of its batch, ``pos`` its place in it. ``redacted``: some of what it told was
    erased later.
    """

    uid: str
    project: str
    seq: int
    pos: int
    type: str
    at: int
    recorded_at: int
    actor: str
    raw: bytes
    redacted: bool

    @property
    def id(self) -> str:
        """Its id within the project: the event's own, or the digest of what first came."""
        return self.uid.split("/", 1)[1]


@dataclass(frozen=True, slots=True)
class YoungEvent(StoredEvent):
    """One that is not archived, with what stands beside it: the state that it changed (``was``, see
    ``ingest/judging.py``; None where it sets none), and whether it was ``imported`` as it was stored
    elsewhere."""

    was: str | None = None
    imported: bool = False
