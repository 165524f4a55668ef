"""Bulk reads: whole lists as Arrow batches, a page of the graph at a time, so that memory has a bound.

What may be asked, and in which order it comes, is that of the lists (``service``).
Nothing is kept between pages: whoever stops asking stops the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import label_of, shorten
from lineage_server.domain.nodes import Label, Node
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_tracking import TrackingReader
from lineage_server.graph.read_tracking_parts import Link
from lineage_server.tracking import columns, parts
from lineage_server.tracking.columns import Table
from lineage_server.tracking.filters import ListFilter, Order, Page, Scope
from lineage_server.tracking.history import check_size, points_of
from lineage_server.tracking.service import Tracking

PAGE = 250
"""Nodes that are read, and answered, at once."""
MAX_RUNS = 1_000
"""Runs that may be named in one request for points."""
_POINTS_AT_ONCE = 1_000_000
_BATCH_POINTS = 65_536
_TABLES = {
    Label.RUN: columns.RUNS,
    Label.ARTIFACT: columns.ARTIFACTS,
    Label.ARTIFACT_VERSION: columns.VERSIONS,
    Label.REGISTERED_MODEL: columns.MODELS,
    Label.MODEL_VERSION: columns.MODEL_VERSIONS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A list: what is in it, in which order, at most how many (None = all); or versions of ``artifact``."""

    label: Label
    scope: Scope
    projects: tuple[str, ...] = ()
    wanted: ListFilter
    order: Order
    artifact: str = ""
    limit: int | None = None

    @property
    def table(self) -> Table:
        return _TABLES[self.label]


class Bulk:
    """Reads lists to their end; safe for concurrent use."""

    def __init__(self, bolt: Bolt) -> None:
        self._tracking = Tracking(bolt)
        self._reader = TrackingReader(bolt)

    async def nodes(self, asked: Asked) -> AsyncGenerator[Any]:
        """Record batches; raises InvalidInputError, NotFoundError with the first."""
        async with aclosing(self._pages(asked)) as pages:
            async for page in pages:
                beside = await self._beside(asked, page)
                # Thousands of values: not on the event loop.
                yield await asyncio.to_thread(asked.table.batch, page, beside)

    async def edges(self, asked: Asked) -> AsyncGenerator[Any]:
        """What runs read and wrote, as they are listed; raises what ``nodes`` raises."""
        async with aclosing(self._pages(asked)) as pages:
            async for page in pages:
                uids = [node.uid for node in page]
                for inputs in (True, False):
                    async with aclosing(self._links(uids, asked.scope, inputs=inputs)) as parts_of:
                        async for links in parts_of:
                            name = "input" if inputs else "output"
                            yield await asyncio.to_thread(columns.edges_shown, name, links)

    async def points_of_list(self, asked: Asked, keys: Sequence[str]) -> AsyncGenerator[Any]:
        """Points of runs as they are listed; raises what ``nodes`` raises, and LimitError."""
        async with aclosing(self._pages(asked)) as pages:
            async for page in pages:
                async with aclosing(self._points([n.uid for n in page], asked.scope, keys)) as batches:
                    async for batch in batches:
                        yield batch

    async def points_of_runs(
        self, runs: Sequence[str], keys: Sequence[str], *, scope: Scope
    ) -> AsyncGenerator[Any]:
        """Points of runs that are named, in that order; raises a domain error with the first."""
        uids = list(dict.fromkeys(runs))
        if len(uids) > MAX_RUNS:
            raise InvalidInputError(
                f"{len(uids)} runs are named", field="run", allowed=f"up to {MAX_RUNS}, or a filter"
            )
        for uid in uids:
            if label_of(uid) is not Label.RUN:
                raise InvalidInputError(
                    f"{shorten(uid)!r} is no run's uid", field="run", allowed="run:<its id>"
                )
        there = await self._reader.points(uids, scope, keys=keys)
        for uid in uids:
            if uid not in there:
                raise NotFoundError(f"run {shorten(uid)!r} is not there, or not yours to see")
        async with aclosing(self._points(uids, scope, keys)) as batches:
            async for batch in batches:
                yield batch

    # --- pages ------------------------------------------------------------------------------

    async def _pages(self, asked: Asked) -> AsyncGenerator[Sequence[Node]]:
        left, after = asked.limit, ""
        while left is None or left > 0:
            page = await self._page(asked, PAGE if left is None else min(PAGE, left), after)
            if page.items:
                yield page.items
                after = page.cursors[-1]
            left = None if left is None else left - len(page.items)
            if not page.has_more:
                return

    async def _page(self, asked: Asked, first: int, after: str) -> Page[Node]:
        if asked.label is Label.ARTIFACT_VERSION:
            wanted = parts.versions_of(
                asked.artifact, first=first, after=after, wanted=asked.wanted, order=asked.order
            )
            found = (await self._tracking.parts.versions([wanted], scope=asked.scope)).get(wanted)
            if found is None or not found.items:
                await self._tracking.node(asked.artifact, scope=asked.scope)
            return found or Page(items=(), cursors=(), has_more=False)
        if asked.wanted.model and not after:
            await self._tracking.node(asked.wanted.model, scope=asked.scope)
        return await self._tracking.list_nodes(
            asked.label, scope=asked.scope, projects=asked.projects, wanted=asked.wanted, order=asked.order,
            first=first, after=after,
        )  # fmt: skip

    async def _beside(self, asked: Asked, page: Sequence[Node]) -> dict[str, Mapping[str, Any]]:
        uids, scope = [node.uid for node in page], asked.scope
        if asked.label is Label.REGISTERED_MODEL:
            found = await self._tracking.registry.aliases(uids, scope=scope)
            return {"aliases": {uid: columns.aliases_by_name(found.get(uid, ())) for uid in uids}}
        if asked.label is Label.ARTIFACT_VERSION:
            return {"run": await self._tracking.producers(uids, scope=scope)}
        if asked.label is Label.MODEL_VERSION:
            aliases, runs = await asyncio.gather(
                self._tracking.aliases(uids, scope=scope), self._tracking.producers(uids, scope=scope)
            )
            return {"aliases": {uid: aliases.get(uid, []) for uid in uids}, "run": runs}
        return {}

    async def _links(
        self, runs: Sequence[str], scope: Scope, *, inputs: bool
    ) -> AsyncGenerator[list[tuple[str, Link | int]]]:
        """By run, a page of each at once."""
        of = parts.inputs_of if inputs else parts.outputs_of
        waiting = [of(run, first=PAGE) for run in runs]
        while waiting:
            found = await self._tracking.parts.links(waiting, scope=scope, inputs=inputs)
            rows = list[tuple[str, Link | int]]()
            more = list[parts.Wanted]()
            for wanted, links in ((one, found[one]) for one in waiting if one in found):
                rows += [(wanted.owner, link) for link in links.page.items]
                if links.page.has_more:
                    more.append(of(wanted.owner, first=PAGE, after=links.page.cursors[-1]))
                elif links.hidden:
                    rows.append((wanted.owner, links.hidden))
            if rows:
                yield rows
            waiting = more

    # --- points -----------------------------------------------------------------------------

    async def _points(self, uids: Sequence[str], scope: Scope, keys: Sequence[str]) -> AsyncGenerator[Any]:
        sizes = await self._reader.points(uids, scope, keys=keys)
        for runs in _groups(uids, sizes):
            check_size(sum(sizes[uid] for uid in runs))
            chunks = await self._reader.many_chunks(runs, scope, keys=keys)
            table = await asyncio.to_thread(_table, runs, chunks, keys)
            for batch in table.to_batches(max_chunksize=_BATCH_POINTS) if table is not None else ():
                yield batch


def _groups(uids: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Runs that have points, as many at once as may be held together."""
    group, held = list[str](), 0
    for uid in uids:
        size = sizes.get(uid, 0)
        if group and held + size > _POINTS_AT_ONCE:
            yield group
            group, held = [], 0
        if size:
            group.append(uid)
            held += size
    if group:
        yield group


def _table(runs: Sequence[str], chunks: Iterable[tuple[str, bytes]], keys: Sequence[str]) -> Any:
    places = {uid: place for place, uid in enumerate(runs)}
    found = points_of([(places[uid], data) for uid, data in chunks], keys)
    return None if found is None else columns.points_shown(found, runs)
