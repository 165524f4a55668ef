"""Small values that nodes hold, as the contract shows them."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Json, Real


@strawberry.type
class Tag:
    key: str
    value: str


@strawberry.type
class Param:
    key: str
    value: Json = strawberry.field(description="text, number or boolean, as it was logged")


@strawberry.type
class Metric:
    key: str
    value: Real = strawberry.field(description="the latest value, by step and time")


@strawberry.type
class Column:
    name: str
    type: str = strawberry.field(description="in Arrow's words")
    nullable: bool
