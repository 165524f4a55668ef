"""``AsyncRun``: a run for coroutines.

Telling (``log``, ``log_params`` …) never waits, so these stay plain calls. What reads files is awaited:
contents are hashed in a thread, and the handle that comes of it is one for coroutines, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from lineage_server.client.aio_handles import AsyncArtifact
from lineage_server.client.aio_logged import AsyncLogged
from lineage_server.client.builders import ColumnsFrom
from lineage_server.client.run import Run
from lineage_server.client.twins import plain


class AsyncRun(AsyncLogged):
    """A ``Run`` for coroutines; use it in an ``async with`` block."""

    @property
    def run(self) -> Run:
        return self.plain

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def uid(self) -> str:
        return self.run.uid

    @property
    def project(self) -> str:
        return self.run.project

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def job(self) -> str:
        return self.run.job

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """See ``Run.log``."""
        self.run.log(values, step)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """See ``Run.log_params``."""
        self.run.log_params(params)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """See ``Run.set_tags``."""
        self.run.set_tags(tags)

    def note(self, text: str) -> None:
        """See ``Run.note``."""
        self.run.note(text)

    async def use(
        self,
        what: Any,
        role: str | None = None,
        *,
        name: str | None = None,
        type: str | None = None,
        project: str | None = None,
    ) -> AsyncArtifact:
        """See ``Run.use``."""
        return AsyncArtifact(
            await asyncio.to_thread(self.run.use, plain(what), role, name=name, type=type, project=project)
        )

    async def produce(
        self,
        name: str,
        value: Any,
        *,
        type: str | None = None,
        role: str | None = None,
        uri: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        columns_from: ColumnsFrom | None = None,
        partial: bool = False,
        upload: bool | None = None,
        ttl_days: float | None = None,
    ) -> AsyncArtifact:
        """See ``Run.produce``."""
        return AsyncArtifact(
            await asyncio.to_thread(
                self.run.produce, name, value, type=type, role=role, uri=uri, description=description,
                metadata=metadata, columns_from=columns_from, partial=partial, upload=upload,
                ttl_days=ttl_days,
            )
        )  # fmt: skip

    async def log_model(
        self,
        model: Any,
        name: str,
        *,
        register: bool | str = False,
        version: str | None = None,
        aliases: str | Sequence[str] | None = None,
        example: Any = None,
        signature: Mapping[str, Any] | None = None,
        card: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> AsyncArtifact:
        """See ``Run.log_model``."""
        return AsyncArtifact(
            await asyncio.to_thread(
                self.run.log_model, model, name, register=register, version=version, aliases=aliases,
                example=example, signature=signature, card=card, metrics=metrics, tags=tags,
                description=description, metadata=metadata, role=role, upload=upload,
            )
        )  # fmt: skip

    def child(
        self,
        name: str,
        *,
        job: str | None = None,
        kind: str = "step",
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        run_id: str | None = None,
        retry_of: str | Run | AsyncRun | None = None,
        resumed_from: str | Run | AsyncRun | None = None,
        capture: str = "none",
    ) -> AsyncRun:
        """See ``Run.child``."""
        return AsyncRun(
            self.run.child(
                name, job=job, kind=kind, params=params, tags=tags, description=description, run_id=run_id,
                retry_of=plain(retry_of), resumed_from=plain(resumed_from), capture=capture,
            )
        )  # fmt: skip

    async def fail(self, reason: str, *, timeout: float | None = None) -> bool:
        """See ``Run.fail``."""
        return await asyncio.to_thread(self.run.fail, reason, timeout=timeout)

    async def finish(self, timeout: float | None = None) -> bool:
        """See ``Run.finish``."""
        return await asyncio.to_thread(self.run.finish, timeout)

    async def __aenter__(self) -> Self:
        self.run.enter()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.run.leave()
        # Even when this task is being cancelled: the end of the run is written, then it goes on.
        await asyncio.shield(asyncio.to_thread(self.run.end_after, exc))

    def _repr_html_(self) -> str:
        from lineage_server.client.render.handles import run_html

        return run_html(self.run)
