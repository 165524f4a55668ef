"""``AsyncClient``: the same for coroutines. Its runs are in ``aio_run``.

What waits for the server is awaited: questions go over an async connection, what reads files is done in a
thread.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from lineage_server.client import answers, comparisons, origins, queries
from lineage_server.client.aio_curating import AsyncCurating
from lineage_server.client.aio_files import AsyncFiles
from lineage_server.client.aio_handles import AnyArtifact, AnyModelVersion, AsyncArtifact
from lineage_server.client.aio_run import AsyncRun
from lineage_server.client.aio_tables import AsyncTables
from lineage_server.client.answers import Answer
from lineage_server.client.checking import check, checked
from lineage_server.client.client import Client, SyncStatus
from lineage_server.client.origins import Origin
from lineage_server.client.run import Run
from lineage_server.client.syncing import SyncReport
from lineage_server.client.twins import plain
from lineage_server.client.verifying import Verification
from lineage_server.client.view import LineageView
from lineage_server.domain.events import Event

if TYPE_CHECKING:
    from lineage_server.client.previews import Preview
    from lineage_server.client.reproducing.reproduction import Reproduction

Ref: TypeAlias = str | Run | AsyncRun | AnyArtifact | AnyModelVersion
"""What a question is about."""


class AsyncClient(AsyncCurating, AsyncTables):
    """A ``Client`` for coroutines; shares journal and sender with ``client``."""

    @checked
    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        project: str | None = None,
        mode: str | None = None,
        journal_dir: str | os.PathLike[str] | None = None,
        capture: str | None = None,
        show_progress: bool | None = None,
        client: Client | None = None,
    ) -> None:
        self.client = client or Client(
            url, token=token, project=project, mode=mode, journal_dir=journal_dir, capture=capture,
            show_progress=show_progress,
        )  # fmt: skip

    def start_run(
        self,
        name: str | None = None,
        *,
        job: str | None = None,
        kind: str = "script",
        project: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        parent: str | Run | AsyncRun | None = None,
        run_id: str | None = None,
        retry_of: str | Run | AsyncRun | None = None,
        resumed_from: str | Run | AsyncRun | None = None,
        capture: str | None = None,
    ) -> AsyncRun:
        """See ``Client.start_run``; returns at once, so there is nothing to await."""
        return AsyncRun(
            self.client.start_run(
                name, job=job, kind=kind, project=project, params=params, tags=tags, description=description,
                parent=plain(parent), run_id=run_id, retry_of=plain(retry_of),
                resumed_from=plain(resumed_from), capture=capture,
            )
        )  # fmt: skip

    async def attach_run(self, run_id: str, *, project: str | None = None) -> AsyncRun:
        """See ``Client.attach_run``."""
        return AsyncRun(await asyncio.to_thread(self.client.attach_run, run_id, project=project))

    def report(self, *events: Event) -> None:
        """See ``Client.report``; returns at once."""
        self.client.report(*events)

    async def lineage(
        self,
        ref: Ref,
        direction: str = "both",
        *,
        depth: int | None = None,
        view: str = "version",
        as_of: date | str | None = None,
        known_at: date | str | None = None,
        column: str | None = None,
    ) -> LineageView:
        """See ``Client.lineage``."""
        start = self.client.start_of(plain(ref))
        asked = queries.lineage_variables(
            start, project=self.client.config.project, direction=direction, depth=depth, view=view,
            as_of=as_of, known_at=known_at, column=column,
        )  # fmt: skip
        await asyncio.to_thread(self.client.send_own)
        data = await self.client.graphql.run_async(queries.LINEAGE, asked)
        return await asyncio.to_thread(queries.view_from, data, direction=direction)

    async def origin(self, ref: Ref) -> Origin:
        """See ``Client.origin``."""
        start = self.client.start_of(plain(ref))
        await asyncio.to_thread(self.client.send_own)
        asked = {"ref": start, "project": self.client.config.project}
        run = origins.run_in(await self.client.graphql.run_async(origins.ORIGIN, asked), start)
        pages = origins.Pages(run["environment"] or {})
        while more := pages.asked():
            pages.add(await self.client.graphql.run_async(origins.MORE_PACKAGES, more))
        return origins.origin_of(run, pages.found)

    async def impact(
        self,
        ref: Ref,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """See ``Client.impact``."""
        return await self._ask("impact", {"of": self.client.start_of(plain(ref))}, as_of, known_at)

    async def path(
        self,
        start: Ref,
        end: Ref,
        *,
        k: int = 3,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """See ``Client.path``."""
        told = self.client.ends_of(plain(start), plain(end), k)
        return await self._ask("path", told, as_of, known_at)

    async def cost(
        self,
        ref: Ref,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """See ``Client.cost``."""
        return await self._ask("cost", {"of": self.client.start_of(plain(ref))}, as_of, known_at)

    async def completeness(
        self,
        ref: Ref,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """See ``Client.completeness``."""
        return await self._ask("completeness", {"of": self.client.start_of(plain(ref))}, as_of, known_at)

    async def diff(
        self,
        before: Ref,
        after: Ref,
        *,
        as_of: date | str | None = None,
        known_at: date | str | None = None,
    ) -> Answer:
        """See ``Client.diff``."""
        sides = self.client.sides_of(plain(before), plain(after))
        return await self._ask("diff", sides, as_of, known_at)

    async def compare(
        self, refs: Sequence[str | Run | AsyncRun | AnyArtifact], *, everything: bool = False
    ) -> Answer:
        """See ``Client.compare``."""
        check("everything", everything)
        starts = [self.client.start_of(plain(ref)) for ref in comparisons.listed(refs)]
        table = comparisons.Table(starts, everything=everything, project=self.client.config.project)
        await asyncio.to_thread(self.client.send_own)
        while asked := table.asked():
            table.add(await self.client.graphql.run_async(comparisons.COMPARE, asked))
        found = await self.client.graphql.run_async(answers.TITLES, {"uids": table.versions})
        return table.answer(answers.titles_in(found))

    async def reproduce(
        self,
        ref: str | Run | AsyncRun | AnyArtifact,
        *,
        perform: bool = False,
        repo: str | os.PathLike[str] = ".",
        folder: str | os.PathLike[str] | None = None,
        tolerance: float = 0.0,
    ) -> Reproduction:
        """See ``Client.reproduce``."""
        return await asyncio.to_thread(
            self.client.reproduce, plain(ref), perform=perform, repo=repo, folder=folder, tolerance=tolerance
        )

    async def _ask(
        self, question: str, told: dict[str, Any], as_of: date | str | None, known_at: date | str | None
    ) -> Answer:
        asked = answers.variables(told, project=self.client.config.project, as_of=as_of, known_at=known_at)
        await asyncio.to_thread(self.client.send_own)
        data = (await self.client.graphql.run_async(answers.QUESTIONS[question], asked))[question]
        uids = answers.uids_in(data)
        titles = answers.titles_in(await self.client.graphql.run_async(answers.TITLES, {"uids": uids}))
        return answers.Answer(question=question, data=data, titles=titles)

    async def get(self, ref: str | AnyArtifact | AnyModelVersion) -> AsyncArtifact:
        """See ``Client.get``."""
        return AsyncArtifact(await asyncio.to_thread(self.client.get, plain(ref)))

    async def download(
        self,
        ref: str | AnyArtifact | AnyModelVersion,
        to: str | os.PathLike[str] | None = None,
        *,
        overwrite: bool = False,
        progress: Callable[[int, int], None] | None = None,
        paths: str | Sequence[str] | None = None,
    ) -> Path:
        """See ``Client.download``; ``progress`` is called in other threads."""
        return await asyncio.to_thread(
            self.client.download, plain(ref), to, overwrite=overwrite, progress=progress, paths=paths
        )

    async def preview(self, ref: str | AnyArtifact | AnyModelVersion, path: str = "") -> Preview:
        """See ``Client.preview``."""
        return await asyncio.to_thread(self.client.preview, plain(ref), path)

    def files(self, ref: str | AnyArtifact | AnyModelVersion) -> AsyncFiles:
        """See ``Client.files``: to be walked over by ``async for``, or awaited for a list."""
        wanted = plain(ref)
        check("ref", wanted)
        return AsyncFiles(lambda: self.client.files(wanted))

    async def verify(self, ref: str | AnyArtifact | AnyModelVersion) -> Verification:
        """See ``Client.verify``."""
        return await asyncio.to_thread(self.client.verify, plain(ref))

    async def gql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """See ``Client.gql``."""
        return await self.client.graphql.run_async(query, variables)

    async def flush(self, timeout: float = 10.0) -> bool:
        """See ``Client.flush``."""
        return await asyncio.to_thread(self.client.flush, timeout)

    async def sync(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> SyncReport:
        """See ``Client.sync``; ``progress`` is called in another thread."""
        return await asyncio.to_thread(self.client.sync, folder, progress=progress)

    async def sync_status(self) -> SyncStatus:
        """See ``Client.sync_status``."""
        return await asyncio.to_thread(self.client.sync_status)

    def sync_command(self) -> str:
        """See ``Client.sync_command``."""
        return self.client.sync_command()

    async def close(self, timeout: float = 5.0, *, error: BaseException | None = None) -> bool:
        """See ``Client.close``."""
        try:
            # Even when this task is being cancelled: open runs get their end.
            return await asyncio.shield(asyncio.to_thread(self.client.close, timeout, error=error))
        finally:
            await self.client.graphql.close_async()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close(error=exc)
