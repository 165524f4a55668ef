"""The graph's answers to the tracking service: pages of nodes, nodes by uid, chunks, search.

Each method is one round trip. Which windows and bounds to try, and what a cursor means, is the
service's (``tracking/listing.py``); here parameters meet statements and rows become dataclasses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Label, Node
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries import tracking as cypher
from lineage_server.graph.queries.clauses import Clause
from lineage_server.graph.records import node_from_record

NOT_SHOWN = frozenset({Label.EVENT, Label.METRIC_CHUNK})
"""Labels that are no nodes to the outside: raw events and points have doors of their own."""
_SAMPLED = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Nodes of a label that one may see and that meet all conditions.

    ``scope`` None = all projects. ``parameters`` are those that the clauses read. ``brought``: which of the
    properties that are parameters and metrics the nodes come with; None = all.
    """

    label: Label = Label.RUN
    scope: frozenset[str] | None = None
    clauses: tuple[Clause, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    brought: tuple[str, ...] | None = None

    @property
    def brief(self) -> bool:
        return self.brought is not None

    def given(self, **more: Any) -> dict[str, Any]:
        brought = {"brought": list(self.brought)} if self.brought is not None else {}
        return {**scope_of(self.scope), **self.parameters, **brought, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a row stands in a sorted list: number, text or nothing (0, 1, 2), value, uid."""

    rank: int
    value: Any
    uid: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A node and its place."""

    node: Node
    place: Place


@dataclass(frozen=True, slots=True)
class Chunk:
    """Stored points: an Arrow IPC stream; ``rid`` grows with arrival."""

    rid: int
    points: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEvent:
    """An event that was not taken, as kept for inspection.

    ``cut``: ``raw``, which may be compressed, is only its beginning. ``at`` is the last time it came.
    """

    uid: str
    project: str
    at: int
    actor: str
    code: str
    message: str
    retriable: bool
    size: int
    cut: bool
    raw: bytes
    first_at: int
    times: int


class TrackingReader:
    """Reads lists and nodes; safe for concurrent use."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    # --- pages ------------------------------------------------------------------------------

    async def newest(
        self, selection: Selection, *, low: int, high: int, limit: int, after: Place | None
    ) -> list[Listed]:
        """Runs started within a window, newest first."""
        statement = cypher.newest_in_window(
            selection.clauses, resumed=after is not None, brief=selection.brief
        )
        return await self._page(statement, selection.given(low=low, high=high, limit=limit, **_after(after)))

    async def sorted(
        self, selection: Selection, key: str, *, descending: bool, limit: int, after: Place | None
    ) -> list[Listed]:
        """By a property, whatever it holds; the empty key means the duration of runs."""
        statement = cypher.sorted_list(
            selection.label,
            selection.clauses,
            duration=not key,
            descending=descending,
            resumed=after is not None,
            everything=selection.scope is None,
            brief=selection.brief,
        )
        return await self._page(statement, selection.given(key=key, limit=limit, **_after(after)))

    async def bounded(
        self,
        selection: Selection,
        key: str,
        *,
        bound: float,
        descending: bool,
        limit: int,
        after: Place | None,
    ) -> list[Listed]:
        """By a property, its numbers from ``bound`` on only."""
        statement = cypher.bounded_list(
            selection.label,
            selection.clauses,
            descending=descending,
            resumed=after is not None,
            everything=selection.scope is None,
            brief=selection.brief,
        )
        # Neo4j compares stored values as if -0.0 were less than 0.0; in lists they are one.
        reached = bound or (-0.0 if descending else 0.0)
        given = selection.given(key=key, bound=reached, limit=limit, **_after(after))
        return await self._page(statement, given)

    async def sample(self, selection: Selection, key: str) -> list[Any]:
        """Values of a property on some of the selected nodes."""
        statement = cypher.sample(selection.label, selection.clauses, everything=selection.scope is None)
        rows = await self._ask(statement, selection.given(key=key, looked_at=_SAMPLED))
        return [row["value"] for row in rows]

    async def count(self, selection: Selection) -> int:
        statement = cypher.count_of(selection.label, selection.clauses, everything=selection.scope is None)
        return int((await self._ask(statement, selection.given()))[0]["total"])

    # --- nodes ------------------------------------------------------------------------------

    async def nodes(
        self, groups: Sequence[tuple[Label, Sequence[str]]], scope: frozenset[str] | None
    ) -> list[Node]:
        """Nodes by uid, those that are there and visible, in no particular order."""
        asked = [(label, uids) for label, uids in groups if label not in NOT_SHOWN]
        if not asked:
            return []
        given = {cypher.SLOTS[label]: list(uids) for label, uids in asked}
        statement = cypher.nodes_by_uid(tuple(label for label, _ in asked))
        return _nodes(await self._ask(statement, {**scope_of(scope), **given}))

    async def aliases(self, uids: Iterable[str], scope: frozenset[str] | None) -> dict[str, list[str]]:
        """Aliases that point to model versions now."""
        out: dict[str, list[str]] = {}
        for row in await self._by_uid(cypher.ALIASES_OF, uids, scope):
            out.setdefault(row["uid"], []).append(row["alias"] or "")
        return out

    async def producers(
        self, label: Label, uids: Iterable[str], scope: frozenset[str] | None
    ) -> dict[str, str]:
        """The run that made each version (or what was registered), the first one where there are several."""
        out: dict[str, str] = {}
        for row in await self._by_uid(cypher.PRODUCERS_OF[label], uids, scope):
            out.setdefault(row["uid"], row["run"])
        return out

    async def search(
        self,
        scope: frozenset[str] | None,
        *,
        text: str,
        words: Sequence[str],
        labels: Sequence[Label],
        digest: str,
        limit: int,
        after: Place | None,
    ) -> list[Listed]:
        """Best first: the name itself (rank 0), its beginning, any words; then by label, newest change."""
        chosen = tuple(label for label in cypher.SEARCHED if label in labels)
        if not chosen:
            return []
        by_digest = bool(digest) and Label.ARTIFACT_VERSION in labels
        given: dict[str, Any] = {"text": text, "words": list(words), "limit": limit, **_after_hit(after)}
        if by_digest:
            given |= {"digest": digest, "digest_end": digest + "g"}
        rows = await self._ask(cypher.search(chosen, digest=by_digest), {**scope_of(scope), **given})
        # No two parts have rows of one rank and section, and each is in the engine's own order of uids.
        rows.sort(key=lambda row: (row["rank"], row["section"], -row["value"]))
        return [
            Listed(node, Place(rank=row["rank"], value=row["value"], uid=node.uid))
            for row, node in zip(rows, _nodes(rows[:limit]), strict=False)
        ]

    # --- metrics, projects, intake -------------------------------------------------------------

    async def chunks(
        self, run: str, scope: frozenset[str] | None, *, keys: Sequence[str], after: int = -1
    ) -> list[Chunk] | None:
        """Chunks that hold any of ``keys`` (none = all), oldest first; None without a visible run."""
        given = {"uid": run, "keys": list(keys), "every": not keys, "after": after}
        rows = await self._ask(cypher.CHUNKS_OF, {**scope_of(scope), **given})
        if not rows:
            return None
        # Sorted here: the embedded engine would hold the whole run once a chunk to sort them.
        return sorted(
            (
                Chunk(int(row["rid"]), int(row["points"]), bytes(row["data"]))
                for row in rows
                if row["data"] is not None
            ),
            key=lambda chunk: chunk.rid,
        )

    async def points(
        self, runs: Sequence[str], scope: frozenset[str] | None, *, keys: Sequence[str]
    ) -> dict[str, int]:
        """How many points the chunks hold that ``many_chunks`` would read, by run; of those one may see."""
        given = {"uids": list(runs), "keys": list(keys), "every": not keys}
        rows = await self._ask(cypher.POINTS_OF, {**scope_of(scope), **given})
        return {row["uid"]: int(row["points"] or 0) for row in rows}

    async def many_chunks(
        self, runs: Sequence[str], scope: frozenset[str] | None, *, keys: Sequence[str]
    ) -> list[tuple[str, bytes]]:
        """Runs and their chunks that hold any of ``keys`` (none = all), in no order."""
        given = {"uids": list(runs), "keys": list(keys), "every": not keys}
        rows = await self._ask(cypher.CHUNKS_OF_MANY, {**scope_of(scope), **given})
        return [(row["uid"], bytes(row["data"])) for row in rows if row["data"] is not None]

    async def projects(self, scope: frozenset[str] | None, *, after: str, limit: int) -> list[Node]:
        return _nodes(await self._ask(cypher.PROJECTS, {**scope_of(scope), "after": after, "limit": limit}))

    async def refused(
        self, scope: frozenset[str] | None, *, until: int, uid: str, limit: int
    ) -> list[RefusedEvent]:
        """Newest first, from (``until``, ``uid``) on."""
        rows = await self._ask(
            cypher.REFUSED, {**scope_of(scope), "until": until, "uid": uid, "limit": limit}
        )
        return [_refused(row) for row in rows]

    async def refused_by_uid(self, uids: Iterable[str], scope: frozenset[str] | None) -> list[RefusedEvent]:
        return [_refused(row) for row in await self._by_uid(cypher.REFUSED_BY_UID, uids, scope)]

    async def forget_refused(self, uids: Iterable[str], scope: frozenset[str] | None) -> None:
        """Drop refused events that were dealt with; asking twice does no harm."""
        await self._bolt.write(cypher.FORGET_REFUSED, {**scope_of(scope), "uids": list(uids)})

    async def count_refused(self, scope: frozenset[str] | None) -> int:
        return int((await self._ask(cypher.COUNT_REFUSED, scope_of(scope)))[0]["total"])

    async def stated_roles(self, start: str, end: str, scope: frozenset[str] | None) -> list[str]:
        """Roles of the derivations between two versions that are stated now."""
        rows = await self._ask(cypher.STATED_ROLES, {**scope_of(scope), "start": start, "end": end})
        return sorted(row["role"] for row in rows)

    # --- asking -----------------------------------------------------------------------------

    async def _page(self, statement: LiteralString, given: Mapping[str, Any]) -> list[Listed]:
        out: list[Listed] = []
        for index, row in enumerate(await self._ask(statement, given)):
            node = node_from_record(dict(row["props"]))  # of a brief row these are pairs
            out.append(Listed(node, Place(rank=row["rank"], value=row["value"], uid=node.uid)))
            if index % 100 == 99:
                await asyncio.sleep(0)  # big pages are work: others get their turn in between
        return out

    async def _by_uid(
        self, statement: LiteralString, uids: Iterable[str], scope: frozenset[str] | None
    ) -> list[Row]:
        return await self._ask(statement, {**scope_of(scope), "uids": list(dict.fromkeys(uids))})

    async def _ask(self, statement: LiteralString, given: Mapping[str, Any]) -> list[Row]:
        return await self._bolt.read(statement, given)


def scope_of(scope: frozenset[str] | None) -> dict[str, Any]:
    return {"all": scope is None, "scope": sorted(scope or ())}


def _after(after: Place | None) -> dict[str, Any]:
    return {} if after is None else {"rank": after.rank, "value": after.value, "uid": after.uid}


def _after_hit(after: Place | None) -> dict[str, Any]:
    if after is None:
        return {"rank": -1, "section": 0, "value": 0, "uid": ""}
    section = int(cypher.SEARCHED[label_of(after.uid)])
    return {"rank": after.rank, "section": section, "value": after.value, "uid": after.uid}


def _nodes(rows: Iterable[Row]) -> list[Node]:
    return [node_from_record(row["props"]) for row in rows]


def _refused(row: Row) -> RefusedEvent:
    return RefusedEvent(
        uid=row["uid"],
        project=row["project"] or "",
        at=row["at"] or 0,
        actor=row["actor"] or "",
        code=row["code"] or "",
        message=row["message"] or "",
        retriable=bool(row["retriable"]),
        size=row["size"] or 0,
        cut=bool(row["cut"]),
        raw=bytes(row["raw"] or b""),
        first_at=row["first_at"] or row["at"] or 0,
        times=row["seen"] or 1,
    )
