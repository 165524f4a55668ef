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
from lineage_server.graph.queries.window import holds

UPSTREAM = "UPSTREAM"
DOWNSTREAM = "DOWNSTREAM"

_UNION: LiteralString = "UNION ALL"


# --- parts ----------------------------------------------------------------------------------


def _own(v: LiteralString, label: LiteralString) -> LiteralString:
    """The fields of a head that differ by label; see ``heads.FIELDS`` for the order."""
    if label == "Run":
        return (
            f"{v}.state, {v}.started_at, {v}.ended_at, {v}.attempt, null, null, null, {v}.job, {v}.job_name"
        )
    if label == "ArtifactVersion":
        return f"null, {v}.sealed_at, null, {v}.ordinal, null, {v}.digest, {v}.size, {v}.artifact, {v}.hold"
    if label == "ModelVersion":
        return f"{v}.state, {v}.created_at, null, null, {v}.version, null, null, {v}.model, null"
    if label == "Deployment":
        return f"{v}.state, {v}.from_at, {v}.to_at, null, {v}.revision, null, null, {v}.endpoint, {v}.cluster"
    if label == "Artifact":
        return f"null, {v}.latest_at, null, {v}.version_count, null, null, null, null, null"
    return "null, null, null, null, null, null, null, null, null"


def _head(v: LiteralString, label: LiteralString) -> LiteralString:
    common = f"{v}.uid, {v}.project, {v}.name, {v}.kind, {v}.created_at, {v}.deleted_at, {v}.stub"
    return f"CASE WHEN $all OR {v}.project IN $scope THEN [{common}, {_own(v, label)}] ELSE [{v}.uid] END"


def _edge(kind: LiteralString) -> LiteralString:
    if kind == "FEEDS":
        today: LiteralString = "e.last_at, CASE WHEN e.last_at <= $as_of THEN e.run_count END, e.last_run"
        return f"[null, e.first_at, null, null, null, null, null, null, [{today}]]"
    extras: dict[str, LiteralString] = {"OUTPUT": "e.reused", "DERIVED": "e.reason", "INPUT_TO": "e.rule"}
    extra = extras.get(kind, "null")
    fact: LiteralString = "e.role, e.at, e.recorded_at, e.source, e.basis, e.event"
    return f"[{fact}, {_closed(kind)}, {extra}]"


def _closed(kind: LiteralString) -> LiteralString:
    """When later truth closed an edge; only two types can be closed."""
    if kind == "INPUT_TO":
        return "e.superseded_at, null"
    return "null, e.retracted_at" if kind == "DERIVED" else "null, null"


def _window(kind: LiteralString) -> LiteralString:
    if kind == "DERIVED":
        # Column edges repeat what the run in between says already; the field view reads them.
        return f"{holds(kind)} AND NOT e.role STARTS WITH 'columns:'"
    return holds(kind)


def _newest(kind: LiteralString) -> LiteralString:
    return "e.last_at" if kind == "FEEDS" else "e.at"


def _order(direction: LiteralString, kind: LiteralString) -> LiteralString:
    """What flows to or from a version at hand comes first (``provenance/production.py``): of its
    producers the oldest, of its readers, and of all others, the newest."""
    oldest_first = direction == "UPSTREAM" and kind == "OUTPUT"
    return "e.at" if oldest_first else f"{_newest(kind)} DESC"


def _same(v: LiteralString, label: LiteralString) -> LiteralString:
    if label != "ArtifactVersion":
        return "[]"
    head = _head("s", "ArtifactVersion")
    return (
        f"[({v})-[t:SAME_AS]-(s:ArtifactVersion) WHERE t.at <= $as_of AND t.recorded_at <= $known | {head}]"
    )


def _arrow(
    direction: LiteralString, a: LiteralString, kind: LiteralString, b: LiteralString
) -> LiteralString:
    """Upstream goes against the arrows, which follow the data."""
    return f"{a}<-[e:{kind}]-{b}" if direction == "UPSTREAM" else f"{a}-[e:{kind}]->{b}"


def _far(
    direction: LiteralString, kind: LiteralString, a: LiteralString, label: LiteralString
) -> LiteralString:
    return f"""MATCH {_arrow(direction, f"({a})", kind, f"(b:{label})")}"""


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
  MATCH {_arrow(direction, "(a)", near, f"(r:{via})")}
  WHERE {_window(near)}
  WITH e, r ORDER BY {_order(direction, near)}, r.uid SKIP $skip LIMIT $fan
  RETURN e, r
}}
WITH r, collect([a.uid, {_edge(near)}]) AS near
CALL (r) {{
  {_far(direction, far, "r", label)}
  WHERE ($all OR r.project IN $scope) AND {_window(far)}
  WITH e, b ORDER BY {_newest(far)} DESC, b.uid LIMIT $fan
  RETURN collect([{_edge(far)}, {_head("b", label)}, {_same("b", label)}]) AS far
}}
RETURN '{near}' AS type, {_head("r", via)} AS via, near, far
"""


def _direct(
    direction: LiteralString, label: LiteralString, kind: LiteralString, to: LiteralString
) -> LiteralString:
    """Edges that lead from one frontier node to the next without a run between them."""
    return f"""
UNWIND $uids AS uid
MATCH (a:{label} {{uid: uid}})
CALL (a) {{
  {_far(direction, kind, "a", to)}
  WHERE {_window(kind)}
  WITH e, b ORDER BY {_newest(kind)} DESC, b.uid SKIP $skip LIMIT $fan
  RETURN collect([{_edge(kind)}, {_head("b", to)}, {_same("b", to)}]) AS far
}}
WITH a, far WHERE size(far) > 0
RETURN '{kind}' AS type, null AS via, [[a.uid]] AS near, far
"""


def _self(label: LiteralString) -> LiteralString:
    """The start itself, and what is the same thing under another key."""
    return f"""
UNWIND $uids AS uid
MATCH (a:{label} {{uid: uid}})
RETURN 'SELF' AS type, {_head("a", label)} AS via, {_same("a", label)} AS near, [] AS far
"""


_TWINS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (a:ArtifactVersion {{uid: uid}})
WITH a, {_same("a", "ArtifactVersion")} AS same
WHERE size(same) > 0
RETURN 'SAME_AS' AS type, null AS via, [[a.uid]] AS near, same AS far
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


def _all_families(families: dict[str, LiteralString], label: Label) -> LiteralString:
    parts = list(families.values())
    if label is Label.ARTIFACT_VERSION:
        parts.append(_TWINS)
    return _UNION.join(parts)


EXPAND: dict[tuple[str, Label], LiteralString] = {
    key: _all_families(families, key[1]) for key, families in _FAMILIES.items()
}
"""All that leaves a frontier, in one statement."""

START: dict[tuple[str, Label], LiteralString] = {
    key: _UNION.join((SELVES[key[1]], statement)) for key, statement in EXPAND.items()
}
"""The same for the first generation, which also brings the start itself."""

CONTINUE: dict[tuple[str, Label], dict[str, LiteralString]] = {
    key: {kind: _UNION.join((SELVES[key[1]], statement)) for kind, statement in families.items()}
    for key, families in _FAMILIES.items()
}
"""More edges of one type; the node comes along, so that its visibility is checked again."""


FIRST_OUTPUTS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (a:ArtifactVersion {{uid: uid}})<-[e:OUTPUT]-(:Run)
WHERE {_window("OUTPUT")}
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
  MATCH {_arrow(direction, "(a)", kind, "()")}
  WHERE {_window(kind)}{spanned}
  WITH e LIMIT $cap
  RETURN count(e) AS n
}}
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
"""How many edges between two times leave a node, by type; at most ``$cap`` are counted."""
