"""The schema put together, and printed: ``python -m lineage_server.api.gql.schema``."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from copy import copy
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema, GraphQLSyntaxError
from prometheus_client import Histogram
from strawberry.extensions import SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from lineage_server.api.gql.administration import AdministrationQueries
from lineage_server.api.gql.comparing import ComparisonQueries
from lineage_server.api.gql.context import Context
from lineage_server.api.gql.documents import OTHER, Documents, Prepared, read_operations
from lineage_server.api.gql.errors import error_of, not_by_get, shown
from lineage_server.api.gql.hooks import WebhookQueries
from lineage_server.api.gql.limits import MAX_STREAMS
from lineage_server.api.gql.lists import ListQueries
from lineage_server.api.gql.mutations.root import Mutation
from lineage_server.api.gql.notifications import NotificationQueries
from lineage_server.api.gql.plain import PlainExecutor
from lineage_server.api.gql.questions import LineageQueries
from lineage_server.api.gql.registry import RegistryQueries
from lineage_server.api.gql.scalars import SCALARS
from lineage_server.api.gql.scenes import SceneQueries
from lineage_server.api.gql.subscriptions.root import Subscription
from lineage_server.api.gql.types import nodes
from lineage_server.api.gql.views import ViewQueries
from lineage_server.domain.errors import InvalidInputError, LimitError, LineageError, UnavailableError
from lineage_server.tasks import Tasks

DEFAULT_SECONDS = 60.0
CONFIRM_SECONDS = 2.0
"""How often a running stream asks whether its reader may still read it."""


@strawberry.type
class Query(
    LineageQueries,
    SceneQueries,
    ListQueries,
    ComparisonQueries,
    RegistryQueries,
    WebhookQueries,
    ViewQueries,
    NotificationQueries,
    AdministrationQueries,
):
    """All questions."""


class _Prepared(SchemaExtension):
    """Hands the document over that was checked and parsed before."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context.context
        if isinstance(context, Context):
            self.execution_context.graphql_document = context.document
        yield


class Schema(strawberry.Schema):
    """Strawberry's schema with our limits before, our time limit around and our errors after it."""

    documents: Documents
    seconds: float = DEFAULT_SECONDS
    confirm_seconds: float = CONFIRM_SECONDS
    histogram: Histogram | None = None
    streams: int = 0

    @property
    def core(self) -> GraphQLSchema:
        """The same as graphql-core has it."""
        return self._schema

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Not logged here: ``errors.shown`` logs what is unexpected."""

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """One operation, one answer; raises InvalidInputError for what may not come by GET, or has many."""
        began = time.perf_counter()
        prepared = self._prepare(query, variable_values, operation_name, operation_extensions)
        if isinstance(prepared, PreExecutionError):
            return self._noted(prepared, OTHER, began)
        if prepared.is_subscription:
            raise InvalidInputError(
                "a subscription has many answers and this request takes one; nothing was asked. Send it "
                "over a WebSocket, or ask for a stream of events",
                field="accept",
                allowed="text/event-stream, or a WebSocket that speaks graphql-transport-ws",
            )
        context: Context = context_value.for_operation(prepared.document)  # type: ignore[union-attr]
        try:
            async with asyncio.timeout(self.seconds):
                result = await super().execute(
                    query or " ",
                    variable_values,
                    context,
                    root_value,
                    operation_name,
                    allowed_operation_types,
                    operation_extensions,
                )
        except InvalidOperationTypeError as error:
            raise not_by_get(error) from error
        except TimeoutError:
            result = PreExecutionError(data=None, errors=[self._late()])
        finally:
            await context.close()
        result.errors = shown(result.errors)
        return self._noted(result, prepared.name, began)

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> Any:
        """One operation, any number of answers: what WebSockets and server-sent events use."""
        prepared = self._prepare(query, variable_values, operation_name, operation_extensions)
        if isinstance(prepared, PreExecutionError):
            return _once(prepared)
        if prepared.is_subscription and self.streams >= MAX_STREAMS:
            return _once(PreExecutionError(data=None, errors=[self._crowded()]))
        context: Context = context_value.for_operation(prepared.document)  # type: ignore[union-attr]
        try:
            await context.identify()  # the connection may be older than the end of the token
        except LineageError as error:
            return _once(PreExecutionError(data=None, errors=[error_of(error)]))
        results = await super().stream(
            query or " ",
            variable_values,
            context,
            root_value,
            operation_name,
            operation_extensions,
            allowed_operation_types,
        )
        return self._answers(results, context, prepared)

    async def _answers(
        self, results: Any, context: Context, prepared: Prepared
    ) -> AsyncGenerator[ExecutionResult, None]:
        began = time.perf_counter()
        limit = None if prepared.is_subscription else self.seconds
        answers = _Answers(results, context, self.confirm_seconds)
        self.streams += prepared.is_subscription
        try:
            while True:
                try:
                    async with asyncio.timeout(limit):
                        result = await answers.next()
                except TimeoutError:
                    yield PreExecutionError(data=None, errors=[self._late()])
                    return
                except LineageError as error:
                    yield ExecutionResult(data=None, errors=[error_of(error)])
                    return
                if result is None:
                    return
                result.errors = shown(result.errors)
                yield self._noted(result, prepared.name, began)
        finally:
            self.streams -= prepared.is_subscription
            await results.aclose()
            await context.close()

    def _prepare(
        self,
        query: str | None,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        extensions: dict[str, Any] | None,
    ) -> Prepared | PreExecutionError:
        try:
            return self.documents.prepare(
                query,
                variables,
                schema=self.core,
                operation_name=operation_name,
                extensions=extensions,
            )
        except LineageError as error:
            return PreExecutionError(data=None, errors=[error_of(error)])
        except GraphQLSyntaxError as error:
            return PreExecutionError(data=None, errors=shown([error]))

    def _crowded(self) -> GraphQLError:
        return error_of(
            UnavailableError(
                f"{self.streams} subscriptions are open, the most that this server serves at once; "
                "close some, or try again later",
                part="subscriptions",
                retry_after_seconds=10.0,
            )
        )

    def _late(self) -> GraphQLError:
        return error_of(
            LimitError(
                f"the operation was not done after {self.seconds:.0f} s, so it was stopped; ask for less "
                "(smaller pages, depth or budget) or in several requests",
                limit=self.seconds,
                actual=self.seconds,
            )
        )

    def _noted(self, result: ExecutionResult, name: str, began: float) -> ExecutionResult:
        if self.histogram is not None:
            told = result.errors[0].extensions if result.errors else {"code": "ok"}
            outcome = str((told or {}).get("code", "error"))
            self.histogram.labels(name, outcome).observe(time.perf_counter() - began)
        return result


class _Answers:
    """The answers of an operation, as long as whoever asked may have them."""

    def __init__(self, results: Any, context: Context, seconds: float) -> None:
        self._results = results
        self._context = context
        self._seconds = seconds
        self._clock = asyncio.get_running_loop().time
        self._due = self._clock() + seconds

    async def next(self) -> ExecutionResult | None:
        """The next one, None at the end; raises what ``Context.confirm`` raises, within seconds."""
        async with Tasks("stream") as tasks:
            step = tasks.start("answer", self._step(), ends=True)
            while not step.done():
                await asyncio.wait({step}, timeout=self._due - self._clock())
                if self._clock() >= self._due:
                    await self._context.confirm()
                    self._due = self._clock() + self._seconds
            return step.result()

    async def _step(self) -> ExecutionResult | None:
        return await anext(self._results, None)


async def _once(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result


def build_schema(
    *,
    documents: Documents | None = None,
    seconds: float = DEFAULT_SECONDS,
    histogram: Histogram | None = None,
) -> Schema:
    """A schema of its own settings; ``seconds``: how long a question may take."""
    schema = copy(_types())
    schema.documents = documents if documents is not None else Documents(read_operations())
    schema.seconds = seconds
    schema.histogram = histogram
    return schema


@cache
def _types() -> Schema:
    """All types, resolved once a process: that takes longer than the rest of a server's start in it."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=nodes.CONCRETE,
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[_Prepared, lambda: ValidationCache(maxsize=200)],
        execution_context_class=PlainExecutor,
    )


def sdl() -> str:
    """The contract as text."""
    return build_schema().as_str() + "\n"


if __name__ == "__main__":
    sys.stdout.write(sdl())
