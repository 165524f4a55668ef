"""Runs of processes that were killed get an end: at the next start of a client, or by ``sync``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client import openings
from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from lineage_server.client.openings import Openings, process_mark
from lineage_server.client.syncing import leftovers
from tests.unit.client.stub import StubServer
from tests.unit.client.test_sync import start

# Whole processes, which a busy machine starts slowly.

BEGIN = """
import os, sys, time
import lineage_server as lineage
run = lineage.start_run("train")
run.log({"loss": 0.5}, step=1)
print(run.id, flush=True)
"""
SENT = "assert lineage.flush(30)\n"
WAIT = "print('ready', flush=True)\ntime.sleep(60)\n"
MakeClient = Callable[..., Client]


@contextmanager
def living(script: str, folder: Path, **env: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """The process, from when it has said that it is ready until the end of the block; and its run."""
    process = start(script, folder, **env)
    assert process.stdout
    try:
        run = process.stdout.readline().strip()
        assert process.stdout.readline().strip() == "ready", process.communicate()
        yield process, run
    finally:
        process.kill()
        process.communicate()


def killed(script: str, folder: Path, **env: str) -> str:
    """The run of a process that was killed."""
    with living(script, folder, **env) as (_, run):
        return run


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ending(stub: StubServer, run: str) -> tuple[str, bool]:
    """State, and whether it was told that nobody knows how the run ended."""
    told = stub.run(run)
    return told.get("state", ""), "is gone without a word" in told.get("reason", "")


RUNNING, GONE, COMPLETE = ("running", False), ("aborted", True), ("complete", False)


def test_sync_ends_the_run_of_a_killed_process_when_it_last_said_something(
    journal_dir: Path, make_client: MakeClient, stub: StubServer
) -> None:
    run = killed(BEGIN + "time.sleep(0.2)\nrun.log({'loss': 0.25}, step=2)\n" + WAIT, journal_dir)
    (journal,) = journal_dir.glob("*.jsonl")
    copies = {path: path.read_bytes() for path in journal_dir.iterdir() if path.is_file()}
    client = make_client(stub.url)
    report = client.sync()
    assert (report.journals, report.ended, report.left) == (1, 1, [])
    assert ending(stub, run) == GONE
    told = stub.run(run)
    assert told["reason"].startswith(f"process {journal.stem.split('-')[1]} is gone")
    assert told["basis"] == "inferred"
    points = stub.points(run)
    assert [step for _, step, _, _ in points] == [1, 2]
    assert told["ended_at"] == told["at"] == points[-1][2]
    assert not [path for path in journal_dir.iterdir() if path.is_file()]
    # Told again, it is the same event.
    for path, data in copies.items():
        path.write_bytes(data)
    accepted = stub.accepted
    assert client.sync().duplicate == accepted
    assert stub.accepted == accepted


@pytest.mark.parametrize("sent", [SENT, ""], ids=["all sent", "some not sent"])
def test_the_next_client_ends_it(
    journal_dir: Path, make_client: MakeClient, stub: StubServer, sent: str
) -> None:
    url = {"LINEAGE_URL": stub.url}
    if not sent:
        stub.answers = [(503, {"retry-after": "60"})] * 200
    run = killed(BEGIN + sent + WAIT, journal_dir, **url)
    stub.answers = []
    client = make_client(stub.url)
    with client.start_run("the next"):
        until(lambda: stub.of_type("run") and ending(stub, run) == GONE)
    assert [step for _, step, _, _ in stub.points(run)] == [1]
    client.close()
    assert not list(journal_dir.glob("*.open"))
    assert not list(journal_dir.glob("*.jsonl"))


def test_the_next_client_sends_nothing_that_was_meant_for_others(
    journal_dir: Path, make_client: MakeClient, stub: StubServer
) -> None:
    killed(BEGIN + WAIT, journal_dir)
    killed(BEGIN + WAIT, journal_dir, LINEAGE_URL=stub.url, LINEAGE_TOKEN="another")
    killed(BEGIN + WAIT, journal_dir, LINEAGE_URL=stub.url, LINEAGE_MODE="offline")
    there = sorted(journal_dir.glob("*.jsonl"))
    client = make_client(stub.url)
    with client.start_run("the next"):
        until(lambda: not there[-1].exists())  # the last was on its way to this server, as this user
    client.close()
    assert [p for p in there if p.exists()] == there[:2]


def test_a_living_process_is_left_alone(journal_dir: Path, make_client: MakeClient, stub: StubServer) -> None:
    with living(BEGIN + SENT + WAIT, journal_dir, LINEAGE_URL=stub.url) as (process, run):
        client = make_client(stub.url)
        assert client.sync().busy == 1
        with client.start_run("the next"):
            assert client.flush(20)
        assert client.sync().busy == 2, "its own, too"
        assert ending(stub, run) == RUNNING
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    client.sync()
    assert stub.run(run)["reason"] == "terminated by SIGTERM"


def test_a_number_that_another_process_has_by_now_protects_nobody(
    journal_dir: Path, make_client: MakeClient, stub: StubServer
) -> None:
    run = killed(BEGIN + WAIT, journal_dir)
    for path in [p for p in journal_dir.iterdir() if p.is_file()]:
        when, _, rest = path.name.split("-")
        path.rename(path.with_name(f"{when}-{os.getpid()}-{rest}"))
    assert make_client(stub.url).sync().ended == 1
    assert ending(stub, run) == GONE


def test_a_process_is_more_than_its_number() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mark = process_mark(process.pid)
        assert mark == process_mark(process.pid) != ""
        process.kill()
        until(lambda: process_mark(process.pid) == "", 10)  # a zombie is no process any more
    assert process_mark(os.getpid()).split()[1:] != mark.split()[1:]
    other = mark.replace(f"{process.pid} ", f"{os.getpid()} ", 1)
    reused = openings.Opened(projects={"r": "p"}, commands={"r": other})
    assert not reused.lives
    assert openings.Opened(projects={"r": "p"}, commands={"r": process_mark(os.getpid())}).lives


def test_a_forked_child_that_dies_ends_its_own_runs_only(
    journal_dir: Path, make_client: MakeClient, stub: StubServer
) -> None:
    script = (
        BEGIN
        + """
pid = os.fork()
if pid == 0:
    run.log({"child": 1.0}, step=1)
    print(lineage.start_run("of the child").id, flush=True)
    os.kill(os.getpid(), 9)
os.waitpid(pid, 0)
"""
        + WAIT
    )
    process = start(script, journal_dir)
    assert process.stdout
    parents, childs, ready = (process.stdout.readline().strip() for _ in range(3))
    assert ready == "ready"
    report = make_client(stub.url).sync()
    assert (report.journals, report.busy, report.ended) == (1, 1, 1)
    assert ending(stub, childs) == GONE
    assert "state" not in stub.run(parents)
    process.kill()
    process.communicate()
    assert make_client(stub.url).sync().ended == 1
    assert ending(stub, parents) == GONE


def test_what_has_ended_keeps_its_end(journal_dir: Path, make_client: MakeClient, stub: StubServer) -> None:
    script = """
for name in ("good", "bad"):
    with lineage.start_run(name) as done:
        print(done.id, flush=True)
        if name == "bad": done.fail("no data")
"""
    process = start(BEGIN + script + "os.kill(os.getpid(), 9)", journal_dir)
    out, _ = process.communicate(timeout=50)
    run, good, bad = out.split()
    assert make_client(stub.url).sync().ended == 1
    assert [ending(stub, one) for one in (run, good, bad)] == [GONE, COMPLETE, ("failed", False)]


def test_a_run_that_a_living_process_goes_on_with_is_not_ended(
    journal_dir: Path, make_client: MakeClient, stub: StubServer
) -> None:
    chosen = "0198c0de-0000-7000-8000-00000000abcd"
    again = {"LINEAGE_RUN_ID": chosen}
    assert killed(BEGIN + WAIT, journal_dir, **again) == chosen
    with living(BEGIN + WAIT, journal_dir, **again):
        report = make_client(stub.url).sync()
        assert (report.journals, report.busy, report.ended) == (1, 1, 0)
        assert stub.run(chosen)["state"] == "running"
    assert make_client(stub.url).sync().ended == 1


def test_a_journal_that_began_anew_still_knows_its_runs(
    journal_dir: Path, make_client: MakeClient, stub: StubServer
) -> None:
    anew = "import lineage_server.client.journal as journal; journal.RESTART_BYTES = 1\n"
    run = killed(anew + BEGIN + SENT + WAIT, journal_dir, LINEAGE_URL=stub.url)
    (left,) = journal_dir.glob("*.jsonl")
    assert left.stat().st_size == 0
    assert make_client(stub.url).sync().ended == 1
    assert ending(stub, run) == GONE
    assert stub.run(run)["ended_at"] >= stub.run(run)["started_at"]


def test_the_file_of_open_runs_does_not_grow_without_end(journal_dir: Path) -> None:
    journal_dir.mkdir()
    journal = journal_dir / "20260101T000000-1-00000000.jsonl"
    mine = Openings(journal, load_config(environ={"LINEAGE_URL": "http://127.0.0.1:1"}))
    for number in range(2000):
        mine.add(f"run-{number}", "p")
        mine.remove(f"run-{number}")
    mine.add("last", "p")
    assert openings.path_of(journal).stat().st_size < 80_000
    found = openings.read(journal)
    assert (found.runs, len(found.server)) == ({"last"}, 16)


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\n", b"[1]\n{}\n", b'{"run": 1}\n{"ended": []}\n', b'"x"\n']
)
def test_a_spoilt_file_of_open_runs_is_none(
    journal_dir: Path, make_client: MakeClient, stub: StubServer, content: bytes
) -> None:
    journal_dir.mkdir()
    journal = journal_dir / "20260101T000000-1-00000000.jsonl"
    told: dict[str, Any] = {"type": "run", "id": "e", "run": "0198c0de-0000-7000-8000-000000000001"}
    journal.write_bytes(json.dumps(told).encode() + b"\n")
    openings.path_of(journal).write_bytes(content)
    assert [left.busy for left in leftovers(journal_dir)] == [False]
    report = make_client(stub.url).sync()
    assert (report.accepted, report.ended, report.left) == (1, 0, [])
