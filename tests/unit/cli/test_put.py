"""``lineage put`` where the server takes nothing: the reason is the command's error, and its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage_server.cli.main import run
from tests.unit.client.stub import StubServer


@pytest.fixture
def stub() -> Iterator[StubServer]:
    server = StubServer()
    yield server
    server.stop()


def test_what_the_server_refuses_is_no_success_and_is_called_by_its_reason(
    stub: StubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = "project 'team-a' is not there, or not yours to see"
    stub.refuse = lambda event: {"code": "NOT_FOUND", "message": told, "retriable": False}
    (tmp_path / "a").write_text("a")
    monkeypatch.setenv("LINEAGE_URL", stub.url)
    monkeypatch.setenv("LINEAGE_JOURNAL_DIR", str(tmp_path / "journal"))
    monkeypatch.setenv("LINEAGE_CAPTURE", "none")
    assert run(["put", "iris", str(tmp_path / "a")]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == f"error: {told}"
