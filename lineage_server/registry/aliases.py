"""An alias's history as its node holds it: who moved it, from what, and what it was at a time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """``version`` and ``before`` are names of versions, empty for none; ``at`` in microseconds."""

    at: int
    version: str
    before: str
    by: str = ""
    reason: str = ""
    approval: str = ""
    source: str = ""
    event: str = ""


def moves_of(history: object) -> tuple[Move, ...]:
    """From ``[at, event, target, source, basis, reason, who, approval]`` in order; the newest move first."""
    told = cast("list[list[Any]]", history) if isinstance(history, list) else []
    out: list[Move] = []
    before = ""
    for at, event, target, source, _, reason, *more in told:
        version = str(target or "").rpartition("@")[2]
        by, approval = [*(str(one or "") for one in more), "", ""][:2]
        out.append(
            Move(
                at=at, version=version, before=before, by=by, reason=reason or "", approval=approval,
                source=source or "", event=event,
            )
        )  # fmt: skip
        before = version
    return tuple(reversed(out))


def standing(moves: Sequence[Move], at: int) -> Move | None:
    """The move that counted at a time, of moves the newest first; None where it pointed nowhere then."""
    found = next((move for move in moves if move.at <= at), None)
    return found if found is not None and found.version else None
