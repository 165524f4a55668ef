"""The time window of a question: which edges held at ``$as_of``, as was known at ``$known``.

Most edges have held since ``at`` and are known since ``recorded_at``. One that ended, began again
or was corrected later carries its moves instead (``ingest/spans.py``): the last move of those
known by then decides. Every statement that reads edges within a window takes its words from here.
"""

from __future__ import annotations

from typing import LiteralString

FOREVER = (1 << 63) - 1
"""No limit in time: both engines store 64-bit integers."""

_LAST_MOVE: LiteralString = (
    "last([i IN range(0, size(e.moves_at) - 1) "
    "WHERE e.moves_at[i] <= $as_of AND e.moves_recorded[i] <= $known | e.moves_on[i]])"
)
_HOLDS: LiteralString = (
    "CASE WHEN e.moves_at IS NULL THEN e.at <= $as_of AND e.recorded_at <= $known "
    f"ELSE coalesce({_LAST_MOVE}, false) END"
)

_EVER: LiteralString = f"(($as_of = 9223372036854775807 AND e.recorded_at <= $known) OR {_HOLDS})"


def holds(kind: LiteralString) -> LiteralString:
    """Whether edge ``e`` of this type belongs to the answer.

    That a model was deployed stays true when the deployment has ended: without ``asOf`` such edges
    are told, and the deployment says when it ended.
    """
    if kind == "FEEDS":
        return "e.first_at <= $as_of"
    return _EVER if kind in ("DEPLOYED_AS", "ROUTES_TO") else _HOLDS
