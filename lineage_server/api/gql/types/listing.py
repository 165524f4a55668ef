"""Relay's lists: edges, cursors, page info; made from the pages of the tracking service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import strawberry

T = TypeVar("T")
Count = Callable[[], Awaitable[int]]


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool = strawberry.field(description="whether this page began after a cursor")
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    node: T
    cursor: str


@strawberry.type
class Connection(Generic[T]):
    """A page of a list; cursors stay good while new entries arrive."""

    edges: list[Edge[T]]
    page_info: PageInfo
    has_more: bool
    counter: strawberry.Private[Count | None] = None

    @strawberry.field(description="how many there are in all; counted only when asked for")
    async def total_count(self) -> int | None:
        return await self.counter() if self.counter is not None else None


def connection(
    nodes: Sequence[Any],
    cursors: Sequence[str],
    *,
    has_more: bool,
    after: str = "",
    counter: Count | None = None,
    kind: type[Connection[Any]] = Connection,
    **more: Any,
) -> Any:
    """``Connection[T]`` of GraphQL nodes; its type is the field's that returns it.

    ``more``: what a connection of a ``kind`` of its own holds besides.
    """
    return kind(
        edges=[Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)],
        page_info=PageInfo(
            has_next_page=has_more,
            has_previous_page=bool(after),
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        has_more=has_more,
        counter=counter,
        **more,
    )
