"""Which production a reader read: the rule of time that every walk over versions keeps.

The same content may be produced again: one version, several OUTPUT edges. Who read it before that
did not read what came later. A production ``o`` flows to a use ``i`` of the version (INPUT_TO,
REGISTERED_AS, DERIVED) when

    o.at <= max(i.at, first)

``first`` is the version's first production: where clocks disagree, and all was produced after it was
read, the first one counts. What is not an OUTPUT (DERIVED, said of the content) flows to every use.
Twins (SAME_AS) are one version. Who asks about the version itself gets all its producers and users.

A walk keeps one number for a version it came to, its *reach*: upstream the time of the latest use
it came by, downstream that of the earliest production, negated. Edges beyond it are not followed;
the order of an answer's edges (``heads.Rank``) begins with those within.
"""

from __future__ import annotations

from lineage_server.domain.nodes import Edge
from lineage_server.graph.read_lineage import FOREVER, Span
from lineage_server.provenance.answers import Direction

UNLIMITED = FOREVER
"""The reach of a start, and of what no production is in question for."""
_USES = frozenset({"INPUT_TO", "REGISTERED_AS", "DERIVED"})
_LEAVING = {Direction.UPSTREAM: frozenset({"OUTPUT"}), Direction.DOWNSTREAM: _USES}


def is_timed(direction: Direction, kind: str) -> bool:
    """Whether a reach limits the edges of this type that leave a version."""
    return kind in _LEAVING[direction]


def reach_by(direction: Direction, kind: str, at: int) -> int:
    """The reach of a node that was come to over an edge."""
    if direction is Direction.UPSTREAM:
        return at if kind in _USES else UNLIMITED
    return -at if kind == "OUTPUT" else UNLIMITED


def mended(direction: Direction, reach: int, first: int | None) -> int:
    """The reach, now that the first production is known: that one flows to every use."""
    if first is None:
        return reach
    if direction is Direction.UPSTREAM:
        return max(reach, first)
    return UNLIMITED if -reach <= first else reach


def span_of(direction: Direction, reach: int, left: int | None = None) -> Span:
    """The times of edges within a reach, without those that were within an earlier one."""
    low = -FOREVER if left is None else left + 1
    return (low, reach) if direction is Direction.UPSTREAM else (-reach, -low)


def flows(one: Edge, other: Edge, first: int | None) -> bool:
    """Whether what came over ``one`` may have gone on over ``other``; both meet in one node."""
    if one.type != "OUTPUT" or other.type not in _USES:
        return True
    return one.at <= other.at or (first is not None and one.at <= first)
