"""What belongs to a node: links and surroundings of a run, runs of anything, versions of an artifact.

A ``Wanted`` names one such page. It can be a key, so that a loader collects those of many nodes and asks
for all of them at once. What is wrong with it is said when it is made, to whoever asked, not to all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import label_of, shorten
from lineage_server.domain.nodes import Label, Node
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_tracking import Listed, Place
from lineage_server.graph.read_tracking_parts import Link, Links, PartsReader, RunEdge, Starts
from lineage_server.tracking.filters import (
    ListFilter,
    Order,
    Page,
    Scope,
    SortBy,
    check_first,
    decode_cursor,
    encode_cursor,
    page_of,
    selection,
)

NEWEST = Order(by=SortBy.ORDINAL)
"""Of versions: the last to arrive first."""
_ALL = ListFilter()
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page of what belongs to ``owner``; ``mark`` ties its cursors to this list."""

    owner: str
    first: int
    after: Place | None
    mark: str
    filter: ListFilter = _ALL
    order: Order = NEWEST
    edge: RunEdge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """Links of a run; ``total`` may be seen, ``hidden`` lie in projects that one may not see."""

    page: Page[Link]
    total: int
    hidden: int


def runs_of(
    owner: str, over: EdgeType, *, outgoing: bool = False, first: int = 100, after: str = ""
) -> Wanted:
    """Runs that such an edge leads from to ``owner``; ``outgoing``: those it leads to. Raises
    InvalidInputError, as the other three do."""
    edge = RunEdge(label_of(owner), over, outgoing)
    return _of_run(f"{over}/{outgoing}", owner, first, after, edge)


def inputs_of(run: str, *, first: int = 100, after: str = "") -> Wanted:
    return _of_run("inputs", run, first, after)


def outputs_of(run: str, *, first: int = 100, after: str = "") -> Wanted:
    return _of_run("outputs", run, first, after)


def versions_of(
    artifact: str,
    *,
    first: int = 100,
    after: str = "",
    wanted: ListFilter = _ALL,
    order: Order = NEWEST,
) -> Wanted:
    if label_of(artifact) is not Label.ARTIFACT:
        raise InvalidInputError(f"{shorten(artifact)!r} is no artifact's uid", field="artifact")
    selection(Label.ARTIFACT_VERSION, None, wanted)  # says what is wrong with it
    mark = f"versions/{artifact}/{order.property}/{'down' if order.descending else 'up'}"
    place = decode_cursor(after, mark)
    return Wanted(
        owner=artifact, first=check_first(first), after=place, mark=mark, filter=wanted, order=order
    )


def _of_run(what: str, run: str, first: int, after: str, edge: RunEdge | None = None) -> Wanted:
    mark = f"{what}/{run}"
    place = decode_cursor(after, mark)
    return Wanted(owner=run, first=check_first(first), after=place, mark=mark, edge=edge)


def package_page(
    environment: str, packages: Mapping[str, str], *, first: int, after: str
) -> Page[tuple[str, str]]:
    """Packages and versions by name, whatever the case."""
    mark = f"packages/{environment}"
    place = decode_cursor(after, mark)
    last = (str(place.value), place.uid) if place else ("", "")
    left = sorted(key for name in packages if (key := (name.lower(), name)) > last)
    page = left[: check_first(first)]
    return Page(
        items=tuple((name, packages[name]) for _, name in page),
        cursors=tuple(encode_cursor(Place(rank=1, value=low, uid=name), mark) for low, name in page),
        has_more=len(left) > first,
    )


class Parts:
    """Answers many wishes at once; those that are for nothing one may see have no answer."""

    def __init__(self, bolt: Bolt) -> None:
        self._reader = PartsReader(bolt)

    async def runs(self, many: Iterable[Wanted], *, scope: Scope) -> dict[Wanted, Page[Node]]:
        """Runs of owners (``runs_of``): children the oldest first, all others the newest first."""

        async def ask(like: Wanted, starts: Starts) -> dict[int, list[Listed]]:
            assert like.edge is not None
            return await self._reader.runs(like.edge, starts, scope, limit=like.first + 1)

        found = await _together(many, ask)
        return {wanted: page_of(rows, wanted.first, wanted.mark) for wanted, rows in found.items()}

    async def versions(self, many: Iterable[Wanted], *, scope: Scope) -> dict[Wanted, Page[Node]]:
        """Versions of artifacts."""

        async def ask(like: Wanted, starts: Starts) -> dict[int, list[Listed]]:
            chosen = selection(Label.ARTIFACT_VERSION, scope, like.filter)
            key, descending = like.order.property, like.order.descending
            return await self._reader.versions(
                starts, chosen, key, descending=descending, limit=like.first + 1
            )

        found = await _together(many, ask)
        return {wanted: page_of(rows, wanted.first, wanted.mark) for wanted, rows in found.items()}

    async def links(self, many: Iterable[Wanted], *, scope: Scope, inputs: bool) -> dict[Wanted, LinkPage]:
        """Versions that runs read (or wrote), by role."""

        async def ask(like: Wanted, starts: Starts) -> dict[int, Links]:
            return await self._reader.links(starts, scope, inputs=inputs, limit=like.first + 1)

        found = await _together(many, ask)
        return {wanted: _link_page(links, wanted) for wanted, links in found.items()}

    async def surroundings(
        self, runs: Iterable[str], *, scope: Scope
    ) -> dict[str, dict[EdgeType, list[str]]]:
        """Uids of what runs used, ran on and followed, by the edge; of one kind the newest told first."""
        return await self._reader.surroundings(runs, scope)

    async def diffs(self, code: Iterable[str], *, scope: Scope) -> dict[str, str]:
        """Uncommitted changes."""
        return await self._reader.diffs(code, scope)

    async def packages(self, environments: Iterable[str], *, scope: Scope) -> dict[str, dict[str, str]]:
        """Versions of packages by name."""
        return await self._reader.packages(environments, scope)


async def _together(
    many: Iterable[Wanted], ask: Callable[[Wanted, Starts], Awaitable[dict[int, _T]]]
) -> dict[Wanted, _T]:
    """One question for all wishes that differ only in whose page it is and where it begins."""
    groups: dict[object, list[Wanted]] = {}
    for wanted in many:
        groups.setdefault((wanted.first, wanted.filter, wanted.order, wanted.edge), []).append(wanted)
    out: dict[Wanted, _T] = {}
    for group in groups.values():
        found = await ask(group[0], [(wanted.owner, wanted.after) for wanted in group])
        out.update((group[index], answer) for index, answer in found.items())
    return out


def _link_page(links: Links, wanted: Wanted) -> LinkPage:
    shown = tuple(links.page[: wanted.first])
    cursors = tuple(encode_cursor(link.place, wanted.mark) for link in shown)
    page = Page(items=shown, cursors=cursors, has_more=len(links.page) > wanted.first)
    return LinkPage(page=page, total=links.total, hidden=links.hidden)
