"""However a process ends or forks: what it logged is recorded, and runs end as they ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lineage_server.client.client import Client
from tests.unit.client.stub import StubServer
from tests.unit.client.test_sync import start

# Whole processes, which a busy machine starts slowly.

BEGIN = """
import os, sys, threading, time
import lineage_server as lineage
run = lineage.start_run("train")
print(run.id, flush=True)
run.log({"loss": 0.5}, step=1)
"""


def ran(script: str, journal_dir: Path, stub: StubServer) -> tuple[str, int, str]:
    process = start(BEGIN + script, journal_dir, LINEAGE_URL=stub.url)
    out, err = process.communicate(timeout=50)
    return out.split()[0], process.returncode, err


@pytest.mark.parametrize(
    ("script", "state", "reason", "code"),
    [
        ("pass", "complete", None, 0),
        ("raise ValueError('no data, password=hunter2')", "failed", "ValueError: no data, password=***", 1),
        ("raise KeyboardInterrupt", "aborted", "KeyboardInterrupt", -signal.SIGINT),
        ("import signal; signal.raise_signal(2)", "aborted", "KeyboardInterrupt", -signal.SIGINT),
        ("try: raise KeyboardInterrupt\nexcept KeyboardInterrupt: pass", "complete", None, 0),
        ("threading.Thread(target=sys.exit, args=(3,)).start()", "complete", None, 0),
        ("run.fail('bad input')", "failed", "bad input", 0),
    ],
)
def test_a_run_that_nobody_finished_ends_with_its_process(
    script: str, state: str, reason: str | None, code: int, journal_dir: Path, stub: StubServer
) -> None:
    run_id, left, _ = ran(script, journal_dir, stub)
    assert left == code
    told = stub.run(run_id)
    assert (told["state"], told.get("reason")) == (state, reason)
    assert len(stub.points(run_id)) == 1
    assert list(journal_dir.glob("*.jsonl")) == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGTERM, "terminated by SIGTERM"),
        (signal.SIGHUP, "its terminal was closed (SIGHUP)"),
    ],
)
def test_a_signal_is_died_of_after_writing(
    journal_dir: Path, stub: StubServer, number: signal.Signals, reason: str
) -> None:
    process = start(BEGIN + "print('ready', flush=True); time.sleep(60)", journal_dir, LINEAGE_URL=stub.url)
    assert process.stdout
    run_id = process.stdout.readline().strip()
    process.stdout.readline()
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == -number
    assert stub.run(run_id)["state"] == "aborted"
    assert stub.run(run_id)["reason"] == reason
    assert len(stub.points(run_id)) == 1


def test_sigterm_in_the_middle_of_logging(
    journal_dir: Path, stub: StubServer, make_client: Callable[..., Client]
) -> None:
    busy = """
def go():
    time.sleep(0.5)
    os.kill(os.getpid(), 15)
threading.Thread(target=go).start()
n = 1
while True:
    n += 1
    run.log({"loss": 0.5}, step=n)
    if n % 100 == 0: run.set_tags({"n": n})
"""
    run_id, code, err = ran(busy, journal_dir, stub)
    assert code == -signal.SIGTERM, err
    # A dying process waits only so long for the server; what is left stands in the journal.
    make_client(stub.url).sync()
    assert stub.run(run_id)["state"] == "aborted"
    steps = [step for _, step, _, _ in stub.points(run_id)]
    assert steps[:100] == list(range(1, 101))


def test_somebody_elses_handler_stays(journal_dir: Path, stub: StubServer) -> None:
    script = BEGIN.replace(
        "import lineage_server",
        "import signal; signal.signal(15, lambda *a: sys.exit(7))\nimport lineage_server",
    )
    process = start(script + "print('ready', flush=True); time.sleep(60)", journal_dir, LINEAGE_URL=stub.url)
    assert process.stdout
    run_id = process.stdout.readline().strip()
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 7
    told = stub.run(run_id)
    assert (told["state"], told["reason"], told["exit_code"]) == ("failed", "SystemExit: 7", 7)


def test_a_forked_child_tells_its_own_points_and_does_not_end_the_run(
    journal_dir: Path, stub: StubServer
) -> None:
    script = """
run.log({"before": 1.0}, step=0)
pid = os.fork()
if pid == 0:
    for n in range(100):
        run.log({"child": float(n)}, step=n)
    sys.exit(0)
for n in range(100):
    run.log({"parent": float(n)}, step=n)
os.waitpid(pid, 0)
run.finish()
"""
    run_id, code, err = ran(script, journal_dir, stub)
    assert code == 0, err
    counts: dict[str, int] = {}
    for key, _, _, _ in stub.points(run_id):
        counts[key] = counts.get(key, 0) + 1
    assert counts == {"loss": 1, "before": 1, "child": 100, "parent": 100}
    assert [e["state"] for e in stub.of_type("run") if "state" in e] == ["running", "complete"]
    assert stub.duplicate == 0
    assert list(journal_dir.glob("*.jsonl")) == []


def test_children_of_multiprocessing_lose_nothing(journal_dir: Path, stub: StubServer) -> None:
    script = """
import multiprocessing
def work(n):
    run.log({f"worker{n}": 1.0}, step=n)
    child = run.child(f"fold {n}")
    child.log({"x": 1.0})
    child.finish()
context = multiprocessing.get_context("fork")
workers = [context.Process(target=work, args=(n,)) for n in range(4)]
for w in workers: w.start()
for w in workers: w.join()
"""
    run_id, code, err = ran(script, journal_dir, stub)
    assert code == 0, err
    assert {key for key, _, _, _ in stub.points(run_id)} == {"loss", *(f"worker{n}" for n in range(4))}
    children = {e["run"] for e in stub.of_type("run") if e.get("parent") == run_id}
    assert len(children) == 4
    assert {stub.run(child)["state"] for child in children} == {"complete"}


def test_a_fork_while_other_threads_log_does_not_hang(journal_dir: Path, stub: StubServer) -> None:
    script = """
stop = threading.Event()
def busy(k):
    n = 0
    while not stop.is_set():
        n += 1
        run.log({f"k{k}": 1.0}, step=n)
        if n % 50 == 0: run.set_tags({"n": str(n)})
threads = [threading.Thread(target=busy, args=(k,)) for k in range(3)]
for t in threads: t.start()
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        run.log({"child": 1.0}); run.set_tags({"c": "1"}); lineage.flush(5); os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    time.sleep(0.05)
stop.set()
for t in threads: t.join()
"""
    run_id, code, err = ran(script, journal_dir, stub)
    assert code == 0, err
    points = stub.points(run_id)
    assert sum(key == "child" for key, _, _, _ in points) == 5
    for k in range(3):
        steps = [step for key, step, _, _ in points if key == f"k{k}"]
        assert steps == list(range(1, len(steps) + 1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")
def test_a_real_full_disk_does_not_disturb_the_training(journal_dir: Path, stub: StubServer) -> None:
    """RLIMIT_FSIZE stands for a full disk: writes beyond it fail with EFBIG."""
    script = """
import resource, signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
for n in range(2, 3000):
    run.log({"loss": 0.5}, step=n)
    if n % 10 == 0: run.set_tags({"n": str(n)})
print(run.finish(30))
"""
    run_id, code, err = ran(script, journal_dir, stub)
    assert code == 0, err
    assert [step for _, step, _, _ in stub.points(run_id)] == list(range(1, 3000))
    assert stub.run(run_id)["state"] == "complete"
    assert err.count("cannot write the journal") == 1


def test_a_slow_server_does_not_hold_up_the_exit(journal_dir: Path, stub: StubServer) -> None:
    stub.answers = [(503, {"retry-after": "60"})] * 50
    process = start(BEGIN, journal_dir, LINEAGE_URL=stub.url)
    process.communicate(timeout=15)
    assert process.returncode == 0
    assert len(list(journal_dir.glob("*.jsonl"))) == 1


def test_no_output_of_ours_on_the_programs_standard_output(journal_dir: Path, stub: StubServer) -> None:
    process = start("import lineage_server as l\nwith l.start_run('x') as r: r.log({'a': 1})", journal_dir)
    out, _ = process.communicate(timeout=30)
    assert out == ""
    assert isinstance(process, subprocess.Popen)
