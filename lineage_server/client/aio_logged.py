"""``AsyncLogged``: texts, figures, images and tables that a run makes, for coroutines."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Unpack

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.logged import About
    from lineage_server.client.run import Run


class AsyncLogged:
    """The half of ``AsyncRun`` that logs what people look at; drawn and hashed in a thread."""

    run: Run

    async def log_text(self, name: str, text: str, **about: Unpack[About]) -> Artifact:
        """See ``Run.log_text``."""
        return await asyncio.to_thread(self.run.log_text, name, text, **about)

    async def log_figure(self, name: str, figure: Any, **about: Unpack[About]) -> Artifact:
        """See ``Run.log_figure``."""
        return await asyncio.to_thread(self.run.log_figure, name, figure, **about)

    async def log_image(self, name: str, image: Any, **about: Unpack[About]) -> Artifact:
        """See ``Run.log_image``."""
        return await asyncio.to_thread(self.run.log_image, name, image, **about)

    async def log_table(self, name: str, table: Any, **about: Unpack[About]) -> Artifact:
        """See ``Run.log_table``."""
        return await asyncio.to_thread(self.run.log_table, name, table, **about)
