"""Conditions that nothing can ever meet, refused with what is allowed: an empty list would be no answer.

What is merely not there (a parameter nobody logged, a job without runs) is none of that. Pure, for the
edges: ``filters`` makes a selection of any condition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import PREFIX, ArtifactType, JobKind, Label, Scalar
from lineage_server.tracking.filters import Comparison, Operator, number_of

KINDS: dict[Label, tuple[str, ...]] = {
    Label.RUN: tuple(JobKind),
    Label.JOB: tuple(JobKind),
    Label.ARTIFACT: tuple(ArtifactType),
}
"""Kinds of what has one, by label."""
_JOB = PREFIX[Label.JOB] + ":"
_EQUAL = frozenset({Operator.EQ, Operator.NE})


def check_metric(one: Comparison) -> Comparison:
    """Metrics are numbers; raises InvalidInputError."""
    if one.op is Operator.CONTAINS:
        raise _unfit(
            "metrics are numbers, which contain no text", one, "metrics", "EQ, NE, LT, LE, GT, GE, EXISTS"
        )
    if _is_asked_without_value(one, "metrics"):
        return one
    number = None if one.value is None else number_of(one.value)
    try:
        value = float("nan") if number is None else float(number)
    except OverflowError:
        value = float("nan")
    if value != value:
        raise _unfit("metrics are numbers", one, "metrics", "a number as value")
    return replace(one, value=value)


def check_param(one: Comparison) -> Comparison:
    """Parameters are text, numbers or booleans; raises InvalidInputError."""
    if _is_asked_without_value(one, "params"):
        return one
    if one.op is Operator.CONTAINS and not isinstance(one.value, str):
        raise _unfit("only text is looked for within a parameter", one, "params", "text as value")
    if one.op not in _EQUAL and one.op is not Operator.CONTAINS and not _has_order(one.value):
        raise _unfit("that value has no order", one, "params", "a number or text as value, or EQ or NE")
    return one


def _is_asked_without_value(one: Comparison, field: str) -> bool:
    if one.op is Operator.EXISTS:
        if one.value is not None:
            raise _unfit("EXISTS compares with nothing", one, field, "no value with EXISTS")
        return True
    if one.value is None:
        raise _unfit("there is no value to compare with", one, field, "a value, or EXISTS without one")
    return False


def _has_order(value: Scalar | None) -> bool:
    """A boolean has none, and NaN has none, whichever way it is written."""
    if value is None or isinstance(value, bool):
        return False
    number = number_of(value)
    return number is None or number == number


def _unfit(why: str, one: Comparison, field: str, allowed: str) -> InvalidInputError:
    told = f" {shorten(str(one.value), 40)!r}" if one.value is not None else ""
    return InvalidInputError(
        f"{field} has {shorten(one.key, 40)!r} {one.op}{told}: {why}", field=field, allowed=allowed
    )


def check_kinds(kinds: Iterable[str], allowed: Collection[str], field: str) -> tuple[str, ...]:
    """Raises InvalidInputError for one that nothing is of."""
    asked = tuple(kinds)
    for kind in asked:
        if kind not in allowed:
            raise InvalidInputError(
                f"{shorten(kind, 40)!r} is none of the {field} there are"
                if allowed
                else f"these have no {field}",
                field=field,
                allowed=", ".join(allowed) or f"no {field}",
            )
    return asked


def check_jobs(jobs: Iterable[str]) -> tuple[str, ...]:
    """Raises InvalidInputError for what is no job's uid."""
    asked = tuple(jobs)
    for job in asked:
        if not job.startswith(_JOB):
            raise InvalidInputError(
                f"{shorten(job, 40)!r} is no job's uid",
                field="jobs",
                allowed="uids, such as job:default/script/train",
            )
    return asked


def check_times(since: int | None, until: int | None, names: tuple[str, str]) -> None:
    """Raises InvalidInputError for an end before the beginning."""
    if since is not None and until is not None and until < since:
        raise InvalidInputError(
            f"{names[1]} lies before {names[0]}: nothing is between them",
            field=names[1],
            allowed=f"{names[0]} or later",
        )
