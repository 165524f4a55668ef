"""The schema put together, and printed: ``python -m lineage_server.api.gql.schema``."""

from __future__ import annotations

import sys

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from lineage_server.api.gql.errors import ShowErrors
from lineage_server.api.gql.questions import LineageQueries
from lineage_server.api.gql.scalars import SCALARS

MAX_DEPTH = 15
MAX_ALIASES = 60
MAX_TOKENS = 4_000


@strawberry.type
class Query(LineageQueries):
    """All questions."""


class Schema(strawberry.Schema):
    """Strawberry's schema, without its habit of logging every expected error as a crash."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """``ShowErrors`` logs what is unexpected."""


def build_schema() -> Schema:
    return Schema(
        query=Query,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=False),
        extensions=[
            ShowErrors,
            lambda: QueryDepthLimiter(max_depth=MAX_DEPTH),
            lambda: MaxAliasesLimiter(max_alias_count=MAX_ALIASES),
            lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
            lambda: ParserCache(maxsize=200),
            lambda: ValidationCache(maxsize=200),
        ],
    )


def sdl() -> str:
    """The contract as text."""
    return build_schema().as_str() + "\n"


if __name__ == "__main__":
    sys.stdout.write(sdl())
