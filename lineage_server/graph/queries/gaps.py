"""Cypher of the list of watch gaps."""

from __future__ import annotations

from typing import LiteralString

from lineage_server.graph.queries.clauses import SCOPE

GAPS: LiteralString = f"""
MATCH (n:WatchGap)
WHERE {SCOPE} AND n.deleted_at IS NULL AND (n.from_at < $until OR (n.from_at = $until AND n.uid < $uid))
WITH n ORDER BY n.from_at DESC, n.uid DESC LIMIT $limit
RETURN n.uid AS uid, n.project AS project, n.cluster AS cluster, n.kind AS kind, n.from_at AS from_at,
  n.to_at AS to_at, n.reason AS reason
"""
