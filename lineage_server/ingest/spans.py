"""When an edge holds, and since when we know: the two time axes of an edge (graph rule 3).

What we believe of an edge are spans of event time. The graph keeps how that belief came about: at
``moves_at[i]`` the edge began to hold or ceased to (``moves_on[i]``), which we know since
``moves_recorded[i]``; of the moves known at some time, the last one by event time decides. An edge
that has simply held since ``at``, known since ``recorded_at``, needs no moves.
``graph/queries/window.py`` reads this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

MOVES = ("moves_at", "moves_recorded", "moves_on")
Span = tuple[int, int | None]
"""From, and until before; None = still holds."""


class Move(NamedTuple):
    """From ``at`` on the edge holds or does not, as is known since ``recorded_at``."""

    at: int
    recorded_at: int
    on: bool


def moves_of(edge: Mapping[str, Any]) -> list[Move]:
    """By event time, then by when they became known."""
    at = edge.get("moves_at")
    if at is None:
        return [Move(edge["at"], edge["recorded_at"], True)]
    return [Move(*move) for move in zip(at, edge["moves_recorded"], edge["moves_on"], strict=True)]


def believed(moves: Sequence[Move]) -> list[Span]:
    """What all that is known amounts to."""
    return spans_of([(move.at, move.on) for move in moves])


def spans_of(switches: Sequence[tuple[int, bool]]) -> list[Span]:
    """From switches in the order of their times; the last of one time counts."""
    spans: list[Span] = []
    since: int | None = None
    for at, on in dict(switches).items():
        if on and since is None:
            since = at
        elif not on and since is not None:
            spans.append((since, at))
            since = None
    return spans if since is None else [*spans, (since, None)]


def learned(
    current: Mapping[str, Any] | None, at: int, spans: Sequence[Span], recorded_at: int
) -> dict[str, Any]:
    """Time properties of an edge that, as we know since ``recorded_at``, holds in ``spans`` only.

    ``spans`` are in order and apart; ``at`` is when the edge was first told of.
    """
    if current is None:
        first, moves = recorded_at, list[Move]()
    else:
        first, moves = current["recorded_at"], moves_of(current)
    moves = _corrected(moves, spans, recorded_at)
    if moves == [(at, first, True)]:
        return {"recorded_at": first}
    moves = moves or [Move(at, first, False)]
    return {
        "recorded_at": first,
        "moves_at": [move.at for move in moves],
        "moves_recorded": [move.recorded_at for move in moves],
        "moves_on": [move.on for move in moves],
    }


def _corrected(moves: list[Move], spans: Sequence[Span], recorded_at: int) -> list[Move]:
    """The moves, and those that lead from what they amount to, to ``spans``."""
    if believed(moves) == list(spans):
        return moves
    # Nobody learns before what was known already, whatever the clock of this server says.
    recorded_at = max([recorded_at, *(move.recorded_at for move in moves)])
    wanted: dict[int, bool] = {}
    for start, end in spans:
        wanted[start] = True
        if end is not None:
            wanted[end] = False
    known = {move.at: move.on for move in moves}
    added: list[Move] = []
    holds = wants = False
    for at in sorted(wanted.keys() | known.keys()):
        holds, wants = known.get(at, holds), wanted.get(at, wants)
        if holds is not wants:
            added.append(Move(at, recorded_at, wants))
            holds = wants
    changed = {(move.at, move.recorded_at) for move in added}
    kept = [move for move in moves if (move.at, move.recorded_at) not in changed]
    return _telling(sorted([*kept, *added], key=lambda move: (move.at, move.recorded_at)))


def _telling(moves: list[Move]) -> list[Move]:
    """Without the moves that say what the one before says, and no earlier."""
    out: list[Move] = []
    for move in moves:
        before = out[-1] if out else Move(move.at, move.recorded_at, False)
        if move.on is not before.on or move.recorded_at < before.recorded_at:
            out.append(move)
    return out
