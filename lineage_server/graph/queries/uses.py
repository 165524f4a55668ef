"""Cypher of what depends on a node: what keeps it from being deleted or archived without a word.

Each finds ``by``, what uses ``uid`` now; a hub's users are cut at ``$most`` of a kind. What was made of a
version is walked by its caller (``graph/uses.py``), a generation a statement.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.domain.nodes import Label

_SERVING: LiteralString = "d.to_at IS NULL AND d.deleted_at IS NULL"
_ALIAS: LiteralString = (
    "MATCH (m)<-[:POINTS_TO]-(a:Alias) WHERE a.target = m.uid AND a.deleted_at IS NULL "
    "RETURN a.uid AS by, m.uid AS of LIMIT $most"
)
_DEPLOYMENT: LiteralString = (
    f"MATCH (m)-[:DEPLOYED_AS]->(d:Deployment) WHERE {_SERVING} RETURN d.uid AS by, m.uid AS of LIMIT $most"
)

USERS_OF: dict[Label, LiteralString] = {
    Label.MODEL_VERSION: (
        "UNWIND $uids AS u MATCH (m:ModelVersion {uid: u}) "
        f"CALL (m) {{ {_ALIAS} UNION {_DEPLOYMENT} }} RETURN u AS uid, by, of"
    ),
    Label.REGISTERED_MODEL: (
        "UNWIND $uids AS u MATCH (m:ModelVersion {model: u}) "
        f"CALL (m) {{ {_ALIAS} UNION {_DEPLOYMENT} "
        "UNION WITH m WHERE m.hold AND m.deleted_at IS NULL RETURN m.uid AS by, m.uid AS of } "
        "RETURN u AS uid, by, of LIMIT $most"
    ),
}
"""By what models and their versions are used."""

VERSIONS_OF: dict[Label, LiteralString] = {
    Label.ARTIFACT: (
        "UNWIND $uids AS u "
        "CALL (u) { MATCH (v:ArtifactVersion {artifact: u}) RETURN v.uid AS to LIMIT $fan } "
        "RETURN u AS uid, to"
    ),
    Label.RUN: (
        "UNWIND $uids AS u MATCH (r:Run {uid: u}) "
        "CALL (r) { MATCH (r)-[:OUTPUT]->(v:ArtifactVersion) RETURN DISTINCT v.uid AS to LIMIT $fan } "
        "RETURN u AS uid, to"
    ),
}
"""The versions that an artifact has, and those that a run has made."""

MADE_OF: LiteralString = (
    "UNWIND $uids AS u MATCH (v:ArtifactVersion {uid: u}) CALL (v) { "
    "MATCH (v)-[e:INPUT_TO]->(:Run)-[:OUTPUT]->(w:ArtifactVersion) WHERE e.superseded_at IS NULL "
    "RETURN DISTINCT w.uid AS to LIMIT $fan "
    "UNION MATCH (v)-[e:DERIVED]->(w:ArtifactVersion) WHERE e.retracted_at IS NULL "
    "RETURN DISTINCT w.uid AS to LIMIT $fan "
    "UNION MATCH (v)-[:SAME_AS]-(w:ArtifactVersion) RETURN DISTINCT w.uid AS to LIMIT $fan "
    "} RETURN u AS uid, to"
)
"""What was made of versions, one generation; the same thing under another key counts, too."""

_REGISTERED: LiteralString = "MATCH (v)-[:REGISTERED_AS]->(m:ModelVersion)"
USERS_OF_VERSIONS: LiteralString = (
    "UNWIND $uids AS u MATCH (v:ArtifactVersion {uid: u}) CALL (v) { "
    "WITH v WHERE v.hold AND v.deleted_at IS NULL RETURN v.uid AS by, v.uid AS of "
    f"UNION {_REGISTERED} WHERE m.deleted_at IS NULL RETURN m.uid AS by, m.uid AS of LIMIT $most "
    f"UNION {_REGISTERED}<-[:POINTS_TO]-(a:Alias) WHERE a.target = m.uid AND a.deleted_at IS NULL "
    "RETURN a.uid AS by, m.uid AS of LIMIT $most "
    f"UNION {_REGISTERED}-[:DEPLOYED_AS]->(d:Deployment) WHERE {_SERVING} "
    "RETURN d.uid AS by, m.uid AS of LIMIT $most "
    "} RETURN u AS uid, by, of"
)
"""What holds versions, and what they are registered, named and served as; a deployment also of a model
version that was deleted."""
