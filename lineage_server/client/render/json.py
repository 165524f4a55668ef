"""A lineage as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_server.client.view import LineageView


def dict_of(view: LineageView) -> dict[str, Any]:
    """Plain values; edges have ``from`` and ``to`` as in GraphQL."""
    return {
        "start": list(view.start),
        "direction": view.direction,
        "nodes": [asdict(node) | {"aliases": list(node.aliases)} for node in view.nodes],
        "edges": [
            {
                "from": e.start,
                "to": e.end,
                "type": e.type,
                "role": e.role,
                "at": e.at,
                "basis": e.basis,
                "again": e.again,
                "event": e.event,
            }
            for e in view.edges
        ],
        "fields": [
            {"from": f.start, "fromColumn": f.start_column, "to": f.end, "toColumn": f.end_column}
            for f in view.fields
        ],
        "isPartial": view.is_partial,
        "reason": view.reason,
        "hidden": dict(view.hidden),
        "plan": dict(view.plan),
    }


def json_of(view: LineageView, *, indent: int | None = 2) -> str:
    """JSON text."""
    return json.dumps(dict_of(view), indent=indent, ensure_ascii=False)
