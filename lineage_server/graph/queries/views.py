"""Cypher of saved views: lists of runs that somebody keeps by name.

Like webhooks they are nodes without edges, written at once: no facts about lineage, and no rebuild touches
them.
"""

from __future__ import annotations

from typing import LiteralString

# The audit record of a statement stands in its transaction.
_AND_AUDIT: LiteralString = """
WITH v
CALL (v) { UNWIND $audit AS r CREATE (a:Audit) SET a = r RETURN count(*) AS audited }
"""

_VIEW: LiteralString = (
    "RETURN v.uid AS uid, v.project AS project, v.owner AS owner, v.name AS name, v.shared AS shared, "
    "v.columns AS columns, v.text AS text, v.states AS states, v.job AS job, v.sort AS sort, "
    "v.created_at AS created_at, v.updated_at AS updated_at"
)

# Under one name there is one, however often it is saved.
SAVE_VIEW: LiteralString = f"""
MERGE (v:SavedView {{uid: $uid}})
ON CREATE SET v.created_at = $now
SET v.updated_at = $now, v += $properties
{_AND_AUDIT}
{_VIEW}
"""

GET_VIEW: LiteralString = (
    "MATCH (v:SavedView {uid: $uid}) "
    f"WHERE v.project = $project AND (v.shared = true OR v.owner = $owner) {_VIEW}"
)

LIST_VIEWS: LiteralString = (
    "MATCH (v:SavedView {project: $project}) "
    f"WHERE v.shared = true OR v.owner = $owner {_VIEW} ORDER BY name, uid LIMIT $limit"
)

COUNT_VIEWS: LiteralString = (
    "MATCH (v:SavedView {project: $project}) WHERE v.uid <> $uid "
    "RETURN sum(CASE WHEN v.owner = $owner THEN 1 ELSE 0 END) AS own, "
    "sum(CASE WHEN v.shared = true THEN 1 ELSE 0 END) AS shared"
)

DELETE_VIEW: LiteralString = f"""
MATCH (v:SavedView {{uid: $uid}})
WHERE v.project = $project
{_AND_AUDIT}
DELETE v
RETURN count(*) AS gone
"""
