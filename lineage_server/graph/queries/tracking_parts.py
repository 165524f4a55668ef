"""Statements behind what belongs to a node: a run's links and surroundings, runs of anything, versions.

Each pages for many owners at once: a row of ``$rows`` (its ``index``) names one (``owner``) and the
place after which its page begins (``rank``, ``value``, ``uid``); each gets up to ``$limit`` entries.
"""

from __future__ import annotations

from functools import cache
from typing import LiteralString

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.nodes import Label
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


def _runs(owner: LiteralString, pattern: LiteralString, *, shared: bool = False) -> LiteralString:
    """The newest start first, then by uid. What is ``shared`` belongs to all projects, its runs do not."""
    return f"""
UNWIND $rows AS o
MATCH (p:{owner} {{uid: o.owner}})
WHERE {"true" if shared else _VISIBLE}
CALL (o, p) {{
  MATCH {pattern}
  WHERE {SCOPE} AND n.deleted_at IS NULL
  WITH o, n, n.started_at AS x
  {_page("<", "DESC")}
}}
RETURN o.index AS index, page
"""


def _page(sign: LiteralString, way: LiteralString) -> LiteralString:
    """From ``o``, ``n`` and the value ``x`` to the page after the place of ``o``."""
    return f"""{ranked("o, ")}
  WHERE r > o.rank OR (r = o.rank AND (v {sign} o.value OR ((r = 2 OR v = o.value) AND n.uid > o.uid)))
  WITH n, r, v ORDER BY r, v {way}, n.uid LIMIT $limit
  RETURN collect([properties(n), r, v]) AS page"""


RUNS_OF: dict[tuple[Label, EdgeType], LiteralString] = {
    (Label.RUN, EdgeType.CHILD_OF): CHILDREN_OF,
    (Label.RUN, EdgeType.RETRY_OF): _runs("Run", "(p)<-[:RETRY_OF]-(n:Run)"),
    (Label.RUN, EdgeType.RESUMED_FROM): _runs("Run", "(p)<-[:RESUMED_FROM]-(n:Run)"),
    (Label.RUN, EdgeType.BOARD_FOR): _runs("Run", "(p)<-[:BOARD_FOR]-(n:Run)"),
    (Label.RUN, EdgeType.REPRODUCES): _runs("Run", "(p)<-[:REPRODUCES]-(n:Run)"),
    (Label.CODE_REF, EdgeType.USED_CODE): _runs("CodeRef", "(p)<-[:USED_CODE]-(n:Run)"),
    (Label.ENVIRONMENT, EdgeType.USED_ENV): _runs("Environment", "(p)<-[:USED_ENV]-(n:Run)"),
    (Label.VOLUME, EdgeType.MOUNTS): _runs("Volume", "(p)<-[:MOUNTS]-(n:Run)"),
    (Label.NODE, EdgeType.ON_NODE): _runs("Node", "(p)<-[:ON_NODE]-(n:Run)", shared=True),
    (Label.GPU, EdgeType.ON_GPU): _runs("Gpu", "(p)<-[:ON_GPU]-(n:Run)", shared=True),
}
"""Runs that an edge leads from to an owner with that label."""
BOARDED_BY: LiteralString = _runs("Run", "(p)-[:BOARD_FOR]->(n:Run)")

# Of what comes once or twice nothing is left out, however many devices and volumes there are.
SURROUNDINGS_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (p:Run {{uid: uid}})
WHERE {_VISIBLE}
CALL (p) {{
  MATCH (p)-[e:USED_CODE|USED_ENV|CHILD_OF|RETRY_OF|RESUMED_FROM|REPRODUCES|ON_NODE|MOUNTS|ON_GPU]->(n)
  WITH n.uid AS other, type(e) AS kind, e.at AS at
  ORDER BY kind IN ['MOUNTS', 'ON_GPU'], at DESC, other LIMIT $limit
  RETURN collect([kind, other]) AS found
}}
RETURN uid, found
"""

DIFFS_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (n:CodeRef {{uid: uid}})
WHERE {SCOPE} AND n.diff IS NOT NULL
RETURN uid, n.diff AS text
"""

PACKAGES_OF: LiteralString = f"""
UNWIND $uids AS uid
MATCH (n:Environment {{uid: uid}})
WHERE {SCOPE} AND n.packages IS NOT NULL
RETURN uid, n.packages AS text
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
  {_page(sign, way)}
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
