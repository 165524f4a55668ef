"""One batch made ready for the graph: duplicates sorted out, changes planned, rows filled.

``make_ready`` reads what it must through the session and leaves the cache as if the batch were
committed, so that the next one can be planned while this one is being written. Whoever calls it
must make the cache forget if the batch does not get through.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from lineage_server.changes import Change
from lineage_server.graph.write import WriteBatch, WriteSession
from lineage_server.ingest.auditing import audit_rows
from lineage_server.ingest.batch import Batch, Planned
from lineage_server.ingest.cache import WriterCache
from lineage_server.ingest.facts import Clock
from lineage_server.ingest.numbering import give_numbers
from lineage_server.ingest.plan import facts_of
from lineage_server.ingest.redact import redact
from lineage_server.ingest.verdicts import (
    Entry,
    IdReusedError,
    Outcome,
    Verdict,
    event_row,
    inflate,
    plan,
    refuse,
)

_PLANNED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Ready:
    """What to write, and whom to tell what when it is written."""

    entries: list[Entry]
    write: WriteBatch
    changes: list[Change]

    @property
    def empty(self) -> bool:
        return not any(self.write.rows.values())


async def make_ready(
    entries: list[Entry], session: WriteSession, cache: WriterCache, *, careful: bool
) -> Ready:
    """Plan the batch; ``careful`` asks the graph what would else be taken for new."""
    # First of all: whoever commits after this makes our commit fail, so all that is read below stays true.
    await _take_position(session, cache)
    await give_numbers(entries, session)
    for place, entry in enumerate(entries):
        plan(entry)
        if place % _PLANNED_AT_ONCE == _PLANNED_AT_ONCE - 1:
            await asyncio.sleep(0)  # others get their turn
    fresh = await _without_duplicates(entries, session, careful=careful)
    items = [
        Planned(e.uid, e.event, e.recorded_at, e.facts, e.actor, accepted=e.stored is not None) for e in fresh
    ]
    write, batch = await planned(items, session, cache, careful=careful)
    refusals = {e.uid: i.refusal for e, i in zip(fresh, items, strict=True) if i.refusal is not None}
    if refusals:
        # A node that is full now took the same event before: that is known, not refused.
        doubtful = [e for e in fresh if e.uid in refusals]
        for entry in await _without_duplicates(doubtful, session, careful=True):
            refuse(entry, refusals[entry.uid])
    write.rows["events"] = [
        event_row(e, write.seq, place, i.event if i.redacted else None, was=i.was)
        for place, (e, i) in enumerate(zip(fresh, items, strict=True))
        if i.refusal is None
    ]
    write.rows["audit"] = [
        row
        for e, i in zip(fresh, items, strict=True)
        if i.refusal is None
        for row in audit_rows(e, was=i.was, redacted=i.redacted)
    ]
    write.rows["refused"] = _refusals(entries, cache)
    return Ready(entries, write, _settle(batch, write, cache))


async def planned(
    items: list[Planned], session: WriteSession, cache: WriterCache, *, careful: bool
) -> tuple[WriteBatch, Batch]:
    """The rows of a batch, and the batch to settle once they are written."""
    position = await _take_position(session, cache)
    if cache.erased:
        for item in items:
            _withhold(item, cache)
    batch = Batch(session, cache, items, careful)
    await batch.prepare()
    write = WriteBatch(*position)
    batch.rows(write)
    return write, batch


async def _take_position(session: WriteSession, cache: WriterCache) -> tuple[int, int]:
    """The batch and small id that ours come after, as first read; and which nodes are erased by then."""
    if cache.position is None:
        *position, erasures = await session.position()
        if cache.erased.stamp != erasures:
            cache.erased.fill(erasures, await session.erased() if erasures else ())
        cache.position = position[0], position[1]
    return cache.position


def _withhold(item: Planned, cache: WriterCache) -> None:
    """Of what is told of an erased node, only what is no payload counts and is stored."""
    at, event_id = item.facts[0].clock
    left = item.event
    for uid in cache.erased.among(item.facts):
        left = redact(left, uid, event_id) or left
    if left is not item.event:
        item.event, item.redacted = left, True
        item.facts = facts_of(left, Clock(at, event_id), item.actor)


def _refusals(entries: list[Entry], cache: WriterCache) -> list[dict[str, Any]]:
    """One row for each content that was refused, with how often."""
    rows: dict[str, dict[str, Any]] = {}
    for entry in entries:
        row = entry.refusal
        if row is None or not entry.kept or (cache.erased and cache.erased.told_in(entry.raw)):
            continue
        times = rows[row["uid"]]["times"] if row["uid"] in rows else 0
        rows[row["uid"]] = {**row, "times": times + 1}
    return list(rows.values())


def _settle(batch: Batch, write: WriteBatch, cache: WriterCache) -> list[Change]:
    write.finish()
    if any(write.rows.values()):
        cache.erased.add(row["uid"] for row in write.rows["erasures"])
        cache.position = (write.seq + 1, write.rid)
    return batch.settle(write.seq)


async def _without_duplicates(entries: list[Entry], session: WriteSession, *, careful: bool) -> list[Entry]:
    """Mark events that are stored already, or twice in this batch; returns the others."""
    seen: dict[str, bytes | None] = {}
    if careful:
        stored = await session.raw_events([e.uid for e in entries if e.facts])
        seen = {u: inflate(raw) if raw is not None else None for u, raw in stored.items()}
    fresh: list[Entry] = []
    for entry in entries:
        if not entry.facts:
            continue
        if entry.uid not in seen:
            seen[entry.uid] = entry.raw
            fresh.append(entry)
        elif seen[entry.uid] in (entry.raw, None):
            given = entry.request.verdicts[entry.index].version
            entry.request.verdicts[entry.index] = Verdict(entry.index, Outcome.DUPLICATE, version=given)
        else:
            refuse(entry, IdReusedError())
    return fresh
