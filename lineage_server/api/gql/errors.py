"""Errors of GraphQL answers: expected ones with their code, all others masked under an id."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from lineage_server.api.errors import extensions_of, known
from lineage_server.domain.errors import LimitError

logger = logging.getLogger(__name__)
_TOO_MUCH = ("exceeds maximum operation depth", "aliases found", "Syntax Error: Document contains more")


def show(error: GraphQLError) -> GraphQLError:
    """The error as it leaves the server."""
    cause = error.original_error
    if cause is None:
        limited = any(words in error.message for words in _TOO_MUCH)
        code = "LIMIT" if limited else "BAD_INPUT"
        if isinstance(error.extensions, dict) and error.extensions.get("code"):
            return error
        return GraphQLError(
            error.message, error.nodes, error.source, error.positions, error.path, None, {"code": code}
        )
    expected = known(cause)
    return GraphQLError(
        expected.message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        None,
        extensions_of(expected),
    )


class ShowErrors(SchemaExtension):
    """Replaces the errors of every answer by what may be shown."""

    def on_operation(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        errors = getattr(result, "errors", None)
        if result is not None and errors:
            result.errors = [show(e) for e in errors]


def too_costly(what: str, limit: int, actual: int) -> GraphQLError:
    """A document that asks for too much."""
    error = LimitError(
        f"the document has {actual} {what}, at most {limit} are taken; ask in several requests",
        limit=limit,
        actual=actual,
    )
    return GraphQLError(error.message, extensions=extensions_of(error))
