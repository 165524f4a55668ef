"""From changed states to the rows of one statement (``graph/write.py``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.nodes import Label
from lineage_server.graph.write import WriteBatch
from lineage_server.ingest.facts import EdgeKey
from lineage_server.ingest.spans import MOVES
from lineage_server.ingest.state import NodeState


def emit(states: Iterable[NodeState], batch: WriteBatch) -> None:
    """Write changed states into ``batch``; takes small ids from ``batch.rid``."""
    changed = list(states)
    new: set[str] = set()
    for state in changed:
        if not state.exists:
            # In the order of the events, so that a replay gives the same small ids.
            batch.rid += 1
            state.props["rid"] = batch.rid
            new.add(state.uid)
    outputs: dict[str, dict[str, Any]] = {}
    for state in changed:
        if state.label is Label.RUN:
            _run(state, new, outputs, batch)
    for state in changed:
        if state.label is not Label.RUN:
            _node(state, outputs, batch)


def _run(run: NodeState, new: set[str], outputs: dict[str, dict[str, Any]], batch: WriteBatch) -> None:
    inputs: list[dict[str, Any]] = []
    for key in run.new_edges:
        row = _new_edge(run, key, batch)
        if key.type is EdgeType.INPUT_TO and not run.exists and key.other not in new:
            inputs.append(row)
        elif key.type is EdgeType.OUTPUT and key.other in new and key.other not in outputs:
            row["other"] = run.uid
            outputs[key.other] = row
        else:
            batch.new_edge(key.type, key.role, row)
    if run.exists:
        _existing(run, batch)
    else:
        batch.new_run(run.created_row(), inputs)


def _node(state: NodeState, outputs: dict[str, dict[str, Any]], batch: WriteBatch) -> None:
    for key in state.new_edges:
        batch.new_edge(key.type, key.role, _new_edge(state, key, batch))
    if state.exists:
        _existing(state, batch)
        return
    row = state.created_row()
    if state.label is Label.ARTIFACT_VERSION:
        batch.new_version(row, outputs.get(state.uid))
    else:
        batch.new_node(state.label, row)


def _new_edge(state: NodeState, key: EdgeKey, batch: WriteBatch) -> dict[str, Any]:
    edge = state.edges[key]
    if edge.get("moves_at") is not None:
        # Few edges have moves when they are made: the rows of all others stay short.
        moves = {name: edge[name] for name in MOVES}
        batch.set_edge(key.type, key.role, (state.uid, key.other), moves)
    return {**edge, "role": key.role, "anchor": state.uid, "other": key.other}


def _existing(state: NodeState, batch: WriteBatch) -> None:
    if state.dirty:
        batch.set_node(state.label, state.uid, state.changed_row())
    for key in state.changed_edges:
        props = {k: v for k, v in state.edges[key].items() if k != "role"}
        batch.set_edge(key.type, key.role, (state.uid, key.other), props)
