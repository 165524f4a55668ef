"""What every resolver is given: services, who asks, and this request's loaders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from strawberry.types import Info

from lineage_server.api.services import Services
from lineage_server.auth.principal import Principal
from lineage_server.lineage.service import LineageService

Scope = frozenset[str] | None


@dataclass(kw_only=True)
class Context:
    """One a request; ``origin`` is the caller's address, for the audit trail."""

    services: Services
    principal: Principal
    origin: str = ""

    @property
    def lineage(self) -> LineageService:
        return self.services.lineage

    @property
    def scope(self) -> Scope:
        """The projects the caller may see, None for all: a parameter of every query."""
        return self.principal.visible_projects()


def context_of(info: Info[Any, Any]) -> Context:
    return info.context
