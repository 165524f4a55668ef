"""Statements of lineage: one generation of the walk a statement, and what the questions add to it.

A generation goes from artifacts over runs to artifacts in one round trip. Every statement takes the
time window (``$as_of``, ``$known``) and the scope (``$all``, ``$scope``): of a node that may not be
seen only the uid is fetched, and nothing behind it. Fan-out is cut inside the statement (``$fan``).

Rows are ``type, via, near, far``; nodes and edges are positional lists (``graph/heads.py`` reads
them), because ArcadeDB misreads a map projection inside a map, and lists are half the bytes.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.domain.nodes import Label
from lineage_server.graph.queries.lineage_parts import (
    DOWNSTREAM,
    UPSTREAM,
    across,
    arrow,
    edge,
    head,
    newest,
    order,
    same,
    window,
)

_UNION: LiteralString = "UNION ALL"


# --- one generation -------------------------------------------------------------------------


def _over(
    direction: LiteralString,
    label: LiteralString,
    near: LiteralString,
    via: LiteralString,
    far: LiteralString,
) -> LiteralString:
    """Artifact → run → artifact (or artifact → job → artifact): rows by run, so each is walked once."""
    return f"""
UNWIND $uids AS uid
MATCH (a:{label} {{uid: uid}})
CALL (a) {{
  MATCH {arrow(direction, "(a)", near, f"(r:{via})")}
  WHERE {window(near)}
  WITH e, r ORDER BY {order(direction, near)}, r.uid SKIP $skip LIMIT $fan
  RETURN e, r
}}
WITH r, collect([a.uid, {edge(near)}]) AS near
CALL (r) {{
  {across(direction, far, "r", label)}
  WHERE ($all OR r.project IN $scope) AND {window(far)}
  WITH e, b ORDER BY {newest(far)} DESC, b.uid LIMIT $fan
  RETURN collect([{edge(far)}, {head("b", label)}, {same("b", label)}]) AS far
}}
RETURN '{near}' AS type, {head("r", via)} AS via, near, far
"""


def _direct(
    direction: LiteralString, label: LiteralString, kind: LiteralString, to: LiteralString
) -> LiteralString:
    """Edges that lead from one frontier node to the next without a run between them."""
    return f"""
UNWIND $uids AS uid
MATCH (a:{label} {{uid: uid}})
CALL (a) {{
  {across(direction, kind, "a", to)}
  WHERE {window(kind)}
  WITH e, b ORDER BY {newest(kind)} DESC, b.uid SKIP $skip LIMIT $fan
  RETURN collect([{edge(kind)}, {head("b", to)}, {same("b", to)}]) AS far
}}
WITH a, far WHERE size(far) > 0
RETURN '{kind}' AS type, null AS via, [[a.uid]] AS near, far
"""


def _self(label: LiteralString) -> LiteralString:
    """The start itself, and what is the same thing under another key."""
    return f"""
UNWIND $uids AS uid
MATCH (a:{label} {{uid: uid}})
RETURN 'SELF' AS type, {head("a", label)} AS via, {same("a", label)} AS near, [] AS far
"""


SELVES: dict[Label, LiteralString] = {
    Label.ARTIFACT_VERSION: _self("ArtifactVersion"),
    Label.RUN: _self("Run"),
    Label.MODEL_VERSION: _self("ModelVersion"),
    Label.DEPLOYMENT: _self("Deployment"),
    Label.ARTIFACT: _self("Artifact"),
    Label.JOB: _self("Job"),
    Label.REGISTERED_MODEL: _self("RegisteredModel"),
    Label.ALIAS: _self("Alias"),
}
"""Heads of nodes by uid."""

_FAMILIES: dict[tuple[str, Label], dict[str, LiteralString]] = {
    (UPSTREAM, Label.ARTIFACT_VERSION): {
        "OUTPUT": _over("UPSTREAM", "ArtifactVersion", "OUTPUT", "Run", "INPUT_TO"),
        "DERIVED": _direct("UPSTREAM", "ArtifactVersion", "DERIVED", "ArtifactVersion"),
    },
    (UPSTREAM, Label.RUN): {"INPUT_TO": _direct("UPSTREAM", "Run", "INPUT_TO", "ArtifactVersion")},
    (UPSTREAM, Label.MODEL_VERSION): {
        "REGISTERED_AS": _direct("UPSTREAM", "ModelVersion", "REGISTERED_AS", "ArtifactVersion")
    },
    (UPSTREAM, Label.DEPLOYMENT): {
        "DEPLOYED_AS": _direct("UPSTREAM", "Deployment", "DEPLOYED_AS", "ModelVersion"),
        "ROUTES_TO": _direct("UPSTREAM", "Deployment", "ROUTES_TO", "Deployment"),
    },
    (UPSTREAM, Label.ARTIFACT): {"FEEDS": _over("UPSTREAM", "Artifact", "FEEDS", "Job", "FEEDS")},
    (UPSTREAM, Label.JOB): {"FEEDS": _direct("UPSTREAM", "Job", "FEEDS", "Artifact")},
    (DOWNSTREAM, Label.ARTIFACT_VERSION): {
        "INPUT_TO": _over("DOWNSTREAM", "ArtifactVersion", "INPUT_TO", "Run", "OUTPUT"),
        "DERIVED": _direct("DOWNSTREAM", "ArtifactVersion", "DERIVED", "ArtifactVersion"),
        "REGISTERED_AS": _direct("DOWNSTREAM", "ArtifactVersion", "REGISTERED_AS", "ModelVersion"),
    },
    (DOWNSTREAM, Label.RUN): {"OUTPUT": _direct("DOWNSTREAM", "Run", "OUTPUT", "ArtifactVersion")},
    (DOWNSTREAM, Label.MODEL_VERSION): {
        "DEPLOYED_AS": _direct("DOWNSTREAM", "ModelVersion", "DEPLOYED_AS", "Deployment")
    },
    (DOWNSTREAM, Label.DEPLOYMENT): {
        "ROUTES_TO": _direct("DOWNSTREAM", "Deployment", "ROUTES_TO", "Deployment")
    },
    (DOWNSTREAM, Label.ARTIFACT): {"FEEDS": _over("DOWNSTREAM", "Artifact", "FEEDS", "Job", "FEEDS")},
    (DOWNSTREAM, Label.JOB): {"FEEDS": _direct("DOWNSTREAM", "Job", "FEEDS", "Artifact")},
}
"""By direction, label of the frontier and type of the edges that leave it."""


EXPAND: dict[tuple[str, Label], LiteralString] = {
    key: _UNION.join(families.values())
    for key, families in _FAMILIES.items()
    if key[1] is not Label.ARTIFACT_VERSION
}
"""All that leaves a frontier, in one statement; of versions, ``look_ahead.py`` asks."""

START: dict[tuple[str, Label], LiteralString] = {
    key: _UNION.join((SELVES[key[1]], statement)) for key, statement in EXPAND.items()
}
"""The same for the first generation, which also brings the start itself."""

CONTINUE: dict[tuple[str, Label], dict[str, LiteralString]] = {
    key: {kind: _UNION.join((SELVES[key[1]], statement)) for kind, statement in families.items()}
    for key, families in _FAMILIES.items()
}
"""More edges of one type; the node comes along, so that its visibility is checked again."""


REGISTERED_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (m:ModelVersion {{uid: uid}})<-[e:REGISTERED_AS]-(v:ArtifactVersion)
WHERE ($all OR (m.project IN $scope AND v.project IN $scope)) AND {window("REGISTERED_AS")}
RETURN v.uid AS uid ORDER BY uid
"""
"""The artifact versions that registered versions are of."""

FIRST_OUTPUTS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (a:ArtifactVersion {{uid: uid}})<-[e:OUTPUT]-(:Run)
WHERE {window("OUTPUT")}
RETURN a.uid AS uid, min(e.at) AS first
"""
"""When versions were produced first."""


def _count(direction: LiteralString, label: LiteralString, kind: LiteralString) -> LiteralString:
    # Only what ``provenance/production.py`` limits in time: producers of a version, and its users.
    timed = label == "ArtifactVersion" and (kind == "OUTPUT" or direction == "DOWNSTREAM")
    spanned: LiteralString = " AND e.at >= row.since AND e.at <= row.until" if timed else ""
    return f"""
UNWIND $rows AS row
MATCH (a:{label} {{uid: row.uid}})
CALL (a, row) {{
  MATCH {arrow(direction, "(a)", kind, "()")}
  WHERE {window(kind)}{spanned}
  WITH e LIMIT $cap
  RETURN count(e) AS n
}}
WITH a, n WHERE n > 0
RETURN a.uid AS uid, '{kind}' AS type, n
"""


def _counts(direction: LiteralString) -> dict[Label, LiteralString]:
    upstream = direction == "UPSTREAM"
    version: tuple[LiteralString, ...] = (
        (_count(direction, "ArtifactVersion", "OUTPUT" if upstream else "INPUT_TO")),
        _count(direction, "ArtifactVersion", "DERIVED"),
        *(() if upstream else (_count(direction, "ArtifactVersion", "REGISTERED_AS"),)),
    )
    deployment: tuple[LiteralString, ...] = (
        *((_count(direction, "Deployment", "DEPLOYED_AS"),) if upstream else ()),
        _count(direction, "Deployment", "ROUTES_TO"),
    )
    return {
        Label.ARTIFACT_VERSION: _UNION.join(version),
        Label.RUN: _count(direction, "Run", "INPUT_TO" if upstream else "OUTPUT"),
        Label.MODEL_VERSION: _count(
            direction, "ModelVersion", "REGISTERED_AS" if upstream else "DEPLOYED_AS"
        ),
        Label.DEPLOYMENT: _UNION.join(deployment),
        Label.ARTIFACT: _count(direction, "Artifact", "FEEDS"),
        Label.JOB: _count(direction, "Job", "FEEDS"),
    }


COUNTS: dict[tuple[str, Label], LiteralString] = {
    **{(UPSTREAM, label): statement for label, statement in _counts("UPSTREAM").items()},
    **{(DOWNSTREAM, label): statement for label, statement in _counts("DOWNSTREAM").items()},
}
"""How many edges between two times leave a node, by type, where any do; at most ``$cap`` are counted."""
