"""Cypher of the model registry's questions: aliases of models, what versions came of, deployments of them.

Many uids are asked for at once; each gets up to ``$limit`` nodes.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.graph.queries.clauses import SCOPE

ALIASES_OF_MODELS: LiteralString = f"""
UNWIND $uids AS uid
CALL (uid) {{
  MATCH (n:Alias {{model: uid}})
  WHERE {SCOPE} AND n.deleted_at IS NULL
  WITH n ORDER BY n.alias LIMIT $limit
  RETURN collect(properties(n)) AS found
}}
RETURN uid, found
"""

# The last that was made; asked of models whose versions have names instead of numbers.
NEWEST_OF_MODELS: LiteralString = f"""
UNWIND $uids AS uid
CALL (uid) {{
  MATCH (n:ModelVersion {{model: uid}})
  WHERE {SCOPE} AND n.deleted_at IS NULL AND n.stub IS NULL
  WITH n ORDER BY n.created_at DESC, n.rid DESC LIMIT 1
  RETURN collect(properties(n)) AS found
}}
RETURN uid, found
"""

# Of all versions, or (``version``) of one.
APPROVALS_OF: LiteralString = f"""
MATCH (n:Approval {{model: $model}})
WHERE {SCOPE} AND n.deleted_at IS NULL AND ($version = '' OR n.version = $version)
WITH n ORDER BY coalesce(n.requested_at, n.decided_at) DESC, n.uid LIMIT $limit
RETURN properties(n) AS n
"""

# All that ever ran it, the newest first.
DEPLOYMENTS_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (m:ModelVersion {{uid: uid}})
WHERE $all OR m.project IN $scope
CALL (m) {{
  MATCH (m)-[e:DEPLOYED_AS]->(n:Deployment)
  WHERE {SCOPE}
  WITH n, coalesce(n.from_at, e.at) AS began ORDER BY began DESC, n.uid LIMIT $limit
  RETURN collect(properties(n)) AS found
}}
RETURN uid, found
"""

# The versions that a deployment serves or served, the newest first.
SERVED_BY: LiteralString = f"""
UNWIND $uids AS uid
MATCH (d:Deployment {{uid: uid}})
WHERE $all OR d.project IN $scope
CALL (d) {{
  MATCH (d)<-[e:DEPLOYED_AS]-(n:ModelVersion)
  WHERE {SCOPE}
  WITH n, e ORDER BY e.at DESC, n.uid LIMIT $limit
  RETURN collect(properties(n)) AS found
}}
RETURN uid, found
"""

# The artifact version that was registered; the newest statement of it counts. What only stands for what lies
# elsewhere (``ingest/registered.py``) is none.
ORIGINS_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (m:ModelVersion {{uid: uid}})
WHERE $all OR m.project IN $scope
CALL (m) {{
  MATCH (m)<-[e:REGISTERED_AS]-(n:ArtifactVersion)
  WHERE {SCOPE} AND NOT coalesce(n.key, '') STARTS WITH 'registered:'
  WITH n, e ORDER BY e.at DESC, n.uid LIMIT 1
  RETURN collect(properties(n)) AS found
}}
RETURN uid, found
"""

# Versions of models that an artifact version was registered as; not those that were said later to be made of
# another one, see above.
REGISTRATIONS_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (v:ArtifactVersion {{uid: uid}})
WHERE $all OR v.project IN $scope
CALL (v) {{
  MATCH (v)-[e:REGISTERED_AS]->(n:ModelVersion)
  WHERE {SCOPE} AND n.deleted_at IS NULL AND NOT EXISTS {{
    MATCH (n)<-[o:REGISTERED_AS]-(other:ArtifactVersion)
    WHERE NOT coalesce(other.key, '') STARTS WITH 'registered:'
      AND (o.at > e.at OR (o.at = e.at AND other.uid < v.uid))
  }}
  WITH n, e ORDER BY e.at DESC, n.uid LIMIT $limit
  RETURN collect(properties(n)) AS found
}}
RETURN uid, found
"""
