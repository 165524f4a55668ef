"""Cypher of what depends on a node: what keeps it from being deleted or archived without a word.

Each finds ``by``, what uses ``u`` now; a hub's users are cut at ``$most`` of a kind.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.domain.nodes import Label

_ALIAS: LiteralString = (
    "MATCH (m)<-[:POINTS_TO]-(a:Alias) WHERE a.target = m.uid AND a.deleted_at IS NULL "
    "RETURN a.uid AS by LIMIT $most"
)
_SERVING: LiteralString = "d.to_at IS NULL AND d.deleted_at IS NULL"
_DEPLOYMENT: LiteralString = (
    f"MATCH (m)-[:DEPLOYED_AS]->(d:Deployment) WHERE {_SERVING} RETURN d.uid AS by LIMIT $most"
)
_REGISTERED: LiteralString = (
    "MATCH (v)-[:REGISTERED_AS]->(m:ModelVersion) WHERE m.deleted_at IS NULL RETURN m.uid AS by LIMIT $most"
)
# What was made of it, and is registered.
_REGISTERED_OF_IT: LiteralString = (
    "MATCH (v)-[e:INPUT_TO]->(:Run)-[:OUTPUT]->(:ArtifactVersion)-[:REGISTERED_AS]->(m:ModelVersion) "
    "WHERE e.superseded_at IS NULL AND m.deleted_at IS NULL RETURN DISTINCT m.uid AS by LIMIT $most"
)
_HELD_OR_REGISTERED: LiteralString = (
    "WITH v WHERE v.deleted_at IS NULL AND v.hold RETURN v.uid AS by LIMIT $most "
    "UNION MATCH (v)-[:REGISTERED_AS]->(m:ModelVersion) WHERE m.deleted_at IS NULL "
    "RETURN m.uid AS by LIMIT $most"
)

USERS_OF: dict[Label, LiteralString] = {
    Label.MODEL_VERSION: (
        "UNWIND $uids AS u MATCH (m:ModelVersion {uid: u}) "
        f"CALL (m) {{ {_ALIAS} UNION {_DEPLOYMENT} }} RETURN u AS uid, by"
    ),
    Label.REGISTERED_MODEL: (
        "UNWIND $uids AS u MATCH (m:ModelVersion {model: u}) "
        f"CALL (m) {{ {_ALIAS} UNION {_DEPLOYMENT} "
        "UNION WITH m WHERE m.hold AND m.deleted_at IS NULL RETURN m.uid AS by } "
        "RETURN u AS uid, by LIMIT $most"
    ),
    Label.ARTIFACT_VERSION: (
        "UNWIND $uids AS u MATCH (v:ArtifactVersion {uid: u}) "
        f"CALL (v) {{ {_REGISTERED} UNION {_REGISTERED_OF_IT} }} RETURN u AS uid, by"
    ),
    Label.ARTIFACT: (
        "UNWIND $uids AS u MATCH (v:ArtifactVersion {artifact: u}) "
        f"CALL (v) {{ {_HELD_OR_REGISTERED} }} RETURN u AS uid, by LIMIT $most"
    ),
    Label.RUN: (
        "UNWIND $uids AS u MATCH (:Run {uid: u})-[:OUTPUT]->(v:ArtifactVersion) "
        f"CALL (v) {{ {_HELD_OR_REGISTERED} }} RETURN DISTINCT u AS uid, by LIMIT $most"
    ),
}
"""By what is used; of other labels nothing is."""
