"""``AsyncLogged``: texts, figures, images and tables that a run makes, for coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from lineage_server.client.aio_handles import AsyncArtifact
from lineage_server.client.run import Run
from lineage_server.client.twins import Twin


class AsyncLogged(Twin[Run]):
    """The half of ``AsyncRun`` that logs what people look at; drawn and hashed in a thread."""

    async def log_text(
        self,
        name: str,
        text: str,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> AsyncArtifact:
        """See ``Run.log_text``."""
        return AsyncArtifact(
            await asyncio.to_thread(
                self.plain.log_text,
                name,
                text,
                step=step,
                type=type,
                description=description,
                metadata=metadata,
                role=role,
                upload=upload,
            )
        )

    async def log_figure(
        self,
        name: str,
        figure: Any,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> AsyncArtifact:
        """See ``Run.log_figure``."""
        return AsyncArtifact(
            await asyncio.to_thread(
                self.plain.log_figure,
                name,
                figure,
                step=step,
                type=type,
                description=description,
                metadata=metadata,
                role=role,
                upload=upload,
            )
        )

    async def log_image(
        self,
        name: str,
        image: Any,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> AsyncArtifact:
        """See ``Run.log_image``."""
        return AsyncArtifact(
            await asyncio.to_thread(
                self.plain.log_image,
                name,
                image,
                step=step,
                type=type,
                description=description,
                metadata=metadata,
                role=role,
                upload=upload,
            )
        )

    async def log_table(
        self,
        name: str,
        table: Any,
        *,
        step: int | None = None,
        type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        role: str | None = None,
        upload: bool | None = None,
    ) -> AsyncArtifact:
        """See ``Run.log_table``."""
        return AsyncArtifact(
            await asyncio.to_thread(
                self.plain.log_table,
                name,
                table,
                step=step,
                type=type,
                description=description,
                metadata=metadata,
                role=role,
                upload=upload,
            )
        )
