"""The application over a real graph that holds one story, once for each engine and mode; its backups."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from lineage_server.client.backups import making, restoring
from lineage_server.registry import delivering
from tests.support.backing import Through
from tests.support.neo4j_server import Address
from tests.support.receiver import Receiver, receiving
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


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Through]:
    """The client's commands make and put in backups of this server from now on, in many small pages."""
    _make_small(monkeypatch)

    def ask(served: Served, token: str = "") -> Through:
        way = Through(served, token)
        for module in (making, restoring):
            monkeypatch.setattr(module, "Operating", lambda: way)
        return way

    return ask


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait as long as servers do."""
    monkeypatch.setattr(delivering, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(delivering, "IDLE_SECONDS", 0.3)


def _make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pages, and no waiting for others who never end."""
    monkeypatch.setattr("lineage_server.ingest.store.PAGE_EVENTS", 9)
    monkeypatch.setattr("lineage_server.ingest.backup.PAGE_ROWS", 3)
    monkeypatch.setattr("lineage_server.api.backups.PAGE_ROWS", 3)
    monkeypatch.setattr("lineage_server.ingest.backup._WAIT_SECONDS", 0.3)
