"""The GraphQL documents the client sends, and how their answers become its own objects.

All knowledge of the schema's shape is here; the contract tests run these documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineage_server.client.view import LineageView, ViewEdge, ViewNode
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

LINEAGE = """
query Lineage($start: [String!]!, $direction: Direction!, $view: View!, $maxDepth: Int,
              $asOf: DateTime, $knownAt: DateTime) {
  lineage(start: $start, direction: $direction, view: $view, maxDepth: $maxDepth, asOf: $asOf, knownAt: $knownAt) {
    nodes { node { uid label name kind project state ordinal aliases } depth }
    edges { from to type role at basis }
    isPartial
    reason
    truncated { uid hidden }
    plan { levels visited milliseconds }
  }
}
"""

VERSION = """
query Version($ref: String!) {
  version(ref: $ref) {
    uid name kind ordinal digest uri size sealedAt
    columns { name type nullable }
    run { uid }
  }
}
"""

DOCUMENTS: dict[str, str] = {"Lineage": LINEAGE, "Version": VERSION}

DIRECTIONS = {"both": "BOTH", "upstream": "UPSTREAM", "downstream": "DOWNSTREAM"}
VIEWS = {"version": "VERSION", "logical": "LOGICAL"}


def lineage_variables(
    start: str | list[str],
    *,
    direction: str,
    depth: int | None,
    view: str,
    as_of: str | None,
    known_at: str | None,
) -> dict[str, Any]:
    """Variables of LINEAGE; raises InvalidInputError."""
    return {
        "start": [start] if isinstance(start, str) else list(start),
        "direction": _one_of(DIRECTIONS, direction, "direction"),
        "view": _one_of(VIEWS, view, "view"),
        "maxDepth": depth,
        "asOf": as_of,
        "knownAt": known_at,
    }


def _one_of(known: dict[str, str], word: str, field: str) -> str:
    found = known.get(word.lower())
    if found is None:
        raise InvalidInputError(
            f"{field} {shorten(word)!r} is not known", field=field, allowed=", ".join(known)
        )
    return found


def view_from(data: Mapping[str, Any], *, asked: list[str], direction: str) -> LineageView:
    """The answer to LINEAGE."""
    told = data["lineage"]
    nodes = tuple(
        ViewNode(
            uid=n["node"]["uid"],
            label=n["node"]["label"],
            name=n["node"].get("name") or "",
            kind=n["node"].get("kind") or "",
            project=n["node"].get("project") or "",
            state=n["node"].get("state") or "",
            ordinal=n["node"].get("ordinal"),
            aliases=tuple(n["node"].get("aliases") or ()),
            depth=n.get("depth") or 0,
        )
        for n in told["nodes"]
    )
    edges = tuple(
        ViewEdge(
            start=e["from"],
            end=e["to"],
            type=e["type"],
            role=e.get("role") or "",
            at=str(e.get("at") or ""),
            basis=e.get("basis") or "",
        )
        for e in told["edges"]
    )
    return LineageView(
        start=_start_of(nodes, asked),
        direction=direction.lower(),
        nodes=nodes,
        edges=edges,
        is_partial=bool(told.get("isPartial")),
        reason=told.get("reason") or "",
        hidden={t["uid"]: int(t.get("hidden") or 0) for t in told.get("truncated") or ()},
        plan=dict(told.get("plan") or {}),
    )


def _start_of(nodes: tuple[ViewNode, ...], asked: list[str]) -> tuple[str, ...]:
    """Uids of the nodes that were asked for: the ones at depth 0."""
    found = tuple(node.uid for node in nodes if node.depth == 0)
    return found or tuple(asked)
