"""The plain answer to a lineage question, from the description in memory: slow, short, obvious."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.support.graphs import EdgeSpec, GraphSpec

KEY = b"oracle"
FOREVER = 1 << 62


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

    def walk(self, start: str, direction: str, max_depth: int) -> Expected:
        """All within ``max_depth`` artifact steps."""
        out = Expected({self.names[start]: 0})
        level = {u for u, n in self.names.items() if n == self.names[start]}
        done: set[str] = set()
        for depth in range(max_depth):
            done |= level
            reached: set[str] = set()
            for uid in level:
                for edge, other in self._leaving(uid, direction):
                    self._note(out, edge, other, depth + 1)
                    if not self.visible(other):
                        continue
                    if not other.startswith(("run:", "job:")):
                        reached.add(other)
                        continue
                    for further, beyond in self._leaving(other, direction):
                        self._note(out, further, beyond, depth + 1)
                        if self.visible(beyond):
                            reached.add(beyond)
            names = {self.names[u] for u in reached}
            level = {u for u, n in self.names.items() if n in names} - done
        return out

    def _leaving(self, uid: str, direction: str) -> list[tuple[EdgeSpec, str]]:
        walked = [e for e in self.live if e.type not in ("SAME_AS", "POINTS_TO", "CHILD_OF", "RETRY_OF")]
        if direction == "UPSTREAM":
            return [(e, e.start) for e in walked if e.end == uid]
        return [(e, e.end) for e in walked if e.start == uid]

    def _note(self, out: Expected, edge: EdgeSpec, other: str, depth: int) -> None:
        out.depths.setdefault(self.names[other], depth)
        start, end = self.names[edge.start], self.names[edge.end]
        if start != end:
            out.edges.add((edge.type, start, end))
