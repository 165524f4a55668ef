"""The graph's answers about registered models, many at once; one round trip each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from lineage_server.domain.nodes import Node
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import registry as cypher
from lineage_server.graph.read_tracking import scope_of
from lineage_server.graph.records import node_from_record

MOST = 1_000
"""Aliases of a model, deployments of a version: the rest is left out."""
Scope = frozenset[str] | None


class RegistryReader:
    """Reads what belongs to models and their versions."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def aliases(self, models: Iterable[str], *, scope: Scope) -> dict[str, list[Node]]:
        """Aliases of models, by name; also those that point nowhere now."""
        return await self._ask(cypher.ALIASES_OF_MODELS, models, scope)

    async def newest(self, models: Iterable[str], *, scope: Scope) -> dict[str, Node]:
        """The last version of each model whose versions have no numbers."""
        found = await self._ask(cypher.NEWEST_OF_MODELS, models, scope)
        return {uid: nodes[0] for uid, nodes in found.items() if nodes}

    async def deployments(self, versions: Iterable[str], *, scope: Scope) -> dict[str, list[Node]]:
        """All that ever ran a model version, the newest first."""
        return await self._ask(cypher.DEPLOYMENTS_OF, versions, scope)

    async def served(self, deployments: Iterable[str], *, scope: Scope) -> dict[str, list[Node]]:
        """The model versions that deployments serve or served, the newest first."""
        return await self._ask(cypher.SERVED_BY, deployments, scope)

    async def approvals(self, model: str, version: str, *, scope: Scope) -> list[Node]:
        """Asked for and given, the newest first: of a model, or of one version."""
        given = {**scope_of(scope), "model": model, "version": version, "limit": MOST}
        return [node_from_record(row["n"]) for row in await self._bolt.read(cypher.APPROVALS_OF, given)]

    async def origins(self, versions: Iterable[str], *, scope: Scope) -> dict[str, Node]:
        """The artifact version that each model version was made of."""
        found = await self._ask(cypher.ORIGINS_OF, versions, scope)
        return {uid: nodes[0] for uid, nodes in found.items() if nodes}

    async def registrations(self, versions: Iterable[str], *, scope: Scope) -> dict[str, list[Node]]:
        """The model versions that were made of each artifact version, the newest first."""
        return await self._ask(cypher.REGISTRATIONS_OF, versions, scope)

    async def _ask(
        self, statement: LiteralString, uids: Iterable[str], scope: Scope
    ) -> dict[str, list[Node]]:
        given = {**scope_of(scope), "uids": list(uids), "limit": MOST}
        rows = await self._bolt.read(statement, given)
        return {row["uid"]: [node_from_record(one) for one in row["found"]] for row in rows}
