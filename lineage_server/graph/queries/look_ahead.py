"""Several generations over artifact versions in one statement: what a walk will most likely ask next.

Each generation is what ``lineage.py`` asks, from the last one's nodes: every node once, fan-out cut,
nothing behind what may not be seen. It goes on (up to ``$levels``) only while a generation reaches
no more than ``$most`` nodes: wide ones are better asked for one by one. A round trip costs as much
as several small generations.

One row. ``generations``: a list of ``[uids that were left, over, direct]``; ``over`` has
``[type, run uid, near, far]``, ``direct`` ``[type, uid, far]``; ``near`` and ``far`` have the edge
and the uid at its other end. What the nodes are is told once each, in ``versions`` (a head and its
twins' heads) and ``others`` (heads): Neo4j plans a statement for as long as it has words.
"""

from __future__ import annotations

from typing import LiteralString

from lineage_server.graph.queries import lineage_parts as parts

_VERSION: LiteralString = "ArtifactVersion"
# Two spare most of the round trips. For four, Neo4j plans three times as long when it is cold.
_NUMBERS: tuple[LiteralString, ...] = ("0", "1")
LEVELS = len(_NUMBERS)


def _over(
    direction: LiteralString, near: LiteralString, far: LiteralString, n: LiteralString
) -> LiteralString:
    """Version → run → version: rows by run, so that each is crossed once."""
    return f"""
CALL (f{n}) {{
  UNWIND f{n} AS a
  CALL (a) {{
    {parts.across(direction, near, "a", "Run", "r")}
    WHERE {parts.window(near)}
    WITH e, r ORDER BY {parts.order(direction, near)}, r.uid LIMIT $fan
    RETURN e, r
  }}
  WITH r, collect([a.uid, {parts.edge(near)}]) AS near
  CALL (r) {{
    {parts.across(direction, far, "r", _VERSION, "b")}
    WHERE ($all OR r.project IN $scope) AND {parts.window(far)}
    WITH e, b ORDER BY {parts.newest(far)} DESC, b.uid LIMIT $fan
    RETURN collect([{parts.edge(far)}, b.uid]) AS far, collect(b) AS next
  }}
  RETURN collect(r) AS runs{n}, collect(['{near}', r.uid, near, far]) AS over{n}, collect(next) AS made{n}
}}"""


def _direct(
    direction: LiteralString, kind: LiteralString, to: LiteralString, n: LiteralString
) -> LiteralString:
    """Edges without a run between them."""
    return f"""
CALL (f{n}) {{
  UNWIND f{n} AS a
  CALL (a) {{
    {parts.across(direction, kind, "a", to, "b")}
    WHERE {parts.window(kind)}
    WITH e, b ORDER BY {parts.newest(kind)} DESC, b.uid LIMIT $fan
    RETURN collect([{parts.edge(kind)}, b.uid]) AS far, collect(b) AS next
  }}
  WITH a, far, next WHERE size(far) > 0
  RETURN collect(['{kind}', a.uid, far]) AS {kind}{n}, collect(next) AS to_{kind}{n}
}}"""


def _reached(n: LiteralString, following: LiteralString) -> LiteralString:
    """All versions that a generation reached, and those that the next one leaves."""
    return f"""
CALL (made{n}, to_DERIVED{n}) {{
  UNWIND made{n} + to_DERIVED{n} AS some
  UNWIND some AS b
  WITH collect(DISTINCT b) AS found
  RETURN found AS b{n}, CASE WHEN $levels > {following} AND size(found) <= $most
    THEN [b IN found WHERE $all OR b.project IN $scope] ELSE [] END AS f{following}
}}"""


def _told(nodes: LiteralString, what: LiteralString, name: LiteralString) -> LiteralString:
    """What nodes are, once each; ``nodes``: names of lists of nodes."""
    return f"""
CALL ({nodes}) {{
  UNWIND {nodes.replace(", ", " + ")} AS n
  WITH DISTINCT n
  RETURN collect({what}) AS {name}
}}"""


def _statement(direction: LiteralString, near: LiteralString, far: LiteralString) -> LiteralString:
    registers = direction == parts.DOWNSTREAM
    query: LiteralString = f"UNWIND $uids AS uid MATCH (s:{_VERSION} {{uid: uid}}) WITH collect(s) AS f0"
    generations: LiteralString = ""
    versions: LiteralString = "f0"
    runs: LiteralString = ""
    models: LiteralString = ""
    for n, following in zip(_NUMBERS, (*_NUMBERS[1:], "2"), strict=True):
        comma: LiteralString = ", " if runs else ""
        query += _over(direction, near, far, n) + _direct(direction, "DERIVED", _VERSION, n)
        direct: LiteralString = f"DERIVED{n}"
        if registers:
            query += _direct(direction, "REGISTERED_AS", "ModelVersion", n)
            direct += f" + REGISTERED_AS{n}"
            models += f"{comma}to_REGISTERED_AS{n}"
        query += _reached(n, following)
        generations += f"{comma}[[x IN f{n} | x.uid], over{n}, {direct}]"
        versions += f", b{n}"
        runs += f"{comma}runs{n}"
    query += _told(versions, f"[{parts.head('n', _VERSION)}, {parts.same('n', _VERSION)}]", "versions")
    query += _told(runs, parts.head("n", "Run"), "others")
    if not registers:
        return f"{query}\nRETURN versions, others, [{generations}] AS generations"
    query += f"""
CALL ({models}) {{
  UNWIND {models.replace(", ", " + ")} AS some
  UNWIND some AS n
  WITH DISTINCT n
  RETURN collect({parts.head("n", "ModelVersion")}) AS models
}}"""
    return f"{query}\nRETURN versions, others + models AS others, [{generations}] AS generations"


LOOK_AHEAD: dict[str, LiteralString] = {
    parts.UPSTREAM: _statement("UPSTREAM", "OUTPUT", "INPUT_TO"),
    parts.DOWNSTREAM: _statement("DOWNSTREAM", "INPUT_TO", "OUTPUT"),
}
"""By direction."""
