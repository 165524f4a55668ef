"""What lists are filtered and sorted by, and how that is said to the tracking service."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import cast

import strawberry

from lineage_server.api.gql.scalars import Json, Micros
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import Label, RunState
from lineage_server.tracking import filters
from lineage_server.tracking.conditions import (
    KINDS,
    check_jobs,
    check_kinds,
    check_metric,
    check_param,
    check_times,
)

strawberry.enum(filters.Operator)


@strawberry.enum
class SortDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.enum
class RunSort(StrEnum):
    STARTED = "STARTED"
    ENDED = "ENDED"
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    NAME = "NAME"
    DURATION = "DURATION"


@strawberry.enum
class ListSort(StrEnum):
    NAME = "NAME"
    CREATED = "CREATED"
    UPDATED = "UPDATED"


@strawberry.enum
class VersionSort(StrEnum):
    ORDINAL = "ORDINAL"
    SEALED = "SEALED"
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    SIZE = "SIZE"


@strawberry.input(description="A parameter or metric against a value; where it is missing the answer is no")
class Comparison:
    key: str
    op: filters.Operator = filters.Operator.EQ
    value: Json | None = None


@strawberry.input(description="The tag is there, with this value unless that is left out")
class TagFilter:
    key: str
    value: str | None = None


@strawberry.input(description="All conditions must hold")
class ListFilterInput:
    text: str = strawberry.field(default="", description="words that name, kind, description or tags contain")
    kinds: list[str] = strawberry.field(default_factory=list[str])
    states: list[str] = strawberry.field(
        default_factory=list[str], description="of models, versions of models and deployments"
    )
    tags: list[TagFilter] = strawberry.field(default_factory=list[TagFilter])
    include_deleted: bool = False


@strawberry.input(description="All conditions must hold")
class RunFilter:
    text: str = strawberry.field(
        default="", description="words that name, job, kind, description or tags contain"
    )
    kinds: list[str] = strawberry.field(default_factory=list[str])
    states: list[RunState] = strawberry.field(default_factory=list[RunState])
    jobs: list[str] = strawberry.field(default_factory=list[str], description="uids of jobs")
    by: list[str] = strawberry.field(default_factory=list[str], description="who ran them, as runs say it")
    tags: list[TagFilter] = strawberry.field(default_factory=list[TagFilter])
    started_after: Micros | None = strawberry.field(default=None, description="at or after")
    started_before: Micros | None = None
    params: list[Comparison] = strawberry.field(default_factory=list[Comparison])
    metrics: list[Comparison] = strawberry.field(default_factory=list[Comparison])
    include_deleted: bool = False


@strawberry.input(description="All conditions must hold")
class VersionFilter:
    text: str = strawberry.field(
        default="", description="words that name, type, description, tags or digest contain"
    )
    tags: list[TagFilter] = strawberry.field(default_factory=list[TagFilter])
    sealed_after: Micros | None = strawberry.field(default=None, description="at or after")
    sealed_before: Micros | None = None
    include_deleted: bool = False


@strawberry.input(description="One of by, metric and param; newest start first where none is given")
class RunOrder:
    by: RunSort | None = None
    metric: str | None = None
    param: str | None = None
    direction: SortDirection = SortDirection.DESC


@strawberry.input(
    description="UPDATED is when it was told of last; of an artifact, when it was written last; of a model, "
    "when it, a version or an alias of it was told of last"
)
class ListOrder:
    by: ListSort = ListSort.NAME
    direction: SortDirection = SortDirection.ASC


@strawberry.input
class VersionOrder:
    by: VersionSort = VersionSort.ORDINAL
    direction: SortDirection = SortDirection.DESC


def node_filter(value: ListFilterInput | None, label: Label) -> filters.ListFilter:
    value = value or ListFilterInput()
    kinds = check_kinds(value.kinds, KINDS.get(label, ()), "kinds")
    return filters.ListFilter(
        text=value.text,
        kinds=kinds,
        states=tuple(value.states),
        tags=tag_conditions(value.tags),
        deleted=value.include_deleted,
    )


def run_filter(value: RunFilter | None) -> filters.ListFilter:
    value = value or RunFilter()
    check_times(value.started_after, value.started_before, ("startedAfter", "startedBefore"))
    return filters.ListFilter(
        text=value.text,
        kinds=check_kinds(value.kinds, KINDS[Label.RUN], "kinds"),
        states=tuple(str(state) for state in value.states),
        jobs=check_jobs(value.jobs),
        by=tuple(value.by),
        tags=tag_conditions(value.tags),
        since=value.started_after,
        until=value.started_before,
        params=tuple(map(check_param, comparisons_of(value.params, "params"))),
        metrics=tuple(map(check_metric, comparisons_of(value.metrics, "metrics"))),
        deleted=value.include_deleted,
    )


def version_filter(value: VersionFilter | None) -> filters.ListFilter:
    value = value or VersionFilter()
    check_times(value.sealed_after, value.sealed_before, ("sealedAfter", "sealedBefore"))
    return filters.ListFilter(
        text=value.text,
        tags=tag_conditions(value.tags),
        since=value.sealed_after,
        until=value.sealed_before,
        deleted=value.include_deleted,
    )


def version_order(value: VersionOrder | None) -> filters.Order:
    return _order(value or VersionOrder())


def run_order(value: RunOrder | None) -> filters.Order:
    value = value or RunOrder()
    descending = value.direction is SortDirection.DESC
    if sum(one is not None for one in (value.by, value.metric, value.param)) > 1:
        raise InvalidInputError("a list has one order", field="orderBy", allowed="one of by, metric, param")
    if value.metric is not None:
        return filters.Order(by=filters.SortBy.METRIC, key=value.metric, descending=descending)
    if value.param is not None:
        return filters.Order(by=filters.SortBy.PARAM, key=value.param, descending=descending)
    by = filters.SortBy[(value.by or RunSort.STARTED).name]
    return filters.Order(by=by, descending=descending)


def node_order(value: ListOrder | None, label: Label) -> filters.Order:
    order = _order(value or ListOrder())
    if label in _CHANGED_BY_OTHERS and order.by is filters.SortBy.UPDATED:
        return replace(order, by=filters.SortBy.WRITTEN)
    return order


_CHANGED_BY_OTHERS = (Label.ARTIFACT, Label.REGISTERED_MODEL)
"""Little is told of these themselves: they change by their versions and aliases."""


def _order(value: ListOrder | VersionOrder) -> filters.Order:
    return filters.Order(by=filters.SortBy[value.by.name], descending=value.direction is SortDirection.DESC)


def tag_conditions(tags: list[TagFilter]) -> tuple[filters.TagCondition, ...]:
    return tuple(filters.TagCondition(key=tag.key, value=tag.value) for tag in tags)


def comparisons_of(comparisons: list[Comparison], field: str) -> tuple[filters.Comparison, ...]:
    out: list[filters.Comparison] = []
    for one in comparisons:
        value = cast("object", one.value)
        if value is not None and not isinstance(value, str | int | float | bool):
            raise InvalidInputError(
                "a value is text, a number or a boolean", field=field, allowed="one plain value"
            )
        out.append(filters.Comparison(key=one.key, op=one.op, value=value))
    return tuple(out)
