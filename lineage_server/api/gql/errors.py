"""Errors of GraphQL answers: expected ones with their code, all others masked under an id."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import GraphQLError
from strawberry.schema.exceptions import InvalidOperationTypeError

from lineage_server.api.errors import extensions_of, known
from lineage_server.domain.errors import InvalidInputError, LineageError


def shown(errors: Iterable[GraphQLError] | None) -> list[GraphQLError] | None:
    """The errors as they leave the server."""
    return [_show(error) for error in errors] if errors else None


def error_of(error: LineageError) -> GraphQLError:
    """One of ours that no field raised: the whole document was refused."""
    return GraphQLError(error.message, extensions=extensions_of(error), original_error=error)


def not_by_get(error: InvalidOperationTypeError) -> InvalidInputError:
    """What a link on any page could have asked for."""
    return InvalidInputError(
        f"{error.as_http_error_reason('GET')}; nothing was done", field="method", allowed="POST"
    )


def _show(error: GraphQLError) -> GraphQLError:
    if error.extensions and error.extensions.get("code"):
        return error
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    # Without a cause it is graphql-core's own: syntax, validation, a variable that does not fit.
    # A scalar that refuses its value says what is allowed; graphql-core adds where that was.
    if isinstance(cause, InvalidOperationTypeError):
        expected: LineageError = not_by_get(cause)
    elif cause is None or (isinstance(cause, ValueError) and error.path is None):
        expected = InvalidInputError(error.message)
    elif isinstance(cause, InvalidInputError) and error.path is None:
        expected = InvalidInputError(error.message, field=cause.field, allowed=cause.allowed)
    else:
        expected = known(cause)
    extensions = extensions_of(expected)
    return GraphQLError(
        expected.message, error.nodes, error.source, error.positions, error.path, cause, extensions
    )
