"""Runs with one fingerprint, and whether they made the same: pure, from ``Execution`` to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lineage_server.domain.nodes import ArtifactType, Run, RunState
from lineage_server.graph.read_tracking_parts import Link
from lineage_server.tracking.executions import Execution
from lineage_server.tracking.fingerprint import Fingerprint, fingerprint_of

MOST_LOOKED_AT = 200
"""Runs of the same code, the newest of them."""


class RepeatVerdict(StrEnum):
    """``UNKNOWN``: one of the two did not end well, or what they made has no digests to compare."""

    DIFFERS = "DIFFERS"
    SAME = "SAME"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDifference:
    """Uids of what the two made in one role; none where one made nothing in it."""

    role: str
    own: tuple[str, ...]
    other: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Another run with the same fingerprint."""

    run: Run
    verdict: RepeatVerdict
    differences: tuple[OutputDifference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Those that made something else first, then the newest; ``reason`` says what was left out."""

    run: Run
    fingerprint: Fingerprint
    repeats: tuple[Repeat, ...]
    is_partial: bool = False
    reason: str = ""

    @property
    def differing(self) -> int:
        """How many made something else."""
        return sum(one.verdict is RepeatVerdict.DIFFERS for one in self.repeats)


def repeats_of(own: Execution, others: Iterable[Execution], *, more: bool = False) -> Repeats:
    """``others``: runs of the same code, the newest first; ``more``: there are others than these."""
    fingerprint = fingerprint_of(own)
    run = own.facts.run
    if not fingerprint.complete:
        parts = ", ".join(dict.fromkeys(one.part.lower() for one in fingerprint.missing))
        reason = f"its fingerprint is incomplete ({parts}), so none can be told to be the same"
        return Repeats(run=run, fingerprint=fingerprint, repeats=(), is_partial=True, reason=reason)
    found = [_repeat(own, one) for one in others if one.uid != own.uid and _is_same(fingerprint, one)]
    found.sort(key=lambda one: one.verdict is not RepeatVerdict.DIFFERS)
    return Repeats(
        run=run,
        fingerprint=fingerprint,
        repeats=tuple(found),
        is_partial=more,
        reason=f"only the {MOST_LOOKED_AT} newest runs of its code are looked at" if more else "",
    )


def _is_same(fingerprint: Fingerprint, other: Execution) -> bool:
    theirs = fingerprint_of(other)
    return theirs.complete and theirs.digest == fingerprint.digest


def _repeat(own: Execution, other: Execution) -> Repeat:
    run = other.facts.run
    if any(one.facts.run.state is not RunState.COMPLETE for one in (own, other)):
        return Repeat(run=run, verdict=RepeatVerdict.UNKNOWN)
    mine, theirs = _by_role(own.outputs), _by_role(other.outputs)
    differences = tuple(
        OutputDifference(role=role, own=_uids(mine, role), other=_uids(theirs, role))
        for role in sorted({*mine, *theirs})
        if _digests(mine, role) != _digests(theirs, role) and _known(mine, role) and _known(theirs, role)
    )
    if differences:
        return Repeat(run=run, verdict=RepeatVerdict.DIFFERS, differences=differences)
    whole = not (own.unseen_outputs or other.unseen_outputs)
    sure = bool(mine) and whole and all(_known(side, role) for side in (mine, theirs) for role in side)
    return Repeat(run=run, verdict=RepeatVerdict.SAME if sure else RepeatVerdict.UNKNOWN)


_Roles = Mapping[str, Sequence[Link]]


def _by_role(outputs: Iterable[Link]) -> dict[str, list[Link]]:
    roles: dict[str, list[Link]] = {}
    for link in outputs:
        if (
            link.version.kind != ArtifactType.LOG
        ):  # which tells the time, and what else no two runs have in common
            roles.setdefault(link.role, []).append(link)
    return roles


def _uids(side: _Roles, role: str) -> tuple[str, ...]:
    return tuple(link.version.uid for link in side.get(role, ()))


def _digests(side: _Roles, role: str) -> set[str]:
    return {link.version.digest for link in side.get(role, ())}


def _known(side: _Roles, role: str) -> bool:
    """What has no digest may be the same or not. Nothing at all is known to be nothing."""
    return all(link.version.digest for link in side.get(role, ()))
