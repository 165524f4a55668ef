"""Stored versions as backups have them: which there are, their manifests, and those put in again.

A manifest is put in when its objects have arrived as uploads do, and then its project has them: no event is
told, for the events of a backup tell of it themselves.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from lineage_server.storage.keys import clean_sha256
from lineage_server.storage.manifest import canonical
from lineage_server.storage.store import Stores
from lineage_server.storage.uploads import Uploads
from lineage_server.storage.verified import Verified


@dataclass(frozen=True, slots=True)
class Bringing:
    """One per server."""

    stores: Stores
    uploads: Uploads
    verified: Verified

    async def manifests(self) -> AsyncGenerator[tuple[str, str]]:
        """Project and key of each that is where its project's store is now."""
        for store in self.stores.all:
            async for one in store.list_below("manifests"):
                project, key = one.key.split("/")[1:3]
                if self.stores.of(project) is store:
                    yield project, key

    async def manifest(self, project: str, key: str) -> bytes:
        """As it is kept; raises SpoiltError."""
        store = self.stores.of(project)
        return canonical(await self.verified.manifest(store, project, f"sha256:{clean_sha256(key)}"))

    async def put(self, project: str, key: str, raw: bytes) -> None:
        """Raises InvalidInputError, and MissingObjectsError while objects of it are not there."""
        await self.uploads.adopt(project, clean_sha256(key), raw)
