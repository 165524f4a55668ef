"""The graph as plain data, without what legitimately depends on the order of arrival."""

from __future__ import annotations

import json
import zlib
from typing import Any

from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.spans import believed, moves_of

NODES = "MATCH (n) RETURN labels(n)[0] AS label, properties(n) AS props"
EDGES = "MATCH (a)-[e]->(b) RETURN a.uid AS start, type(e) AS type, b.uid AS end, properties(e) AS props"
NOT_DERIVED = {
    *(
        "Event",
        "Writer",
        "Meta",
        "Lock",
        "Refused",
        "Token",
        "Audit",
        "Schema",
        "Lease",
        "Archive",
        "Erasure",
    ),
    *("Webhook", "Delivery", "SavedView"),
}
ARRIVAL = {"rid", "ordinal", "clock", "clocks", "recorded_at", "seals_at"}

Dump = dict[str, Any]


async def dump(bolt: Bolt, *, whole: bool = False) -> Dump:
    """Nodes by uid and edges by ends, type and role; ``whole``: with what depends on the arrival, too."""
    left_out: set[str] = set() if whole else ARRIVAL
    nodes: Dump = {}
    for row in await bolt.read(NODES, timeout_seconds=60):
        if row["label"] in NOT_DERIVED:
            continue
        props = dict(row["props"])
        tomb = props.pop("tomb", None)
        if tomb is not None:
            props["(hidden)"] = json.loads(zlib.decompress(bytes(tomb)))
            for key in left_out:
                props["(hidden)"].pop(key, None)
        nodes[props["uid"]] = {k: _plain(v) for k, v in sorted(props.items()) if k not in left_out}
    edges: Dump = {}
    for row in await bolt.read(EDGES, timeout_seconds=60):
        props = row["props"] if whole else _held(row["props"])
        if props is None:
            continue
        key = f"{row['start']} -{row['type']}:{props.get('role', '')}-> {row['end']}"
        assert key not in edges, f"doubled edge {key}"
        edges[key] = {k: _plain(v) for k, v in sorted(props.items()) if k not in left_out and v is not None}
    return {"nodes": nodes, "edges": edges}


def _held(props: dict[str, Any]) -> dict[str, Any] | None:
    """Moves become the spans they amount to; None for an edge that never held, as is known by now."""
    if props.get("moves_at") is None:
        return props
    rest = {key: value for key, value in props.items() if not key.startswith("moves_")}
    spans = believed(moves_of(props))
    if not spans and "retracted_at" not in rest:
        return None
    return rest if spans == [(rest["at"], None)] else {**rest, "spans": spans}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return "NaN"
    return bytes(value) if isinstance(value, bytearray) else value
