"""The plain answer to a lineage question, from the description in memory: slow, short, obvious."""

from __future__ import annotations

import hashlib
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
        self.live = [edge for edge in graph.edges if self._holds(edge)]
        self.names = self._fold()

    def _holds(self, edge: EdgeSpec) -> bool:
        """Event time against ``asOf``, recorded time against ``knownAt``, neither against the other."""
        facts: dict[str, Any] = edge.facts
        if edge.type == "FEEDS":
            return facts["first_at"] <= self.as_of
        if edge.type == "DERIVED" and facts["role"].startswith("columns:"):
            return False
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
        out = Expected({self.names[start]: 0})
        level: set[tuple[str, int | None]] = {(self.names[start], None)}
        done = set(level)
        for depth in range(1, max_depth + 1):
            reached: set[tuple[str, int | None]] = set()
            for name, arrival in level:
                for edge, other in self.leaving(name, direction, arrival):
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
        return out

    def leaving(self, name: str, direction: str, arrival: int | None = None) -> list[tuple[int, str]]:
        """Edges (by their place in ``live``) on which one may go on, and where they lead."""
        out: list[tuple[int, str]] = []
        for index, edge in enumerate(self.live):
            here, there = (edge.end, edge.start) if direction == "UPSTREAM" else (edge.start, edge.end)
            if edge.type not in WALKED or self.names[here] != name:
                continue
            pair = (index, arrival) if direction == "UPSTREAM" else (arrival, index)
            if arrival is None or self._flows(name, *pair):
                out.append((index, there))
        return out

    def _flows(self, name: str, into: int | None, onward: int | None) -> bool:
        """Whether what came into a version over one edge may have gone on over the other."""
        assert into is not None
        assert onward is not None
        one, other = self.live[into], self.live[onward]
        if one.type != "OUTPUT" or other.type not in ("INPUT_TO", "REGISTERED_AS", "DERIVED"):
            return True
        return one.facts["at"] <= max(other.facts["at"], self.first(name))

    def first(self, name: str) -> int:
        """When a version was produced first."""
        return min(e.facts["at"] for e in self.live if e.type == "OUTPUT" and self.names[e.end] == name)

    def _note(self, out: Expected, index: int, other: str, depth: int) -> None:
        edge = self.live[index]
        out.depths.setdefault(self.names[other], depth)
        start, end = self.names[edge.start], self.names[edge.end]
        if start != end:
            out.edges.add((edge.type, start, end))
