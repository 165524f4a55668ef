"""``AsyncTables``: whole lists of the server as Arrow tables, and search, for coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.client import bulk, found
from lineage_server.client.asking import walk_async

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa

    from lineage_server.client.aio_run import AsyncRun
    from lineage_server.client.bulk import Read
    from lineage_server.client.client import Client
    from lineage_server.client.finding import Tags, Words
    from lineage_server.client.found import Found
    from lineage_server.client.run import Run


class AsyncTables:
    """The half of ``AsyncClient`` that reads much at once."""

    client: Client

    async def runs(
        self,
        *,
        text: str | None = None,
        state: Words = None,
        kind: Words = None,
        tag: Tags = None,
        param: Words = None,
        metric: Words = None,
        by: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """See ``Client.runs``."""
        find = bulk.given(
            text=text,
            state=state,
            kind=kind,
            tag=tag,
            param=param,
            metric=metric,
            by=by,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
            wide=wide,
        )
        return await self._read(lambda: [bulk.runs(self.client.config, find)])

    async def metrics(
        self,
        runs: str | Run | AsyncRun | Iterable[str | Run | AsyncRun] | pa.Table | None = None,
        keys: str | Iterable[str] | None = None,
        *,
        text: str | None = None,
        state: Words = None,
        kind: Words = None,
        tag: Tags = None,
        param: Words = None,
        metric: Words = None,
        by: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
    ) -> pa.Table:
        """See ``Client.metrics``."""
        find = bulk.given(
            text=text,
            state=state,
            kind=kind,
            tag=tag,
            param=param,
            metric=metric,
            by=by,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
        )
        return await self._read(lambda: bulk.metrics(self.client.config, runs, keys, find))

    async def edges(
        self,
        *,
        text: str | None = None,
        state: Words = None,
        kind: Words = None,
        tag: Tags = None,
        param: Words = None,
        metric: Words = None,
        by: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
    ) -> pa.Table:
        """See ``Client.edges``."""
        find = bulk.given(
            text=text,
            state=state,
            kind=kind,
            tag=tag,
            param=param,
            metric=metric,
            by=by,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
        )
        return await self._read(lambda: [bulk.edges(self.client.config, find)])

    async def artifacts(
        self,
        *,
        text: str | None = None,
        kind: Words = None,
        tag: Tags = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """See ``Client.artifacts``."""
        find = bulk.given(text=text, kind=kind, tag=tag, sort=sort, limit=limit, project=project, wide=wide)
        return await self._read(lambda: [bulk.artifacts(self.client.config, find)])

    async def models(
        self,
        *,
        text: str | None = None,
        state: Words = None,
        tag: Tags = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """See ``Client.models``."""
        find = bulk.given(text=text, state=state, tag=tag, sort=sort, limit=limit, project=project, wide=wide)
        return await self._read(lambda: [bulk.models(self.client.config, find)])

    async def versions(
        self,
        of: str,
        *,
        text: str | None = None,
        state: Words = None,
        tag: Tags = None,
        metric: Words = None,
        since: date | str | None = None,
        until: date | str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        project: str | None = None,
        wide: bool = True,
    ) -> pa.Table:
        """See ``Client.versions``."""
        find = bulk.given(
            text=text,
            state=state,
            tag=tag,
            metric=metric,
            since=since,
            until=until,
            sort=sort,
            limit=limit,
            project=project,
            wide=wide,
        )
        return await self._read(lambda: [bulk.versions(self.client.config, of, find)])

    async def search(
        self, text: str, *, what: Words = None, limit: int = 100, project: str | None = None
    ) -> list[Found]:
        """See ``Client.search``."""
        asked = self.client.config.project if project is None else project
        steps = found.search(text, what=what, limit=limit, project=asked)
        await asyncio.to_thread(self.client.send_own)
        return await walk_async(steps, self.client.graphql.run_async)

    async def _read(self, asked: Callable[[], Sequence[Read]]) -> Any:
        reads = await asyncio.to_thread(asked)  # pyarrow is imported, and may be asked for its runs
        await asyncio.to_thread(self.client.send_own)
        answers = [await self.client.graphql.fetch_async(read.path, read.query) for read in reads]
        return await asyncio.to_thread(bulk.table_from, reads, answers)
