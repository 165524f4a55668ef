"""Cypher of stored bytes: which project has which object, and what is known of a version's bytes.

Blobs are nodes without edges, written at once by ``artifacts``: they say what lies in a store and are no
facts about lineage. A rebuild leaves them alone.
"""

from __future__ import annotations

from typing import LiteralString

# Claimed first and kept once the bytes are there: a collection that looks in between leaves them alone.
CLAIM: LiteralString = """
UNWIND $rows AS r
MERGE (b:Blob {uid: r.uid})
ON CREATE SET b.project = $project, b.sha256 = r.sha256, b.size = r.size, b.kept = false
SET b.at = $now
RETURN b.sha256 AS sha256, b.size AS size, b.kept AS kept
"""

KEEP: LiteralString = (
    "UNWIND $rows AS r MATCH (b:Blob {uid: r.uid}) SET b.kept = true, b.size = r.size, b.at = $now"
)

KEPT: LiteralString = (
    "MATCH (b:Blob) WHERE b.uid IN $uids AND b.kept RETURN b.sha256 AS sha256, b.size AS size"
)

_VERSION: LiteralString = (
    "RETURN v.uid AS uid, v.project AS project, v.name AS name, v.kind AS kind, v.digest AS digest, "
    "v.ordinal AS ordinal, v.size AS size, v.stored_at AS stored_at, v.deleted_at AS deleted_at"
)

VERSION: LiteralString = (
    f"MATCH (v:ArtifactVersion {{uid: $uid}}) WHERE $all OR v.project IN $scope {_VERSION}"
)

# Where a registered version came from; the newest statement of it counts.
ORIGIN: LiteralString = (
    "MATCH (v:ArtifactVersion)-[e:REGISTERED_AS]->(m:ModelVersion {uid: $uid}) "
    "WHERE ($all OR v.project IN $scope) AND ($all OR m.project IN $scope) "
    f"WITH v, e ORDER BY e.at DESC LIMIT 1 {_VERSION}"
)
