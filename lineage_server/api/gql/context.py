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
from lineage_server.domain.edges import Source
from lineage_server.domain.errors import (
    ForbiddenError,
    NotAuthenticatedError,
    NotFoundError,
    UnavailableError,
)
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Node
from lineage_server.provenance.service import LineageService
from lineage_server.tracking.service import Tracking

Scope = frozenset[str] | None


@dataclass(kw_only=True)
class Context:
    """One an operation. ``origin`` is the caller's address, for the audit trail; ``source`` what is calling:
    a page in a browser, or a program.

    On a WebSocket the caller may say who they are only in its first message: ``asking`` is None until
    then, and ``connection_params`` is what that message brought. What is open for long is asked again
    by its ``credentials``; without any, ``asking`` is somebody of this process, who stays.
    """

    services: Services
    tracking: Tracking
    asking: Principal | None
    origin: str = ""
    source: Source = Source.CLIENT
    credentials: Credentials | None = None
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

    async def identify(self) -> None:
        """Ask anew who this is, and what they may do now; raises NotAuthenticatedError."""
        if self.credentials is not None:
            self.asking = await self.services.access.authenticate(self.credentials)

    async def confirm(self) -> None:
        """Raises NotAuthenticatedError or ForbiddenError once the caller may not do all that they might."""
        then = self.principal
        try:
            await self.identify()
        except UnavailableError:
            return  # while the graph is away there is nothing to tell, either
        if not self.principal.holds(then):
            raise ForbiddenError(
                f"the rights of {then.subject} became fewer, so this stream ends; open it anew for the rest"
            )

    def for_operation(self, document: DocumentNode) -> Context:
        """A context of its own for each operation of a connection."""
        return replace(self, document=document)

    async def close(self) -> None:
        """The operation is over."""
        if "loaders" in self.__dict__:
            await self.loaders.stop()


def context_of(info: Info[Any, Any]) -> Context:
    return info.context
