"""What all nodes have in common, as the contract shows it: one interface, and its values from the domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.scalars import Json, Micros, micros
from lineage_server.api.gql.types.listing import Count, connection
from lineage_server.api.gql.types.values import Tag
from lineage_server.domain import nodes as domain
from lineage_server.tracking.filters import Page

if TYPE_CHECKING:
    from lineage_server.api.gql.types.runs import Run

Ctx = Info[Context, None]
RunLazily = Annotated["Run", strawberry.lazy("lineage_server.api.gql.types.runs")]
"""For types that runs hold, too."""
_ROLE = "role."


@strawberry.interface
class Node:
    """Whatever the graph holds and one may see."""

    uid: str
    label: str
    project: str
    name: str
    kind: str
    description: str
    tags: list[Tag]
    created_at: Micros | None
    updated_at: Micros | None
    deleted_at: Micros | None
    stub: bool = strawberry.field(description="referred to, described by nobody yet")
    properties: Json = strawberry.field(description="everything that has no field of its own")


def common(node: domain.Node) -> dict[str, Any]:
    """Arguments of every type that implements ``Node``."""
    return {
        "uid": node.uid,
        "label": str(node.label),
        "project": node.project,
        "name": node.name,
        "kind": node.kind,
        "description": node.description,
        "tags": [Tag(key=key, value=value) for key, value in node.tags.items()],
        "created_at": micros(node.created_at or None),
        "updated_at": micros(node.updated_at or None),
        "deleted_at": micros(node.deleted_at),
        "stub": node.stub,
        "properties": Json(_plain(node.properties)),
    }


MAKERS: dict[domain.Label, Callable[[Any], Any]] = {}
"""What makes the object of a node, by label. Filled in ``nodes.py``: types that hold one another need not
import one another."""


def node_of(node: domain.Node) -> Any:
    """The GraphQL object of a node, of the type that its label names."""
    return MAKERS[node.label](node)


def _plain(properties: Mapping[str, object]) -> dict[str, object]:
    """Bytes are no JSON, and who has which role has a field of its own."""
    return {
        key: value
        for key, value in properties.items()
        if not key.startswith(_ROLE) and not isinstance(value, bytes | bytearray)
    }


def words(node: domain.Node, *keys: str) -> dict[str, Any]:
    """Properties that are text, the empty one where nothing is told."""
    return {key: str(node.properties.get(key) or "") for key in keys}


async def maker_shown(info: Ctx, uid: str) -> Any:
    """The run that made a version, None where there is none to see."""
    loaders = context_of(info).loaders
    maker = await loaders.producers.load(uid)
    run = await loaders.nodes.load(maker) if maker else None
    return node_of(run) if run else None


def page_shown(
    page: Page[Any] | None, after: str, make: Callable[[Any], Any], counter: Count | None = None
) -> Any:
    """A page of nodes as a connection, an empty one where there is nothing to see."""
    page = page or Page(items=(), cursors=(), has_more=False)
    found = [make(node) for node in page.items]
    return connection(found, page.cursors, has_more=page.has_more, after=after, counter=counter)
