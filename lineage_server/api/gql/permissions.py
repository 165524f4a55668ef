"""What mutations and subscriptions ask for, declared on the field; a test walks the schema.

A declaration finds the project itself: from ``project`` or ``name`` among the arguments (or in
``input``), else from the uids there. Runs carry no project in their uid, so the node is read, within the
caller's scope: what one may not see answers NOT_FOUND before any right is looked at.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from strawberry.permission import BasePermission
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.auth.principal import Permission
from lineage_server.auth.rules import check_everywhere
from lineage_server.domain import ids
from lineage_server.domain.errors import ForbiddenError
from lineage_server.domain.nodes import SHARED


class Declared(BasePermission):
    """A right that a field asks for; ``permission`` None: only that somebody is signed in."""

    permission: ClassVar[Permission | None] = None
    arguments: ClassVar[tuple[str, ...]] = ("uid", "run", "start", "end")
    """Arguments that hold uids; every project they lie in counts."""

    async def has_permission(self, source: Any, info: Info[Context, None], **kwargs: Any) -> bool:
        """Raises the domain's error rather than answering False."""
        context = context_of(info)
        principal = context.principal
        if self.permission is None:
            return True
        if self.permission is Permission.PLATFORM_ADMIN:
            principal.check(self.permission)
            return True
        asked: Any = kwargs.get("input")
        values: dict[str, Any] = dict(kwargs) if asked is None else dict(cast("dict[str, Any]", vars(asked)))
        project = values.get("project")
        if isinstance(project, str):
            principal.check(self.permission, project)
            return True
        permission = self.permission
        uids = [_uid(value) for name in self.arguments if isinstance(value := values.get(name), str)]
        for uid in uids:
            await _check(context, permission, uid)
        if not uids:
            raise AssertionError(f"{info.field_name} declares a right but names no project and no uid")
        return True


async def _check(context: Context, permission: Permission, uid: str) -> None:
    """Raises NotFoundError or ForbiddenError."""
    project = ids.project_of(uid)
    if not project:
        node = await context.node(uid)
        if node.label in SHARED:
            if permission is not Permission.READ:
                check_everywhere(context.principal, permission)
            return
        project = node.project
    context.principal.check(permission, project)


def _uid(text: str) -> str:
    """A bare UUID is a run's."""
    return text if ":" in text else ids.run_uid(ids.clean_run_id(text))


class SignedIn(Declared):
    """Whoever was let in; the service behind decides the rest."""


class SeesEverything(Declared):
    """A role in all projects: what is asked for speaks of all of them."""

    async def has_permission(self, source: Any, info: Info[Context, None], **kwargs: Any) -> bool:
        principal = context_of(info).principal
        if principal.visible_projects() is not None:
            raise ForbiddenError(
                f"{principal.subject} has no role in all projects, of which this tells; ask with a token "
                "whose role holds everywhere",
                permission=Permission.READ,
            )
        return True


class MayRead(Declared):
    """READ in the project."""

    permission = Permission.READ


class MayWrite(Declared):
    """WRITE in the project."""

    permission = Permission.WRITE


class MayAdminister(Declared):
    """ADMIN in the project."""

    permission = Permission.ADMIN


class RunsThePlatform(Declared):
    """Platform admin."""

    permission = Permission.PLATFORM_ADMIN
