"""How far transfers are: a bar that goes away, or without a screen a line every half minute."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from lineage_server.client import progress
from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from lineage_server.client.transfer import send as sending
from lineage_server.client.transfer import syncing, uploader
from lineage_server.client.transfer.jobs import Job
from lineage_server.domain.errors import InvalidInputError
from tests.unit.client.stub import StubServer

MIB = 1 << 20


class Clock:
    """Seconds, as told."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


# --- terminals ---------------------------------------------------------------------------------

_TRANSFER = """
import sys
from types import SimpleNamespace
from lineage_server.client import progress

now = 0.0
progress.time = SimpleNamespace(monotonic=lambda: now)
with progress.shown("get [red]iris") as report:
    report(0, 100 << 20)
    print("nothing yet", file=sys.stderr, flush=True)
    now = 1.0
    report(25 << 20, 100 << 20)
    now = 2.0
    report(50 << 20, 100 << 20)
print("result")
"""


_WAITING = """
import sys
from types import SimpleNamespace
from lineage_server.client import progress

now = 0.0
progress.time = SimpleNamespace(monotonic=lambda: now)
with progress.waited("2 uploads") as report:
    now = 1.9
    report(25 << 20, 100 << 20)
    print("nothing yet", file=sys.stderr, flush=True)
    now = 2.1
    report(50 << 20, 100 << 20)
    print("of another thread")
print("result")
"""


def in_a_terminal(code: str, **environment: str) -> tuple[str, str]:
    """What it writes to a terminal that is its standard error, and to a pipe that is its output."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1", **environment},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    out, _ = child.communicate(timeout=8)
    assert child.returncode == 0, seen
    return seen.decode(), out.decode()


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    shown, out = in_a_terminal(_TRANSFER)
    assert out == "result\n"
    assert shown.startswith("nothing yet\r\n")
    assert "get [red]iris" in shown
    assert "50.0/100.0 MiB" in shown
    # Last of all its line is emptied, and the cursor is shown again.
    assert re.search(r"\x1b\[2K$|\x1b\[\?25h(\r|\x1b\[1A|\x1b\[2K)*$", shown), shown[-80:]


def test_what_is_waited_for_gets_one_after_two_seconds() -> None:
    shown, out = in_a_terminal(_WAITING)
    assert out == "of another thread\nresult\n", "what is printed meanwhile goes where it always goes"
    assert shown.startswith("nothing yet\r\n")
    assert "2 uploads" in shown
    assert "50.0/100.0 MiB" in shown


def test_what_takes_a_moment_shows_nothing(clock: Clock, capfd: pytest.CaptureFixture[str]) -> None:
    with progress.shown("put iris") as report:
        report(1, 2)
        clock.now = 0.6
        report(2, 2)
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_there_is_a_line_every_half_minute(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.shown("put iris") as report:
        for second in range(0, 95, 5):
            clock.now = float(second)
            report(second * MIB, 100 * MIB)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"lineage: put iris: {done} of 100 MiB" for done in (30, 60, 90)
    ]  # fmt: skip


def test_whoever_asked_is_told_alone(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[int, int]] = []
    with progress.shown("put iris", lambda *parts: told.append(parts)) as report:
        clock.now = 40.0
        report(1, 2)
    assert told == [(1, 2)]
    assert capsys.readouterr() == ("", "")


# --- notebooks ---------------------------------------------------------------------------------


@pytest.fixture
def notebook() -> Iterator[CapturingDisplayPublisher]:
    """IPython's own shell, as a kernel has it, and what it publishes."""
    shell: Any = InteractiveShell.instance()
    shell.kernel = object()
    shell.display_pub = CapturingDisplayPublisher()
    yield shell.display_pub
    InteractiveShell.clear_instance()


def test_a_notebook_gets_a_bar_that_is_drawn_in_place_and_goes_away(
    clock: Clock, notebook: CapturingDisplayPublisher, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress.shown("get <iris>") as report:
        report(0, 100 * MIB)
        clock.now = 1.0
        report(25 * MIB, 100 * MIB)
        clock.now = 2.0
        report(50 * MIB, 100 * MIB)
    published: list[dict[str, Any]] = notebook.outputs
    assert len({one["transient"]["display_id"] for one in published}) == 1
    assert [one["update"] for one in published] == [False, True, True, True]
    half = published[2]["data"]
    assert half["text/plain"] == "get <iris>: 50 of 100 MiB"
    assert f'<progress value="{50 * MIB}" max="{100 * MIB}"' in half["text/html"]
    assert "get &lt;iris&gt;: 50 of 100 MiB" in half["text/html"]
    assert published[-1]["data"] == {"text/plain": "", "text/html": ""}
    assert capsys.readouterr() == ("", "")


# --- uploads that are waited for -----------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Uploads stand at 40 bytes until this is set; bars and words come at once."""
    go_on = threading.Event()

    def send(job: Job, exchange: object, report: Callable[[int], None]) -> None:
        report(40)
        assert go_on.wait(8)
        report(job.size - 40)

    monkeypatch.setattr(sending, "send", send)
    monkeypatch.setattr(syncing, "send", send)
    monkeypatch.setattr(progress, "_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_BAR_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(uploader, "_FIRST_WORD_SECONDS", 0.0)
    return go_on


def go_on_once(go_on: threading.Event, seen: Callable[[], bool]) -> None:
    def watch() -> None:
        for _ in range(400):
            if seen():
                break
            time.sleep(0.02)
        go_on.set()

    threading.Thread(target=watch).start()


def bars(published: CapturingDisplayPublisher) -> list[str]:
    outputs: list[dict[str, Any]] = published.outputs
    return [one["data"].get("text/html", "") for one in outputs]


def test_the_end_of_a_run_shows_how_far_all_its_uploads_are(
    client: Client,
    slow: threading.Event,
    notebook: CapturingDisplayPublisher,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with client.start_run("maker") as run:
        run.produce("one", b"1" * 100)
        run.produce("two", b"2" * 60)
        go_on_once(slow, lambda: any('value="40" max="160"' in bar for bar in bars(notebook)))
    assert client.sync_status().all_sent
    assert notebook.outputs[0]["data"] == {"text/plain": "2 uploads"}
    assert any('value="40" max="160"' in bar for bar in bars(notebook))
    assert bars(notebook)[-1] == "", "it goes away"
    assert caplog.messages == []
    assert client.outbox is not None
    assert client.outbox.uploads.progress == (0, 0)


def test_bars_can_be_switched_off(
    make_client: Callable[..., Client],
    stub: StubServer,
    slow: threading.Event,
    notebook: CapturingDisplayPublisher,
) -> None:
    client = make_client(stub.url, LINEAGE_PROGRESS="never")
    run = client.start_run("maker")
    run.produce("one", b"1" * 100)
    assert not run.finish(0.3)
    slow.set()
    assert client.flush(8)
    with progress.shown("get iris", silent=True) as report:
        report(1, 2)
    assert notebook.outputs == []
    assert not Client(mode="disabled", show_progress=False).config.show_progress
    assert load_config(environ={"LINEAGE_PROGRESS": "never"}, show_progress=True).show_progress
    with pytest.raises(InvalidInputError, match="LINEAGE_PROGRESS has 'sometimes'"):
        load_config(environ={"LINEAGE_PROGRESS": "sometimes"})


def test_without_a_screen_there_are_warnings(
    client: Client,
    slow: threading.Event,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with client.start_run("maker") as run:
        run.produce("one", b"1" * (3 << 20))
        go_on_once(slow, lambda: bool(caplog.messages))
    assert caplog.messages == [
        "lineage: waiting for 1 upload(s), 0 of 3 MiB are there; if you stop it, 'lineage sync' sends "
        "the rest"
    ]
    assert capsys.readouterr() == ("", "")


def test_sync_shows_how_far_it_is(
    make_client: Callable[..., Client],
    stub: StubServer,
    journal_dir: Path,
    slow: threading.Event,
    notebook: CapturingDisplayPublisher,
) -> None:
    """Of journals and uploads together."""
    gone = make_client(LINEAGE_MODE="offline")
    run = gone.start_run("maker")
    run.produce("one", b"1" * 100)
    run.finish(0)
    gone.close(0)
    journal = sum(path.stat().st_size for path in journal_dir.glob("*.jsonl"))
    slow.set()
    client = make_client(stub.url)
    report = client.sync()
    assert (report.journals, report.uploads) == (1, 1)
    assert report.done_bytes == report.total_bytes == journal + 100
    assert f'value="{journal + 40}" max="{journal + 100}"' in "".join(bars(notebook))
    assert notebook.outputs[0]["data"] == {"text/plain": "sync"}
