"""What one node may come to hold, so that it can be merged and written in one piece.

Whoever tells more and more of one node, each time under new keys, is refused in the end; what is there
may still be changed or taken away. Far beyond what a run, a model or an alias has to say.
"""

from __future__ import annotations

import json

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import LimitError
from lineage_server.ingest.facts import NodeFacts
from lineage_server.ingest.state import NodeState

MOST_KEYS = 20_000
"""Parameters, tags, facts and the like of which events after the first told."""
MOST_MAP_BYTES = 1 << 20
MOST_HISTORY_BYTES = 4 << 20
"""Moves of an alias, or statements of one derivation and their retractions: some 40,000."""


def lacking_room(state: NodeState, facts: NodeFacts) -> LimitError | None:
    """Why these facts find no room in a node any more, if so."""
    maps = facts.maps
    if maps:
        for name, told in maps.items():
            size = len(state.props.get(name, ""))
            if size > MOST_MAP_BYTES and any(value is not None for value in told.values()):
                return _full(state, f"{name} of", "characters", MOST_MAP_BYTES, size)
    if len(state.clocks) > MOST_KEYS and not _known(state, facts):
        return _full(state, "", "keys", MOST_KEYS, len(state.clocks))
    if facts.pointer is not None or facts.edges:
        size = _history(state, facts)
        if size > MOST_HISTORY_BYTES:
            return _full(state, "the history of", "characters", MOST_HISTORY_BYTES, size)
    return None


def _known(state: NodeState, facts: NodeFacts) -> bool:
    """Whether the node has all these keys already. Who told those of its first event is not remembered."""
    if any(key not in state.clocks and key not in state.props for key in facts.values):
        return False
    for name, told in (facts.maps or {}).items():
        unremembered = [key for key in told if f"{name}.{key}" not in state.clocks]
        if unremembered:
            there = json.loads(state.props.get(name, "{}"))
            if any(key not in there for key in unremembered):
                return False
    return True


def _history(state: NodeState, facts: NodeFacts) -> int:
    """Length of the longest history that these facts would add to."""
    size = len(state.props.get("history", "")) if facts.pointer is not None else 0
    for edge in facts.edges or ():
        if edge.key.type is EdgeType.DERIVED and edge.key in state.edges:
            size = max(size, len(state.edges[edge.key].get("history") or ""))
    return size


def _full(state: NodeState, part: str, unit: str, limit: int, actual: int) -> LimitError:
    return LimitError(
        f"{part} {state.uid} has {actual} {unit} already; nothing is added beyond {limit}. "
        "Tell less of one node: series belong in metrics, payload in artifacts".lstrip(),
        limit=limit,
        actual=actual,
    )
