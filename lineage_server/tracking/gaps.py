"""When watchers of clusters missed something: what completeness counts with, as a list."""

from __future__ import annotations

from dataclasses import dataclass

from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries.gaps import GAPS
from lineage_server.graph.queries.window import FOREVER
from lineage_server.graph.read_tracking import Place, scope_of
from lineage_server.tracking.filters import Page, Scope, check_first, decode_cursor, paged

_ORDER = "gaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchGap:
    """From when to when (microseconds) objects of a kind were not watched on a cluster."""

    uid: str
    project: str
    cluster: str
    kind: str
    from_at: int
    to_at: int
    reason: str


class WatchGaps:
    """Answers from one graph; safe for concurrent use."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def list_gaps(self, *, scope: Scope, first: int, after: str = "") -> Page[WatchGap]:
        """The one that began last comes first. Raises InvalidInputError."""
        check_first(first)
        place = decode_cursor(after, _ORDER) or Place(rank=0, value=FOREVER, uid="")
        given = {**scope_of(scope), "until": place.value, "uid": place.uid, "limit": first + 1}
        found = [_gap(row) for row in await self._bolt.read(GAPS, given)]
        return paged(found, first, _ORDER, lambda one: Place(rank=0, value=one.from_at, uid=one.uid))


def _gap(row: Row) -> WatchGap:
    return WatchGap(
        uid=row["uid"],
        project=row["project"],
        cluster=row["cluster"],
        kind=row["kind"],
        from_at=row["from_at"],
        to_at=row["to_at"],
        reason=row["reason"] or "",
    )
