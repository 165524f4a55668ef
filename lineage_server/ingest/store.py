"""The stored events: reading them in order, moving old ones to Parquet, redacting.

Events are the truth from which the graph can be rebuilt. Young ones are nodes; old ones are
Parquet files named by the range of batches they hold. A file is complete and on disk before
its events leave the graph, so a crash in between leaves both, never neither; readers take
an event once.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as untyped_parquet

from lineage_server.domain.errors import LineageError
from lineage_server.domain.ids import now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import events as q
from lineage_server.ingest.verdicts import inflate

pq: Any = untyped_parquet
"""The stubs leave half of this module unknown."""

PAGE_BATCHES = 20
"""Batches read at once: at most this times the batch size of events."""
DAY = 86_400_000_000
_HOUR_SECONDS = 3600.0
logger = logging.getLogger(__name__)

_SCHEMA = pa.schema(
    [
        ("uid", pa.string()),
        ("project", pa.string()),
        ("seq", pa.int64()),
        ("pos", pa.int32()),
        ("type", pa.string()),
        ("at", pa.int64()),
        ("recorded_at", pa.int64()),
        ("actor", pa.string()),
        ("raw", pa.binary()),
        ("redacted", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was received; times in microseconds."""

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


class EventStore:
    """Events in the graph and in ``folder``."""

    def __init__(self, bolt: Bolt, folder: Path) -> None:
        self._bolt = bolt
        self.folder = folder

    async def pages(self) -> AsyncIterator[list[StoredEvent]]:
        """Everything ever accepted, in the order of its acceptance."""
        done = -1
        for path in self.files():
            for batch in pq.ParquetFile(path).iter_batches(5_000):
                rows = cast("list[dict[str, Any]]", batch.to_pylist())
                page = [StoredEvent(**row) for row in rows if row["seq"] > done]
                if page:
                    yield page
            done = max(done, _range(path)[1] - 1)
        bounds = (await self._bolt.read(q.SEQ_RANGE))[0]
        if bounds["last"] is None:
            return
        first = max(done + 1, bounds["first"])
        while first <= bounds["last"]:
            page = await self._page(first, first + PAGE_BATCHES)
            if page:
                yield page
            first += PAGE_BATCHES

    async def _page(self, first: int, until: int) -> list[StoredEvent]:
        rows = await self._bolt.read(q.PAGE, {"first": first, "until": until}, timeout_seconds=60)
        return [_event(row) for row in rows]

    async def find(self, uid: str, projects: list[str] | None) -> StoredEvent | None:
        """One event by uid, within the caller's projects; the archive is looked through last."""
        rows = await self._bolt.read(q.ONE, {"uid": uid, "projects": projects})
        if rows:
            return _event(rows[0])
        for path in self.files():
            table = pq.read_table(path, filters=pc.field("uid") == uid)
            if table.num_rows:
                event = StoredEvent(**cast("dict[str, Any]", table.to_pylist()[0]))
                return event if projects is None or event.project in projects else None
        return None

    def files(self) -> list[Path]:
        """Archive files, oldest first."""
        return sorted(self.folder.glob("events-*.parquet"), key=_range)

    async def archive(self, older_than_days: float) -> int:
        """Move events recorded longer ago into Parquet; returns how many."""
        await self._forget_archived()
        bounds = (await self._bolt.read(q.SEQ_RANGE))[0]
        if bounds["last"] is None:
            return 0
        before = now_micros() - int(older_than_days * DAY)
        span = {"first": bounds["first"], "until": bounds["last"] + 1, "before": before}
        kept = (await self._bolt.read(q.SEQ_BEFORE, span, timeout_seconds=60))[0]["first_kept"]
        until = bounds["last"] + 1 if kept is None else kept
        if until <= bounds["first"]:
            return 0
        count = await self._write_file(bounds["first"], until)
        await self._delete(bounds["first"], until)
        return count

    async def keep_archiving(self, older_than_days: float) -> None:
        """Archive every hour, for ever; what fails now is tried again in an hour."""
        while True:
            await asyncio.sleep(_HOUR_SECONDS)
            try:
                count = await self.archive(older_than_days)
                logger.info("archived %d events older than %g days", count, older_than_days)
            except (LineageError, OSError) as error:
                logger.warning("could not archive old events: %s", error)

    async def _write_file(self, first: int, until: int) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        final = self.folder / f"events-{first:012d}-{until:012d}.parquet"
        partial = final.with_suffix(".partial")
        count = 0
        with pq.ParquetWriter(partial, _SCHEMA, compression="zstd") as writer:
            for start in range(first, until, PAGE_BATCHES):
                page = await self._page(start, min(until, start + PAGE_BATCHES))
                writer.write_table(_table(page))
                count += len(page)
        _persist(partial, final)
        return count

    async def _forget_archived(self) -> None:
        """Finish what a crash left half done: archived events still in the graph."""
        for path in self.files():
            await self._delete(*_range(path))

    async def _delete(self, first: int, until: int) -> None:
        for start in range(first, until, PAGE_BATCHES):
            span = {"first": start, "until": min(until, start + PAGE_BATCHES)}
            await self._bolt.write(q.DELETE_RANGE, span)

    async def replace(self, events: list[StoredEvent]) -> None:
        """Put redacted events in the place of the stored ones, wherever those lie."""
        by_uid = {e.uid: e for e in events}
        rows = [{"uid": e.uid, "raw": e.raw, "type": e.type} for e in events]
        for start in range(0, len(rows), 500):
            await self._bolt.write(q.REDACT, {"rows": rows[start : start + 500]})
        for path in self.files():
            stored = cast("list[dict[str, Any]]", pq.read_table(path).to_pylist())
            if any(row["uid"] in by_uid for row in stored):
                page = [by_uid.get(row["uid"]) or StoredEvent(**row) for row in stored]
                partial = path.with_suffix(".partial")
                pq.write_table(_table(page), partial, compression="zstd")
                _persist(partial, path)


def _persist(partial: Path, final: Path) -> None:
    """On disk under its final name, also after a power cut."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _range(path: Path) -> tuple[int, int]:
    _, first, until = path.stem.split("-")
    return int(first), int(until)


def _event(row: dict[str, Any]) -> StoredEvent:
    return StoredEvent(
        uid=row["uid"],
        project=row["project"],
        seq=row["seq"],
        pos=row["pos"],
        type=row["type"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        raw=inflate(row["raw"]),
        redacted=bool(row["redacted"]),
    )


def _table(events: list[StoredEvent]) -> pa.Table:
    columns = {name: [getattr(e, name) for e in events] for name in _SCHEMA.names}
    return pa.table(columns, schema=_SCHEMA)
