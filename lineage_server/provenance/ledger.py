"""What a walk has found so far: nodes in order, edges, and which uids are one thing.

Pure bookkeeping over heads and edges, no I/O. The order of the entries is the order of the walk, so
a later page of the same walk is the same ledger from another entry on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.heads import Head
from lineage_server.provenance.answers import Direction, LineageNode


class EnoughError(Exception):
    """A budget is used up; ``reason`` names it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Place:
    depth: int
    side: Direction


class Ledger:
    """Nodes and edges of one walk; both directions write into the same one."""

    def __init__(self, max_nodes: int) -> None:
        self._max_nodes = max_nodes
        self._heads: dict[str, Head] = {}
        self._above: dict[str, str] = {}
        self._order: dict[str, _Place] = {}
        self._edges: dict[tuple[str, str, str, str], tuple[Edge, int]] = {}
        self._first: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, uid: str) -> bool:
        return uid in self._above

    def add(self, head: Head, same: Iterable[Head], depth: int, side: Direction) -> None:
        """Note a node and its twins; raises EnoughError when it is one too many."""
        twins = [twin for twin in same if not twin.hidden]
        if not any(one.uid in self._above for one in (head, *twins)):
            if len(self._order) >= self._max_nodes:
                raise EnoughError("nodes")
            self._order[head.uid] = _Place(depth, side)
        for one in (head, *twins):
            self._heads.setdefault(one.uid, one)
            self._above.setdefault(one.uid, one.uid)
        for twin in twins:
            self.join(head.uid, twin.uid)

    def join(self, one: str, other: str) -> None:
        """Two known uids turned out to be the same thing."""
        a, b = self.root(one), self.root(other)
        if a != b:
            self._above[b] = a
            first = self._first.pop(b, None)
            if first is not None:
                self.note_production(a, first)

    def link(self, edge: Edge) -> None:
        key = (edge.type, edge.start, edge.end, edge.role)
        self._edges.setdefault(key, (edge, len(self._order)))

    def note_production(self, uid: str, at: int) -> None:
        """A version was produced at ``at``, the first time as far as that uid is concerned."""
        root = self.root(uid)
        known = self._first.get(root)
        if known is None or at < known:
            self._first[root] = at

    def first_production(self, uid: str) -> int | None:
        """When a version and its twins were produced first, if a walk looked."""
        return self._first.get(self.root(uid))

    def root(self, uid: str) -> str:
        """The uid that stands for a whole class of twins while walking."""
        above = self._above
        while above[uid] != uid:
            above[uid] = above[above[uid]]
            uid = above[uid]
        return uid

    def twinned(self, uids: Iterable[str]) -> list[str]:
        """Those of these that have a twin."""
        sizes = Counter(map(self.root, self._above))
        return [uid for uid in uids if sizes[self.root(uid)] > 1]

    def twins(self, uids: Iterable[str]) -> list[str]:
        """These and all that are the same things."""
        roots = {self.root(uid) for uid in uids}
        return [uid for uid in self._above if self.root(uid) in roots]

    def head(self, uid: str) -> Head:
        return self._heads[uid]

    def names(self) -> dict[str, str]:
        """Each uid → the one the answer shows: the twin known by its content, else the first."""
        best: dict[str, Head] = {}
        for uid, head in self._heads.items():
            root = self.root(uid)
            if root not in best or _standing(head) < _standing(best[root]):
                best[root] = head
        return {uid: best[self.root(uid)].uid for uid in self._heads}

    def nodes(self, names: dict[str, str], skip: int = 0) -> Iterator[LineageNode]:
        """Nodes from entry ``skip`` on, each class of twins once."""
        twins: dict[str, list[str]] = {}
        for uid, name in names.items():
            if uid != name:
                twins.setdefault(name, []).append(uid)
        seen: set[str] = set()
        for index, (uid, place) in enumerate(self._order.items()):
            name = names[uid]
            if name in seen:
                continue
            seen.add(name)
            if index >= skip:
                also = tuple(sorted(twins.get(name, ())))
                yield LineageNode(head=self._heads[name], depth=place.depth, side=place.side, also=also)

    def edges(self, names: dict[str, str], skip: int = 0) -> Iterator[Edge]:
        """Edges noted after node ``skip`` was; an OUTPUT of what was there already says ``again``."""
        seen: set[tuple[str, str, str, str]] = set()
        for edge, entered in self._edges.values():
            start, end = names[edge.start], names[edge.end]
            key = (edge.type, start, end, edge.role)
            if start == end or key in seen:
                continue
            seen.add(key)
            if entered > skip or not skip:
                again = edge.type == "OUTPUT" and edge.at > self._first.get(self.root(end), edge.at)
                same_ends = start == edge.start and end == edge.end
                yield edge if same_ends and not again else _shown(edge, start, end, again=again)


def _standing(head: Head) -> tuple[bool, str]:
    by_run = head.label is Label.ARTIFACT_VERSION and "@run:" in head.uid
    return (by_run, head.uid)


def _shown(edge: Edge, start: str, end: str, *, again: bool) -> Edge:
    """Ends named as the answer names them; ``again``: the content was there already."""
    properties = {**edge.properties, "again": True} if again else edge.properties
    return replace(edge, start=start, end=end, properties=properties)
