"""The verdict on a run that did another one again: pure, from what both of them wrote and measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineage_server.client.reproducing.recipe import Link, Member
from lineage_server.domain.nodes import ArtifactType, Reproduced

_MOST = 200
_MOST_WITHHELD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``differences``: what differs, a line each; ``reason``: why it could not be done, or what else there
    is to know. ``run`` did it; empty where none began."""

    verdict: Reproduced
    differences: tuple[str, ...] = ()
    reason: str = ""
    run: str = ""


def judged(
    before: Sequence[Member], after: Sequence[Member], *, tolerance: float, around: Sequence[str] = ()
) -> Verdict:
    """``tolerance``: how far metrics may lie apart, relative to the larger; ``around``: what differs around
    the two, which explains a difference and is none. What was withheld meanwhile is part of the reason."""
    verdict = _judged(before, after, tolerance=tolerance, around=around)
    withheld = sorted({what for member in after for what in member.withheld})
    more = [f"and {len(withheld) - _MOST_WITHHELD} more"] if len(withheld) > _MOST_WITHHELD else []
    told = f"withheld: {'; '.join([*withheld[:_MOST_WITHHELD], *more])}" if withheld else ""
    return replace(verdict, reason=". ".join(filter(None, (verdict.reason, told))))


def _judged(
    before: Sequence[Member], after: Sequence[Member], *, tolerance: float, around: Sequence[str]
) -> Verdict:
    run = after[0].uid
    if after[0].state != before[0].state:
        reason = f"it ended as {after[0].state or 'unknown'}, the original as {before[0].state or 'unknown'}"
        return Verdict(verdict=Reproduced.FAILED, reason=reason, run=run)
    found = [*_differences(before, after, tolerance)]
    if found:
        told = [*found[:_MOST], *([f"and {len(found) - _MOST} more"] if len(found) > _MOST else [])]
        return Verdict(verdict=Reproduced.DIFFERS, differences=tuple(told), reason=_around(around), run=run)
    if not any(member.metrics or _digests(member.outputs) for member in before):
        reason = "the original has neither outputs with digests nor metrics: there is nothing to compare"
        return Verdict(verdict=Reproduced.FAILED, reason=reason, run=run)
    return Verdict(verdict=Reproduced.SAME, reason=_around(around), run=run)


def _around(around: Sequence[str]) -> str:
    return f"around it: {'; '.join(around)}" if around else ""


def _differences(before: Sequence[Member], after: Sequence[Member], tolerance: float) -> Iterator[str]:
    for title, old, new in (
        ("output", _digests(_made(before)), _digests(_made(after))),
        ("input", _outer(before), _outer(after)),
    ):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                role, kind, name = key
                yield f"{title} {kind}:{name} as {role}: {_short(old.get(key))} → {_short(new.get(key))}"
    for title, field in (("parameter", "params"), ("metric", "metrics")):
        old_values, new_values = _values(before, field), _values(after, field)
        for run, name in sorted({*old_values, *new_values}):
            one, other = old_values.get((run, name), []), new_values.get((run, name), [])
            if not _alike(one, other, tolerance if field == "metrics" else 0.0):
                yield f"{title} {name} of {run}: {_told(one)} → {_told(other)}"


_Key = tuple[str, str, str]


def _made(members: Iterable[Member]) -> list[Link]:
    return [link for member in members for link in member.outputs]


def _outer(members: Sequence[Member]) -> dict[_Key, set[str]]:
    """What was read and not made by the runs themselves."""
    made = {link.uid for link in _made(members)}
    return _digests(link for member in members for link in member.inputs if link.uid not in made)


def _digests(links: Iterable[Link]) -> dict[_Key, set[str]]:
    """By role, type and name; what has no digest cannot be compared, what is a log need not be alike."""
    out: dict[_Key, set[str]] = {}
    for link in links:
        if link.digest and link.kind != ArtifactType.LOG:
            out.setdefault((link.role, link.kind, link.name), set()).add(link.digest)
    return out


def _values(members: Iterable[Member], field: str) -> dict[tuple[str, str], list[Any]]:
    """Values by the name of the run and their own: several runs of one name are compared as a whole."""
    out: dict[tuple[str, str], list[Any]] = {}
    for member in members:
        told: Mapping[str, Any] = getattr(member, field)
        for name, value in told.items():
            out.setdefault((member.name, name), []).append(value)
    return {key: sorted(values, key=_order) for key, values in out.items()}


def _order(value: Any) -> tuple[bool, Any]:
    """Numbers by value, and before texts."""
    number = isinstance(value, int | float)
    return (not number, value if number else str(value))


def _alike(one: Sequence[Any], other: Sequence[Any], tolerance: float) -> bool:
    return len(one) == len(other) and all(map(lambda a, b: _equal(a, b, tolerance), one, other))


def _equal(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or math.isclose(one, other, rel_tol=tolerance)
    return one == other


def _short(digests: set[str] | None) -> str:
    return ", ".join(sorted(digest[:19] + "…" for digest in digests)) if digests else "nothing"


def _told(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values)) or "nothing"
