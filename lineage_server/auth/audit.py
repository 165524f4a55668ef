"""What was done, by whom, from where: one node an action, written once and never changed.

Before and after are small pictures of the target (a role, a description), not payloads; secrets
have no place in them. A record is written in the transaction of its action wherever the graph has
one: as a row beside the event or the token that it tells of. Else it is written right after it.
Erasing a node for privacy takes the pictures of it away (``ingest/eraser.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_server.auth.principal import Principal
from lineage_server.domain import ids
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.errors import DuplicateKeyError, GraphAwayError
from lineage_server.graph.queries import auth as cypher
from lineage_server.graph.queries.window import FOREVER

MAX_PICTURE = 8_000
"""Longest text of a before or after, in characters; longer ones are cut and say so."""
_ATTEMPTS = 3

Picture = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """``at`` in microseconds; ``id`` sorts by time; ``before`` and ``after`` are JSON text or empty."""

    id: str
    at: int
    subject: str
    issuer: str
    action: str
    target: str
    project: str = ""
    before: str = ""
    after: str = ""
    origin: str = ""

    def row(self) -> dict[str, Any]:
        """Its properties in the graph."""
        return {"uid" if name == "id" else name: getattr(self, name) for name in self.__slots__}


def audit_record(
    principal: Principal,
    action: str,
    target: str,
    *,
    project: str = "",
    before: Picture = None,
    after: Picture = None,
    origin: str = "",
) -> AuditRecord:
    """What ``principal`` did just now."""
    return AuditRecord(
        id=f"audit:{ids.new_run_id()}",
        at=ids.now_micros(),
        subject=principal.subject,
        issuer=principal.issuer,
        action=action,
        target=target,
        project=project,
        before=_text(before),
        after=_text(after),
        origin=origin,
    )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Newest first; ``end`` is the cursor for the next page."""

    records: tuple[AuditRecord, ...]
    has_more: bool
    end: str


class AuditLog:
    """Writes and lists audit records."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def write(self, record: AuditRecord) -> None:
        """Keep a record; raises UnavailableError when it cannot be kept."""
        # The uid is ours: a repetition whose first try did land changes nothing.
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._bolt.write(cypher.RECORD_AUDIT, {"uid": record.id, "properties": record.row()})
                break
            except DuplicateKeyError:
                break
            except GraphAwayError:
                if attempt == _ATTEMPTS:
                    raise

    async def list_records(
        self, *, project: str = "", targets: Sequence[str] = (), action: str = "", after: str = "",
        first: int = 100,
    ) -> AuditPage:  # fmt: skip
        """A page, newest first; ``project`` empty = all (the caller has checked the right to that), without
        ``targets`` what was done to anything, with them only this ``action`` if one is named."""
        parameters: dict[str, Any] = {"project": project, "after": after, "limit": first + 1}
        if targets:
            rows = await self._bolt.read(
                cypher.AUDIT_OF, {**parameters, "targets": list(targets), "action": action}
            )
        else:
            parameters["until"] = _time_of(after) if after else FOREVER
            rows = await self._bolt.read(cypher.LIST_AUDIT, parameters)
        records = tuple(_record(row) for row in rows[:first])
        return AuditPage(records, len(rows) > first, records[-1].id if records else after)


def _time_of(cursor: str) -> int:
    """A time no record before ``cursor`` has passed: its id's milliseconds and a second of slack."""
    digits = cursor.removeprefix("audit:").replace("-", "")[:12]
    try:
        return (int(digits, 16) + 1000) * 1000
    except ValueError:
        return FOREVER


def _text(picture: Picture) -> str:
    if picture is None:
        return ""
    text = json.dumps(dict(picture), ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= MAX_PICTURE else text[:MAX_PICTURE] + "… (cut)"


def _record(row: Row) -> AuditRecord:
    values = {name: row[name] or "" for name in AuditRecord.__slots__ if name not in ("id", "at")}
    return AuditRecord(id=row["uid"], at=int(row["at"]), **values)
