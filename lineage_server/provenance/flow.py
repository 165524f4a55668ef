"""Paths through what a walk has found, shortest first, along which the data may really have flowed.

Pure, no I/O. A step is an edge: whether one may follow another is a matter of both (``production.py``).
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from lineage_server.domain.nodes import Edge
from lineage_server.provenance.ledger import Ledger
from lineage_server.provenance.production import flows

_MAX_TRIES = 20_000
_Ends = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One path: nodes from start to end, and the edges between them in the same order."""

    uids: tuple[str, ...]
    edges: tuple[Edge, ...]


class Flow:
    """The edges of a walk by their ends; of several between two nodes, the one that lets most through."""

    def __init__(self, ledger: Ledger, names: dict[str, str]) -> None:
        self._ledger = ledger
        self.after: dict[str, dict[str, Edge]] = {}
        self.before: dict[str, dict[str, Edge]] = {}
        for edge in ledger.edges(names):
            known = self.after.get(edge.start, {}).get(edge.end)
            if known is None or (edge.at < known.at) == (edge.type == "OUTPUT"):
                self.after.setdefault(edge.start, {})[edge.end] = edge
                self.before.setdefault(edge.end, {})[edge.start] = edge

    def flows(self, one: Edge, other: Edge) -> bool:
        """Never through what may not be seen: there every walk ends."""
        if self._ledger.head(one.end).hidden:
            return False
        return flows(one, other, self._ledger.first_production(one.end))

    def towards(self, end: str) -> Towards:
        """All ways to ``end``."""
        return Towards(self, end)


class Towards:
    """Edges that lead to one node, each with the number of steps from its start to there."""

    def __init__(self, flow: Flow, end: str) -> None:
        self._flow, self._end = flow, end
        self._away: dict[_Ends, int] = {}
        # What could not go on over one edge may over another: it stays to be tried.
        waiting = {uid: list(edges.values()) for uid, edges in flow.before.items()}
        queue = deque(waiting.pop(end, ()))
        self._away.update(((edge.start, end), 1) for edge in queue)
        while queue:
            edge = queue.popleft()
            still: list[Edge] = []
            for previous in waiting.get(edge.start, ()):
                if flow.flows(previous, edge):
                    self._away[previous.start, edge.start] = self._away[edge.start, edge.end] + 1
                    queue.append(previous)
                else:
                    still.append(previous)
            waiting[edge.start] = still

    def shortest(self, start: str, k: int) -> list[Connection]:
        """Up to ``k`` simple paths: best first, guided by the exact distance to the end, and depth first
        among equals (there may be a million of those)."""
        out: list[Connection] = []
        order = itertools.count()
        heap: list[tuple[int, int, int, Connection]] = []

        def push(way: Connection, onward: Mapping[str, Edge]) -> None:
            taken = len(way.edges)
            for uid, edge in sorted(onward.items(), key=lambda item: item[0]):
                away = self._away.get((way.uids[-1], uid))
                if away is None or uid in way.uids:
                    continue
                if taken and not self._flow.flows(way.edges[-1], edge):
                    continue
                longer = Connection(uids=(*way.uids, uid), edges=(*way.edges, edge))
                heapq.heappush(heap, (taken + away, -taken, next(order), longer))

        push(Connection(uids=(start,), edges=()), self._flow.after.get(start, {}))
        for _ in range(_MAX_TRIES):
            if not heap or len(out) >= k:
                break
            way = heapq.heappop(heap)[-1]
            if way.uids[-1] == self._end:
                out.append(way)
            else:
                push(way, self._flow.after.get(way.uids[-1], {}))
        return out
