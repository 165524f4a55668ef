"""Who is asking, and what they may do: pure values, no I/O.

A project the principal may not see answers NOT_FOUND, as if it were not there; FORBIDDEN is only
for what one may see but not do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from lineage_server.domain.errors import ForbiddenError, NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Role
from lineage_server.domain.people import LOCAL as LOCAL_ISSUER
from lineage_server.domain.people import USERS

PrincipalKind: TypeAlias = Literal["local", "user", "service"]


class Permission(StrEnum):
    """What an operation asks for; all but the last within a project."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    PLATFORM_ADMIN = "platform_admin"


RANK: Mapping[Role, int] = {Role.VIEWER: 1, Role.EDITOR: 2, Role.ADMIN: 3}
_NEEDS: Mapping[Permission, int] = {Permission.READ: 1, Permission.WRITE: 2, Permission.ADMIN: 3}


def lesser(one: Role, other: Role) -> Role:
    """The role that allows less."""
    return one if RANK[one] <= RANK[other] else other


def _reaches(own: Role | None, wanted: Role | None) -> bool:
    return wanted is None or (own is not None and RANK[own] >= RANK[wanted])


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who was let in, with rights as they count now.

    ``roles``: by project. ``everywhere``: the role in all projects, those to come included; a
    platform admin has it. ``scopes``: the limits of the token in use, as ``project=role``, for
    display; ``roles`` already respects them.
    """

    subject: str
    issuer: str = USERS
    kind: PrincipalKind = "user"
    platform_admin: bool = False
    everywhere: Role | None = None
    roles: Mapping[str, Role] = field(default_factory=dict[str, Role])
    scopes: tuple[str, ...] = ()

    def visible_projects(self) -> frozenset[str] | None:
        """Names of the projects that queries may see; None = all."""
        if self.platform_admin or self.everywhere is not None:
            return None
        return frozenset(self.roles)

    def role_in(self, project: str) -> Role | None:
        """The role that counts in ``project``; None where it is not visible."""
        if self.platform_admin:
            return Role.ADMIN
        own = self.roles.get(project)
        if own is None or self.everywhere is None:
            return own or self.everywhere
        return own if RANK[own] >= RANK[self.everywhere] else self.everywhere

    def can(self, permission: Permission, project: str = "") -> bool:
        """Whether ``check`` would pass."""
        if permission is Permission.PLATFORM_ADMIN:
            return self.platform_admin
        role = self.role_in(project)
        return role is not None and RANK[role] >= _NEEDS[permission]

    def holds(self, other: Principal) -> bool:
        """Whether this one may do all that ``other`` may."""
        if self.platform_admin or other.platform_admin:
            return self.platform_admin
        return _reaches(self.everywhere, other.everywhere) and all(
            _reaches(self.role_in(project), role) for project, role in other.roles.items()
        )

    def check(self, permission: Permission, project: str = "") -> None:
        """Raises NotFoundError (invisible project) or ForbiddenError (names what is missing)."""
        if self.can(permission, project):
            return
        if permission is Permission.PLATFORM_ADMIN:
            raise ForbiddenError(
                f"{self.subject} is no platform admin; nothing was changed, ask one to do it",
                permission=permission,
            )
        role = self.role_in(project)
        if role is None:
            raise NotFoundError(f"project {shorten(project)!r} is not there, or not yours to see")
        raise ForbiddenError(
            f"{self.subject} is {role} of project {shorten(project)!r}, which does not include "
            f"'{permission}'; nothing was changed, ask an admin of the project for a higher role",
            permission=permission,
        )

    @property
    def actor(self) -> str:
        """How stored events and audit records name them."""
        return f"{self.issuer}/{self.subject}"


LOCAL = Principal(subject="local", issuer=LOCAL_ISSUER, kind="local", platform_admin=True)
"""Everybody in mode ``open``: whoever reaches the loopback port owns the machine's account."""
