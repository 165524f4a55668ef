"""What every resolver is given: services, who asks, and this operation's loaders."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from graphql import DocumentNode
from strawberry.types import Info

from lineage_server.api.gql.loaders import Loaders
from lineage_server.api.services import Services
from lineage_server.auth.access import Credentials
from lineage_server.auth.principal import Principal
from lineage_server.domain.errors import NotAuthenticatedError, NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Node
from lineage_server.provenance.service import LineageService
from lineage_server.tracking.service import Tracking

Scope = frozenset[str] | None


@dataclass(kw_only=True)
class Context:
    """One an operation. ``origin`` is the caller's address, for the audit trail.

    On a WebSocket the caller may say who they are only in its first message: ``asking`` is None until
    then, and ``connection_params`` is what that message brought.
    """

    services: Services
    tracking: Tracking
    asking: Principal | None
    origin: str = ""
    credentials: Credentials = field(default_factory=Credentials)
    connection_params: dict[str, object] = field(default_factory=dict[str, object])
    document: DocumentNode | None = None

    @property
    def principal(self) -> Principal:
        if self.asking is None:
            raise NotAuthenticatedError("nobody said who is asking; send a token first")
        return self.asking

    @property
    def lineage(self) -> LineageService:
        return self.services.lineage

    @property
    def scope(self) -> Scope:
        """The projects the caller may see, None for all: a parameter of every query."""
        return self.principal.visible_projects()

    @cached_property
    def loaders(self) -> Loaders:
        return Loaders(self.tracking, self.scope)

    async def node(self, uid: str) -> Node:
        """A visible node; raises NotFoundError."""
        found = await self.loaders.nodes.load(uid)
        if found is None:
            raise NotFoundError(f"{shorten(uid)!r} is not there, or not yours to see")
        return found

    def for_operation(self, document: DocumentNode) -> Context:
        """A context of its own for each operation of a connection."""
        return replace(self, document=document)

    async def close(self) -> None:
        """The operation is over."""
        if "loaders" in self.__dict__:
            await self.loaders.stop()


def context_of(info: Info[Any, Any]) -> Context:
    return info.context
