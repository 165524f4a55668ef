"""Statements about tokens, memberships and the audit trail.

Tokens and audit records are nodes without edges; they are written at once by ``auth``, not by the
ingest writer, because they are no facts about lineage and must not be replayed.
"""

from __future__ import annotations

from typing import LiteralString

# The audit records of a statement stand in its transaction.
_AND_AUDIT: LiteralString = """
WITH t
CALL (t) { UNWIND $audit AS r CREATE (a:Audit) SET a = r RETURN count(*) AS audited }
"""

# Which tokens a caller may see and end: none that reaches further than the caller. Services' tokens
# belong to whoever administers all their projects; a limited token knows those within its limits.
_WITHIN_REACH: LiteralString = """
($everything OR (NOT t.platform_admin AND (
    (t.kind = 'service' AND ($administers_all OR all(p IN t.projects WHERE p IN $administered)))
    OR (t.kind = $kind AND t.subject = $subject AND ($unlimited OR (size(t.scopes) > 0
        AND all(s IN t.scopes WHERE s IN $scopes OR any(e IN $endings WHERE s ENDS WITH e))))))))
"""

_TOKEN: LiteralString = """
RETURN t.uid AS uid, t.name AS name, t.subject AS subject, t.kind AS kind, t.hash AS hash,
       t.platform_admin AS platform_admin, t.scopes AS scopes, t.created_at AS created_at,
       t.created_by AS created_by, t.expires_at AS expires_at, t.last_used_at AS last_used_at,
       t.revoked_at AS revoked_at
"""

GET_TOKEN: LiteralString = f"MATCH (t:Token {{uid: $uid}}) {_TOKEN}"
FIND_TOKEN: LiteralString = f"MATCH (t:Token {{uid: $uid}}) WHERE {_WITHIN_REACH} {_TOKEN}"

# MERGE, so that a token file written before a crash can be made good on the next start.
UPSERT_TOKEN: LiteralString = f"""
MERGE (t:Token {{uid: $uid}})
ON CREATE SET t += $properties
{_AND_AUDIT}
{_TOKEN}
"""

LIST_TOKENS: LiteralString = f"""
MATCH (t:Token)
WHERE {_WITHIN_REACH} AND ($dead OR t.revoked_at IS NULL)
  AND (t.created_at < $at OR (t.created_at = $at AND t.uid > $after))
WITH t ORDER BY t.created_at DESC, t.uid
LIMIT $limit
{_TOKEN}
"""

COUNT_TOKENS: LiteralString = f"""
MATCH (t:Token)
WHERE {_WITHIN_REACH} AND ($dead OR t.revoked_at IS NULL)
RETURN count(t) AS total
"""

REVOKE_TOKEN: LiteralString = f"""
MATCH (t:Token {{uid: $uid}})
SET t.revoked_at = coalesce(t.revoked_at, $at)
{_AND_AUDIT}
{_TOKEN}
"""

NOTE_TOKEN_USE: LiteralString = """
MATCH (t:Token {uid: $uid})
WHERE t.last_used_at IS NULL OR t.last_used_at < $at
SET t.last_used_at = $at
"""

COUNT_ADMIN_TOKENS: LiteralString = """
MATCH (t:Token)
WHERE t.platform_admin AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $now)
RETURN count(t) AS live
"""

ROLES_OF_SUBJECT: LiteralString = """
MATCH (p:Project)
WHERE p[$key] IS NOT NULL AND p.deleted_at IS NULL
RETURN p.name AS project, p[$key] AS role
"""

MEMBERS_OF_PROJECT: LiteralString = """
MATCH (p:Project {uid: $uid})
UNWIND [key IN keys(p) WHERE key STARTS WITH 'role.' AND p[key] IN $roles] AS key
WITH substring(key, 5) AS subject, p[key] AS role
WHERE subject > $after
RETURN subject, role ORDER BY subject LIMIT $limit
"""

COUNT_MEMBERS: LiteralString = """
MATCH (p:Project {uid: $uid})
RETURN size([key IN keys(p) WHERE key STARTS WITH 'role.' AND p[key] IN $roles]) AS total
"""

ROLE_IN_PROJECT: LiteralString = "MATCH (p:Project {uid: $uid}) RETURN p[$key] AS role"

RECORD_AUDIT: LiteralString = """
MERGE (a:Audit {uid: $uid})
ON CREATE SET a += $properties
"""

_RECORD: LiteralString = """
RETURN a.uid AS uid, a.at AS at, a.subject AS subject, a.issuer AS issuer, a.action AS action,
       a.target AS target, a.project AS project, a.before AS before, a.after AS after, a.origin AS origin
ORDER BY uid DESC
LIMIT $limit
"""

# ``at`` has the index; the uid begins with the milliseconds, so it orders and serves as the cursor.
LIST_AUDIT: LiteralString = f"""
MATCH (a:Audit)
WHERE a.at <= $until AND ($project = '' OR a.project = $project) AND ($after = '' OR a.uid < $after)
{_RECORD}
"""

AUDIT_OF: LiteralString = f"""
UNWIND $targets AS target
MATCH (a:Audit {{target: target}})
WHERE ($action = '' OR a.action = $action) AND ($project = '' OR a.project = $project)
  AND ($after = '' OR a.uid < $after)
{_RECORD}
"""
"""What was done to some things."""
