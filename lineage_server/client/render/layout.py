"""Places for the nodes of a graph: layers from left to right along the flow, few crossings.

Layers by longest path with circles cut, then sweeps that put every node near the middle of its
neighbours. The web view lays out alike (``ui/src/features/lineage/layout-lite.ts``); its
``layout-examples.json`` holds both to that. Deterministic, no recursion, near-linear time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lineage_server.client.render.look import GAP_ACROSS, GAP_ALONG, HEIGHT, WIDTH

_SWEEPS = 10


def places_of(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """The upper left corner of each node's card in pixels, by layer and from the top down."""
    layers = layers_of(nodes, edges)
    tallest = max(map(_tall, layers), default=0)
    places: dict[str, tuple[int, int]] = {}
    for column, layer in enumerate(layers):
        top = math.floor((tallest - _tall(layer)) / 2 + 0.5)
        for row, node in enumerate(layer):
            places[node] = (column * (WIDTH + GAP_ACROSS), top + row * (HEIGHT + GAP_ALONG))
    return places


def _tall(layer: Sequence[str]) -> int:
    return len(layer) * (HEIGHT + GAP_ALONG) - GAP_ALONG


def layers_of(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Nodes by layer, ordered within each. Edges from elsewhere and to oneself do not count."""
    onward: dict[str, list[str]] = {node: [] for node in nodes}
    near: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in edges:
        if a != b and a in onward and b in onward:
            onward[a].append(b)
            near[a].append(b)
            near[b].append(a)
    ids = list(onward)
    rank = _ranks(ids, onward)
    layers: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node in ids:
        layers[rank[node]].append(node)
    for sweep in range(_SWEEPS):
        _reorder(layers, near, forward=sweep % 2 == 0)
    return layers


def _ranks(ids: Sequence[str], onward: dict[str, list[str]]) -> dict[str, int]:
    """Layer of each node: one more than that of its last predecessor. Of a circle the edge that closes it,
    seen from its first node, does not count."""
    waiting = dict.fromkeys(ids, 0)
    for after in onward.values():
        for node in after:
            waiting[node] += 1
    rank = dict.fromkeys(ids, 0)
    ready = [node for node in ids if not waiting[node]]
    left = set(ids)
    first = 0
    while left:
        while ids[first] not in left:
            first += 1
        node = ready.pop() if ready else ids[first]
        if node not in left:
            continue
        left.remove(node)
        for after in onward[node]:
            if after in left:
                rank[after] = max(rank[after], rank[node] + 1)
                waiting[after] -= 1
                if waiting[after] == 0:
                    ready.append(after)
    return rank


def _reorder(layers: list[list[str]], near: dict[str, list[str]], *, forward: bool) -> None:
    """One sweep over the layers: each node to the middle of its neighbours' places."""
    place: dict[str, float] = {}

    def settle(layer: list[str]) -> None:
        place.update((node, (at + 0.5) / len(layer)) for at, node in enumerate(layer))

    for layer in layers:
        settle(layer)
    for layer in layers if forward else reversed(layers):
        middle = {
            node: sum(place[other] for other in near[node]) / len(near[node]) if near[node] else place[node]
            for node in layer
        }
        layer.sort(key=middle.__getitem__)
        settle(layer)
