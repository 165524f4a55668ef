"""``AsyncArtifact`` and ``AsyncModelVersion``: handles of versions, for coroutines.

What is known of a version is a property, as of the plain handle. What reads its files or asks for it is
awaited, and happens in a thread: ``path`` and ``deployments`` are to be called here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from lineage_server.client.aio_files import AsyncFiles, AsyncFilesDiff
from lineage_server.client.artifact import Artifact
from lineage_server.client.registered import Deployment, ModelVersion, RegisteredModel
from lineage_server.client.twins import Twin, plain
from lineage_server.domain.nodes import Column

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    import pyarrow as pa

    from lineage_server.client.previews import Preview


class AsyncArtifact(Twin[Artifact]):
    """An ``Artifact`` for coroutines."""

    @property
    def name(self) -> str:
        return self.plain.name

    @property
    def type(self) -> str:
        return self.plain.type

    @property
    def project(self) -> str:
        return self.plain.project

    @property
    def role(self) -> str:
        return self.plain.role

    @property
    def digest(self) -> str:
        return self.plain.digest

    @property
    def ordinal(self) -> int | None:
        return self.plain.ordinal

    @property
    def uri(self) -> str:
        return self.plain.uri

    @property
    def size(self) -> int | None:
        return self.plain.size

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.plain.columns

    @property
    def stats(self) -> Mapping[str, Any]:
        return self.plain.stats

    @property
    def run(self) -> str:
        return self.plain.run

    @property
    def registered(self) -> str:
        return self.plain.registered

    @property
    def value(self) -> Any:
        return self.plain.value

    @property
    def uid(self) -> str:
        """See ``Artifact.uid``."""
        return self.plain.uid

    @property
    def ref(self) -> str:
        """See ``Artifact.ref``."""
        return self.plain.ref

    async def path(self) -> Path:
        """See ``Artifact.path``."""
        return await asyncio.to_thread(attrgetter("path"), self.plain)

    async def download(
        self,
        to: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: Callable[[int, int], None] | None = None,
        paths: str | Sequence[str] | None = None,
    ) -> Path:
        """See ``Artifact.download``; ``progress`` is called in other threads."""
        return await asyncio.to_thread(
            self.plain.download, to, overwrite=overwrite, progress=progress, paths=paths
        )

    async def load(self, *, trust: bool = False) -> Any:
        """See ``Artifact.load``."""
        return await asyncio.to_thread(self.plain.load, trust=trust)

    def files(self) -> AsyncFiles:
        """See ``Artifact.files``: to be walked over by ``async for``, or awaited for a list."""
        return AsyncFiles(lambda: self.plain.files)

    async def diff(self, ref: str | AnyArtifact | AnyModelVersion) -> AsyncFilesDiff:
        """See ``Artifact.diff``; to be walked over by ``async for``."""
        return AsyncFilesDiff(await asyncio.to_thread(self.plain.diff, plain(ref)))

    async def preview(self, path: str = "") -> Preview:
        """See ``Artifact.preview``."""
        return await asyncio.to_thread(self.plain.preview, path)

    async def register(
        self,
        name: str | None = None,
        *,
        version: str | None = None,
        aliases: str | Sequence[str] | None = None,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        signature: Mapping[str, Any] | None = None,
        reason: str = "",
        project: str | None = None,
    ) -> AsyncModelVersion:
        """See ``Artifact.register``."""
        return AsyncModelVersion(
            await asyncio.to_thread(
                self.plain.register, name, version=version, aliases=aliases, description=description,
                card=card, tags=tags, metrics=metrics, signature=signature, reason=reason, project=project,
            )
        )  # fmt: skip

    async def verify(self) -> Path:
        """See ``Artifact.verify``."""
        return await asyncio.to_thread(self.plain.verify)

    async def to_arrow(self) -> pa.Table:
        """See ``Artifact.to_arrow``."""
        return await asyncio.to_thread(self.plain.to_arrow)

    async def to_pandas(self) -> pd.DataFrame:
        """See ``Artifact.to_pandas``."""
        return await asyncio.to_thread(self.plain.to_pandas)

    async def to_polars(self) -> pl.DataFrame:
        """See ``Artifact.to_polars``."""
        return await asyncio.to_thread(self.plain.to_polars)

    def _repr_html_(self) -> str:
        from lineage_server.client.render.handles import artifact_html

        return artifact_html(self.plain)


class AsyncModelVersion(Twin[ModelVersion]):
    """A ``ModelVersion`` for coroutines."""

    @property
    def model(self) -> str:
        return self.plain.model

    @property
    def version(self) -> str:
        return self.plain.version

    @property
    def project(self) -> str:
        return self.plain.project

    @property
    def state(self) -> str:
        return self.plain.state

    @property
    def aliases(self) -> tuple[str, ...]:
        return self.plain.aliases

    @property
    def description(self) -> str:
        return self.plain.description

    @property
    def card(self) -> str:
        return self.plain.card

    @property
    def tags(self) -> Mapping[str, str]:
        return self.plain.tags

    @property
    def metrics(self) -> Mapping[str, float]:
        return self.plain.metrics

    @property
    def signature(self) -> Mapping[str, Any] | None:
        return self.plain.signature

    @property
    def hold(self) -> bool:
        return self.plain.hold

    @property
    def uri(self) -> str:
        return self.plain.uri

    @property
    def run(self) -> str:
        return self.plain.run

    @property
    def origin(self) -> AsyncArtifact | None:
        return AsyncArtifact(self.plain.origin) if self.plain.origin is not None else None

    @property
    def created_at(self) -> datetime | None:
        return self.plain.created_at

    @property
    def uid(self) -> str:
        """See ``ModelVersion.uid``."""
        return self.plain.uid

    @property
    def ref(self) -> str:
        """See ``ModelVersion.ref``."""
        return self.plain.ref

    @property
    def artifact(self) -> AsyncArtifact:
        """See ``ModelVersion.artifact``."""
        return AsyncArtifact(self.plain.artifact)

    async def path(self) -> Path:
        """See ``ModelVersion.path``."""
        return await asyncio.to_thread(attrgetter("path"), self.plain)

    async def deployments(self) -> list[Deployment]:
        """See ``ModelVersion.deployments``."""
        return await asyncio.to_thread(attrgetter("deployments"), self.plain)

    async def download(
        self,
        to: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """See ``ModelVersion.download``; ``progress`` is called in other threads."""
        return await asyncio.to_thread(self.plain.download, to, overwrite=overwrite, progress=progress)

    async def load(self, *, trust: bool = False) -> Any:
        """See ``ModelVersion.load``."""
        return await asyncio.to_thread(self.plain.load, trust=trust)

    def _repr_html_(self) -> str:
        from lineage_server.client.render.handles import version_html

        return version_html(self.plain)


AnyArtifact: TypeAlias = Artifact | AsyncArtifact
AnyModelVersion: TypeAlias = ModelVersion | AsyncModelVersion


@overload
def twin(handle: Artifact) -> AsyncArtifact: ...
@overload
def twin(handle: ModelVersion) -> AsyncModelVersion: ...
@overload
def twin(handle: RegisteredModel) -> RegisteredModel: ...
def twin(
    handle: Artifact | ModelVersion | RegisteredModel,
) -> AsyncArtifact | AsyncModelVersion | RegisteredModel:
    """What coroutines get of an answer; a model has nothing to wait for."""
    if isinstance(handle, Artifact):
        return AsyncArtifact(handle)
    return AsyncModelVersion(handle) if isinstance(handle, ModelVersion) else handle
