"""Statements about tokens, memberships and the audit trail.

Tokens and audit records are nodes without edges; they are written at once by ``auth``, not by the
ingest writer, because they are no facts about lineage and must not be replayed.
"""

from __future__ import annotations

from typing import LiteralString

_TOKEN: LiteralString = """
RETURN t.uid AS uid, t.name AS name, t.subject AS subject, t.kind AS kind, t.hash AS hash,
       t.platform_admin AS platform_admin, t.scopes AS scopes, t.created_at AS created_at,
       t.created_by AS created_by, t.expires_at AS expires_at, t.last_used_at AS last_used_at,
       t.revoked_at AS revoked_at
"""

GET_TOKEN: LiteralString = f"MATCH (t:Token {{uid: $uid}}) {_TOKEN}"

# MERGE, so that a token file written before a crash can be made good on the next start.
UPSERT_TOKEN: LiteralString = f"""
MERGE (t:Token {{uid: $uid}})
ON CREATE SET t += $properties
{_TOKEN}
"""

LIST_TOKENS: LiteralString = f"""
MATCH (t:Token)
WHERE ($everyones OR t.subject = $subject OR t.created_by = $creator
       OR any(p IN t.projects WHERE p IN $administered))
  AND ($dead OR t.revoked_at IS NULL)
WITH t ORDER BY t.created_at DESC, t.uid
LIMIT $limit
{_TOKEN}
"""

REVOKE_TOKEN: LiteralString = f"""
MATCH (t:Token {{uid: $uid}})
SET t.revoked_at = coalesce(t.revoked_at, $at)
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
UNWIND [key IN keys(p) WHERE key STARTS WITH 'role.'] AS key
RETURN substring(key, 5) AS subject, p[key] AS role
ORDER BY subject
"""

RECORD_AUDIT: LiteralString = """
MERGE (a:Audit {uid: $uid})
ON CREATE SET a += $properties
"""

# ``at`` has the index; the uid begins with the milliseconds, so it orders and serves as the cursor.
LIST_AUDIT: LiteralString = """
MATCH (a:Audit)
WHERE a.at <= $until AND ($project = '' OR a.project = $project) AND ($after = '' OR a.uid < $after)
RETURN a.uid AS uid, a.at AS at, a.subject AS subject, a.issuer AS issuer, a.action AS action,
       a.target AS target, a.project AS project, a.before AS before, a.after AS after, a.origin AS origin
ORDER BY a.uid DESC
LIMIT $limit
"""
