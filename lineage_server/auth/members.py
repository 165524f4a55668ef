"""Memberships as the graph has them: properties ``role.<subject>`` of Project nodes.

Only reading. Memberships are written by ``MemberSet`` events through the ingest writer, so that they
are part of what can be replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineage_server.auth.recent import Recent
from lineage_server.domain.ids import project_uid
from lineage_server.domain.nodes import Role
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import auth as cypher

_ROLES = frozenset(str(role) for role in Role)


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Some members of a project, in order of their subjects, which are the cursors, too."""

    roles: Mapping[str, Role]
    has_more: bool


class Members:
    """Roles by subject, believed for ``cache_seconds``."""

    def __init__(self, bolt: Bolt, *, cache_seconds: float = 5.0) -> None:
        self._bolt = bolt
        self._recent: Recent[str, Mapping[str, Role]] = Recent(cache_seconds)

    async def roles_of(self, subject: str) -> Mapping[str, Role]:
        """The subject's role in each project it is a member of."""
        found = self._recent.find(subject)
        if found is not None:
            return found[0]
        rows = await self._bolt.read(cypher.ROLES_OF_SUBJECT, {"key": f"role.{subject}"})
        roles = {str(row["project"]): Role(row["role"]) for row in rows if row["role"] in _ROLES}
        self._recent.keep(subject, roles)
        return roles

    async def role_of(self, subject: str, project: str) -> Role | None:
        """The subject's role in ``project`` as it stands now."""
        parameters = {"uid": project_uid(project), "key": f"role.{subject}"}
        rows = await self._bolt.read(cypher.ROLE_IN_PROJECT, parameters)
        return Role(rows[0]["role"]) if rows and rows[0]["role"] in _ROLES else None

    async def list_members(self, project: str, *, first: int = 100, after: str = "") -> MemberPage:
        """Who has a role in ``project``, by subject; ``after`` is the subject before the page."""
        rows = await self._bolt.read(
            cypher.MEMBERS_OF_PROJECT,
            {"uid": project_uid(project), "roles": sorted(_ROLES), "after": after, "limit": first + 1},
        )
        return MemberPage({row["subject"]: Role(row["role"]) for row in rows[:first]}, len(rows) > first)

    async def count_members(self, project: str) -> int:
        parameters = {"uid": project_uid(project), "roles": sorted(_ROLES)}
        rows = await self._bolt.read(cypher.COUNT_MEMBERS, parameters)
        return int(rows[0]["total"]) if rows else 0

    def forget(self) -> None:
        """A membership has changed: ask the graph again."""
        self._recent.forget()
