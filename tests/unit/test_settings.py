"""Settings: which source wins, what a mistake says, and that no secret is ever printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_server.domain.errors import InvalidInputError
from lineage_server.settings import describe, load


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for entry in describe():
        monkeypatch.delenv(entry.env, raising=False)
    monkeypatch.delenv("LINEAGE_CONFIG", raising=False)


def test_defaults_are_a_laptop_without_accounts() -> None:
    settings = load()
    assert settings.graph.uri == ""
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.auth.mode == "open"
    assert not settings.auth.allow_open_bind


def test_flag_beats_environment_beats_file_beats_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lineage.toml"
    file.write_text(
        "[http]\nport = 1\nrequest_timeout_seconds = 5\n[ingest]\nqueue_events = 1\nbatch_events = 7\n"
    )
    monkeypatch.setenv("LINEAGE_CONFIG", str(file))
    monkeypatch.setenv("LINEAGE_HTTP__PORT", "2")
    monkeypatch.setenv("LINEAGE_INGEST__QUEUE_EVENTS", "2")
    settings = load({"ingest": {"queue_events": 3}})
    assert settings.ingest.queue_events == 3
    assert settings.http.port == 2
    assert settings.ingest.batch_events == 7
    assert settings.http.request_timeout_seconds == 5
    assert settings.http.host == "127.0.0.1"


def test_lists_are_separated_by_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_HTTP__ALLOWED_HOSTS", "one.example, two.example")
    assert load().http.allowed_hosts == ("one.example", "two.example")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LINEAGE_HTTP__PORT", "many"),
        ("LINEAGE_HTTP__PROT", "1"),
        ("LINEAGE_AUTH__MODE", "closed"),
        ("LINEAGE_AUTH__CACHE_SECONDS", "11"),
    ],
)
def test_mistake_names_its_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert variable in caught.value.message
    assert caught.value.field == variable


def test_file_that_is_named_must_be_there_and_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(InvalidInputError, match=r"none\.toml"):
        load()
    broken = tmp_path / "broken.toml"
    broken.write_text("[http\n")
    monkeypatch.setenv("LINEAGE_CONFIG", str(broken))
    with pytest.raises(InvalidInputError, match="cannot be read"):
        load()


def test_every_setting_introduces_itself() -> None:
    entries = describe()
    assert len(entries) == len({entry.env for entry in entries})
    for entry in entries:
        assert entry.env.startswith("LINEAGE_")
        assert entry.help, entry.env
        assert entry.value == entry.default, entry.env


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH__PASSWORD", "hunter2")
    settings = load()
    shown = {entry.env: entry.value for entry in describe(settings)}
    assert shown["LINEAGE_GRAPH__PASSWORD"] == "********"
    assert "hunter2" not in repr(settings)
    monkeypatch.setenv("LINEAGE_GRAPH__POOL", "hunter2")
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HTTP__PORT", "many", "LINEAGE_HTTP__PORT: allowed is a whole number, 0 to 65535"),
        ("HTTP__PORT", "70000", "LINEAGE_HTTP__PORT=70000: allowed is a whole number, 0 to 65535"),
        (
            "INGEST__BATCH_EVENTS",
            "0",
            "LINEAGE_INGEST__BATCH_EVENTS=0: allowed is a whole number, 1 or more",
        ),
        ("GRAPH__READ_TIMEOUT_SECONDS", "0", "SECONDS=0: allowed is a number above 0"),
        ("AUTH__MODE", "closed", "LINEAGE_AUTH__MODE: allowed is open or token"),
        ("AUTH__ALLOW_OPEN_BIND", "maybe", "OPEN_BIND: allowed is true or false"),
        ("HTTP__PROT", "1", "LINEAGE_HTTP__PROT: there is no such setting; did you mean LINEAGE_HTTP__PORT?"),
        (
            "HTTP",
            "5",
            "LINEAGE_HTTP: allowed is nothing, it is a group; set one of it, such as LINEAGE_HTTP__",
        ),
        (
            "HTTP",
            "x",
            "LINEAGE_HTTP: allowed is nothing, it is a group; set one of it, such as LINEAGE_HTTP__",
        ),
    ],
)
def test_mistake_says_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"LINEAGE_{variable}", value)
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert says in str(caught.value)
    assert caught.value.field == f"LINEAGE_{variable}"


def test_mistakes_in_a_file_are_told_too_without_what_may_be_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lineage.toml"
    monkeypatch.setenv("LINEAGE_CONFIG", str(file))
    file.write_text('[graph]\npassword = ["hunter2"]\n[http]\nallowed_hosts = [1]\n')
    with pytest.raises(InvalidInputError) as caught:
        load()
    assert "LINEAGE_GRAPH__PASSWORD: allowed is a text" in str(caught.value)
    assert "LINEAGE_HTTP__ALLOWED_HOSTS: allowed is words, separated by commas" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    file.write_text("x = [")
    with pytest.raises(InvalidInputError, match=r"lineage.toml is not TOML: "):
        load()
