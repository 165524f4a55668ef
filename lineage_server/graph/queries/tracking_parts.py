"""Statements behind what belongs to a node: a run's children and links, an artifact's versions.

Each answers for many owners at once: a row of ``$rows`` (its ``index``) names one (``owner``) and the
place after which its page begins (``rank``, ``value``, ``uid``); each gets up to ``$limit`` entries.
"""

from __future__ import annotations

from functools import cache
from typing import LiteralString

from lineage_server.graph.queries.clauses import SCOPE, Clause, all_of, joined, ranked

_VISIBLE: LiteralString = "($all OR p.project IN $scope)"

# Uids of runs grow with time.
CHILDREN_OF: LiteralString = f"""
UNWIND $rows AS o
MATCH (p:Run {{uid: o.owner}})
WHERE {_VISIBLE}
CALL (o, p) {{
  MATCH (p)<-[:CHILD_OF]-(n:Run)
  WHERE {SCOPE} AND n.deleted_at IS NULL AND n.uid > o.uid
  WITH n ORDER BY n.uid LIMIT $limit
  RETURN collect([properties(n), 2, null]) AS page
}}
RETURN o.index AS index, page
"""


@cache
def versions_of(clauses: tuple[Clause, ...], *, descending: bool) -> LiteralString:
    """By the property ``$key``, then by uid."""
    way: LiteralString = "DESC" if descending else "ASC"
    sign: LiteralString = "<" if descending else ">"
    return f"""
UNWIND $rows AS o
CALL (o) {{
  MATCH (n:ArtifactVersion {{artifact: o.owner}})
  WHERE {SCOPE}{all_of(clauses)}
  WITH o, n, n[$key] AS x
  {ranked("o, ")}
  WHERE r > o.rank OR (r = o.rank AND (v {sign} o.value OR ((r = 2 OR v = o.value) AND n.uid > o.uid)))
  WITH n, r, v ORDER BY r, v {way}, n.uid LIMIT $limit
  RETURN collect([properties(n), r, v]) AS page
}}
RETURN o.index AS index, page
"""


# A version known by its digest stands for its twin, which another witness told of without one.
_OUTPUTS: LiteralString = """MATCH (p)-[e:OUTPUT]->(n:ArtifactVersion)
  WHERE NOT EXISTS { MATCH (n)-[:SAME_AS]->(:ArtifactVersion)<-[t:OUTPUT]-(p) WHERE t.role = e.role }"""
_INPUTS: LiteralString = """MATCH (p)<-[e:INPUT_TO]-(n:ArtifactVersion)
  WHERE e.superseded_at IS NULL"""


def _links_of(match: LiteralString) -> LiteralString:
    return f"""
UNWIND $rows AS o
MATCH (p:Run {{uid: o.owner}})
WHERE {_VISIBLE}
CALL (p) {{
  {match}
  RETURN count(n) AS told, sum(CASE WHEN {SCOPE} THEN 1 ELSE 0 END) AS seen
}}
CALL (o, p) {{
  {match} AND {SCOPE}
  WITH o, e, n, {joined("coalesce(e.role, '')")} AS role
  WHERE role > o.value OR (role = o.value AND n.uid > o.uid)
  WITH e, n, role ORDER BY role, n.uid LIMIT $limit
  RETURN collect([properties(n), role, e.at, e.basis]) AS page
}}
RETURN o.index AS index, told, seen, page
"""


INPUTS_OF: LiteralString = _links_of(_INPUTS)
OUTPUTS_OF: LiteralString = _links_of(_OUTPUTS)
