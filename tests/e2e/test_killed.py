"""``kill -9``, and what the server then says of the runs that it left."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import LINEAGE, RunLineage, RunningServer, client_environment
from tests.support.faults import ask, until

pytestmark = pytest.mark.e2e

PROJECT = "killed"
RUN = "query ($uid: String!) { run(uid: $uid) { state reason exitCode startedAt endedAt parent { uid } } }"
TRAIN = """
import os, sys, time
import lineage_server as lineage
run = lineage.start_run("train")
run.log({"loss": 0.5}, step=1)
lineage.flush(30)
print(run.id, flush=True)
"""
WAITS = TRAIN + "sys.stdin.read()"
KILLS_ITSELF = TRAIN + "os.kill(os.getpid(), 9)"


def run_in(server: RunningServer, uid: str) -> dict[str, Any]:
    return ask(server.url, RUN, {"uid": f"run:{uid}"})["run"]


@contextmanager
def started(
    command: list[str], server: RunningServer, folder: Path, **more: str
) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A process and the first line that it says; both ends of it are closed after the block."""
    told = {"LINEAGE_PROJECT": PROJECT, "LINEAGE_CAPTURE": "none", **more}
    with subprocess.Popen(
        command, env=client_environment(folder, server.url, **told), cwd=folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_sync_tells_the_end_of_a_killed_process(
    running_server: RunningServer, lineage: RunLineage, tmp_path: Path
) -> None:
    with started([sys.executable, "-c", WAITS], running_server, tmp_path) as (process, run):
        assert lineage("sync").out == "nothing waits\n"
        assert run_in(running_server, run)["state"] == "RUNNING"
        process.kill()
        process.wait(20)
        assert lineage("sync", "--dry-run").out == "1 journal to send\n"
        answer = lineage("sync")
    assert answer.code == 0, answer
    sent, ended = answer.out.splitlines()
    assert sent == "1 journal: 1 event sent, 0 known already"
    assert ended == "1 run ended as aborted: the process is gone"
    told = run_in(running_server, run)
    assert told["state"] == "ABORTED"
    assert told["reason"].startswith(f"process {process.pid} is gone without a word on how it ended")
    assert told["startedAt"] < told["endedAt"]
    assert lineage("sync").out == "nothing waits\n"


def test_a_command_that_is_killed_leaves_no_run_open(running_server: RunningServer, tmp_path: Path) -> None:
    command = [LINEAGE, "run", "--", sys.executable, "-c", KILLS_ITSELF]
    with started(command, running_server, tmp_path) as (process, inner):
        assert process.wait(60) == 128 + signal.SIGKILL
    told = run_in(running_server, inner)
    assert (told["state"], "is gone without a word" in told["reason"]) == ("ABORTED", True)
    outer = run_in(running_server, told["parent"]["uid"].removeprefix("run:"))
    assert (outer["state"], outer["exitCode"]) == ("FAILED", 137)
    assert outer["reason"] == "killed by signal 9 (Killed)"


def test_a_killed_lineage_run_is_over_when_its_command_is(
    running_server: RunningServer, lineage: RunLineage, tmp_path: Path
) -> None:
    waits = f"echo $$; exec {shlex.quote(sys.executable)} -c 'import sys; sys.stdin.read()'"
    chosen = "0198c0de-0000-7000-8000-0000000abcde"
    with started(
        [LINEAGE, "run", "--", "sh", "-c", waits], running_server, tmp_path, LINEAGE_RUN_ID=chosen
    ) as (process, number):
        folder = tmp_path / "home" / ".local" / "share" / "lineage" / "journal"
        until(lambda: any(b'"command"' in p.read_bytes() for p in folder.glob("*.open")), 30, "a run")
        process.kill()
        process.wait(20)
        assert lineage("sync").out == "nothing waits\n"
        os.kill(int(number), signal.SIGKILL)
        until(lambda: "1 run ended as aborted" in lineage("sync").out, 30, "the end of the run")
    told = run_in(running_server, chosen)
    assert (told["state"], f"process {process.pid} is gone" in told["reason"]) == ("ABORTED", True)
