"""The application over a real graph that holds one story, once for each engine and mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lineage_server.graph.bolt import Bolt
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stories import story


@pytest.fixture
async def served(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    """Open access, the story of ``tests/support/stories.py`` recorded."""
    async with serving(bolt, tmp_path) as running:
        await running.record(*story())
        await running.services.eraser.finish()
        yield running


@pytest.fixture
async def guarded(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    """Access by token, the same story."""
    async with serving(bolt, tmp_path, mode="token") as running:
        await running.record(*story())
        await running.services.eraser.finish()
        yield running
