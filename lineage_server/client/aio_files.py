"""Files of versions and what changed between two, for coroutines: each page is fetched in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from lineage_server.client.file_changes import FileChange, FileCounts, FileEntry, FilesDiff

if TYPE_CHECKING:
    from lineage_server.client.listings import Files

T = TypeVar("T")

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class AsyncFiles:
    """``Files`` for coroutines: walked over by ``async for`` page by page, or awaited for a list of all.
    ``find`` is called in a thread."""

    find: Callable[[], Files]

    def matching(self, *patterns: str) -> AsyncFiles:
        """See ``Files.matching``."""
        from lineage_server.client.listings import patterns_in

        chosen = patterns_in(patterns)
        return AsyncFiles(lambda: self.find().matching(*chosen))

    def __aiter__(self) -> AsyncIterator[FileEntry]:
        """Raises a domain error where they are not known."""
        return _walked(self.find)

    def __await__(self) -> Generator[Any, Any, list[FileEntry]]:
        return asyncio.to_thread(lambda: list(self.find())).__await__()


@dataclass(frozen=True, slots=True)
class AsyncFilesDiff:
    """``FilesDiff`` for coroutines: walked over by ``async for``; each walk and each question asks anew."""

    plain: FilesDiff

    def __aiter__(self) -> AsyncIterator[FileChange]:
        return _walked(lambda: self.plain)

    def walk(self, counts: FileCounts) -> AsyncIterator[FileChange]:
        """See ``FilesDiff.walk``."""
        return _walked(lambda: self.plain.walk(counts))

    async def counts(self) -> FileCounts:
        """See ``FilesDiff.counts``."""
        return await asyncio.to_thread(attrgetter("counts"), self.plain)

    async def added(self) -> list[FileEntry]:
        """See ``FilesDiff.added``."""
        return await asyncio.to_thread(attrgetter("added"), self.plain)

    async def removed(self) -> list[FileEntry]:
        """See ``FilesDiff.removed``."""
        return await asyncio.to_thread(attrgetter("removed"), self.plain)

    async def changed(self) -> list[FileEntry]:
        """See ``FilesDiff.changed``."""
        return await asyncio.to_thread(attrgetter("changed"), self.plain)

    async def to_text(self) -> str:
        """See ``FilesDiff.to_text``."""
        return await asyncio.to_thread(self.plain.to_text)


async def _walked(begin: Callable[[], Iterable[T]]) -> AsyncIterator[T]:
    found = iter(await asyncio.to_thread(begin))
    while some := await asyncio.to_thread(list[T], islice(found, _AT_ONCE)):
        for one in some:
            yield one
