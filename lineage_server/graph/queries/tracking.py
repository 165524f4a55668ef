"""Statements behind lists, search and single nodes: runs, jobs, artifacts, versions, metrics, projects.

Every statement takes the scope (``$all``, ``$scope``). What a user chose (a metric to sort by, a key
to compare) is never part of the text: it arrives as ``$key`` or within a list and is looked up as
``n[$key]``. Statements are put together from the constants here only.

Two engines, two habits: ArcadeDB takes no ORDER BY from an index, so newest-first lists ask for a window
of ``started_at``, and ``WITH n`` keeps the project out of the choice of index. Sorting costs more than
reading on both, so sorted lists filter by a bound first.
"""

from __future__ import annotations

from functools import cache
from typing import LiteralString

from lineage_server.domain.nodes import Label
from lineage_server.graph.queries.clauses import SCOPE, Clause, all_of, joined, ranked


def _match(label: Label, clauses: tuple[Clause, ...]) -> LiteralString:
    return f"MATCH (n:{label.value}) WHERE {SCOPE}{all_of(clauses)}\n"


def _match_scoped(label: Label, clauses: tuple[Clause, ...]) -> LiteralString:
    # Without the OR both engines can take the project's index.
    return f"MATCH (n:{label.value}) WHERE n.project IN $scope{all_of(clauses)}\n"


# Of parameters and metrics a brief row has those in ``$brought`` only: runs may have thousands, and the time
# in which the embedded engine brings all that a node has grows with the square of how much that is.
_BRIEF: LiteralString = (
    "[k IN keys(n) WHERE NOT (k STARTS WITH 'p.' OR k STARTS WITH 'm.') OR k IN $brought | [k, n[k]]]"
)
_RETURN: tuple[LiteralString, LiteralString] = (
    "RETURN properties(n) AS props, r AS rank, v AS value\n",
    f"RETURN {_BRIEF} AS props, r AS rank, v AS value\n",
)


# --- newest first ---------------------------------------------------------------------------

_NEWEST: LiteralString = "\nWITH n, n.started_at AS v, 0 AS r ORDER BY v DESC, n.uid LIMIT $limit\n"
_BEFORE: LiteralString = " AND (n.started_at < $value OR (n.started_at = $value AND n.uid > $uid))"


@cache
def newest_in_window(clauses: tuple[Clause, ...], *, resumed: bool, brief: bool = False) -> LiteralString:
    """Runs started within ``[$low, $high]``, newest first; resumed: after (``$value``, ``$uid``)."""
    return (
        "MATCH (n:Run) WHERE n.started_at >= $low AND n.started_at <= $high\n"
        f"WITH n WHERE {SCOPE}{all_of(clauses)}{_BEFORE if resumed else ''}{_NEWEST}" + _RETURN[brief]
    )


# --- sorted by any property --------------------------------------------------------------------

_DURATION: LiteralString = "n.ended_at - n.started_at"
_KEYED: LiteralString = "n[$key]"


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
    brief: bool = False,
) -> LiteralString:
    """A page by the property ``$key`` (or the duration), then by uid."""
    value: LiteralString = _DURATION if duration else _KEYED
    way: LiteralString = "DESC" if descending else "ASC"
    # Only runs have no words of users in their uids.
    uid: LiteralString = "n.uid" if label is Label.RUN else joined("n.uid")
    return (
        (_match(label, clauses) if everything else _match_scoped(label, clauses))
        + f"WITH n, {value} AS x"
        + ranked()
        + (_resume(descending=descending) if resumed else "")
        + f"WITH n, r, v ORDER BY r, v {way}, {uid} LIMIT $limit\n"
        + _RETURN[brief]
    )


@cache
def bounded_list(
    label: Label,
    clauses: tuple[Clause, ...],
    *,
    descending: bool,
    resumed: bool,
    everything: bool,
    brief: bool = False,
) -> LiteralString:
    """The same for numbers on the near side of ``$bound`` only: far fewer to sort."""
    way: LiteralString = "DESC" if descending else "ASC"
    sign: LiteralString = ">=" if descending else "<="
    match = _match(label, clauses) if everything else _match_scoped(label, clauses)
    return (
        match.rstrip()
        + f" AND n[$key] {sign} $bound\nWITH n, n[$key] + 0 AS v, 0 AS r\n"
        + (_resume(descending=descending) if resumed else "")
        + f"WITH n, r, v ORDER BY v {way}, n.uid LIMIT $limit\n"
        + _RETURN[brief]
    )


@cache
def sample(label: Label, clauses: tuple[Clause, ...], *, everything: bool) -> LiteralString:
    """Values of ``$key`` on some of the nodes, to guess a bound from."""
    match = _match(label, ()) if everything else _match_scoped(label, ())
    return (
        match
        + "WITH n LIMIT $looked_at\n"
        + f"WITH n WHERE n[$key] IS NOT NULL{all_of(clauses)}\n"
        + "RETURN n[$key] AS value\n"
    )


@cache
def count_of(label: Label, clauses: tuple[Clause, ...], *, everything: bool) -> LiteralString:
    match = _match(label, clauses) if everything else _match_scoped(label, clauses)
    return match + "RETURN count(n) AS total"


# --- single nodes -------------------------------------------------------------------------------


SLOTS: dict[Label, LiteralString] = {label: "uids" + label.value for label in Label}
"""Parameters that ``nodes_by_uid`` reads, by label."""


# Long texts, which few ask for, are brought by ``tracking_parts``. What belongs to all projects is seen by
# whoever may see a run on it; which project told of it first is not.
_FOREIGN: LiteralString = f"n {{.*, project: CASE WHEN {SCOPE} THEN n.project ELSE '' END}}"
_PROPS: dict[Label, LiteralString] = {
    Label.CODE_REF: "n {.*, diff: null}",
    Label.ENVIRONMENT: "n {.*, packages: null}",
    Label.GPU: _FOREIGN,
    Label.NODE: _FOREIGN,
}
_OR_USED: dict[Label, LiteralString] = {
    Label.GPU: " OR EXISTS { MATCH (n)<-[:ON_GPU]-(r:Run) WHERE r.project IN $scope }",
    Label.NODE: " OR EXISTS { MATCH (n)<-[:ON_NODE]-(r:Run) WHERE r.project IN $scope }",
}


def _by_uid(label: Label) -> LiteralString:
    return (
        f"UNWIND ${SLOTS[label]} AS uid MATCH (n:{label.value} {{uid: uid}}) "
        f"WHERE {SCOPE}{_OR_USED.get(label, '')} RETURN {_PROPS.get(label, 'properties(n)')} AS props"
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

PRODUCERS_OF: dict[Label, LiteralString] = {
    Label.ARTIFACT_VERSION: """
UNWIND $uids AS uid
MATCH (v:ArtifactVersion {uid: uid})<-[e:OUTPUT]-(n:Run)
WHERE ($all OR n.project IN $scope) AND coalesce(e.reused, false) = false
RETURN uid, n.uid AS run, e.at AS at
ORDER BY at, run
""",
    Label.MODEL_VERSION: """
UNWIND $uids AS uid
MATCH (m:ModelVersion {uid: uid})<-[:REGISTERED_AS]-(v:ArtifactVersion)<-[e:OUTPUT]-(n:Run)
WHERE ($all OR (v.project IN $scope AND n.project IN $scope)) AND coalesce(e.reused, false) = false
RETURN uid, n.uid AS run, e.at AS at
ORDER BY at, run
""",
}
"""Runs that made what is of this label."""

# --- metrics --------------------------------------------------------------------------------------

CHUNKS_OF: LiteralString = """
MATCH (r:Run {uid: $uid})
WHERE ($all OR r.project IN $scope) AND r.deleted_at IS NULL
OPTIONAL MATCH (n:MetricChunk {run: $uid})
WHERE n.rid > $after AND ($every OR any(key IN n.keys WHERE key IN $keys))
RETURN r.uid AS run, n.rid AS rid, n.points AS points, n.data AS data
"""

_CHUNKS_OF_MANY: LiteralString = """
UNWIND $uids AS uid
MATCH (r:Run {uid: uid})
WHERE ($all OR r.project IN $scope) AND r.deleted_at IS NULL
OPTIONAL MATCH (n:MetricChunk {run: uid})
WHERE $every OR any(key IN n.keys WHERE key IN $keys)
"""
POINTS_OF: LiteralString = f"{_CHUNKS_OF_MANY}RETURN uid, sum(n.points) AS points\n"
CHUNKS_OF_MANY: LiteralString = f"{_CHUNKS_OF_MANY}RETURN uid, n.data AS data\n"

# --- search ----------------------------------------------------------------------------------------

SEARCHED: dict[Label, LiteralString] = {
    Label.PROJECT: "0",
    Label.REGISTERED_MODEL: "1",
    Label.MODEL_VERSION: "2",
    Label.DEPLOYMENT: "3",
    Label.ARTIFACT: "4",
    Label.JOB: "5",
    Label.ARTIFACT_VERSION: "6",
}
"""Labels with ``search_text`` and their place among hits of one rank, the more telling first.

Runs are found as a list, newest first.
"""
# A range, since both engines take it from the index; 'g' follows the last hexadecimal digit.
_DIGESTS: LiteralString = "MATCH (n:ArtifactVersion) WHERE n.digest >= $digest AND n.digest < $digest_end"
_ANNOTATED: LiteralString = "MATCH (n:ArtifactVersion) WHERE n.annotated = true"


def _hits(match: LiteralString, rank: LiteralString, section: LiteralString) -> LiteralString:
    """Those that come after a place: by rank, label, newest change, uid."""
    return f"""
{match}
WITH n WHERE {SCOPE} AND n.deleted_at IS NULL
WITH n, {rank} AS r, coalesce(n.updated_at, 0) AS v
WHERE r > $rank OR (r = $rank AND ({section} > $section
  OR ({section} = $section AND (v < $value OR (v = $value AND n.uid > $uid)))))
WITH n, r, v ORDER BY r, v DESC, {joined("n.uid")} LIMIT $limit
RETURN properties(n) AS props, r AS rank, {section} AS section, v AS value
"""


_NAMED: LiteralString = "WHEN toLower(n.name) STARTS WITH $text THEN 1 ELSE 2 END"


def _by_words(label: Label, *, digest: bool) -> LiteralString:
    match: LiteralString = f"MATCH (n:{label.value})"
    other: LiteralString = ""
    rank: LiteralString = f"CASE WHEN toLower(n.name) = $text THEN 0 {_NAMED}"
    if label is Label.ARTIFACT_VERSION:
        match = f"{_ANNOTATED} WITH n"
        if digest:  # versions of rank 0 are those found by their digest, and come no second time
            other = " AND NOT coalesce(n.digest >= $digest AND n.digest < $digest_end, false)"
            rank = f"CASE {_NAMED}"
    return _hits(
        f"{match} WHERE all(c IN $words WHERE n.search_text CONTAINS c){other}", rank, SEARCHED[label]
    )


@cache
def search(labels: tuple[Label, ...], *, digest: bool) -> LiteralString:
    """What has all ``$words`` in its name, kind, description or tags; and what begins with a digest."""
    parts: list[LiteralString] = [_by_words(label, digest=digest) for label in labels]
    if digest:
        parts.append(_hits(_DIGESTS, "0", SEARCHED[Label.ARTIFACT_VERSION]))
    return " UNION ALL ".join(parts)


# --- projects, intake -----------------------------------------------------------------------------

PROJECTS: LiteralString = f"""
MATCH (n:Project)
WHERE ($all OR n.project IN $scope) AND n.deleted_at IS NULL AND n.name > $after
WITH n ORDER BY {joined("n.name")} LIMIT $limit
RETURN properties(n) AS props
"""

REFUSED: LiteralString = """
MATCH (n:Refused)
WHERE n.at <= $until
WITH n WHERE ($all OR n.project IN $scope) AND (n.at < $until OR n.uid < $uid)
WITH n ORDER BY n.at DESC, n.uid DESC LIMIT $limit
RETURN n.uid AS uid, n.project AS project, n.at AS at, n.actor AS actor, n.code AS code,
       n.message AS message, n.retriable AS retriable, n.size AS size, n.cut AS cut, n.raw AS raw,
       n.first_at AS first_at, n.seen AS seen
"""

REFUSED_BY_UID: LiteralString = """
UNWIND $uids AS uid
MATCH (n:Refused {uid: uid})
WHERE $all OR n.project IN $scope
RETURN n.uid AS uid, n.project AS project, n.at AS at, n.actor AS actor, n.code AS code,
       n.message AS message, n.retriable AS retriable, n.size AS size, n.cut AS cut, n.raw AS raw,
       n.first_at AS first_at, n.seen AS seen
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

# --- what people state ----------------------------------------------------------------------------

STATED_ROLES: LiteralString = """
MATCH (:ArtifactVersion {uid: $start})-[e:DERIVED]->(n:ArtifactVersion {uid: $end})
WHERE ($all OR n.project IN $scope) AND e.retracted_at IS NULL AND e.superseded_at IS NULL
RETURN DISTINCT e.role AS role
"""
