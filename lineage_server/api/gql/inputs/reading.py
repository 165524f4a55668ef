"""Filters and orders of lists from JSON text, for what is asked outside GraphQL in GraphQL's words.

A schema of its own reads them, so that they mean the same and are refused with the same words; it asks
nothing and knows nothing of who asks.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, Info

from lineage_server.api.gql.inputs.lists import (
    ListFilterInput,
    ListOrder,
    RunFilter,
    RunOrder,
    VersionFilter,
    VersionOrder,
    node_filter,
    node_order,
    run_filter,
    run_order,
    version_filter,
    version_order,
)
from lineage_server.api.gql.inputs.models import (
    ModelVersionFilter,
    ModelVersionOrder,
    model_version_filter,
    model_version_order,
)
from lineage_server.api.gql.scalars import SCALARS
from lineage_server.domain.errors import InvalidInputError, LineageError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Label
from lineage_server.tracking.filters import ListFilter, Order

_Ctx = Info[list[tuple[ListFilter, Order]], None]


@strawberry.type
class _Lists:
    """One field a list; what it was given goes into the context."""

    @strawberry.field
    def runs(self, info: _Ctx, filter: RunFilter | None = None, order_by: RunOrder | None = None) -> bool:
        return _keep(info, run_filter(filter), run_order(order_by))

    @strawberry.field
    def artifacts(
        self, info: _Ctx, filter: ListFilterInput | None = None, order_by: ListOrder | None = None
    ) -> bool:
        return _keep(info, node_filter(filter, Label.ARTIFACT), node_order(order_by, Label.ARTIFACT))

    @strawberry.field
    def models(
        self, info: _Ctx, filter: ListFilterInput | None = None, order_by: ListOrder | None = None
    ) -> bool:
        label = Label.REGISTERED_MODEL
        return _keep(info, node_filter(filter, label), node_order(order_by, label))

    @strawberry.field
    def versions(
        self, info: _Ctx, filter: VersionFilter | None = None, order_by: VersionOrder | None = None
    ) -> bool:
        return _keep(info, version_filter(filter), version_order(order_by))

    @strawberry.field
    def model_versions(
        self,
        info: _Ctx,
        filter: ModelVersionFilter | None = None,
        order_by: ModelVersionOrder | None = None,
    ) -> bool:
        return _keep(info, model_version_filter("", filter), model_version_order(order_by))


_DOCUMENTS = {
    label: f"query($filter: {filter}, $orderBy: {order}) {{ {field}(filter: $filter, orderBy: $orderBy) }}"
    for label, field, filter, order in (
        (Label.RUN, "runs", "RunFilter", "RunOrder"),
        (Label.ARTIFACT, "artifacts", "ListFilterInput", "ListOrder"),
        (Label.REGISTERED_MODEL, "models", "ListFilterInput", "ListOrder"),
        (Label.ARTIFACT_VERSION, "versions", "VersionFilter", "VersionOrder"),
        (Label.MODEL_VERSION, "modelVersions", "ModelVersionFilter", "ModelVersionOrder"),
    )
}


class _Schema(strawberry.Schema):
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Whoever asked is told; the log is not."""


@cache
def _schema() -> _Schema:
    return _Schema(query=_Lists, config=StrawberryConfig(scalar_map=SCALARS))


def _keep(info: _Ctx, wanted: ListFilter, order: Order) -> bool:
    info.context.append((wanted, order))
    return True


def list_asked(label: Label, *, filter: str = "", order_by: str = "") -> tuple[ListFilter, Order]:
    """What a list of that label is filtered and sorted by; raises InvalidInputError."""
    variables = {"filter": _parsed(filter, "filter"), "orderBy": _parsed(order_by, "orderBy")}
    kept: list[tuple[ListFilter, Order]] = []
    result = _schema().execute_sync(_DOCUMENTS[label], variables, context_value=cast(Any, kept))
    for error in result.errors or ():
        if isinstance(error.original_error, LineageError):
            raise error.original_error
        field = "orderBy" if "'$orderBy'" in error.message else "filter"
        raise InvalidInputError(
            shorten(error.message, 300), field=field, allowed="JSON of what the list takes in GraphQL"
        )
    return kept[0]


def _parsed(text: str, field: str) -> Any:
    try:
        return orjson.loads(text) if text else None
    except ValueError as error:
        raise InvalidInputError(
            f"{field} is not JSON: {str(error)[:120]}", field=field, allowed='such as {"text": "iris"}'
        ) from None
