"""The words that statements of lineage are put together from: heads, edges, windows, orders.

Nodes and edges are positional lists (``graph/heads.py`` reads them), because ArcadeDB misreads a map
projection inside a map, and lists are half the bytes.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.graph.queries.window import holds

UPSTREAM = "UPSTREAM"
DOWNSTREAM = "DOWNSTREAM"


def _own(v: LiteralString, label: LiteralString) -> LiteralString:
    """The fields of a head that differ by label; see ``heads.FIELDS`` for the order."""
    if label == "Run":
        state, end = _by_then(v, "ended_at", meanwhile="'running'", since="started_at")
        return f"{state}, {v}.started_at, {end}, {v}.attempt, null, null, null, {v}.job, {v}.job_name"
    if label == "ArtifactVersion":
        return f"null, {v}.sealed_at, null, {v}.ordinal, null, {v}.digest, {v}.size, {v}.artifact, {v}.hold"
    if label == "ModelVersion":
        return f"{v}.state, {v}.created_at, null, null, {v}.version, null, null, {v}.model, null"
    if label == "Deployment":
        state, end = _by_then(v, "to_at", meanwhile="null", since="from_at")
        return f"{state}, {v}.from_at, {end}, null, {v}.revision, null, null, {v}.endpoint, {v}.cluster"
    if label == "Artifact":
        return f"null, {v}.latest_at, null, {v}.version_count, null, null, null, null, null"
    return "null, null, null, null, null, null, null, null, null"


def _by_then(
    v: LiteralString, end: LiteralString, *, meanwhile: LiteralString, since: LiteralString
) -> tuple[LiteralString, LiteralString]:
    """State and end as of the asked time: what ended only later had neither its last state nor an end.
    States have no history, so of what went on only the lives of runs are known."""
    then: LiteralString = f"CASE WHEN {v}.{since} <= $as_of THEN {meanwhile} END"
    return (
        f"CASE WHEN {v}.{end} > $as_of THEN {then} ELSE {v}.state END",
        f"CASE WHEN {v}.{end} <= $as_of THEN {v}.{end} END",
    )


def head(v: LiteralString, label: LiteralString) -> LiteralString:
    common = f"{v}.uid, {v}.project, {v}.name, {v}.kind, {v}.created_at, {v}.deleted_at, {v}.stub"
    return f"CASE WHEN $all OR {v}.project IN $scope THEN [{common}, {_own(v, label)}] ELSE [{v}.uid] END"


def edge(kind: LiteralString) -> LiteralString:
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


def window(kind: LiteralString) -> LiteralString:
    if kind == "DERIVED":
        # Column edges repeat what the run in between says already; the field view reads them.
        return f"{holds(kind)} AND NOT e.role STARTS WITH 'columns:'"
    return holds(kind)


def newest(kind: LiteralString) -> LiteralString:
    return "e.last_at" if kind == "FEEDS" else "e.at"


def order(direction: LiteralString, kind: LiteralString) -> LiteralString:
    """What flows to or from a version at hand comes first (``provenance/production.py``): of its
    producers the oldest, of its readers, and of all others, the newest."""
    oldest_first = direction == "UPSTREAM" and kind == "OUTPUT"
    return "e.at" if oldest_first else f"{newest(kind)} DESC"


def same(v: LiteralString, label: LiteralString) -> LiteralString:
    if label != "ArtifactVersion":
        return "[]"
    twin = head("s", "ArtifactVersion")
    return (
        f"[({v})-[t:SAME_AS]-(s:ArtifactVersion) WHERE t.at <= $as_of AND t.recorded_at <= $known | {twin}]"
    )


def arrow(direction: LiteralString, a: LiteralString, kind: LiteralString, b: LiteralString) -> LiteralString:
    """Upstream goes against the arrows, which follow the data."""
    return f"{a}<-[e:{kind}]-{b}" if direction == "UPSTREAM" else f"{a}-[e:{kind}]->{b}"


def across(
    direction: LiteralString,
    kind: LiteralString,
    a: LiteralString,
    label: LiteralString,
    b: LiteralString = "b",
) -> LiteralString:
    """Match what ``a`` leads to over one edge ``e``."""
    return f"""MATCH {arrow(direction, f"({a})", kind, f"({b}:{label})")}"""
