"""How far transfers are: a bar that goes away, or without a screen a line every half minute."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from lineage_server.client import progress

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


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", _TRANSFER],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"},
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
    assert (child.returncode, out) == (0, b"result\n")
    shown = seen.decode()
    assert shown.startswith("nothing yet\r\n")
    assert "get [red]iris" in shown
    assert "50.0/100.0 MiB" in shown
    # Last of all its line is emptied, and the cursor is shown again.
    assert re.search(r"\x1b\[2K$|\x1b\[\?25h(\r|\x1b\[1A|\x1b\[2K)*$", shown), shown[-80:]


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
