"""Statements of what is drawn otherwise than lineage: the steps of runs, and the versions of one thing.

As in ``lineage.py`` nodes are positional lists, and of one that may not be seen only the uid is fetched.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.domain.nodes import Label
from lineage_server.graph.queries.lineage_parts import head, window

_UNION: LiteralString = "UNION ALL"

STEPS_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (p:Run {{uid: uid}})
WHERE $all OR p.project IN $scope
CALL (p) {{
  MATCH (p)<-[:CHILD_OF]-(c:Run)
  WHERE c.deleted_at IS NULL
  WITH c ORDER BY c.uid LIMIT $limit
  RETURN collect({head("c", "Run")}) AS steps
}}
RETURN uid, steps
"""
"""By run: those that are part of it, the oldest first."""


def _data(kind: LiteralString, pattern: LiteralString) -> LiteralString:
    return f"""
UNWIND $uids AS uid
MATCH (r:Run {{uid: uid}})
CALL (r) {{
  MATCH {pattern}
  WHERE ($all OR v.project IN $scope) AND {window(kind)}
  WITH v, e ORDER BY e.at DESC, v.uid LIMIT $fan
  RETURN collect([v.uid, v.name]) AS found
}}
RETURN uid, '{kind}' AS type, found, 0 AS count
"""


def _after(kind: LiteralString) -> LiteralString:
    return f"""
UNWIND $uids AS uid
MATCH (r:Run {{uid: uid}})-[:{kind}]->(n:Run)
RETURN uid, '{kind}' AS type, collect([n.uid, null]) AS found, 0 AS count
"""


ORDER_OF: LiteralString = _UNION.join(
    (
        _data("OUTPUT", "(r)-[e:OUTPUT]->(v:ArtifactVersion)"),
        _data("INPUT_TO", "(r)<-[e:INPUT_TO]-(v:ArtifactVersion)"),
        _after("RETRY_OF"),
        _after("RESUMED_FROM"),
        """
UNWIND $uids AS uid
MATCH (r:Run {uid: uid})<-[:CHILD_OF]-(c:Run)
WHERE c.deleted_at IS NULL
RETURN uid, 'CHILD_OF' AS type, [] AS found, count(c) AS count
""",
    )
)
"""By run: what it wrote and read, which runs it came after, and how many steps it has itself."""

VERSIONS_OF: dict[Label, LiteralString] = {
    Label.ARTIFACT: f"""
MATCH (v:ArtifactVersion {{artifact: $uid}})
WHERE v.deleted_at IS NULL
WITH v ORDER BY v.ordinal DESC, v.uid LIMIT $limit
RETURN {head("v", "ArtifactVersion")} AS version, [] AS origins
""",
    Label.REGISTERED_MODEL: f"""
MATCH (v:ModelVersion {{model: $uid}})
WHERE v.deleted_at IS NULL
WITH v ORDER BY v.created_at DESC, v.uid LIMIT $limit
CALL (v) {{
  MATCH (v)<-[e:REGISTERED_AS]-(o:ArtifactVersion)
  WHERE {window("REGISTERED_AS")}
  RETURN collect({head("o", "ArtifactVersion")}) AS origins
}}
RETURN {head("v", "ModelVersion")} AS version, origins
""",
}
"""The newest first; of a registered model's each with what was registered."""

# Who made the same again later made nothing that it was derived from.
SOURCES_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (v:ArtifactVersion {{uid: uid}})
CALL (v) {{
  MATCH (v)<-[e:OUTPUT]-(r:Run)
  WHERE ($all OR r.project IN $scope) AND {window("OUTPUT")}
  WITH v, r, e.at AS at ORDER BY at, r.uid LIMIT 1
  MATCH (r)<-[e:INPUT_TO]-(s:ArtifactVersion)
  WHERE s.uid <> v.uid AND {window("INPUT_TO")}
  WITH r, s, e.at AS at ORDER BY at DESC, s.uid LIMIT $fan
  RETURN collect([coalesce(r.job_name, r.name), {head("s", "ArtifactVersion")}]) AS found
}}
RETURN uid, 'VIA' AS type, found
{_UNION}
UNWIND $uids AS uid
MATCH (v:ArtifactVersion {{uid: uid}})
CALL (v) {{
  MATCH (v)<-[e:DERIVED]-(s:ArtifactVersion)
  WHERE {window("DERIVED")}
  WITH e, s ORDER BY e.at DESC, s.uid LIMIT $fan
  RETURN collect([e.role, {head("s", "ArtifactVersion")}]) AS found
}}
RETURN uid, 'DERIVED' AS type, found
"""
"""By version: what the run read that made it, called by its job, and what somebody said it was made from."""
