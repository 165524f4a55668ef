"""Fixtures of the client's tests: a stand-in server, and clients with folders of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client import shortcuts
from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from tests.unit.client.stub import StubServer

NOBODY = "http://127.0.0.1:9"
"""Port 9 (discard): nobody listens there."""


@pytest.fixture
def stub() -> Iterator[StubServer]:
    server = StubServer()
    yield server
    server.stop()


@pytest.fixture
def journal_dir(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def make_client(tmp_path: Path, journal_dir: Path) -> Iterator[Callable[..., Client]]:
    """Makes clients that capture nothing, unless told otherwise; closes them."""
    made: list[Client] = []

    def make(url: str = NOBODY, **env: str) -> Client:
        environ = {
            "HOME": str(tmp_path),
            "LINEAGE_URL": url,
            "LINEAGE_JOURNAL_DIR": str(journal_dir),
            "LINEAGE_CAPTURE": "none",
            **env,
        }
        made.append(Client(config=load_config(environ=environ)))
        return made[-1]

    yield make
    for client in made:
        client.close(timeout=0)


@pytest.fixture
def client(make_client: Callable[..., Client], stub: StubServer) -> Client:
    """Connected to the stand-in."""
    return make_client(stub.url)


@pytest.fixture
def lonely(make_client: Callable[..., Client]) -> Client:
    """With nobody to talk to."""
    return make_client()


@pytest.fixture
def default(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The client behind the module's functions."""
    monkeypatch.setattr(shortcuts, "_default", [client])
    return client


@pytest.fixture
def runs(default: Client, stub: StubServer) -> Callable[[], dict[str, dict[str, Any]]]:
    """Everything that was told, by the run's name."""

    def read() -> dict[str, dict[str, Any]]:
        assert default.flush(10)
        ids = dict.fromkeys(event["run"] for event in stub.of_type("run"))
        return {stub.run(run)["name"]: stub.run(run) for run in ids}

    return read
