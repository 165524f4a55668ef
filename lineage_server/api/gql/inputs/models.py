"""Inputs of the registry's mutations, and what its lists are filtered and sorted by."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from lineage_server.api.gql.inputs.changes import TagInput
from lineage_server.api.gql.inputs.lists import (
    Comparison,
    SortDirection,
    TagFilter,
    comparisons_of,
    tag_conditions,
)
from lineage_server.api.gql.scalars import Json, Micros, Real
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import ModelState
from lineage_server.tracking import filters

strawberry.enum(ModelState)


@strawberry.input
class MetricInput:
    key: str
    value: Real


@strawberry.input
class RegisterModelInput:
    project: str
    name: str
    title: str | None = strawberry.field(default=None, description="what it is called; may change")
    owner: str | None = None
    description: str | None = None
    card: str | None = strawberry.field(default=None, description="Markdown")
    tags: list[TagInput] = strawberry.field(default_factory=list[TagInput])


@strawberry.input(description="What is left out stays as it is")
class UpdateModelInput:
    project: str
    model: str
    title: str | None = None
    owner: str | None = None
    description: str | None = None
    card: str | None = strawberry.field(default=None, description="Markdown")
    expected_card: str | None = strawberry.field(
        default=None,
        description="the card that it has now, empty for none: else nothing is done, and the answer is "
        "CONFLICT; left out: whatever is there",
    )
    tags: list[TagInput] = strawberry.field(default_factory=list[TagInput])


@strawberry.input(
    description="Of an artifact version or of an external URI; who names no version gets the next number"
)
class CreateModelVersionInput:
    project: str
    model: str
    version: str | None = strawberry.field(
        default=None,
        description="its name, where it is no number of the server's; CONFLICT where it is taken",
    )
    origin: str | None = strawberry.field(
        default=None, description="uid of an artifact version; the same one keeps the number that it has"
    )
    uri: str | None = strawberry.field(
        default=None, description="where it lies, where it is nobody's artifact"
    )
    run: str | None = strawberry.field(default=None, description="UUID of the run that made it")
    state: ModelState = ModelState.READY
    description: str | None = None
    card: str | None = strawberry.field(default=None, description="Markdown")
    tags: list[TagInput] = strawberry.field(default_factory=list[TagInput])
    metrics: list[MetricInput] = strawberry.field(default_factory=list[MetricInput])
    signature: Json | None = strawberry.field(default=None, description="an object: what goes in, comes out")


@strawberry.input(description="What is left out stays as it is")
class UpdateModelVersionInput:
    project: str
    model: str
    version: str
    description: str | None = None
    card: str | None = strawberry.field(default=None, description="Markdown")
    tags: list[TagInput] = strawberry.field(default_factory=list[TagInput])
    metrics: list[MetricInput] = strawberry.field(default_factory=list[MetricInput])
    signature: Json | None = strawberry.field(default=None, description="an object: what goes in, comes out")


@strawberry.input
class SetModelStateInput:
    uid: str = strawberry.field(description="of a registered model, or of a version")
    state: ModelState = strawberry.field(description="ARCHIVED puts it away, READY takes it back")
    reason: str = ""
    override: bool = strawberry.field(
        default=False, description="archive it although it is in use; needs a reason"
    )


@strawberry.input
class SetHoldInput:
    uid: str = strawberry.field(description="of an artifact version, or of a model version")
    hold: bool
    reason: str = ""


@strawberry.input
class SetTimeToLiveInput:
    uid: str = strawberry.field(description="of an artifact version")
    ttl_at: Micros | None = strawberry.field(description="when its bytes may go; null: never")
    reason: str = ""


@strawberry.input
class SetAliasInput:
    project: str
    model: str
    alias: str
    version: str
    expected: str | None = strawberry.field(
        default=None,
        description="the version it points to now, empty for none: else nothing is done, and the answer is "
        "CONFLICT with what is there; left out: whatever is there",
    )
    approval: str | None = strawberry.field(
        default=None, description="uid; what a protected alias moves with"
    )
    reason: str = ""


@strawberry.input
class DeleteAliasInput:
    project: str
    model: str
    alias: str
    expected: str | None = strawberry.field(default=None, description="as in setAlias")
    reason: str = ""


@strawberry.input
class SetProtectionInput:
    project: str
    model: str
    alias: str = strawberry.field(default="", description="empty is every alias of the model")
    protected: bool = True
    approval: bool = strawberry.field(
        default=True, description="each move needs an approval by somebody else than who asked for it"
    )
    movers: list[str] = strawberry.field(
        default_factory=list[str],
        description="who may move it: users, and services as service/<name>; empty is whoever may write",
    )
    approvers: list[str] = strawberry.field(
        default_factory=list[str],
        description="who may approve or reject a move, named in the same way; empty is whoever may write",
    )
    reason: str = ""


@strawberry.input
class RequestApprovalInput:
    project: str
    model: str
    version: str
    alias: str = strawberry.field(default="", description="that is to point to the version")
    comment: str = ""


@strawberry.enum
class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@strawberry.input
class DecideApprovalInput:
    uid: str = strawberry.field(description="of the approval that was requested")
    verdict: Verdict
    comment: str = ""


# --- lists --------------------------------------------------------------------------------


@strawberry.input(description="All conditions must hold")
class ModelVersionFilter:
    text: str = strawberry.field(default="", description="words that name, description or tags contain")
    states: list[ModelState] = strawberry.field(default_factory=list[ModelState])
    tags: list[TagFilter] = strawberry.field(default_factory=list[TagFilter])
    metrics: list[Comparison] = strawberry.field(default_factory=list[Comparison])
    include_deleted: bool = False


@strawberry.enum
class ModelVersionSort(StrEnum):
    NUMBER = "NUMBER"
    CREATED = "CREATED"
    UPDATED = "UPDATED"


@strawberry.input(description="One of by and metric; the highest number first where none is given")
class ModelVersionOrder:
    by: ModelVersionSort | None = None
    metric: str | None = None
    direction: SortDirection = SortDirection.DESC


@strawberry.enum
class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    USED = "used"


def model_version_filter(model: str, value: ModelVersionFilter | None) -> filters.ListFilter:
    value = value or ModelVersionFilter()
    return filters.ListFilter(
        model=model,
        text=value.text,
        states=tuple(str(state) for state in value.states),
        tags=tag_conditions(value.tags),
        metrics=comparisons_of(value.metrics, "metrics"),
        deleted=value.include_deleted,
    )


def model_version_order(value: ModelVersionOrder | None) -> filters.Order:
    value = value or ModelVersionOrder()
    descending = value.direction is SortDirection.DESC
    if value.by is not None and value.metric is not None:
        raise InvalidInputError("a list has one order", field="orderBy", allowed="by or metric")
    if value.metric is not None:
        return filters.Order(by=filters.SortBy.METRIC, key=value.metric, descending=descending)
    by = value.by or ModelVersionSort.NUMBER
    return filters.Order(by=filters.SortBy[by.name], descending=descending)
