"""The door to what was recorded; transports know only this class.

Every method takes ``scope``: the projects the caller may see, None for all. What is not in it is
"not there": the answer is the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import label_of, shorten
from lineage_server.domain.nodes import Label, Node
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries.window import FOREVER
from lineage_server.graph.read_lineage import by_label
from lineage_server.graph.read_registry import RegistryReader
from lineage_server.graph.read_tracking import (
    NOT_SHOWN,
    Listed,
    Place,
    RefusedEvent,
    TrackingReader,
)
from lineage_server.tracking.executions import Executions
from lineage_server.tracking.filters import (
    ListFilter,
    Order,
    Page,
    Scope,
    SortBy,
    check_first,
    check_order,
    decode_cursor,
    narrowed,
    page_of,
    paged,
    selection,
)
from lineage_server.tracking.gaps import WatchGaps
from lineage_server.tracking.history import Series, check_size, series_of
from lineage_server.tracking.listing import Listing
from lineage_server.tracking.notifications import Notifications
from lineage_server.tracking.parts import Parts
from lineage_server.tracking.search import SEARCHED, search

LISTED = frozenset(
    {
        *(Label.RUN, Label.JOB, Label.ARTIFACT, Label.DEPLOYMENT),
        *(Label.REGISTERED_MODEL, Label.MODEL_VERSION, Label.APPROVAL),
    }
)
MAX_UIDS = 1_000
MAX_POINTS = 100_000
MAX_COMPARED = 200
"""Runs of which metrics are asked for at once."""
_BY_NAME = Order(by=SortBy.NAME, descending=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Metric series of a run; ``position`` goes into ``after`` to ask for what came later."""

    series: tuple[Series, ...]
    position: int


class Tracking:
    """Answers from one graph; safe for concurrent use. ``parts`` and ``registry``: what belongs to nodes,
    ``executions``: runs with all that determined them; each for many at once. ``notifications``: what of
    late concerns somebody. ``gaps``: when watchers missed something."""

    def __init__(self, bolt: Bolt) -> None:
        self._reader = TrackingReader(bolt)
        self._listing = Listing(self._reader)
        self.parts = Parts(bolt)
        self.executions = Executions(bolt)
        self.registry = RegistryReader(bolt)
        self.notifications = Notifications(bolt)
        self.gaps = WatchGaps(bolt)

    # --- nodes ------------------------------------------------------------------------------

    async def nodes(self, uids: Iterable[str], *, scope: Scope) -> dict[str, Node]:
        """Those of the uids that are there and visible."""
        groups = by_label(dict.fromkeys(uids))
        if sum(len(group) for _, group in groups) > MAX_UIDS:
            raise InvalidInputError(f"at most {MAX_UIDS} uids at once", field="uids")
        return {node.uid: node for node in await self._reader.nodes(groups, scope)}

    async def node(self, uid: str, *, scope: Scope) -> Node:
        """Raises NotFoundError, InvalidInputError."""
        found = (await self.nodes([uid], scope=scope)).get(uid)
        if found is None:
            raise NotFoundError(f"{shorten(uid)!r} is not there, or not yours to see")
        return found

    async def aliases(self, uids: Iterable[str], *, scope: Scope) -> dict[str, list[str]]:
        return await self._reader.aliases(uids, scope)

    async def producers(self, uids: Iterable[str], *, scope: Scope) -> dict[str, str]:
        """The runs that made versions, of artifacts or of registered models."""
        out: dict[str, str] = {}
        for label, group in by_label(uids):
            out |= await self._reader.producers(label, group, scope)
        return out

    # --- lists ------------------------------------------------------------------------------

    async def list_nodes(
        self,
        label: Label,
        *,
        scope: Scope,
        projects: Sequence[str] = (),
        wanted: ListFilter | None = None,
        order: Order = _BY_NAME,
        first: int = 100,
        after: str = "",
        brought: tuple[str, ...] | None = None,
    ) -> Page[Node]:
        """A page of nodes of one label; raises NotFoundError for a project that is not visible.

        ``brought``: which parameters (``p.lr``) and metrics (``m.loss``) the nodes come with; None = all.
        """
        self._check_label(label)
        check_first(first)
        order = check_order(order)
        chosen = replace(selection(label, seen(scope, projects), wanted or ListFilter()), brought=brought)
        mark = f"{label}/{order.property}/{'down' if order.descending else 'up'}"
        place = decode_cursor(after, mark)
        rows = await self._listing.page(chosen, order, first=first, after=place)
        return page_of(rows, first, mark)

    async def count(
        self,
        label: Label,
        *,
        scope: Scope,
        projects: Sequence[str] = (),
        wanted: ListFilter | None = None,
    ) -> int:
        """How many there are; goes through all of them."""
        self._check_label(label)
        chosen = selection(label, seen(scope, projects), wanted or ListFilter())
        if chosen.scope is not None and not chosen.scope:
            return 0
        return await self._reader.count(chosen)

    @staticmethod
    def _check_label(label: Label) -> None:
        if label not in LISTED:
            raise InvalidInputError(f"{label} nodes are not listed", field="label")

    async def list_projects(self, *, scope: Scope, first: int = 100, after: str = "") -> Page[Node]:
        check_first(first)
        place = decode_cursor(after, "projects")
        nodes = await self._reader.projects(scope, after=place.uid if place else "", limit=first + 1)
        rows = [Listed(node, Place(rank=2, value=None, uid=node.name)) for node in nodes]
        return page_of(rows, first, "projects")

    async def search(
        self,
        text: str,
        *,
        scope: Scope,
        projects: Sequence[str] = (),
        labels: Sequence[Label] = SEARCHED,
        first: int = 20,
        after: str = "",
    ) -> Page[Node]:
        """By words of name, kind, description and tags, or by the first digits of a digest."""
        return await search(
            self._reader,
            self._listing,
            text,
            scope=seen(scope, projects),
            labels=[label for label in labels if label in SEARCHED],
            first=check_first(first),
            after=after,
        )

    # --- metrics ------------------------------------------------------------------------------

    async def history(
        self,
        run: str,
        *,
        scope: Scope,
        keys: Sequence[str] = (),
        max_points: int | None = None,
        after: int = -1,
    ) -> Points:
        """Series of a run's metrics, thinned to ``max_points`` each where that is given."""
        if max_points is not None and not 10 <= max_points <= MAX_POINTS:
            raise InvalidInputError(
                "the number of points is out of range", field="maxPoints", allowed=f"10 to {MAX_POINTS}"
            )
        if label_of(run) is not Label.RUN:
            raise InvalidInputError(f"{shorten(run)!r} is no run's uid", field="run")
        chunks = await self._reader.chunks(run, scope, keys=keys, after=after)
        if chunks is None:
            raise NotFoundError(f"run {shorten(run)!r} is not there, or not yours to see")
        check_size(sum(chunk.points for chunk in chunks))
        # Some seconds of work for millions of points: not on the event loop.
        series = await asyncio.to_thread(series_of, [c.data for c in chunks], keys, max_points)
        return Points(series=tuple(series), position=max((c.rid for c in chunks), default=after))

    async def histories(
        self,
        runs: Sequence[str],
        *,
        scope: Scope,
        keys: Sequence[str],
        max_points: int,
        steps: tuple[int | None, int | None] = (None, None),
    ) -> list[tuple[str, Sequence[Series]]]:
        """Series of some keys of many runs in two reads, in the order of the runs, thinned to ``max_points``
        each; of those ``steps`` only, both included. Raises a domain error, also for a run that is not
        there."""
        uids = list(dict.fromkeys(runs))
        if not 1 <= len(uids) <= MAX_COMPARED:
            raise InvalidInputError(
                f"{len(uids)} runs are named", field="runs", allowed=f"1 to {MAX_COMPARED} runs"
            )
        most = MAX_POINTS * 10 // (len(uids) * max(1, len(keys)))
        if not keys or not 10 <= max_points <= min(most, MAX_POINTS):
            raise InvalidInputError(
                f"{max_points} points of each of {len(keys)} metrics of {len(uids)} runs are not possible",
                field="maxPoints" if keys else "keys",
                allowed=f"some keys, 10 points or more, and at most {MAX_POINTS * 10} in all",
            )
        sizes = await self._reader.points(uids, scope, keys=keys)
        for uid in uids:
            if uid not in sizes:
                raise NotFoundError(f"run {shorten(uid)!r} is not there, or not yours to see")
        check_size(sum(sizes.values()))
        chunks = await self._reader.many_chunks(uids, scope, keys=keys)

        def thinned() -> list[tuple[str, Sequence[Series]]]:
            of: dict[str, list[bytes]] = {uid: [] for uid in uids}
            for uid, data in chunks:
                of[uid].append(data)
            return [(uid, series_of(of[uid], keys, max_points, steps)) for uid in uids]

        return await asyncio.to_thread(thinned)

    # --- refused events -------------------------------------------------------------------------

    async def list_refused(self, *, scope: Scope, first: int = 100, after: str = "") -> Page[RefusedEvent]:
        """Events that were not taken, newest first."""
        check_first(first)
        place = decode_cursor(after, "refused") or Place(rank=0, value=FOREVER, uid="")
        found = await self._reader.refused(scope, until=place.value, uid=place.uid, limit=first + 1)
        return paged(found, first, "refused", lambda one: Place(rank=0, value=one.at, uid=one.uid))

    async def refused(self, uids: Iterable[str], *, scope: Scope) -> list[RefusedEvent]:
        return await self._reader.refused_by_uid(uids, scope)

    async def forget_refused(self, uids: Iterable[str], *, scope: Scope) -> None:
        await self._reader.forget_refused(uids, scope)

    async def stated_roles(self, start: str, end: str, *, scope: Scope) -> list[str]:
        return await self._reader.stated_roles(start, end, scope)

    async def count_refused(self, *, scope: Scope) -> int:
        return await self._reader.count_refused(scope)


def seen(scope: Scope, projects: Sequence[str]) -> Scope:
    """The scope within these projects; raises NotFoundError when none of them is visible."""
    inside = narrowed(scope, projects)
    if projects and not inside:
        raise NotFoundError(f"project {shorten(', '.join(projects))!r} is not there, or not yours to see")
    return inside


def is_shown(uid: str) -> bool:
    """Whether a uid names something that is a node to the outside."""
    return label_of(uid) not in NOT_SHOWN
