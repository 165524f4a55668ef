"""What an event asks of its sender: pure, one place for all intakes.

An event may name things of other projects: reading them needs READ there, changing them the same
right as in the event's own. Runs carry no project in their uid; whose run it is, the writer checks
against the graph.
"""

from __future__ import annotations

from collections.abc import Iterator

from lineage_server.auth.principal import Permission, Principal
from lineage_server.domain import ids
from lineage_server.domain.errors import ForbiddenError
from lineage_server.domain.events import (
    ContextReported,
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    Event,
    MemberSet,
    ModelVersionReported,
    NodeAnnotated,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    ProjectReported,
    ProtectionSet,
    RunReported,
)
from lineage_server.domain.nodes import SHARED


def check_event(principal: Principal, event: Event) -> None:
    """Raises NotFoundError or ForbiddenError when ``principal`` may not say this."""
    for permission, project in permissions_for(event):
        principal.check(permission, project)
    if _speaks_to_all(event):
        check_everywhere(principal, _own_permission(event))


def check_everywhere(principal: Principal, permission: Permission) -> None:
    """Raises ForbiddenError for who may not do this in all projects: it is about what belongs to none."""
    if not principal.can(permission):
        raise ForbiddenError(
            f"{principal.subject} has no role in all projects that includes '{permission}', and this would "
            "speak to all; send it with a token whose role holds everywhere, or state the facts on a run",
            permission=permission,
        )


def _speaks_to_all(event: Event) -> bool:
    if isinstance(event, NodeAnnotated | NodeDeleted | NodeRestored | NodeErased):
        return ids.label_of(event.uid) in SHARED
    return isinstance(event, ContextReported)


def permissions_for(event: Event) -> Iterator[tuple[Permission, str]]:
    """Everything the event asks for, its own project first."""
    own = _own_permission(event)
    yield own, event.project
    for uid in _changed_uids(event):
        project = ids.project_of(uid)
        if project and project != event.project:
            yield own, project
    for project in _read_projects(event):
        if project and project != event.project:
            yield Permission.READ, project


def _own_permission(event: Event) -> Permission:
    # Who may say who is owner or member, or who moves an alias, decides about everything else.
    if isinstance(event, MemberSet | NodeErased | ProtectionSet):
        return Permission.ADMIN
    if isinstance(event, ProjectReported) and event.owner is not None:
        return Permission.ADMIN
    # Deleting a project takes everything in it out of sight.
    if isinstance(event, NodeDeleted | NodeRestored) and event.uid.startswith("project:"):
        return Permission.ADMIN
    return Permission.WRITE


def _changed_uids(event: Event) -> tuple[str, ...]:
    if isinstance(event, NodeAnnotated | NodeDeleted | NodeRestored | NodeErased):
        return (event.uid,)
    if isinstance(event, EdgeAsserted | EdgeRetracted):
        return (event.end,)
    return ()


def _read_projects(event: Event) -> Iterator[str]:
    if isinstance(event, RunReported):
        for fact in event.inputs:
            yield fact.project
    elif isinstance(event, EdgeAsserted | EdgeRetracted):
        yield ids.project_of(event.start)
    elif isinstance(event, ModelVersionReported) and event.origin:
        yield ids.project_of(event.origin)
    elif isinstance(event, DeploymentReported):
        yield event.model_project
        yield from map(ids.project_of, event.routes_to)
