"""Parts of statements that lists share: what one may see, conditions, the order of mixed values.

No statements: ``tracking`` and ``tracking_parts`` put these into theirs. Nodes are called ``n``. What a user
chose is never part of the text: it arrives as a parameter and is looked up as ``n[$key]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import LiteralString

SCOPE: LiteralString = "($all OR n.project IN $scope)"


class Clause(StrEnum):
    """Conditions a list may have; the parameters they read are named after them."""

    ALIVE = "alive"
    JOBS = "jobs"
    KINDS = "kinds"
    BY = "by"
    MINE = "mine"
    STATES = "states"
    SINCE = "since"
    UNTIL = "until"
    TAGS = "tags"
    HAS = "has"
    WORDS = "words"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    EQ = "eq"
    NE = "ne"
    CONTAINS = "contains"
    MODEL = "model"
    SEALED_SINCE = "sealed_since"
    SEALED_UNTIL = "sealed_until"
    VERSION_WORDS = "version_words"


_CLAUSES: dict[Clause, LiteralString] = {
    Clause.ALIVE: "n.deleted_at IS NULL",
    Clause.JOBS: "n.job IN $jobs",
    Clause.KINDS: "n.kind IN $kinds",
    Clause.BY: "(n.by_name IN $by[0] OR n.by_name IS NULL AND n.sent_by IN $by[1])",
    Clause.MINE: "(n.sent_by IN $mine OR n.by IN $mine)",
    Clause.STATES: "n.state IN $states",
    Clause.SINCE: "n.started_at >= $since",
    Clause.UNTIL: "n.started_at < $until",
    Clause.TAGS: "all(c IN $tags WHERE n[c[0]] = c[1])",
    Clause.HAS: "all(c IN $has WHERE n[c] IS NOT NULL)",
    Clause.WORDS: "all(c IN $words WHERE n.search_text CONTAINS c)",
    Clause.LT: "all(c IN $lt WHERE n[c[0]] < c[1])",
    Clause.LE: "all(c IN $le WHERE n[c[0]] <= c[1])",
    Clause.GT: "all(c IN $gt WHERE n[c[0]] > c[1])",
    Clause.GE: "all(c IN $ge WHERE n[c[0]] >= c[1])",
    Clause.EQ: "all(c IN $eq WHERE n[c[0]] IN c[1])",
    Clause.NE: "all(c IN $ne WHERE n[c[0]] IS NOT NULL AND NOT n[c[0]] IN c[1])",
    Clause.CONTAINS: "all(c IN $contains WHERE toLower(toString(n[c[0]])) CONTAINS c[1])",
    Clause.MODEL: "n.model = $model",
    Clause.SEALED_SINCE: "n.sealed_at >= $sealed_since",
    Clause.SEALED_UNTIL: "n.sealed_at < $sealed_until",
    # A version has search_text only once it has words of its own, beyond its artifact's name.
    Clause.VERSION_WORDS: "all(c IN $version_words WHERE coalesce(n.search_text, toLower(n.name)) CONTAINS c "
    "OR n.digest CONTAINS c)",
}


def all_of(clauses: Iterable[Clause]) -> LiteralString:
    """``AND`` and a condition, for each."""
    out: LiteralString = ""
    for clause in clauses:
        out = out + " AND " + _CLAUSES[clause]
    return out


_EXACT: LiteralString = "9007199254740992"


def ranked(carried: LiteralString = "") -> LiteralString:
    """From the value ``x`` to its rank ``r`` and what is sorted within that, ``v``.

    Numbers first, then text, then what has no value; NaN is no value. A number is what compares.
    ORDER BY and ``<`` must be of one mind, or a page does not begin where the last one ended: so 0.0
    stands for -0.0, floats for whole numbers that a float can't tell apart, and text is ``joined``.
    """
    return f"""
WITH {carried}n, x, CASE WHEN x < 0 OR x >= 0 THEN 0 WHEN x IS NULL OR x <> x THEN 2 ELSE 1 END AS r
WITH {carried}n, r, CASE r
  WHEN 0 THEN CASE WHEN x > -{_EXACT} AND x < {_EXACT} THEN x + 0 ELSE x + 0.0 END
  WHEN 1 THEN {joined("toString(x)")}
END AS v
"""


def joined(text: LiteralString) -> LiteralString:
    """Text in the order in which ``<`` sees it beside a parameter.

    Neo4j compares two stored texts by code points, any others by UTF-16 units.
    """
    return f"{text} + ''"
