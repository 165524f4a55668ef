"""Questions that lead to further questions, written once for both twins.

A generator yields what to ask (a GraphQL document and its variables), is sent the ``data`` of the answer or
gets the domain error thrown in, and returns what came of it. Who sends is whoever walks it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, TypeAlias, TypeVar

from lineage_server.domain.errors import LineageError

T = TypeVar("T")

Ask: TypeAlias = tuple[str, Mapping[str, Any]]
Steps: TypeAlias = Generator[Ask, dict[str, Any], T]


def walk(steps: Steps[T], send: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> T:
    """Ask until there is a result; raises what the steps raise."""
    try:
        asked = next(steps)
        while True:
            try:
                answer = send(*asked)
            except LineageError as error:
                asked = steps.throw(error)
            else:
                asked = steps.send(answer)
    except StopIteration as done:
        return done.value


async def walk_async(
    steps: Steps[T], send: Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
) -> T:
    """The same for coroutines."""
    try:
        asked = next(steps)
        while True:
            try:
                answer = await send(*asked)
            except LineageError as error:
                asked = steps.throw(error)
            else:
                asked = steps.send(answer)
    except StopIteration as done:
        return done.value
