"""``AsyncTables``: whole lists of the server as Arrow tables, and search, for coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from lineage_server.client import bulk, found
from lineage_server.client.asking import walk_async

if TYPE_CHECKING:
    import pyarrow as pa

    from lineage_server.client.aio_run import AsyncRun
    from lineage_server.client.bulk import Read
    from lineage_server.client.client import Client
    from lineage_server.client.finding import FindArtifacts, FindModels, FindRuns, FindVersions, Words
    from lineage_server.client.found import Found
    from lineage_server.client.run import Run


class AsyncTables:
    """The half of ``AsyncClient`` that reads much at once."""

    client: Client

    async def runs(self, **find: Unpack[FindRuns]) -> pa.Table:
        """See ``Client.runs``."""
        return await self._read([bulk.runs(self.client.config, find)])

    async def metrics(
        self,
        runs: str | Run | AsyncRun | Iterable[str | Run | AsyncRun] | pa.Table | None = None,
        keys: str | Iterable[str] | None = None,
        **find: Unpack[FindRuns],
    ) -> pa.Table:
        """See ``Client.metrics``."""
        return await self._read(bulk.metrics(self.client.config, runs, keys, find))

    async def artifacts(self, **find: Unpack[FindArtifacts]) -> pa.Table:
        """See ``Client.artifacts``."""
        return await self._read([bulk.artifacts(self.client.config, find)])

    async def models(self, **find: Unpack[FindModels]) -> pa.Table:
        """See ``Client.models``."""
        return await self._read([bulk.models(self.client.config, find)])

    async def versions(self, of: str, **find: Unpack[FindVersions]) -> pa.Table:
        """See ``Client.versions``."""
        return await self._read([bulk.versions(self.client.config, of, find)])

    async def search(
        self, text: str, *, what: Words = None, limit: int = 100, project: str | None = None
    ) -> list[Found]:
        """See ``Client.search``."""
        asked = self.client.config.project if project is None else project
        steps = found.search(text, what=what, limit=limit, project=asked)
        await asyncio.to_thread(self.client.send_own)
        return await walk_async(steps, self.client.graphql.run_async)

    async def _read(self, reads: Sequence[Read]) -> Any:
        await asyncio.to_thread(self.client.send_own)
        answers = [await self.client.graphql.fetch_async(read.path, read.query) for read in reads]
        return await asyncio.to_thread(bulk.table_from, reads, answers)
