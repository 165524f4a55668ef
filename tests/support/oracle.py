"""The plain answer to a lineage question, from the description in memory: slow, short, obvious."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.graphs import EdgeSpec, GraphSpec

KEY = b"oracle"
FOREVER = 1 << 62
WALKED = ("INPUT_TO", "OUTPUT", "DERIVED", "REGISTERED_AS", "DEPLOYED_AS", "ROUTES_TO", "FEEDS")


def opaque(uid: str) -> str:
    return "hidden:" + hashlib.blake2b(uid.encode(), key=KEY, digest_size=12).hexdigest()


@dataclass
class Expected:
    """Depth by shown uid, and edges as (type, start, end) of shown uids."""

    depths: dict[str, int] = field(default_factory=dict[str, int])
    edges: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])
    beyond: dict[str, int] = field(default_factory=dict[str, int], compare=False)
    """Where the depth ended the walk: how many edges go on."""


@dataclass
class Columns:
    """Depth by shown version, and (version, column, version, column) that are linked."""

    depths: dict[str, int]
    links: set[tuple[str, str, str, str]] = field(default_factory=set[tuple[str, str, str, str]])


class Oracle:
    """Walks a ``GraphSpec`` one edge at a time."""

    def __init__(
        self,
        graph: GraphSpec,
        *,
        scope: frozenset[str] | None = None,
        as_of: int | None = None,
        known_at: int | None = None,
    ) -> None:
        self.graph = graph
        self.scope = scope
        self.as_of = FOREVER if as_of is None else as_of
        self.known = FOREVER if known_at is None else known_at
        live = [edge for edge in graph.edges if self._holds(edge)]
        self.live = [edge for edge in live if not _of_run(edge)]
        self.live_columns = [edge for edge in live if "fields" in edge.facts]
        self.names = self._fold()

    def _holds(self, edge: EdgeSpec) -> bool:
        """Event time against ``asOf``, recorded time against ``knownAt``, neither against the other."""
        facts: dict[str, Any] = edge.facts
        if edge.type == "FEEDS":
            return facts["first_at"] <= self.as_of
        if edge.type in ("DEPLOYED_AS", "ROUTES_TO") and self.as_of == FOREVER:
            return facts["recorded_at"] <= self.known
        holds = False
        for at, recorded_at, on in sorted(edge.moves) or [(facts["at"], facts["recorded_at"], True)]:
            if at <= self.as_of and recorded_at <= self.known:
                holds = on
        return holds

    def visible(self, uid: str) -> bool:
        return self.scope is None or self.graph.nodes[uid]["project"] in self.scope

    def _fold(self) -> dict[str, str]:
        """Each uid → the name of its class of twins."""
        classes = {uid: {uid} for uid in self.graph.nodes}
        for edge in self.live:
            if edge.type == "SAME_AS" and self.visible(edge.start) and self.visible(edge.end):
                merged = classes[edge.start] | classes[edge.end]
                for uid in merged:
                    classes[uid] = merged
        names = {uid: min(twins, key=lambda u: ("@run:" in u, u)) for uid, twins in classes.items()}
        return {uid: name if self.visible(uid) else opaque(uid) for uid, name in names.items()}

    def walk(self, start: str, direction: str, max_depth: int = 50) -> Expected:
        """All within ``max_depth`` artifact steps; a state is a node and the edge by which one came."""
        starts = {self.names[start]}
        if direction == "DOWNSTREAM" and max_depth > 0:
            starts |= self.behind(start)
        out = Expected(dict.fromkeys(starts, 0))
        level: set[tuple[str, int | None]] = {(name, None) for name in starts}
        done = set(level)
        followed: set[int] = set()
        for depth in range(1, max_depth + 1):
            reached: set[tuple[str, int | None]] = set()
            for name, arrival in level:
                for edge, other in self.leaving(name, direction, arrival):
                    followed.add(edge)
                    self._note(out, edge, other, depth)
                    if not self.visible(other):
                        continue
                    if not other.startswith(("run:", "job:")):
                        reached.add((self.names[other], edge))
                        continue
                    for further, beyond in self.leaving(other, direction, edge):
                        self._note(out, further, beyond, depth)
                        if self.visible(beyond):
                            reached.add((self.names[beyond], further))
            level = reached - done
            done |= level
        for name in {name for name, _ in level}:
            ways = [self.leaving(name, direction, arrival) for one, arrival in level if one == name]
            onward = {edge for way in ways for edge, _ in way} - followed
            if onward:
                out.beyond[name] = len(onward)
        return out

    def behind(self, start: str) -> set[str]:
        """What a registered version is of: who read it read that."""
        edges = [edge for edge in self.live if edge.type == "REGISTERED_AS" and edge.end == start]
        return {self.names[edge.start] for edge in edges if self.visible(edge.start) and self.visible(start)}

    def ways(self, start: str, end: str) -> list[tuple[str, ...]]:
        """All paths along the data between two shown uids on which no node comes twice."""
        out: list[tuple[str, ...]] = []
        shown = {name for uid, name in self.names.items() if self.visible(uid)}

        def go_on(way: tuple[str, ...], arrival: int | None) -> None:
            if way[-1] == end:
                out.append(way)
            elif len(way) == 1 or way[-1] in shown:
                for edge, other in self.leaving(way[-1], "DOWNSTREAM", arrival):
                    if self.names[other] not in way:
                        go_on((*way, self.names[other]), edge)

        go_on((start,), None)
        return list(dict.fromkeys(out))

    def flows_along(self, way: Sequence[str]) -> bool:
        """Whether there are edges from each of these shown uids to the next that may follow each other."""
        came: set[int | None] = {None}
        for here, there in itertools.pairwise(way):
            onward = (step for arrival in came for step in self.leaving(here, "DOWNSTREAM", arrival))
            came = {edge for edge, other in onward if self.names[other] == there}
        return bool(came)

    def columns(self, start: str, direction: str, column: str, max_depth: int) -> Columns:
        """The field view; a state is a column (empty: all) of a node, and the edge by which one came."""
        out = Columns({self.names[start]: 0})
        level: set[tuple[str, str, int | None]] = {(self.names[start], column, None)}
        done = set(level)
        for depth in range(1, max_depth + 1):
            reached: set[tuple[str, str, int | None]] = set()
            for name, left, arrival in level:
                for index, other in self.leaving(name, direction, arrival, self.live_columns):
                    edge = self.live_columns[index]
                    if not self.visible(other):
                        out.depths.setdefault(self.names[other], depth)
                        continue
                    for made, source in _links(edge):
                        here, there = (made, source) if direction == "UPSTREAM" else (source, made)
                        if left in ("", here):
                            out.depths.setdefault(self.names[other], depth)
                            out.links.add((self.names[edge.start], source, self.names[edge.end], made))
                            reached.add((self.names[other], there, index))
            level = reached - done
            done |= level
        return out

    def leaving(
        self, name: str, direction: str, arrival: int | None = None, edges: list[EdgeSpec] | None = None
    ) -> list[tuple[int, str]]:
        """Edges (by their place in ``live``) on which one may go on, and where they lead."""
        edges = self.live if edges is None else edges
        came = None if arrival is None else edges[arrival]
        out: list[tuple[int, str]] = []
        for index, edge in enumerate(edges):
            here, there = (edge.end, edge.start) if direction == "UPSTREAM" else (edge.start, edge.end)
            if edge.type not in WALKED or self.names[here] != name:
                continue
            pair = (edge, came) if direction == "UPSTREAM" else (came, edge)
            if self._flows(name, *pair):
                out.append((index, there))
        return out

    def _flows(self, name: str, into: EdgeSpec | None, onward: EdgeSpec | None) -> bool:
        """Whether what came into a version over one edge may have gone on over the other."""
        if into is None or onward is None:
            return True
        produced = into.type == "OUTPUT" or _of_run(into)
        if not produced or onward.type not in ("INPUT_TO", "REGISTERED_AS", "DERIVED"):
            return True
        return into.facts["at"] <= max(onward.facts["at"], self.first(name))

    def first(self, name: str) -> int:
        """When a version was produced first."""
        produced = (e.facts["at"] for e in self.live if e.type == "OUTPUT" and self.names[e.end] == name)
        return min(produced, default=0)

    def _note(self, out: Expected, index: int, other: str, depth: int) -> None:
        edge = self.live[index]
        out.depths.setdefault(self.names[other], depth)
        start, end = self.names[edge.start], self.names[edge.end]
        if start != end:
            out.edges.add((edge.type, start, end))


def _of_run(edge: EdgeSpec) -> bool:
    """Columns told by the run in between: of that production, and no step of their own."""
    return edge.type == "DERIVED" and edge.facts["role"].startswith("columns:")


def _links(edge: EdgeSpec) -> list[tuple[str, str]]:
    """Each column made, with one it was made from."""
    fields: dict[str, list[list[str]]] = json.loads(edge.facts["fields"])
    return [(made, source[0]) for made, sources in fields.items() for source in sources]
