"""What of merged states people are notified of: that a run failed, an alias moved, an approval was asked for
or decided. Whom it concerns is asked later (``tracking/notifications.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage_server.changes import Change
from lineage_server.domain.nodes import Label, RunState
from lineage_server.ingest.state import NodeState

_TIMES = ("ended_at", "started_at", "created_at")


def change_of(state: NodeState, seq: int) -> Change:
    """What subscribers are told of a state that changed, before it is settled."""
    news = state.label in (Label.ALIAS, Label.APPROVAL)
    if state.label is Label.RUN and state.props.get("state") == RunState.FAILED:
        news = not state.exists or "state" in state.dirty
    return Change(state.uid, state.label, state.project, state.kind_of_change, seq, news)


def failed_at(run: Mapping[str, Any]) -> int | None:
    """When a run failed, as far as that was told; None for one that did not: so its index holds few."""
    if run.get("state") != RunState.FAILED or "erased" in run:
        return None
    return next((run[key] for key in _TIMES if run.get(key) is not None), None)
