"""The stored events: reading them in order, moving old ones to Parquet, redacting.

Events are the truth from which the graph can be rebuilt. Young ones are nodes with their bytes; of
old ones only the id stays in the graph, so that an event is known whenever it is sent again, and the
bytes lie in files that the graph lists. The list and the events change in one transaction, after the
file was written and read back: a crash in between leaves the events where they were.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lineage_server.domain.errors import ConflictError, LineageError
from lineage_server.domain.ids import now_micros
from lineage_server.domain.stored import StoredEvent, YoungEvent
from lineage_server.graph.bolt import Bolt, Transaction
from lineage_server.graph.lease import Lease
from lineage_server.graph.queries import events as q
from lineage_server.graph.queries import ingest as writer_queries
from lineage_server.graph.retries import retry
from lineage_server.ingest.archive import ArchiveAwayError, ArchiveFile, ArchiveFolder
from lineage_server.ingest.verdicts import inflate

PAGE_EVENTS, PAGE_BYTES = 2_000, 8 << 20
FILE_EVENTS, FILE_BYTES = 20_000, 32 << 20
"""Bounds of what is read at once and of one archive file; one batch may be more."""
DAY = 86_400_000_000
_WINDOW_BATCHES = 500
_CHUNK = 2_000
_HOUR_SECONDS = 3600.0
_RETRY_SECONDS = 20.0
_TIMEOUT_SECONDS = 60.0
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Span:
    """Batches from ``first`` to before ``until``, and how much they hold."""

    first: int
    until: int
    events: int = 0
    bytes: int = 0


class EventStore:
    """Events in the graph and in ``folder``; without a folder nothing is archived."""

    def __init__(self, bolt: Bolt, folder: Path | None) -> None:
        self._bolt = bolt
        self._archive = ArchiveFolder(folder)
        self._owner = ""
        self.lease = Lease(bolt)

    @contextlib.asynccontextmanager
    async def exclusively(self, work: str, *, wait_seconds: float = 0.0) -> AsyncGenerator[str]:
        """Keep everybody else from archiving, erasing and rebuilding; gives the holder's name.

        Raises ConflictError if somebody is at it already, and for longer than we wait.
        """
        async with self.lease.held(work, wait_seconds=wait_seconds) as owner:
            self._owner = owner
            yield owner

    # --- reading ---------------------------------------------------------------------

    async def check(self) -> None:
        """Raises ArchiveAwayError unless every archived event can be read."""
        await asyncio.to_thread(self._archive.check, await self.files())

    async def pages(self) -> AsyncGenerator[list[StoredEvent]]:
        """Everything ever accepted, in the order of its acceptance; a page holds whole batches.

        Complete only within ``exclusively``: else events may move while they are read.
        """
        files = await self.files()
        for file in files:
            yield await asyncio.to_thread(self._archive.read, file)
        first = files[-1].until if files else 0
        async for span in self._spans(first, await self.next_batch()):
            yield await self._page(span.first, span.until)

    async def page_from(self, first: int, until: int) -> tuple[list[StoredEvent], int]:
        """Whole batches from ``first`` on, some thousand events, and the number to go on with.

        Never beyond ``until``, which ``next_batch`` gives. Whoever pages so gets every event that stood
        before ``until``, though some be archived or redacted meanwhile. Raises ArchiveAwayError.
        """
        while True:
            files = await self.files()
            try:
                page = await self._page_from(files, first, until)
            except ArchiveAwayError:
                if files == await self.files():
                    raise
                continue
            if files == await self.files():  # else events may have left the graph for a new file
                return page

    async def _page_from(
        self, files: Sequence[ArchiveFile], first: int, until: int
    ) -> tuple[list[StoredEvent], int]:
        file = next((f for f in files if f.first <= first < f.until), None)
        if file is not None:
            events = await asyncio.to_thread(self._archive.read, file)
            page = _page_of([e for e in events if first <= e.seq < until])
            return page, page[-1].seq + 1 if page else file.until
        async with contextlib.aclosing(self._spans(first, until)) as spans:
            async for span in spans:
                return await self._page(span.first, span.until), span.until
        return [], until

    async def find(self, uid: str, projects: list[str] | None) -> StoredEvent | None:
        """One event by uid, within the caller's projects."""
        rows = await self._bolt.read(q.ONE, {"uid": uid, "projects": projects})
        if not rows:
            return None
        if rows[0]["archive"] is None:
            return _event(rows[0])
        events = await self._archived(rows[0]["archive"])
        return next(e for e in events if e.uid == uid)

    async def since(self, first: int, types: Sequence[str]) -> tuple[list[YoungEvent], int]:
        """Young events of some types from batch ``first`` on, and the batch to go on from."""
        until = max(first, min(await self.next_batch(), first + _WINDOW_BATCHES))
        if until == first:
            return [], until
        rows = await self._bolt.read(q.SINCE, {"first": first, "until": until, "types": list(types)})
        return [_young(row) for row in rows], until

    async def _archived(self, first: int) -> list[StoredEvent]:
        """The file that begins with a batch; once more if it was exchanged while we looked for it."""
        known: ArchiveFile | None = None
        while True:
            file = next(f for f in await self.files() if f.first == first)
            try:
                return await asyncio.to_thread(self._archive.read, file)
            except ArchiveAwayError:
                if file == known:
                    raise
                known = file

    async def files(self) -> list[ArchiveFile]:
        """What was archived, oldest first, without a gap."""
        rows = await self._bolt.read(q.ARCHIVES, timeout_seconds=_TIMEOUT_SECONDS)
        return [ArchiveFile(**row) for row in rows]

    async def next_batch(self) -> int:
        """The number that the next batch gets: all that is stored now stands before it."""
        return int((await self._bolt.read(writer_queries.WRITER_STATE))[0]["seq"])

    async def _page(self, first: int, until: int) -> list[StoredEvent]:
        span = {"first": first, "until": until}
        rows = await self._read(q.PAGE, span)
        return [_event(row) for row in rows]

    async def _batches(self, first: int, until: int) -> AsyncGenerator[dict[str, Any]]:
        """Numbers of batches that hold events, with how many, their bytes and when they came."""
        for start in range(first, until, _WINDOW_BATCHES):
            span = {"first": start, "until": min(until, start + _WINDOW_BATCHES)}
            for row in await self._read(q.SIZES, span):
                yield row

    async def _spans(self, first: int, until: int) -> AsyncGenerator[_Span]:
        span = _Span(first, first)
        async for batch in self._batches(first, until):
            full = (
                span.events + batch["events"] > PAGE_EVENTS or span.bytes + (batch["bytes"] or 0) > PAGE_BYTES
            )
            if full and span.events:
                yield span
                span = _Span(span.until, span.until)
            _add(span, batch)
        if span.events:
            yield span

    async def _read(self, query: Any, span: dict[str, int]) -> list[dict[str, Any]]:
        return await self._bolt.read(
            query, span, timeout_seconds=_TIMEOUT_SECONDS, patience_seconds=_RETRY_SECONDS
        )

    # --- archiving -------------------------------------------------------------------

    async def keep_archiving(self, older_than_days: float) -> None:
        """Archive every hour, for ever; what fails now is tried again in an hour."""
        while True:
            await asyncio.sleep(_HOUR_SECONDS)
            try:
                count = await self.archive(older_than_days)
                logger.info("archived %d events older than %g days", count, older_than_days)
            except (LineageError, OSError) as error:
                logger.warning("could not archive old events: %s", error)

    async def archive(self, older_than_days: float) -> int:
        """Move events recorded longer ago into Parquet; returns how many.

        File by file, so that whoever else wants to work on the events waits for one file only. Raises
        ConflictError if somebody is at them; if that was after the first file, the rest is for next time.
        """
        await asyncio.to_thread(self._archive.prepare)
        before = now_micros() - int(older_than_days * DAY)
        total = 0
        while True:
            try:
                async with self.exclusively("archiving"):
                    count = await self._archive_some(before)
            except ConflictError:
                if not total:
                    raise
                return total
            if not count:
                return total
            total += count

    async def _archive_some(self, before: int) -> int:
        """One file; 0 if nothing is old enough."""
        await self._sweep()
        files = await self.files()
        span = await self._oldest(files[-1].until if files else 0, before)
        if not span.events:
            return 0
        pages = [
            await self._page(part.first, part.until) async for part in self._spans(span.first, span.until)
        ]
        events = [event for page in pages for event in page]
        file = await self._write(span.first, span.until, events)
        await retry(lambda _: self._move(file, events), seconds=_RETRY_SECONDS)
        return len(events)

    async def _oldest(self, first: int, before: int) -> _Span:
        """Enough old batches for a file."""
        span = _Span(first, first)
        async with contextlib.aclosing(self._batches(first, await self.next_batch())) as batches:
            async for batch in batches:
                too_many = span.events + batch["events"] > FILE_EVENTS
                too_large = span.bytes + (batch["bytes"] or 0) > FILE_BYTES
                if batch["recorded_at"] >= before or (span.events and (too_many or too_large)):
                    break
                _add(span, batch)
        return span

    async def _write(self, first: int, until: int, events: Sequence[StoredEvent]) -> ArchiveFile:
        """A new file, whose name is in the graph before it is in the folder: it can't be forgotten."""
        name = self._archive.new_name(first, until)
        await self._bolt.write(q.BEGIN_ARCHIVE, {"name": name}, patience_seconds=_RETRY_SECONDS)
        return await asyncio.to_thread(self._archive.write, name, first, until, events)

    async def _move(self, file: ArchiveFile, events: Sequence[StoredEvent]) -> None:
        """From the graph to the file: all of it or nothing; doing it twice changes nothing."""
        async with self.lease.transaction(self._owner, timeout_seconds=120) as transaction:
            moved = 0
            for start in range(0, len(events), _CHUNK):
                uids = [event.uid for event in events[start : start + _CHUNK]]
                rows = await transaction.run(q.MOVE_TO_ARCHIVE, {"uids": uids, "first": file.first})
                moved += int(rows[0]["moved"])
            if moved != file.events:
                raise ConflictError(
                    f"{file.events} events were written to {file.name}, {moved} are in the graph"
                )
            await self._list(transaction, file)

    async def _list(self, transaction: Transaction, file: ArchiveFile) -> None:
        await transaction.run(q.END_ARCHIVE, asdict(file))

    async def _sweep(self) -> None:
        """Remove files that a crash or a replacement left behind."""
        for row in await self._bolt.read(q.LEFT_OVER):
            name = str(row["name"])
            await asyncio.to_thread(self._archive.remove, name)
            await self._bolt.write(q.FORGET_ARCHIVE, {"name": name})

    # --- redacting -------------------------------------------------------------------

    async def replace(self, events: Sequence[StoredEvent]) -> None:
        """Put redacted events in the place of the stored ones, wherever those lie.

        Within ``exclusively``.
        """
        files = await self.files()
        archived_until = files[-1].until if files else 0
        rows = [{"uid": e.uid, "raw": e.raw, "type": e.type} for e in events if e.seq >= archived_until]
        for start in range(0, len(rows), 500):
            await self._bolt.write(q.REDACT, {"rows": rows[start : start + 500]})
        for file in files:
            by_uid = {e.uid: e for e in events if file.first <= e.seq < file.until}
            if by_uid:
                await self._replace_in(file, by_uid)
        await self._sweep()

    async def _replace_in(self, old: ArchiveFile, by_uid: dict[str, StoredEvent]) -> None:
        stored = await asyncio.to_thread(self._archive.read, old)
        new = await self._write(old.first, old.until, [by_uid.get(e.uid) or e for e in stored])

        async def exchange(_: float) -> None:
            async with self.lease.transaction(self._owner) as transaction:
                await transaction.run(q.REPLACE_ARCHIVE, {"name": old.name})
                await self._list(transaction, new)

        await retry(exchange, seconds=_RETRY_SECONDS)


def _page_of(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The first whole batches of them that make a page."""
    page: list[StoredEvent] = []
    size = 0
    for _, batch in itertools.groupby(events, key=lambda e: e.seq):
        more = list(batch)
        size += sum(len(e.raw) for e in more)
        if page and (len(page) + len(more) > PAGE_EVENTS or size > PAGE_BYTES):
            break
        page += more
    return page


def _add(span: _Span, batch: dict[str, Any]) -> None:
    span.until = batch["seq"] + 1
    span.events += batch["events"]
    span.bytes += batch["bytes"] or 0


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


def _young(row: dict[str, Any]) -> YoungEvent:
    return YoungEvent(**asdict(_event(row)), was=row["was"], imported=bool(row["imported"]))
