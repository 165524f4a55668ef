"""Statements behind lists, search and single nodes: runs, jobs, artifacts, versions, metrics, projects.

Every statement takes the scope (``$all``, ``$scope``). What a user chose (a metric to sort by, a key
to compare) is never part of the text: it arrives as ``$key`` or within a list and is looked up as
``n[$key]``. Statements are put together from the constants here only.

Two engines, two habits: ArcadeDB takes neither ORDER BY nor a range from the second key of an index,
so newest-first lists ask for a window of ``started_at``, and ``WITH n`` keeps the project out of its
choice of index. Sorting costs more than reading on both, so sorted lists filter by a bound first.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import LiteralString

from lineage_server.domain.nodes import Label

_SCOPE: LiteralString = "($all OR n.project IN $scope)"


class Clause(StrEnum):
    """Conditions a list may have; the parameters they read are named after them."""

    ALIVE = "alive"
    JOBS = "jobs"
    KINDS = "kinds"
    STATES = "states"
    SINCE = "since"
    UNTIL = "until"
    TAGS = "tags"
    HAS = "has"
    WORDS = "words"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    EQ = "eq"
    NE = "ne"
    CONTAINS = "contains"
    MODEL = "model"
    ARTIFACT = "artifact"


_CLAUSES: dict[Clause, LiteralString] = {
    Clause.ALIVE: "n.deleted_at IS NULL",
    Clause.JOBS: "n.job IN $jobs",
    Clause.KINDS: "n.kind IN $kinds",
    Clause.STATES: "n.state IN $states",
    Clause.SINCE: "n.started_at >= $since",
    Clause.UNTIL: "n.started_at < $until",
    Clause.TAGS: "all(c IN $tags WHERE n[c[0]] = c[1])",
    Clause.HAS: "all(c IN $has WHERE n[c] IS NOT NULL)",
    Clause.WORDS: "all(c IN $words WHERE n.search_text CONTAINS c)",
    Clause.LT: "all(c IN $lt WHERE n[c[0]] < c[1])",
    Clause.LE: "all(c IN $le WHERE n[c[0]] <= c[1])",
    Clause.GT: "all(c IN $gt WHERE n[c[0]] > c[1])",
    Clause.GE: "all(c IN $ge WHERE n[c[0]] >= c[1])",
    Clause.EQ: "all(c IN $eq WHERE n[c[0]] IN c[1])",
    Clause.NE: "all(c IN $ne WHERE n[c[0]] IS NOT NULL AND NOT n[c[0]] IN c[1])",
    Clause.CONTAINS: "all(c IN $contains WHERE toLower(toString(n[c[0]])) CONTAINS c[1])",
    Clause.MODEL: "n.model = $model",
    Clause.ARTIFACT: "n.artifact = $artifact",
}


def _and(clauses: Iterable[Clause]) -> LiteralString:
    out: LiteralString = ""
    for clause in clauses:
        out = out + " AND " + _CLAUSES[clause]
    return out


def _match(label: Label, clauses: tuple[Clause, ...]) -> LiteralString:
    return f"MATCH (n:{label.value}) WHERE {_SCOPE}{_and(clauses)}\n"


def _match_scoped(label: Label, clauses: tuple[Clause, ...]) -> LiteralString:
    # Without the OR both engines can take the project's index.
    return f"MATCH (n:{label.value}) WHERE n.project IN $scope{_and(clauses)}\n"


# --- newest first ---------------------------------------------------------------------------

_NEWEST: LiteralString = """
WITH n, n.started_at AS v ORDER BY v DESC, n.uid LIMIT $limit
RETURN properties(n) AS props, 0 AS rank, v AS value
"""
_BEFORE: LiteralString = " AND (n.started_at < $value OR (n.started_at = $value AND n.uid > $uid))"


@cache
def newest_in_window(clauses: tuple[Clause, ...], *, resumed: bool) -> LiteralString:
    """Runs started within ``[$low, $high]``, newest first; resumed: after (``$value``, ``$uid``)."""
    return (
        "MATCH (n:Run) WHERE n.started_at >= $low AND n.started_at <= $high\n"
        f"WITH n WHERE {_SCOPE}{_and(clauses)}{_BEFORE if resumed else ''}{_NEWEST}"
    )


# --- sorted by any property --------------------------------------------------------------------

_DURATION: LiteralString = "n.ended_at - n.started_at"
_KEYED: LiteralString = "n[$key]"
# Numbers first, then text, then what has no value; NaN is no value. A number is what compares.
_RANKED: LiteralString = """
WITH n, x, CASE WHEN x < 0 OR x >= 0 THEN 0 WHEN x IS NULL OR x <> x THEN 2 ELSE 1 END AS r
WITH n, r, CASE r WHEN 0 THEN x WHEN 1 THEN toString(x) END AS v
"""
_RETURN: LiteralString = "RETURN properties(n) AS props, r AS rank, v AS value\n"


def _resume(*, descending: bool) -> LiteralString:
    sign: LiteralString = "<" if descending else ">"
    return (
        f"WHERE r > $rank OR (r = $rank AND (v {sign} $value OR ((r = 2 OR v = $value) AND n.uid > $uid)))\n"
    )


@cache
def sorted_list(
    label: Label,
    clauses: tuple[Clause, ...],
    *,
    duration: bool = False,
    descending: bool,
    resumed: bool,
    everything: bool,
) -> LiteralString:
    """A page by the property ``$key`` (or the duration), then by uid."""
    value: LiteralString = _DURATION if duration else _KEYED
    way: LiteralString = "DESC" if descending else "ASC"
    return (
        (_match(label, clauses) if everything else _match_scoped(label, clauses))
        + f"WITH n, {value} AS x"
        + _RANKED
        + (_resume(descending=descending) if resumed else "")
        + f"WITH n, r, v ORDER BY r, v {way}, n.uid LIMIT $limit\n"
        + _RETURN
    )


@cache
def bounded_list(
    label: Label, clauses: tuple[Clause, ...], *, descending: bool, resumed: bool, everything: bool
) -> LiteralString:
    """The same for numbers on the near side of ``$bound`` only: far fewer to sort."""
    way: LiteralString = "DESC" if descending else "ASC"
    sign: LiteralString = ">=" if descending else "<="
    match = _match(label, clauses) if everything else _match_scoped(label, clauses)
    return (
        match.rstrip()
        + f" AND n[$key] {sign} $bound\nWITH n, n[$key] AS v, 0 AS r\n"
        + (_resume(descending=descending) if resumed else "")
        + f"WITH n, r, v ORDER BY v {way}, n.uid LIMIT $limit\n"
        + _RETURN
    )


@cache
def sample(label: Label, clauses: tuple[Clause, ...], *, everything: bool) -> LiteralString:
    """Values of ``$key`` on some of the nodes, to guess a bound from."""
    match = _match(label, ()) if everything else _match_scoped(label, ())
    return (
        match
        + "WITH n LIMIT $looked_at\n"
        + f"WITH n WHERE n[$key] IS NOT NULL{_and(clauses)}\n"
        + "RETURN n[$key] AS value\n"
    )


@cache
def count_of(label: Label, clauses: tuple[Clause, ...], *, everything: bool) -> LiteralString:
    match = _match(label, clauses) if everything else _match_scoped(label, clauses)
    return match + "RETURN count(n) AS total"


# --- single nodes -------------------------------------------------------------------------------


SLOTS: dict[Label, LiteralString] = {label: "uids" + label.value for label in Label}
"""Parameters that ``nodes_by_uid`` reads, by label."""


def _by_uid(label: Label) -> LiteralString:
    return (
        f"UNWIND ${SLOTS[label]} AS uid MATCH (n:{label.value} {{uid: uid}}) WHERE {_SCOPE} "
        "RETURN properties(n) AS props"
    )


@cache
def nodes_by_uid(labels: tuple[Label, ...]) -> LiteralString:
    """Nodes of several labels in one round trip."""
    return " UNION ALL ".join([_by_uid(label) for label in labels])


ALIASES_OF: LiteralString = """
UNWIND $uids AS uid
MATCH (m:ModelVersion {uid: uid})<-[e:POINTS_TO]-(n:Alias)
WHERE ($all OR n.project IN $scope) AND e.valid_to IS NULL
RETURN m.uid AS uid, n.alias AS alias
ORDER BY alias
"""

PRODUCERS_OF: LiteralString = """
UNWIND $uids AS uid
MATCH (v:ArtifactVersion {uid: uid})<-[e:OUTPUT]-(n:Run)
WHERE ($all OR n.project IN $scope) AND coalesce(e.reused, false) = false
RETURN v.uid AS uid, n.uid AS run, n.name AS name, e.at AS at
ORDER BY at, run
"""

INPUTS_OF: LiteralString = """
UNWIND $uids AS uid
MATCH (r:Run {uid: uid})<-[e:INPUT_TO]-(n:ArtifactVersion)
WHERE ($all OR (r.project IN $scope AND n.project IN $scope)) AND e.superseded_at IS NULL
RETURN r.uid AS uid, n.uid AS other, e.role AS role, e.at AS at, e.basis AS basis, properties(n) AS props
ORDER BY role, other LIMIT $limit
"""

OUTPUTS_OF: LiteralString = """
UNWIND $uids AS uid
MATCH (r:Run {uid: uid})-[e:OUTPUT]->(n:ArtifactVersion)
WHERE ($all OR (r.project IN $scope AND n.project IN $scope))
RETURN r.uid AS uid, n.uid AS other, e.role AS role, e.at AS at, e.basis AS basis, properties(n) AS props
ORDER BY role, other LIMIT $limit
"""

CHILDREN_OF: LiteralString = """
MATCH (p:Run {uid: $uid})<-[:CHILD_OF]-(n:Run)
WHERE ($all OR (p.project IN $scope AND n.project IN $scope)) AND n.deleted_at IS NULL
  AND ($after = '' OR n.uid > $after)
WITH n ORDER BY n.uid LIMIT $limit
RETURN properties(n) AS props
"""

VERSIONS_OF: LiteralString = """
MATCH (n:ArtifactVersion {artifact: $artifact})
WHERE ($all OR n.project IN $scope) AND ($dead OR n.deleted_at IS NULL)
WITH n, coalesce(n.ordinal, 0) AS v
WHERE $uid = '' OR v < $value OR (v = $value AND n.uid > $uid)
WITH n, v ORDER BY v DESC, n.uid LIMIT $limit
RETURN properties(n) AS props, 0 AS rank, v AS value
"""

# --- metrics --------------------------------------------------------------------------------------

CHUNKS_OF: LiteralString = """
MATCH (r:Run {uid: $uid})
WHERE ($all OR r.project IN $scope) AND r.deleted_at IS NULL
OPTIONAL MATCH (n:MetricChunk {run: $uid})
WHERE n.rid > $after AND ($every OR any(key IN n.keys WHERE key IN $keys))
RETURN r.uid AS run, n.rid AS rid, n.points AS points, n.data AS data
"""

# --- search ----------------------------------------------------------------------------------------

_FOUND: LiteralString = """
WITH n, CASE WHEN toLower(n.name) = $text THEN 0 WHEN toLower(n.name) STARTS WITH $text THEN 1 ELSE 2 END AS r
WITH n, r ORDER BY r, coalesce(n.updated_at, 0) DESC, n.uid LIMIT $limit
RETURN properties(n) AS props, r AS rank
"""
SEARCHED: tuple[Label, ...] = (
    Label.PROJECT,
    Label.REGISTERED_MODEL,
    Label.DEPLOYMENT,
    Label.ARTIFACT,
    Label.JOB,
)
"""Labels with ``search_text``, the more telling first; runs are found as a list, newest first."""
# A range, since both engines take it from the index; 'g' follows the last hexadecimal digit.
_DIGESTS: LiteralString = f"""
MATCH (n:ArtifactVersion)
WHERE n.digest >= $digest AND n.digest < $digest_end
WITH n WHERE {_SCOPE} AND n.deleted_at IS NULL
WITH n ORDER BY n.uid LIMIT $limit
RETURN properties(n) AS props, 0 AS rank
"""


@cache
def search(labels: tuple[Label, ...], *, digest: bool) -> LiteralString:
    """What has all ``$words`` in its name, kind, description or tags; and what begins with a digest."""
    parts: list[LiteralString] = [
        f"MATCH (n:{label.value}) WHERE {_SCOPE} AND n.deleted_at IS NULL "
        f"AND all(c IN $words WHERE n.search_text CONTAINS c){_FOUND}"
        for label in labels
    ]
    if digest:
        parts.append(_DIGESTS)
    return " UNION ALL ".join(parts)


# --- projects, intake -----------------------------------------------------------------------------

PROJECTS: LiteralString = """
MATCH (n:Project)
WHERE ($all OR n.project IN $scope) AND n.deleted_at IS NULL AND n.name > $after
WITH n ORDER BY n.name LIMIT $limit
RETURN properties(n) AS props
"""

REFUSED: LiteralString = """
MATCH (n:Refused)
WHERE n.at <= $until
WITH n WHERE ($all OR n.project IN $scope) AND (n.at < $until OR n.uid < $uid)
WITH n ORDER BY n.at DESC, n.uid DESC LIMIT $limit
RETURN n.uid AS uid, n.project AS project, n.at AS at, n.actor AS actor, n.code AS code,
       n.message AS message, n.retriable AS retriable, n.size AS size, n.cut AS cut, n.raw AS raw
"""

REFUSED_BY_UID: LiteralString = """
UNWIND $uids AS uid
MATCH (n:Refused {uid: uid})
WHERE $all OR n.project IN $scope
RETURN n.uid AS uid, n.project AS project, n.at AS at, n.actor AS actor, n.code AS code,
       n.message AS message, n.retriable AS retriable, n.size AS size, n.cut AS cut, n.raw AS raw
"""

FORGET_REFUSED: LiteralString = """
UNWIND $uids AS uid
MATCH (n:Refused {uid: uid})
WHERE $all OR n.project IN $scope
DELETE n
"""

COUNT_REFUSED: LiteralString = """
MATCH (n:Refused)
WHERE $all OR n.project IN $scope
RETURN count(n) AS total
"""
