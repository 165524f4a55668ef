"""What ``lineage doctor`` finds on a machine where something is wrong, and what it says to do."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from lineage_server.cli import doctor
from lineage_server.client import shortcuts
from lineage_server.client.client import Client
from lineage_server.domain.errors import NotAuthenticatedError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the journals of this machine's user."""
    folder = tmp_path / "journal"
    monkeypatch.setenv("LINEAGE_JOURNAL_DIR", str(folder))
    return folder


def test_a_full_disk_is_found_where_data_and_where_journals_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor.folder(tmp_path / "not" / "there" / "yet").ok
    assert doctor.journal().ok
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40, 5 * 2**20))
    for found in (doctor.folder(tmp_path), doctor.journal()):
        assert not found.ok
        assert "5 MiB are free" in found.text
        assert found.advice.startswith("free some space")


def test_a_folder_that_is_a_file_is_named_with_its_setting(journals: Path) -> None:
    journals.write_text("")
    found = doctor.journal()
    assert (found.ok, found.text) == (False, f"{journals} cannot be written by you")
    assert "LINEAGE_JOURNAL_DIR" in found.advice


def test_what_was_left_behind_or_refused_is_found(journals: Path) -> None:
    with Client(mode="offline", journal_dir=journals) as client:
        client.start_run("x", capture="none").finish()
        assert doctor.journal().ok  # its process lives and will send it
    found = doctor.journal()
    assert (found.ok, found.warning, found.advice) == (True, True, "run 'lineage sync'")
    assert "1 journal waits to be sent" in found.text
    (left,) = journals.glob("*.jsonl")
    left.rename(left.with_suffix(".refused"))
    found = doctor.journal()
    assert (found.ok, found.warning) == (False, False)
    assert "refused events of 1 journal," in found.text
    assert "lineage sync" in found.advice


def test_a_token_that_is_not_taken_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: str) -> None:
        raise NotAuthenticatedError("the token is not valid")

    monkeypatch.setattr(shortcuts, "gql", refused)
    found = doctor.token()
    assert (found.ok, found.text) == (False, "the token is not valid")
    assert "LINEAGE_TOKEN" in found.advice


@pytest.mark.parametrize(("skew", "said"), [(90.0, "90.0 s ahead of"), (-90.0, "90.0 s behind")])
def test_a_clock_that_differs_is_found(skew: float, said: str) -> None:
    found = doctor.clock(doctor.Reached("http://x", "0.1.0", skew))
    assert not found.ok
    assert said in found.text
    assert "NTP" in found.advice
    assert doctor.clock(doctor.Reached("http://x", "0.1.0", 0.6)).ok


def test_another_program_at_the_address_is_told_from_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        Thread(target=stranger.handle_request, daemon=True).start()
        monkeypatch.setenv("LINEAGE_URL", f"http://127.0.0.1:{stranger.server_port}")
        found = doctor.server(doctor.reach())
    assert not found.ok
    assert "answers, but not as a lineage server (HTTP 404)" in found.text
    found = doctor.server(doctor.reach())
    assert "does not answer" in found.text
    assert "lineage up" in found.advice


def test_what_only_waits_is_a_warning_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = doctor.Finding(
        "journal", True, "1 journal waits to be sent in x", "run 'lineage sync'", warning=True
    )
    monkeypatch.setattr(doctor, "_all", lambda: iter([waits]))
    assert doctor.doctor() == 0
    assert capsys.readouterr().out.splitlines() == [
        "warn journal   1 journal waits to be sent in x",
        "               → run 'lineage sync'",
    ]
    assert doctor.doctor(as_json=True) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["warning"]) == (True, True)


def test_settings_of_a_client_that_are_wrong_say_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_MODE", "sideways")
    found = doctor.client_settings()
    assert (found.ok, found.text) == (
        False, "LINEAGE_MODE 'sideways' is not a mode; allowed: online, offline, disabled",
    )  # fmt: skip
