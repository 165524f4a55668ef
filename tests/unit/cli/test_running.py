"""``lineage run -- CMD``: however the command ends or is stopped, that is what is recorded."""

from __future__ import annotations

import hashlib
import os
import platform
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.stub import StubServer

LINEAGE = str(Path(sys.executable).with_name("lineage"))
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
TIDY = """
import pathlib, sys, time
try:
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.6)
    sys.exit(3)
"""
"""Needs longer to tidy up than Python's own ``subprocess.run`` would allow it."""
SLEEP = TIDY.replace("except KeyboardInterrupt", "except ZeroDivisionError")


@pytest.fixture
def stub() -> Iterator[StubServer]:
    server = StubServer()
    yield server
    server.stop()


def recorded(stub: StubServer) -> tuple[Any, Any, Any]:
    """State, reason and exit code of the run that was told."""
    told = stub.run(stub.of_type("run")[0]["run"])
    return told["state"], told.get("reason"), told.get("exit_code")


@contextmanager
def started(
    stub: StubServer,
    folder: Path,
    *command: str,
    terminal: bool = False,
    stderr: int = subprocess.DEVNULL,
    **more: str,
) -> Generator[subprocess.Popen[bytes]]:
    """``lineage run`` of the command, waited for at the end of the block."""
    environment = {
        **os.environ,
        "LINEAGE_URL": stub.url,
        "LINEAGE_JOURNAL_DIR": str(folder / "journal"),
        "LINEAGE_CAPTURE": "none",
        **more,
    }
    before = [sys.executable, "-c", TERMINAL] if terminal else []
    with subprocess.Popen(
        [*before, LINEAGE, "run", "--", *command],
        env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr,
    ) as process:  # fmt: skip
        yield process
        process.wait(40)


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 40
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


STOPPED = "stopped by Ctrl+C (SIGINT)"


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        ("exit 0", 0, ("complete", None, 0)),
        ("exit 3", 3, ("failed", "exit code 3", 3)),
        (f"exec {sys.executable} -c 'raise SystemExit(7)'", 7, ("failed", "exit code 7", 7)),
        (f"exec {sys.executable} -c 'exit(\"no data\")'", 1, ("failed", "exit code 1", 1)),
        (f"exec {sys.executable} -c 'raise SystemExit'", 0, ("complete", None, 0)),
        (f"exec {sys.executable} -c 'raise KeyboardInterrupt'", 130, ("aborted", STOPPED, 130)),
        ("kill -9 $$", 137, ("failed", "killed by signal 9 (Killed)", 137)),
        ("kill -15 $$", 143, ("aborted", "terminated by SIGTERM", 143)),
    ],
)
def test_the_end_of_the_command_is_the_end_of_the_run(
    stub: StubServer, tmp_path: Path, script: str, code: int, told: tuple[Any, Any, Any]
) -> None:
    with started(stub, tmp_path, "sh", "-c", script) as process:
        pass
    assert process.returncode == code
    assert recorded(stub) == told


INTERRUPTED = """
import lineage_server as lineage
run = lineage.start_run("train", run_id="01900000-0000-7000-8000-00000000c11e")
raise KeyboardInterrupt
"""


def test_a_run_inside_the_command_does_not_change_its_exit_code(stub: StubServer, tmp_path: Path) -> None:
    with started(stub, tmp_path, sys.executable, "-c", INTERRUPTED) as process:
        pass
    assert process.returncode == 130
    inner = stub.run("01900000-0000-7000-8000-00000000c11e")
    outer = stub.run(inner["parent"])
    assert (inner["state"], inner["reason"]) == ("aborted", "KeyboardInterrupt")
    assert (outer["state"], outer["reason"], outer["exit_code"]) == ("aborted", STOPPED, 130)


@pytest.mark.parametrize(
    ("text", "mode", "code", "said"),
    [
        (None, 0o755, 127, "there is no command"),
        ("print()", 0o644, 126, "cannot be run: Permission denied"),
        ("print()", 0o755, 126, "cannot be run: Exec format error"),
        ("#!/no/such/python\n", 0o755, 127, "is there, but not the interpreter that it names"),
    ],
)
def test_what_cannot_be_run_is_said_as_shells_do_and_not_recorded(
    stub: StubServer, tmp_path: Path, text: str | None, mode: int, code: int, said: str
) -> None:
    script = tmp_path / "train.py"
    if text is not None:
        script.write_text(text)
        script.chmod(mode)
    with started(stub, tmp_path, str(script), stderr=subprocess.PIPE) as process:
        assert process.stderr
        told = process.stderr.read().decode()
    assert process.returncode == code
    assert said in told
    assert "nothing was run or recorded" in told
    assert stub.order == []
    assert list((tmp_path / "journal").glob("*")) == []


@pytest.fixture
def other_python(tmp_path: Path) -> Path:
    """An interpreter of its own, with one package."""
    folder = tmp_path / "of its own"
    venv.create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "thing-1.2.dist-info").mkdir()
    (site / "thing-1.2.dist-info" / "METADATA").write_text("Name: thing\nVersion: 1.2\n")
    return folder / "bin" / "python"


def test_the_command_is_what_is_recorded(stub: StubServer, tmp_path: Path, other_python: Path) -> None:
    """Its script, words and packages: not those of the recorder."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "json.py").write_text("raise SystemExit('found in the working folder')")
    (work / "train.py").write_text(f"import time; time.sleep(1)  # {tmp_path}")
    subprocess.run(["git", "init", "-q", "-b", "trunk"], cwd=work, check=True)
    words = (str(other_python), "-u", "train.py", "--lr", "0.1", "--api-key", "hush")
    with started(stub, work, *words, LINEAGE_CAPTURE="git,entry,argv,packages,host") as process:
        pass
    assert process.returncode == 0
    told = stub.run(stub.of_type("run")[0]["run"])
    digest = "sha256:" + hashlib.sha256((work / "train.py").read_bytes()).hexdigest()
    facts = told["facts"]
    assert (told["name"], told["job"], told["code"]["entry"]) == ("train", "train", "train.py")
    assert (told["code"]["repo"], told["code"]["branch"]) == ("work", "trunk")
    assert (facts["argv"], facts["cwd"]) == ([*words[:-1], "***"], str(work))
    assert facts["entry_digest"] == digest
    assert facts["host"]["pid"] != process.pid
    assert told["environment"]["packages"] == {"thing": "1.2"}
    assert told["environment"]["python"] == platform.python_version()
    assert told["tags"] == {"command": f"'{other_python}' -u train.py --lr 0.1 --api-key '***'"}


def test_a_program_without_python_has_no_packages(stub: StubServer, tmp_path: Path) -> None:
    script = tmp_path / "prepare.sh"
    script.write_text("#!/bin/sh\necho $LINEAGE_RUN_ID $LINEAGE_PARENT_RUN > told\n")
    script.chmod(0o755)
    chosen = "01900000-0000-7000-8000-00000000c11e"
    more = {"LINEAGE_CAPTURE": "entry,packages", "LINEAGE_RUN_ID": chosen}
    with started(stub, tmp_path, "./prepare.sh", **more):
        pass
    told = stub.run(chosen)
    assert (told["name"], told["state"], told["code"]["entry"]) == ("prepare", "complete", "prepare.sh")
    assert "environment" not in told
    # The id is this run's; what the command begins is a child of it.
    assert (tmp_path / "told").read_text() == f" {chosen}\n"[1:]


@pytest.mark.parametrize(
    ("script", "stop", "code", "reason"),
    [
        (TIDY, "terminal", 3, "stopped by Ctrl+C (SIGINT)"),
        (TIDY, signal.SIGINT, 3, "stopped by Ctrl+C (SIGINT)"),
        (SLEEP, signal.SIGTERM, 143, "terminated by SIGTERM"),
        (SLEEP, signal.SIGHUP, 129, "its terminal was closed (SIGHUP)"),
    ],
    ids=["Ctrl+C", "SIGINT", "SIGTERM", "SIGHUP"],
)
def test_a_stopped_command_tidies_up_and_its_run_is_aborted(
    stub: StubServer, tmp_path: Path, script: str, stop: signal.Signals | str, code: int, reason: str
) -> None:
    ready = tmp_path / "ready"
    command = (sys.executable, "-c", script, str(ready))
    with started(stub, tmp_path, *command, terminal=stop == "terminal") as process:
        _wait_for(ready)
        if isinstance(stop, signal.Signals):
            process.send_signal(stop)  # to the recorder alone
        else:
            assert process.stdin
            process.stdin.write(b"\x03")
            process.stdin.flush()
    assert process.returncode == code
    assert recorded(stub) == ("aborted", reason, code)


def test_nohup_outlives_its_terminal(stub: StubServer, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = SLEEP.replace("sleep(60)", "sleep(1)")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    try:
        with started(stub, tmp_path, sys.executable, "-c", script, str(ready)) as process:
            _wait_for(ready)
            process.send_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == 0
    assert recorded(stub) == ("complete", None, 0)


def test_a_closed_terminal_stops_the_command(stub: StubServer, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with started(stub, tmp_path, sys.executable, "-c", SLEEP, str(ready), terminal=True) as process:
        _wait_for(ready)
        process.kill()  # the terminal; what runs in it hears of that
    deadline = time.monotonic() + 40
    while not any(told.get("state") == "aborted" for told in stub.of_type("run")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert recorded(stub) == ("aborted", "its terminal was closed (SIGHUP)", 129)


SHARD = """
import os
import lineage_server as lineage
rank = os.environ.get("RANK") or os.environ["SLURM_PROCID"]
with lineage.start_run("train") as run:
    run.produce(f"shard{rank}", {"x": [rank]}, type="dataset")
assert run.finish() and lineage.flush(20)
"""


def shards(stub: StubServer) -> tuple[str, str]:
    """The run that three ranks have recorded as one, and the one that it is a part of."""
    (run,) = {event["run"] for event in stub.of_type("run") if event.get("outputs")}
    told = stub.run(run)
    assert (told["name"], told["state"]) == ("train", "complete")
    assert {output["name"] for output in told["outputs"]} == {"shard0", "shard1", "shard2"}
    return run, told["parent"]


def test_ranks_that_one_command_starts_record_one_run(stub: StubServer, tmp_path: Path) -> None:
    (tmp_path / "shard.py").write_text(SHARD)
    ranks = " & ".join(f"RANK={rank} WORLD_SIZE=3 {sys.executable} shard.py" for rank in range(3))
    with started(stub, tmp_path, "sh", "-c", f"{ranks} & wait"):
        pass
    assert recorded(stub) == ("complete", None, 0)
    _, parent = shards(stub)
    assert parent == stub.of_type("run")[0]["run"]


def test_a_command_of_each_rank_records_one_run_with_one_part(stub: StubServer, tmp_path: Path) -> None:
    (tmp_path / "shard.py").write_text(SHARD)
    with ExitStack() as ranks:
        for rank in range(3):
            folder = tmp_path / str(rank)
            folder.mkdir()
            ranks.enter_context(
                started(
                    stub, folder, sys.executable, "../shard.py", SLURM_JOB_ID="7", SLURM_STEP_ID="0",
                    SLURM_STEP_NUM_TASKS="3", SLURM_PROCID=str(rank),
                )
            )  # fmt: skip
    _, parent = shards(stub)
    whole = stub.run(parent)
    assert (whole["name"], whole["state"], whole["exit_code"]) == ("shard", "complete", 0)
