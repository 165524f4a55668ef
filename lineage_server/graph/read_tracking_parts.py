"""The graph's answers about what belongs to nodes: links and surroundings of runs, runs, versions.

Many owners are asked for at once, in one round trip as long as their pages are small enough to be held
together; each gets a page of its own. What a cursor means is the service's (``tracking/parts.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.nodes import ArtifactVersion, Label
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries import tracking_parts as cypher
from lineage_server.graph.read_tracking import Listed, Place, Selection, scope_of
from lineage_server.graph.records import json_map, node_from_record

MOST_AROUND = 1_000
"""Of one run: its devices and volumes beyond these are left out."""
_MOST_ENTRIES = 20_000
"""Of one answer, if all pages are full: beyond that the owners are asked for in groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A version that a run read or wrote."""

    version: ArtifactVersion
    role: str
    at: int
    basis: str

    @property
    def place(self) -> Place:
        return Place(rank=1, value=self.role, uid=self.version.uid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Some of a run's links; ``total`` may be seen, ``hidden`` lie in projects that one may not see."""

    page: Sequence[Link]
    total: int
    hidden: int


@dataclass(frozen=True, slots=True)
class RunEdge:
    """An edge between an owner with this label and runs; ``outgoing``: it begins at the owner."""

    owner: Label
    type: EdgeType
    outgoing: bool = False


Starts = Sequence[tuple[str, Place | None]]
"""Uids of owners, each with the place after which its page begins."""


class PartsReader:
    """Reads pages of what belongs to nodes, by the owner's place in ``starts``."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def runs(
        self, edge: RunEdge, starts: Starts, scope: frozenset[str] | None, *, limit: int
    ) -> dict[int, list[Listed]]:
        """Runs that an edge joins to owners: children the oldest first, all others the newest first."""
        statement = cypher.BOARDED_BY if edge.outgoing else cypher.RUNS_OF[edge.owner, edge.type]
        rows = await self._ask(statement, starts, scope_of(scope), limit)
        return {row["index"]: _listed(row["page"]) for row in rows}

    async def surroundings(
        self, uids: Iterable[str], scope: frozenset[str] | None
    ) -> dict[str, dict[EdgeType, list[str]]]:
        """Uids of what each run used, ran on and followed, by the edge; of one kind the newest told first."""
        given = {**scope_of(scope), "uids": list(uids), "limit": MOST_AROUND}
        out: dict[str, dict[EdgeType, list[str]]] = {}
        for row in await self._bolt.read(cypher.SURROUNDINGS_OF, given):
            around = out.setdefault(row["uid"], {})
            for kind, other in row["found"]:
                around.setdefault(EdgeType(kind), []).append(other)
        return out

    async def diffs(self, uids: Iterable[str], scope: frozenset[str] | None) -> dict[str, str]:
        """Uncommitted changes by the code's uid."""
        given = {**scope_of(scope), "uids": list(uids)}
        return {row["uid"]: row["text"] for row in await self._bolt.read(cypher.DIFFS_OF, given)}

    async def packages(self, uids: Iterable[str], scope: frozenset[str] | None) -> dict[str, dict[str, str]]:
        """Packages and their versions by the environment's uid."""
        given = {**scope_of(scope), "uids": list(uids)}
        rows = await self._bolt.read(cypher.PACKAGES_OF, given)
        return {
            row["uid"]: {name: str(version) for name, version in json_map(row["text"]).items()}
            for row in rows
        }

    async def versions(
        self, starts: Starts, selection: Selection, key: str, *, descending: bool, limit: int
    ) -> dict[int, list[Listed]]:
        """Versions of artifacts that meet the conditions, by a property."""
        statement = cypher.versions_of(selection.clauses, descending=descending)
        rows = await self._ask(statement, starts, selection.given(key=key), limit)
        return {row["index"]: _listed(row["page"]) for row in rows}

    async def links(
        self, starts: Starts, scope: frozenset[str] | None, *, inputs: bool, limit: int
    ) -> dict[int, Links]:
        """Versions that runs read (or wrote), by role."""
        statement = cypher.INPUTS_OF if inputs else cypher.OUTPUTS_OF
        rows = await self._ask(statement, starts, scope_of(scope), limit)
        return {
            row["index"]: Links(
                page=[_link(entry) for entry in row["page"]],
                total=row["seen"],
                hidden=row["told"] - row["seen"],
            )
            for row in rows
        }

    async def _ask(
        self, statement: LiteralString, starts: Starts, given: Mapping[str, Any], limit: int
    ) -> list[Row]:
        out: list[Row] = []
        together = max(1, _MOST_ENTRIES // limit)
        for first in range(0, len(starts), together):
            rows = [
                {"index": first + index, "owner": owner, **_begin(after)}
                for index, (owner, after) in enumerate(starts[first : first + together])
            ]
            out += await self._bolt.read(statement, {**given, "limit": limit, "rows": rows})
        return out


def _begin(after: Place | None) -> dict[str, Any]:
    """Without a place before all there is: no rank is less than 0, no text less than the empty one."""
    if after is None:
        return {"rank": -1, "value": "", "uid": ""}
    return {"rank": after.rank, "value": after.value, "uid": after.uid}


def _listed(page: Sequence[Any]) -> list[Listed]:
    out: list[Listed] = []
    for props, rank, value in page:
        node = node_from_record(props)
        out.append(Listed(node, Place(rank=rank, value=value, uid=node.uid)))
    return out


def _link(entry: Sequence[Any]) -> Link:
    props, role, at, basis = entry
    version = node_from_record(props)
    assert isinstance(version, ArtifactVersion)
    return Link(version=version, role=role, at=at or 0, basis=basis or "")
