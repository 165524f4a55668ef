"""``lineage run --log``: what a command writes is passed on as it was, and kept with its run."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from lineage_server.client.console import HEAD_BYTES, TAIL_BYTES
from tests.e2e.conftest import LINEAGE, RunLineage, RunningServer, client_environment

pytestmark = pytest.mark.e2e


def kept(lineage: RunLineage, name: str, folder: Path) -> str:
    """The newest log of this name."""
    target = folder / f"{name}-log"
    done = lineage("get", f"log:{name}.log", "--to", str(target))
    assert done.code == 0, done.err
    (file,) = [one for one in (target, *target.rglob("*")) if one.is_file()]
    return file.read_text("utf-8")


def test_a_log_is_kept_as_it_is_read_and_without_secrets(lineage: RunLineage, tmp_path: Path) -> None:
    script = r'echo 밖; printf "1%%\r50%%\r100%%\n\033[31mred\033[0m\n"; echo API_KEY=abcdefghijk; exit 3'
    done = lineage("run", "--log", "--name", "kept", "--", "sh", "-c", script)
    assert (done.code, done.out) == (3, "밖\n1%\n50%\n100%\n\033[31mred\033[0m\nAPI_KEY=abcdefghijk\n")
    text = kept(lineage, "kept", tmp_path)
    assert text.splitlines()[:3] == ["밖", "100%", "red"]
    assert text.splitlines()[3].startswith("API_KEY=")
    assert "abcdefghijk" not in text
    done = lineage("run", "--log", "--name", "errors", "--", "sh", "-c", "echo wrong >&2")
    assert (done.out, done.err.splitlines()[0]) == ("", "wrong")
    assert kept(lineage, "errors", tmp_path) == "wrong\n"


def test_without_the_option_nothing_is_kept(lineage: RunLineage) -> None:
    assert lineage("run", "--name", "silent", "--", "echo", "out").code == 0
    assert lineage("show", "log:silent.log").code != 0


def test_of_a_long_log_the_beginning_and_the_end_are_kept(lineage: RunLineage, tmp_path: Path) -> None:
    count = 2 * (HEAD_BYTES + TAIL_BYTES)
    script = f"echo begin; yes 0123456789abcde | head -c {count}; echo; echo end"
    done = lineage("run", "--log", "--name", "long", "--", "sh", "-c", script)
    assert len(done.out) == count + len("begin\n\nend\n")
    text = kept(lineage, "long", tmp_path)
    assert text.startswith("begin\n")
    assert text.endswith("\nend\n")
    assert "bytes are left out" in text
    assert len(text) < HEAD_BYTES + TAIL_BYTES + 200


def test_a_command_ends_with_those_who_read_it(running_server: RunningServer, tmp_path: Path) -> None:
    command = [str(LINEAGE), "run", "--log", "--name", "unread", "--", "yes"]
    environment = client_environment(tmp_path, running_server.url)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.read(4) == b"y\ny\n"
        process.stdout.close()
        assert process.wait(30) != 0


def test_in_a_terminal_the_command_sees_one(
    lineage: RunLineage, running_server: RunningServer, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    script = "test -t 1 && test -t 2 && echo a terminal"
    with subprocess.Popen(
        [str(LINEAGE), "run", "--log", "--name", "terminal", "--", "sh", "-c", script],
        env=client_environment(tmp_path, running_server.url), cwd=tmp_path,
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        while piece := _read(ours):
            shown += piece
        assert process.wait(30) == 0, shown
    os.close(ours)
    assert shown.startswith(b"a terminal\r\n")
    assert kept(lineage, "terminal", tmp_path) == "a terminal\n"


def _read(source: int) -> bytes:
    try:
        return os.read(source, 4096)
    except OSError:  # how the end of a terminal is told
        return b""
