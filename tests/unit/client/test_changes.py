"""What of a repository counts as changed when a run begins; with real git."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from lineage_server.client.capture import capture
from lineage_server.client.config import load_config
from lineage_server.client.place import Program, this_program
from lineage_server.domain.event_parts import CodeFact


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def code(folder: Path, began: int) -> CodeFact:
    found = capture(load_config(environ={}, capture="git,diff"), Program(folder=folder, began=began)).code
    assert found
    return found


def test_what_a_run_writes_is_no_change_that_it_was_made_from(repository: Path) -> None:
    """It is looked at beside the program, which may be quick to write its first file."""
    began, made = time.time_ns(), repository / "made.bin"
    made.write_bytes(b"made")
    told, later = code(repository, began), code(repository, time.time_ns() + 10**9)
    assert (told.dirty_digest, told.diff) == ("", "")
    assert later.diff == "# new: made.bin\n"
    os.utime(made, (0, 0))  # now nobody knows when it was written: it counts
    assert code(repository, began).dirty_digest == later.dirty_digest


def test_a_run_of_this_process_begins_now() -> None:
    before = time.time_ns()
    assert before <= this_program({}).began <= time.time_ns()
