"""Cypher of stored bytes: which project has which object, and what is known of a version's bytes.

Blobs are nodes without edges, written at once by ``artifacts``: they say what lies in a store and are no
facts about lineage. A rebuild leaves them alone.
"""

from __future__ import annotations

from typing import LiteralString

# Claimed first and kept once the bytes are there: a collection that looks in between leaves them alone.
# The graph's clock decides whether that was before it began: servers' clocks may differ. Microseconds.
# MERGE locks nothing that it finds: of what Neo4j deletes before SET has the lock, nothing is set or read.
CLAIM: LiteralString = """
UNWIND $rows AS r
MERGE (b:Blob {uid: r.uid})
ON CREATE SET b.project = $project, b.sha256 = r.sha256, b.size = r.size, b.kept = false
SET b.at = timestamp() * 1000
RETURN b.sha256 AS sha256, b.size AS size, b.kept AS kept
"""

KEEP: LiteralString = (
    "UNWIND $rows AS r MATCH (b:Blob {uid: r.uid}) "
    "SET b.kept = true, b.size = r.size, b.at = timestamp() * 1000"
)

# Not IN: of thousands of uids, the embedded engine then compares each with all.
KEPT: LiteralString = (
    "UNWIND $uids AS u MATCH (b:Blob {uid: u}) WHERE b.kept RETURN b.sha256 AS sha256, b.size AS size"
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
    "AND NOT coalesce(v.key, '') STARTS WITH 'registered:' "
    f"WITH v, e ORDER BY e.at DESC LIMIT 1 {_VERSION}"
)

# --- collecting ---------------------------------------------------------------------------

OF_DIGESTS: LiteralString = """
UNWIND $digests AS digest
MATCH (v:ArtifactVersion {digest: digest}) WHERE v.project = $project
RETURN digest, v.uid AS uid, v.name AS name, v.kind AS kind, v.deleted_at AS deleted_at, v.hold AS hold,
       v.ttl_at AS ttl_at, v.stored_at AS stored_at, v.erased AS erased, v.tomb AS tomb,
       EXISTS { MATCH (v)-[:REGISTERED_AS]->(m:ModelVersion) WHERE m.deleted_at IS NULL } AS registered,
       EXISTS { MATCH (v)-[:REGISTERED_AS]->(:ModelVersion)<-[p:POINTS_TO]-(:Alias)
                WHERE p.valid_to IS NULL } AS aliased,
       EXISTS { MATCH (v)-[:REGISTERED_AS]->(:ModelVersion)-[:DEPLOYED_AS]->(d:Deployment)
                WHERE d.to_at IS NULL AND d.deleted_at IS NULL } AS deployed
"""

MADE_FROM: LiteralString = """
UNWIND $uids AS uid
MATCH (:ArtifactVersion {uid: uid})-[e:INPUT_TO]->(:Run)-[:OUTPUT]->(w:ArtifactVersion)
WHERE e.superseded_at IS NULL AND w.deleted_at IS NULL
RETURN DISTINCT uid, w.uid AS made ORDER BY made
"""

CLAIMS_OF: LiteralString = (
    "UNWIND $names AS name MATCH (b:Blob {sha256: name}) "
    "RETURN name AS sha256, b.uid AS uid, b.project AS project, b.at AS at"
)
ANY_CLAIM: LiteralString = "MATCH (b:Blob) WHERE b.sha256 IS NOT NULL RETURN b.uid AS uid LIMIT 1"

# Only what nobody has claimed anew since it was judged: setting a property first takes the write lock, so
# that the condition sees the last claim.
DROP_CLAIMS: LiteralString = (
    "UNWIND $uids AS u MATCH (b:Blob {uid: u}) SET b.judged = true WITH b WHERE b.at < $cutoff DELETE b"
)
# Claims of what never arrived and of manifests, and what is no longer doomed.
OLD_PENDING: LiteralString = (
    "MATCH (b:Blob) WHERE b.kept = false AND b.at < $cutoff AND coalesce(b.until, 0) < timestamp() "
    "RETURN b.uid AS uid"
)

# Who commits looks before and after whether a collection began in between.
BEGIN_COLLECTION: LiteralString = "MERGE (b:Blob {uid: $uid}) SET b.owner = $owner"
LAST_COLLECTION: LiteralString = "MATCH (b:Blob {uid: $uid}) RETURN b.owner AS owner"

NOW: LiteralString = "RETURN timestamp() * 1000 AS now"

# What is doomed is about to be deleted: who claims it meanwhile has to wait (see ``collecting``). Only who
# said so takes it back; of one that died, it ends by itself.
DOOM: LiteralString = """
UNWIND $uids AS u
MERGE (d:Blob {uid: u})
SET d.owner = CASE WHEN coalesce(d.until, 0) < timestamp() THEN $owner ELSE d.owner END
SET d.until = timestamp() + $milliseconds, d.kept = false, d.at = timestamp() * 1000
RETURN count(d.until) AS doomed
"""
DOOMED: LiteralString = (
    "UNWIND $uids AS u MATCH (d:Blob {uid: u}) WHERE d.until > timestamp() RETURN d.uid AS uid"
)
UNDOOM: LiteralString = "UNWIND $uids AS u MATCH (d:Blob {uid: u}) WHERE d.owner = $owner DELETE d"
