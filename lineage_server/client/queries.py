"""The GraphQL documents the client sends, and how their answers become its own objects.

All knowledge of the schema's shape is here and in ``origins``; the contract tests run these documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from lineage_server.client import activities, curation, found, registry, serving, webhooks
from lineage_server.client.answers import QUESTIONS, TITLES
from lineage_server.client.builders import reference_in
from lineage_server.client.checking import checked
from lineage_server.client.comparisons import COMPARE
from lineage_server.client.documents import RUN, STORED
from lineage_server.client.moments import moment
from lineage_server.client.origins import MORE_PACKAGES, ORIGIN
from lineage_server.client.recipes import FAMILY, KNOWN, MEANT
from lineage_server.client.view import LineageView, ViewEdge, ViewField, ViewNode
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import artifact_of_version, artifact_uid, shorten

LINEAGE = """
query Lineage($start: [String!]!, $direction: Direction!, $view: View!, $maxDepth: Int,
              $asOf: DateTime, $knownAt: DateTime, $column: String! = "", $project: String!) {
  lineage(start: $start, direction: $direction, view: $view, maxDepth: $maxDepth, asOf: $asOf,
          knownAt: $knownAt, column: $column, project: $project) {
    start
    nodes {
      node { uid label name kind project state ordinal version digest at endedAt deletedAt aliases }
      depth
      side
    }
    edges { from to type role at basis event properties }
    fields { from fromColumn to toColumn }
    isPartial
    reason
    truncated { uid hidden }
    boundary { uid more }
    plan { levels nodesVisited milliseconds }
  }
}
"""

DOCUMENTS: dict[str, str] = {
    "Lineage": LINEAGE,
    "RunMeant": RUN,
    "Stored": STORED,
    **registry.DOCUMENTS,
    **found.DOCUMENTS,
    **activities.DOCUMENTS,
    **serving.DOCUMENTS,
    **webhooks.DOCUMENTS,
    **curation.DOCUMENTS,
    "Origin": ORIGIN,
    "MorePackages": MORE_PACKAGES,
    **{f"Client {name}": document for name, document in QUESTIONS.items()},
    "Titles": TITLES,
    "Compare": COMPARE,
    "Family": FAMILY,
    "Meant": MEANT,
    "Known": KNOWN,
}

DIRECTIONS = {"both": "BOTH", "upstream": "UPSTREAM", "downstream": "DOWNSTREAM"}
VIEWS = {"version": "VERSION", "logical": "LOGICAL", "field": "FIELD"}


@checked
def lineage_variables(
    start: str,
    *,
    project: str,
    direction: str,
    depth: int | None,
    view: str,
    as_of: date | str | None,
    known_at: date | str | None,
    column: str | None,
) -> dict[str, Any]:
    """Variables of LINEAGE, without those left to the server; raises InvalidInputError."""
    chosen = _one_of(VIEWS, view, "view")
    if column and chosen != "FIELD":
        raise InvalidInputError("a column has a lineage in one view only", field="view", allowed="field")
    asked = {
        "start": [_whole(start, project) if chosen == "LOGICAL" else start],
        "project": project,
        "direction": _one_of(DIRECTIONS, direction, "direction"),
        "view": chosen,
        "column": column or None,
        "maxDepth": None if depth is None else int(depth),
        "asOf": moment(as_of, "as_of"),
        "knownAt": moment(known_at, "known_at"),
    }
    return {name: value for name, value in asked.items() if value is not None}


def _whole(start: str, project: str) -> str:
    """The artifact of the version that is named: in the logical view there are no versions."""
    if start.startswith("version:"):
        return artifact_of_version(start)
    asked = reference_in(start)
    return artifact_uid(asked.project or project, asked.kind, asked.name) if asked else start


def _one_of(known: dict[str, str], word: str, field: str) -> str:
    found = known.get(word.lower())
    if found is None:
        raise InvalidInputError(
            f"{field} {shorten(word)!r} is not known", field=field, allowed=", ".join(known)
        )
    return found


def view_from(data: Mapping[str, Any], *, direction: str) -> LineageView:
    """The answer to LINEAGE."""
    told = data["lineage"]
    columns = tuple(
        ViewField(start=f["from"], start_column=f["fromColumn"], end=f["to"], end_column=f["toColumn"])
        for f in told["fields"]
    )
    return LineageView(
        start=tuple(told["start"]),
        direction=direction.lower(),
        nodes=tuple(_node(n) for n in told["nodes"]),
        edges=(*(_edge(e) for e in told["edges"]), *_between(columns)),
        fields=columns,
        is_partial=bool(told["isPartial"]),
        reason=told["reason"] or "",
        hidden=_hidden(told),
        plan=dict(told["plan"] or {}),
    )


def _node(told: Mapping[str, Any]) -> ViewNode:
    head = told["node"]
    return ViewNode(
        uid=head["uid"],
        label=head["label"],
        name=head["name"] or "",
        kind=head["kind"] or "",
        project=head["project"] or "",
        state=head["state"] or "",
        ordinal=head["ordinal"],
        version=head["version"] or "",
        digest=head["digest"] or "",
        at=head["at"] or "",
        ended_at=head["endedAt"] or "",
        deleted_at=head["deletedAt"] or "",
        aliases=tuple(head["aliases"] or ()),
        depth=told["depth"] or 0,
        side=(told["side"] or "").lower(),
    )


def _edge(told: Mapping[str, Any]) -> ViewEdge:
    properties: Mapping[str, Any] = told.get("properties") or {}
    return ViewEdge(
        start=told["from"],
        end=told["to"],
        type=told["type"],
        role=told["role"] or "",
        at=told["at"] or "",
        basis=told["basis"] or "",
        again=bool(properties.get("again") or properties.get("reused")),
        event=told["event"] or "",
    )


def _between(columns: Iterable[ViewField]) -> Iterator[ViewEdge]:
    """Of versions that columns join one edge for all of them, so that every drawing shows them."""
    joined: dict[tuple[str, str], list[str]] = {}
    for one in columns:
        same = one.start_column == one.end_column
        words = one.end_column if same else f"{one.start_column} → {one.end_column}"
        joined.setdefault((one.start, one.end), []).append(words)
    for (start, end), words in joined.items():
        yield ViewEdge(start=start, end=end, type="DERIVED", role=", ".join(words))


def _hidden(told: Mapping[str, Any]) -> dict[str, int]:
    """How many neighbours of a node are left out, by the fan-out or the depth; 0: some, not counted."""
    out: dict[str, int] = {}
    for one in told["truncated"] or ():
        out[one["uid"]] = out.get(one["uid"], 0) + int(one["hidden"] or 0)
    for one in told["boundary"] or ():
        if one["more"]:
            out[one["uid"]] = out.get(one["uid"], 0) + int(one["more"])
    return out
