"""What of late concerns somebody, across all projects that they see: one question for all kinds.

Nothing is kept for it: each time it is read from what is there, so what was done about it is gone by itself.
Not here: who somebody is and what they may do (the API says it), and what they have read (their browser).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import now_micros
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries.notifications import NOTIFICATIONS
from lineage_server.graph.read_tracking import scope_of

MOST = 100
"""Notifications at once."""
DAYS = 7
"""How long something is news, and how far ahead the clock of whoever tells it may be. What waits for somebody
is told as long as it waits."""
MOST_RUNS = 300
"""Failed runs that are looked at; those of one job are told together."""
_DAY = 86_400_000_000
Scope = frozenset[str] | None


class Kind(StrEnum):
    """What happened."""

    APPROVAL_WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    RUN_FAILED = "failed"
    ALIAS_MOVED = "moved"
    EVENTS_REFUSED = "refused"
    DELIVERIES_FAILED = "undelivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom it must concern. ``names``: what runs call them; the projects that they see, write and administer,
    None for all. ``everybody``: nobody signs in, and all of it concerns whoever looks."""

    issuer: str
    subject: str
    names: tuple[str, ...] = ()
    seen: Scope = frozenset()
    written: Scope = frozenset()
    administered: Scope = frozenset()
    everybody: bool = False

    @property
    def actor(self) -> str:
        return f"{self.issuer}/{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """``uid``: what it is about, of several runs the last. ``model``, ``version`` and ``job`` are uids, too.
    ``before``: name of the version that the alias pointed to until then. ``told``: what was said of it.
    ``times``: how many runs, events or deliveries it tells of together."""

    kind: Kind
    at: int
    uid: str
    project: str
    name: str = ""
    model: str = ""
    version: str = ""
    before: str = ""
    alias: str = ""
    job: str = ""
    by: str = ""
    told: str = ""
    times: int = 1

    @property
    def id(self) -> str:
        """Another one when it happens again."""
        about = f"{self.kind} {self.project} {self.uid} {self.told if not self.uid else ''} {self.at}"
        return hashlib.blake2b(about.encode(), digest_size=9).hexdigest()


@dataclass(frozen=True, slots=True)
class News:
    """The newest first; ``has_more``: something older was left out."""

    items: tuple[Notification, ...]
    has_more: bool


class Notifications:
    """Answers from one graph; safe for concurrent use."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def list_news(self, reader: Reader, *, first: int) -> News:
        """Raises InvalidInputError."""
        if not 1 <= first <= MOST:
            raise InvalidInputError(
                f"{first} notifications are not possible", field="first", allowed=f"1 to {MOST}"
            )
        if reader.seen is not None and not reader.seen:
            return News((), has_more=False)
        rows = await self._bolt.read(NOTIFICATIONS, _parameters(reader, first + 1))
        failed = sum(row["kind"] == Kind.RUN_FAILED for row in rows)
        return _newest(_told(rows, reader), first, cut=failed >= MOST_RUNS)


def _parameters(reader: Reader, limit: int) -> dict[str, Any]:
    now = now_micros()
    return {
        **scope_of(reader.seen),
        **_projects(reader.written, "writes_all", "written"),
        **_projects(reader.administered, "administers_all", "administered"),
        "actor": reader.actor,
        "issuer": reader.issuer,
        "subject": reader.subject,
        "quoted": json.dumps(reader.actor, ensure_ascii=False),
        "mine": list(reader.names),
        "everybody": reader.everybody,
        "since": now - DAYS * _DAY,
        "until": now + DAYS * _DAY,
        "limit": limit,
        "runs": MOST_RUNS,
    }


def _projects(projects: Scope, every: str, some: str) -> dict[str, Any]:
    return {every: projects is None, some: sorted(projects or ())}


def _newest(told: Iterable[Notification], first: int, *, cut: bool) -> News:
    """What waits for somebody is left out last: however old it is, nobody else may do it."""
    known = sorted(told, key=lambda one: (one.kind is not Kind.APPROVAL_WAITING, -one.at, one.id))
    shown = sorted(known[:first], key=lambda one: (-one.at, one.id))
    return News(tuple(shown), has_more=cut or len(known) > first)


def _told(rows: Iterable[Row], reader: Reader) -> Iterator[Notification]:
    runs: dict[str, Notification] = {}
    for row in rows:
        one = _notification(row)
        if one.kind is Kind.RUN_FAILED:
            # The newest comes first: it stands for those of its job.
            last = runs.get(one.job or one.uid)
            runs[one.job or one.uid] = one if last is None else replace(last, times=last.times + 1)
        elif one.kind is Kind.ALIAS_MOVED:
            moved = _move(one)
            if reader.everybody or moved.by != reader.actor:  # what one does oneself is no news
                yield moved
        else:
            yield one
    yield from runs.values()


def _notification(row: Row) -> Notification:
    texts = {name: row[name] or "" for name in _TEXTS}
    return Notification(kind=Kind(row["kind"]), at=int(row["at"]), times=int(row["times"]), **texts)


_TEXTS = ("uid", "project", "name", "model", "version", "alias", "job", "by", "told")


def _move(one: Notification) -> Notification:
    """By the last of the alias's moves: ``[at, event, target, source, basis, reason, who, approval]``."""
    moves: list[list[Any]] = json.loads(one.told or "[]")
    if not moves:
        return replace(one, told="")
    before = str(moves[-2][2] or "") if len(moves) > 1 else ""
    at, _, _, _, _, reason, *more = moves[-1]
    by = str(more[0] or "") if more else ""
    return replace(one, at=int(at), told=reason or "", by=by, before=before.rpartition("@")[2])
