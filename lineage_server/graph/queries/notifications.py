"""Cypher of notifications: what of late concerns somebody, all kinds in one question.

Who asks comes as parameters: ``$actor`` with ``$mine`` (as runs call them), the projects that they see, write
and administer. ``$everybody``: nobody signs in, so it concerns whoever looks. Each kind brings up to
``$limit`` rows of the same columns, the newest first.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.graph.queries.clauses import SCOPE

# As the writer judges a verdict: somebody else's request, and one of the approvers where some are named.
# ``$quoted`` is the actor as a text in JSON, so it is found as a whole name only.
_WAITING: LiteralString = """
MATCH (n:Approval)
WHERE n.state = 'pending' AND n.deleted_at IS NULL AND n.asker IS NOT NULL
  AND ($writes_all OR n.project IN $written) AND ($everybody OR n.asker <> $actor)
MATCH (v:ModelVersion {uid: n.version})
WHERE v.deleted_at IS NULL
OPTIONAL MATCH (m:RegisteredModel {uid: n.model})
OPTIONAL MATCH (a:Alias {uid: 'alias:' + substring(n.model, 6) + '@' + n.alias})
WITH n, m, a
WHERE m.deleted_at IS NULL
  AND (m.protected IS NULL OR m.approvers IS NULL OR m.approvers CONTAINS $quoted)
  AND (a.protected IS NULL OR a.approvers IS NULL OR a.approvers CONTAINS $quoted)
WITH n, coalesce(n.requested_at, 0) AS at ORDER BY at DESC, n.uid LIMIT $limit
RETURN 'waiting' AS kind, at, n.uid AS uid, n.project AS project, null AS name, n.model AS model,
  n.version AS version, n.alias AS alias, n.asker AS by, n.question AS told, null AS job, 1 AS times
"""

_DECIDED: LiteralString = f"""
MATCH (n:Approval)
WHERE {SCOPE} AND n.deleted_at IS NULL AND n.decided_at >= $since AND n.decided_at <= $until
  AND ($everybody OR (n.asker = $actor AND n.by <> $actor))
  AND n.asker IS NOT NULL AND n.verdict IN ['approved', 'rejected']
WITH n, n.decided_at AS at ORDER BY at DESC, n.uid LIMIT $limit
RETURN n.verdict AS kind, at, n.uid AS uid, n.project AS project, null AS name, n.model AS model,
  n.version AS version, n.alias AS alias, n.by AS by, n.comment AS told, null AS job, 1 AS times
"""

# Only runs that failed are in the index of ``failed_at``.
_FAILED: LiteralString = f"""
MATCH (n:Run) WHERE n.failed_at >= $since AND n.failed_at <= $until
WITH n WHERE {SCOPE} AND n.deleted_at IS NULL AND ($everybody OR n.sent_by IN $mine OR n.by IN $mine)
WITH n, n.failed_at AS at ORDER BY at DESC, n.uid LIMIT $runs
RETURN 'failed' AS kind, at, n.uid AS uid, n.project AS project, n.name AS name, null AS model,
  null AS version, null AS alias, null AS by, n.reason AS told, n.job AS job, 1 AS times
"""

# Who moved an alias is the last but one text in the JSON of its moves; what one does oneself is no news, and
# must not use up the limit.
_MOVED: LiteralString = f"""
MATCH (n:Alias)-[e:POINTS_TO]->(:ModelVersion)
WHERE {SCOPE} AND n.deleted_at IS NULL AND (e.valid_from >= $since OR e.valid_to >= $since)
  AND ($everybody OR size(split(last(split(coalesce(n.history, ''), ',' + $quoted + ',"')), '"')) <> 2)
WITH n, max(CASE WHEN e.valid_to > e.valid_from THEN e.valid_to ELSE e.valid_from END) AS at
OPTIONAL MATCH (m:RegisteredModel {{uid: n.model}})
WITH n, m, at
WHERE m.deleted_at IS NULL AND at <= $until AND ($everybody OR n.protected = true OR m.protected = true
  OR m.owner IN [$subject, $actor]
  OR EXISTS {{ MATCH (a:Audit {{target: n.model}}) WHERE a.action = 'registerModel'
               AND a.subject = $subject AND a.issuer = $issuer }}
  OR EXISTS {{ MATCH (a:Audit {{target: n.target}}) WHERE a.action = 'createModelVersion'
               AND a.subject = $subject AND a.issuer = $issuer }}
  OR EXISTS {{ MATCH (p:Approval {{model: n.model}}) WHERE p.by = $actor }})
WITH n, at ORDER BY at DESC, n.uid LIMIT $limit
RETURN 'moved' AS kind, at, n.uid AS uid, n.project AS project, null AS name, n.model AS model,
  n.target AS version, n.alias AS alias, null AS by, n.history AS told, null AS job, 1 AS times
"""

_REFUSED: LiteralString = """
MATCH (n:Refused) WHERE n.at >= $since
WITH n WHERE $administers_all OR n.project IN $administered
WITH n.project AS project, n.code AS code, max(n.at) AS at, sum(coalesce(n.seen, 1)) AS times
WITH project, code, at, times ORDER BY at DESC, project, code LIMIT $limit
RETURN 'refused' AS kind, at, '' AS uid, project, null AS name, null AS model, null AS version,
  null AS alias, null AS by, code AS told, null AS job, times
"""

_UNDELIVERED: LiteralString = """
MATCH (w:Webhook) WHERE w.project IS NOT NULL AND ($administers_all OR w.project IN $administered)
MATCH (d:Delivery {webhook: w.uid})
WITH w, d, coalesce(d.last_at, d.at) AS tried WHERE d.state = 'failed' AND tried >= $since
WITH w, max(tried) AS at, count(d) AS times
WITH w, at, times ORDER BY at DESC, w.uid LIMIT $limit
RETURN 'undelivered' AS kind, at, w.uid AS uid, w.project AS project, w.name AS name, null AS model,
  null AS version, null AS alias, null AS by, null AS told, null AS job, times
"""

NOTIFICATIONS: LiteralString = " UNION ALL ".join(
    (_WAITING, _DECIDED, _FAILED, _MOVED, _REFUSED, _UNDELIVERED)
)
