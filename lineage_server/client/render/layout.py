"""Places for the nodes of a graph: layers from left to right along the flow, few crossings.

Longest-path layering with circles cut, then sweeps that put every node near the middle of its
neighbours. Deterministic, no recursion, near-linear time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

_SWEEPS = 4


def layers_of(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Nodes by layer, ordered within each."""
    known = set(nodes)
    onward: dict[str, list[str]] = {node: [] for node in nodes}
    back: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in dict.fromkeys(edges):
        if a in known and b in known and a != b:
            onward[a].append(b)
            back[b].append(a)
    rank = _ranks(nodes, onward, back)
    layers: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node in nodes:
        layers[rank[node]].append(node)
    for sweep in range(_SWEEPS):
        _reorder(layers, back if sweep % 2 == 0 else onward, leftward=sweep % 2 == 1)
    return layers


def _ranks(nodes: Sequence[str], onward: dict[str, list[str]], back: dict[str, list[str]]) -> dict[str, int]:
    """Layer of each node: one more than that of its last predecessor."""
    waiting = {node: len(back[node]) for node in nodes}
    rank = dict.fromkeys(nodes, 0)
    ready = deque(node for node in nodes if not waiting[node])
    left = dict.fromkeys(nodes)
    while left:
        if not ready:
            # Only circles are left: cut one open where the least is missing.
            ready.append(min(left, key=lambda node: waiting[node]))
        node = ready.popleft()
        if node not in left:
            continue
        del left[node]
        for after in onward[node]:
            if after in left:
                rank[after] = max(rank[after], rank[node] + 1)
                waiting[after] -= 1
                if waiting[after] == 0:
                    ready.append(after)
    return rank


def _reorder(layers: list[list[str]], neighbours: dict[str, list[str]], *, leftward: bool) -> None:
    place = {node: i / max(1, len(layer)) for layer in layers for i, node in enumerate(layer)}
    for layer in reversed(layers) if leftward else layers:
        middle: dict[str, float] = {}
        for node in layer:
            around = [place[other] for other in neighbours[node]]
            middle[node] = sum(around) / len(around) if around else place[node]
        layer.sort(key=lambda node: middle[node])
        for i, node in enumerate(layer):
            place[node] = i / max(1, len(layer))
