"""One batch made ready for the graph: duplicates sorted out, changes planned, rows filled.

``make_ready`` reads what it must through the session and leaves the cache as if the batch were
committed, so that the next one can be planned while this one is being written. Whoever calls it
must make the cache forget if the batch does not get through.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lineage_server.changes import Change
from lineage_server.graph.write import WriteBatch, WriteSession
from lineage_server.ingest.batch import Batch, Planned
from lineage_server.ingest.cache import WriterCache
from lineage_server.ingest.verdicts import (
    Entry,
    IdReusedError,
    NotYoursError,
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
    for place, entry in enumerate(entries):
        plan(entry)
        if place % _PLANNED_AT_ONCE == _PLANNED_AT_ONCE - 1:
            await asyncio.sleep(0)  # others get their turn
    fresh = await _without_duplicates(entries, session, careful=careful)
    items = [Planned(e.uid, e.event, e.recorded_at, e.facts) for e in fresh]
    write, batch = await planned(items, session, cache, careful=careful)
    for entry, item in zip(fresh, items, strict=True):
        if item.refusal:
            refuse(entry, NotYoursError(item.refusal))
    write.rows["events"] = [
        event_row(e, write.seq, place) for place, e in enumerate(fresh) if e.refusal is None
    ]
    write.rows["audit"] = [dict(e.audit) for e in fresh if e.audit is not None and e.refusal is None]
    write.rows["refused"] = [e.refusal for e in entries if e.refusal is not None]
    return Ready(entries, write, _settle(batch, write, cache))


async def planned(
    items: list[Planned], session: WriteSession, cache: WriterCache, *, careful: bool
) -> tuple[WriteBatch, Batch]:
    """The rows of a batch, and the batch to settle once they are written."""
    if cache.position is None:
        cache.position = await session.position()
    batch = Batch(session, cache, items, careful)
    await batch.prepare()
    write = WriteBatch(*cache.position)
    batch.rows(write)
    return write, batch


def _settle(batch: Batch, write: WriteBatch, cache: WriterCache) -> list[Change]:
    write.finish()
    if any(write.rows.values()):
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
            entry.request.verdicts[entry.index] = Verdict(entry.index, Outcome.DUPLICATE)
        else:
            refuse(entry, IdReusedError())
    return fresh
