"""Statements behind lineage questions that need more than heads and edges, and behind references.

All but the watch gaps (facts about a cluster, not about anybody's project) take the scope.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.graph.queries.window import holds

_RUN_FACTS: LiteralString = """properties(r) AS props,
       [(r)-[e:USED_CODE]->(c:CodeRef) | [e.at, c.uid, c.repo, c.commit, c.dirty_digest, c.entry]] AS code,
       [(r)-[e:USED_ENV]->(v:Environment) |
        [e.at, v.uid, v.image, v.image_digest, v.lock_digest, v.python, v.packages, v.digest]] AS env,
       [(r)-[:ON_GPU]->(g:Gpu) | g.product] AS gpus
"""
RUN_FACTS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (r:Run {{uid: uid}})
WHERE $all OR r.project IN $scope
RETURN r.uid AS uid, {_RUN_FACTS}
"""
PARENT_FACTS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (child:Run {{uid: uid}})-[o:CHILD_OF]->(r:Run)
WHERE $all OR (child.project IN $scope AND r.project IN $scope)
WITH uid, r, o ORDER BY o.at, r.uid
RETURN uid AS child, {_RUN_FACTS}
"""
"""Of the runs that others are part of; where there are several, the last counts."""

VERSION_FACTS: LiteralString = """
UNWIND $uids AS uid
MATCH (v:ArtifactVersion {uid: uid})
WHERE $all OR v.project IN $scope
RETURN v.uid AS uid, v.schema AS schema, v.fields AS fields, v.partial AS partial, v.sealed_at AS sealed_at
"""

_COST: LiteralString = (
    "r.uid AS uid, r.state AS state, r.started_at AS started_at, r.ended_at AS ended_at, r.usage AS usage, "
    "r.gpu_product AS gpu_product, r.gpu_count AS gpu_count, r.gpu_seconds AS gpu_seconds"
)

RUN_COSTS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (r:Run {{uid: uid}})
WHERE $all OR r.project IN $scope
RETURN {_COST}
"""

FAILED_SIBLINGS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (:Run {{uid: uid}})-[:CHILD_OF]->(p:Run)
WITH DISTINCT p
MATCH (p)<-[:CHILD_OF]-(r:Run)
WHERE r.state IN ['failed', 'aborted'] AND ($all OR r.project IN $scope)
WITH r LIMIT $cap
RETURN {_COST}
UNION
UNWIND $uids AS uid
MATCH (:Run {{uid: uid}})-[:RETRY_OF]-(r:Run)
WHERE r.state IN ['failed', 'aborted'] AND ($all OR r.project IN $scope)
WITH r LIMIT $cap
RETURN {_COST}
"""
"""Runs that came to nothing beside these: other children of their parents, other attempts."""

RUN_METRIC: LiteralString = """
UNWIND $uids AS uid
MATCH (r:Run {uid: uid})
WHERE $all OR r.project IN $scope
RETURN r.uid AS uid, properties(r)[$key] AS value
"""

ALIASES_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (m:ModelVersion {{uid: uid}})<-[e:POINTS_TO]-(a:Alias)
WHERE ($all OR a.project IN $scope) AND {holds("POINTS_TO")}
RETURN m.uid AS target, a.uid AS uid, a.project AS project, a.model AS model, a.alias AS alias,
       a.protected AS protected
"""

OWNERS: LiteralString = """
UNWIND $uids AS uid
MATCH (p:Project {uid: uid})
WHERE $all OR p.project IN $scope
RETURN p.project AS project, p.owner AS owner
"""

RUN_PLACES: LiteralString = """
UNWIND $uids AS uid
MATCH (r:Run {uid: uid})
WHERE r.cluster IS NOT NULL AND ($all OR r.project IN $scope)
RETURN r.uid AS uid, r.cluster AS cluster, r.started_at AS started_at, r.ended_at AS ended_at
"""

UNKNOWN_INPUTS: LiteralString = f"""
UNWIND $uids AS uid
MATCH (r:Run {{uid: uid}})-[q:READS]->(a:Artifact)
WHERE ($all OR (r.project IN $scope AND a.project IN $scope)) AND q.at <= $as_of AND q.recorded_at <= $known
  AND NOT EXISTS {{
    MATCH (r)<-[e:INPUT_TO]-(v:ArtifactVersion)
    WHERE e.role = q.role AND (v.artifact = a.uid OR q.registered IS NOT NULL) AND {holds("INPUT_TO")}
  }}
RETURN r.uid AS run, a.uid AS artifact, q.role AS role
ORDER BY run, role, artifact
"""
"""Read without a version where none was known that it could have been."""

GAPS_BETWEEN: LiteralString = """
MATCH (g:WatchGap)
WHERE g.from_at <= $until AND g.to_at >= $since
RETURN g.uid AS uid, g.cluster AS cluster, g.kind AS kind, g.from_at AS from_at, g.to_at AS to_at,
       g.reason AS reason
ORDER BY from_at LIMIT 1000
"""


def _field_edges(pattern: LiteralString, order: LiteralString) -> LiteralString:
    """Column edges of each version, at most ``$fan``, those first that ``production.py`` lets through."""
    return f"""
UNWIND $uids AS uid
MATCH (a:ArtifactVersion {{uid: uid}})
WHERE $all OR a.project IN $scope
CALL (a) {{
  MATCH {pattern}
  WHERE e.fields IS NOT NULL AND {holds("DERIVED")}
  WITH e, b ORDER BY {order}, b.uid, e.role LIMIT $fan
  RETURN e, b
}}
RETURN a.uid AS origin, b.uid AS other, e.at AS at, e.role STARTS WITH 'columns:' AS produced,
       CASE WHEN $all OR b.project IN $scope THEN e.fields ELSE null END AS fields
"""


FIELD_EDGES_UPSTREAM: LiteralString = _field_edges(
    "(a)<-[e:DERIVED]-(b:ArtifactVersion)", "CASE WHEN e.role STARTS WITH 'columns:' THEN e.at ELSE 0 END"
)
FIELD_EDGES_DOWNSTREAM: LiteralString = _field_edges("(a)-[e:DERIVED]->(b:ArtifactVersion)", "e.at DESC")

# --- references -----------------------------------------------------------------------------

VERSIONS_OF: LiteralString = """
MATCH (v:ArtifactVersion {artifact: $artifact})
WHERE ($all OR v.project IN $scope)
  AND ($ordinal IS NULL OR v.ordinal = $ordinal)
  AND ($digest IS NULL OR v.digest STARTS WITH $digest)
  AND ($ever OR coalesce(v.sealed_at, 0) <= $as_of)
RETURN v.uid AS uid, v.ordinal AS ordinal, v.digest AS digest, v.deleted_at AS deleted_at,
       v.sealed_at AS sealed_at
ORDER BY coalesce(v.sealed_at, 0) DESC, v.ordinal DESC LIMIT $most
"""

MODEL_VERSION_NAMED: LiteralString = """
MATCH (m:ModelVersion {uid: $uid})
WHERE $all OR m.project IN $scope
RETURN m.uid AS uid
"""

LATEST_BY_NUMBER: LiteralString = """
MATCH (r:RegisteredModel {uid: $model})
WHERE ($all OR r.project IN $scope) AND r.highest IS NOT NULL
UNWIND range(0, $window - 1) AS back
WITH $prefix + toString(r.highest - back) AS uid
MATCH (m:ModelVersion {uid: uid})
WHERE ($all OR m.project IN $scope) AND coalesce(m.created_at, 0) <= $as_of
  AND (m.deleted_at IS NULL OR m.deleted_at > $as_of)
RETURN m.uid AS uid
ORDER BY m.number DESC LIMIT 1
"""
"""The highest number that was there at the time, looked for from the model's highest downward: a model may
have ten thousand versions, and few of the newest are gone."""

LATEST_OF_ALL: LiteralString = """
MATCH (m:ModelVersion {model: $model})
WHERE $all OR m.project IN $scope
WITH m, CASE WHEN coalesce(m.created_at, 0) <= $as_of THEN 0 ELSE 1 END AS later,
     CASE WHEN m.deleted_at IS NULL OR m.deleted_at > $as_of THEN 0 ELSE 1 END AS gone
RETURN m.uid AS uid
ORDER BY later, gone, coalesce(m.number, -1) DESC, m.created_at DESC, m.rid DESC LIMIT 1
"""
"""The same where those are not enough: in the past, of names that are no numbers, or where all are gone."""

MODEL_VERSIONS_OF: LiteralString = """
MATCH (m:ModelVersion {model: $model})
WHERE $all OR m.project IN $scope
RETURN m.version AS version
ORDER BY m.created_at DESC, m.rid DESC LIMIT 1000
"""

ALIASES_OF_MODEL: LiteralString = """
MATCH (a:Alias {model: $model})
WHERE $all OR a.project IN $scope
RETURN a.alias AS alias, a.target AS target
ORDER BY alias LIMIT 1000
"""

ALIASES_THEN: LiteralString = f"""
MATCH (m:ModelVersion {{model: $model}})<-[e:POINTS_TO]-(a:Alias)
WHERE ($all OR (m.project IN $scope AND a.project IN $scope)) AND {holds("POINTS_TO")}
RETURN a.alias AS alias, m.uid AS target
ORDER BY alias LIMIT 1000
"""

RUNS_BETWEEN: LiteralString = """
MATCH (r:Run)
WHERE r.uid >= $low AND r.uid < $high AND ($all OR r.project IN $scope) AND r.deleted_at IS NULL
  AND ($project IS NULL OR r.project = $project)
RETURN r.uid AS uid, r.name AS name
ORDER BY uid DESC LIMIT $limit
"""

JOBS_NAMED: LiteralString = """
MATCH (j:Job {project: $project})
WHERE ($all OR j.project IN $scope) AND j.name = $name
RETURN j.uid AS uid
ORDER BY uid LIMIT 10
"""

ARTIFACT_NAMES: LiteralString = """
MATCH (a:Artifact {project: $project})
WHERE ($all OR a.project IN $scope) AND a.kind = $kind
RETURN a.name AS name
ORDER BY name LIMIT 2000
"""

PROJECT_NAMES: LiteralString = """
MATCH (p:Project)
WHERE ($all OR p.project IN $scope) AND p.deleted_at IS NULL
RETURN p.name AS name
ORDER BY name LIMIT 2000
"""
