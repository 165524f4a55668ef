"""The application over a real graph that holds one story, once for each engine and mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.neo4j_server import Address
from tests.support.served import Served
from tests.support.storied import Stories, Writes


@pytest.fixture(scope="session")
def stories() -> Iterator[Stories]:
    """What each engine is known to hold, across the tests of this folder."""
    writes = Writes()
    with pytest.MonkeyPatch.context() as patch:
        writes.watch(patch)
        yield Stories(writes)


@pytest.fixture
async def served(bolt: Address, stories: Stories, tmp_path: Path) -> AsyncIterator[Served]:
    """Open access, the story of ``tests/support/stories.py`` recorded and nothing else."""
    async with stories.told(bolt, tmp_path, mode="open") as running:
        yield running


@pytest.fixture
async def guarded(bolt: Address, stories: Stories, tmp_path: Path) -> AsyncIterator[Served]:
    """Access by token, the same story."""
    async with stories.told(bolt, tmp_path, mode="token") as running:
        yield running
