"""Where a command's words go, and what it is handed: streams that are closed or full or know few letters,
folders that cannot be written, tokens that cannot be sent."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import LINEAGE, PROJECT, client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("recorded")]


def by_shell(url: str, folder: Path, line: str, **told: str) -> subprocess.CompletedProcess[str]:
    """A command as a shell runs it, ``lineage`` being ours."""
    return subprocess.run(
        ["bash", "-c", line.replace("lineage ", f"{LINEAGE} ", 1)],
        env=client_environment(folder, url, LINEAGE_PROJECT=PROJECT, **told),
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_a_result_that_finds_no_room_is_told(
    running_server: RunningServer, tmp_path: Path, unbuffered: str
) -> None:
    done = by_shell(running_server.url, tmp_path, "lineage ls runs > /dev/full", PYTHONUNBUFFERED=unbuffered)
    told = "error: the result cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&-"])
def test_closed_streams_do_not_stop_the_work(
    running_server: RunningServer, tmp_path: Path, streams: str
) -> None:
    for line in ("lineage ls runs", "lineage lineage model:모형@2", "lineage settings"):
        done = by_shell(running_server.url, tmp_path, f"{line} {streams}")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), line


def test_letters_that_a_stream_lacks_are_question_marks(
    running_server: RunningServer, tmp_path: Path
) -> None:
    line = "lineage lineage model:모형@2"
    whole = by_shell(running_server.url, tmp_path, line)
    poor = by_shell(running_server.url, tmp_path, line, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (poor.returncode, poor.stderr) == (0, "")
    assert poor.stdout == "".join(letter if letter.isascii() else "?" for letter in whole.stdout)


def test_an_export_that_cannot_be_written_says_so(lineage: RunLineage, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    for folder in ("/proc/export", str(tmp_path / "file" / "export"), str(tmp_path / ("x" * 300))):
        done = lineage("export", folder)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"error: {folder} cannot be written: ")
        assert done.err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"file", "home"}


@pytest.mark.parametrize("token", ["lin_süß", "lin_a\nx-other: 1"])
def test_a_token_that_no_header_takes_is_told_and_not_repeated(
    lineage: RunLineage, tmp_path: Path, token: str
) -> None:
    for arguments in (("ls",), ("sync",), ("run", "--", "true")):
        done = lineage(*arguments, LINEAGE_TOKEN=token)
        assert (done.code, done.out) == (2, "")
        assert done.err == (
            "error: LINEAGE_TOKEN has characters that no token has; allowed: a token as the server printed "
            "it, such as lin_…\n"
        )


def test_a_command_of_commands_says_what_there_is(lineage: RunLineage) -> None:
    bare, asked = lineage("cache"), lineage("cache", "--help")
    assert (bare.code, bare.err, bare.out) == (0, "", asked.out)
