"""``sync``: what killed processes left arrives, once, and is then gone from the disk."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from lineage_server.client.syncing import leftovers
from lineage_server.domain.errors import NotAuthenticatedError, UnavailableError
from tests.support.faults import until
from tests.unit.client.conftest import NOBODY
from tests.unit.client.stub import StubServer

# Whole processes, which a busy machine starts slowly.

TRAIN = """
import sys, time
import lineage_server as lineage
run = lineage.start_run("train", params={"lr": 0.1})
for step in range(1_000_000):
    run.log({"loss": 1.0 / (step + 1)}, step=step)
    if step == 500:
        run.produce("iris", [{"a": 1}, {"a": 2}])
        run.set_tags({"seen": "yes"})
        print(run.id, flush=True)
    if step > 500:
        time.sleep(0.001)
        if step % 50 == 0:
            print(step, flush=True)
"""


def start(script: str, journal_dir: Path, **env: str) -> subprocess.Popen[str]:
    told = {
        **os.environ,
        "LINEAGE_URL": NOBODY,
        "LINEAGE_JOURNAL_DIR": str(journal_dir),
        "LINEAGE_CACHE_DIR": str(journal_dir / "cache"),
        "LINEAGE_CAPTURE": "none",
        **env,
    }
    return subprocess.Popen(
        [sys.executable, "-c", script], env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def is_written(journal_dir: Path, step: int) -> bool:
    told = re.compile(rb"[\[,]%d[,\]]" % step)
    return any(told.search(one.read_bytes()) for one in journal_dir.glob("*.jsonl"))


def test_a_killed_process_loses_nothing_it_had_logged(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    process = start(TRAIN, journal_dir)
    assert process.stdout
    run_id = process.stdout.readline().strip()
    last = 0
    while last < 700:
        last = int(process.stdout.readline())
    # ``last`` was logged before it was printed, and is on the disk 50 ms later: on a busy machine some more.
    until(lambda: is_written(journal_dir, last), 5, f"step {last} on the disk")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    report = make_client(stub.url).sync()
    assert (report.journals, report.left, report.torn) == (1, [], 0)
    steps = [step for _, step, _, _ in stub.points(run_id)]
    assert steps == list(range(len(steps))), "each once, in order, without a hole"
    assert len(steps) > last
    told = stub.run(run_id)
    assert (told["state"], report.ended) == ("aborted", 1)
    assert told["params"] == {"lr": 0.1}
    assert told["tags"] == {"seen": "yes"}
    assert [o["name"] for o in told["outputs"]] == ["iris"]
    assert not [p for p in journal_dir.iterdir() if p.suffix == ".jsonl"]


def test_a_living_process_keeps_its_journal(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    process = start(TRAIN, journal_dir)
    assert process.stdout
    process.stdout.readline()
    report = make_client(stub.url).sync()
    assert (report.journals, report.busy, report.accepted) == (0, 1, 0)
    assert [left.busy for left in leftovers(journal_dir)] == [True]
    process.kill()
    process.communicate()
    assert [left.busy for left in leftovers(journal_dir)] == [False]


def left_behind(folder: Path, *events: dict[str, Any], tail: bytes = b"") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"20260101T000000-1-{len(list(folder.iterdir())):08d}.jsonl"
    path.write_bytes(b"".join(json.dumps(e).encode() + b"\n" for e in events) + tail)
    return path


def event(n: int, **told: Any) -> dict[str, Any]:
    return {"type": "run", "id": f"e{n}", "run": "0198c0de-0000-7000-8000-000000000001", **told}


def test_sending_twice_is_sending_once(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    events = [event(n) for n in range(1200)]
    client = make_client(stub.url)
    left_behind(journal_dir, *events)
    assert client.sync().accepted == 1200
    left_behind(journal_dir, *events)
    again = client.sync()
    assert (again.accepted, again.duplicate) == (0, 1200)
    assert len(stub.events) == 1200


def test_an_interrupted_sync_goes_on_where_it_stopped(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    path = left_behind(journal_dir, *(event(n) for n in range(1200)))
    client = make_client(stub.url)
    take = stub.take
    stub.take = lambda lines: take(lines) if stub.accepted < 1000 else {"away": True}
    report = client.sync()
    assert report.accepted == 1000
    assert report.left == [str(path)]
    with pytest.raises(UnavailableError, match="nothing is lost"):
        report.check()
    stub.take = take
    report = client.sync()
    assert (report.accepted, report.duplicate, report.left) == (200, 0, [])


def test_a_torn_tail_is_kept_aside(
    journal_dir: Path,
    make_client: Callable[..., Client],
    stub: StubServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = left_behind(journal_dir, event(1), event(2), tail=b'{"type":"run","id":"e3","ru')
    with caplog.at_level(logging.WARNING):
        report = make_client(stub.url).sync()
    assert (report.accepted, report.torn, report.refused) == (2, 1, 0)
    assert path.with_suffix(".torn").read_bytes() == b'{"type":"run","id":"e3","ru'
    assert "killed while writing" in caplog.text
    assert not path.exists()


def test_many_spoilt_lines_are_said_once(
    journal_dir: Path,
    make_client: Callable[..., Client],
    stub: StubServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spoilt = [b"\x00\xff\n"] * 40 + [b"[" * 100_000 + b"\n"]
    path = left_behind(journal_dir, event(1), event(2), tail=b"".join(spoilt))
    with caplog.at_level(logging.WARNING):
        report = make_client(stub.url).sync()
    assert (report.accepted, report.torn) == (2, 41)
    assert path.with_suffix(".torn").read_bytes() == b"".join(spoilt)
    assert len(caplog.records) == 1


def test_a_tail_that_only_lacks_its_line_end_is_sent(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    left_behind(journal_dir, event(1), tail=json.dumps(event(2)).encode())
    report = make_client(stub.url).sync()
    assert (report.accepted, report.torn) == (2, 0)


def test_refusals_that_were_temporary_are_tried_again(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    path = left_behind(journal_dir, event(1), event(2), event(3))
    stub.refuse = lambda e: (
        {"code": "BAD_INPUT", "message": "no", "retriable": e["id"] == "e2"} if e["id"] != "e1" else None
    )
    client = make_client(stub.url)
    assert client.sync().refused == 2
    kept = path.with_suffix(".refused")
    assert len(kept.read_text().splitlines()) == 2
    stub.refuse = lambda e: None
    assert client.sync().accepted == 1
    assert [json.loads(line)["event"]["id"] for line in kept.read_text().splitlines()] == ["e3"]


def test_what_lacked_a_project_or_a_right_is_sent_once_it_has_them(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    path = left_behind(journal_dir, event(1), event(2), event(3))
    codes = {"e1": "NOT_FOUND", "e2": "FORBIDDEN", "e3": "BAD_INPUT"}
    stub.refuse = lambda e: {"code": codes[e["id"]], "message": f"no {e['id']}", "retriable": False}
    client = make_client(stub.url)
    assert client.sync().refused == 3
    stub.answers = [(401, {})]
    report = client.sync()
    assert (report.left, report.refused) == ([str(path.with_suffix(".refused"))], 0)
    report = client.sync()
    assert (report.journals, report.refused, report.reasons) == (0, 2, ["no e1", "no e2"])
    stub.refuse = lambda e: None
    report = client.sync()
    assert (report.accepted, report.refused, report.reasons) == (2, 0, [])
    assert "e3" in path.with_suffix(".refused").read_text()


def test_a_wrong_token_is_the_error_it_is(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    left_behind(journal_dir, event(1))
    left_behind(journal_dir, event(2))
    stub.answers = [(401, {})]
    report = make_client(stub.url).sync()
    assert len(report.left) == 2
    with pytest.raises(NotAuthenticatedError):
        report.check()


def test_an_empty_or_missing_folder_is_fine(make_client: Callable[..., Client], stub: StubServer) -> None:
    report = make_client(stub.url).sync()
    report.check()
    assert (report.journals, report.accepted) == (0, 0)


def test_the_status_knows_what_others_left(
    journal_dir: Path, make_client: Callable[..., Client], stub: StubServer
) -> None:
    path = left_behind(journal_dir, event(1))
    status = make_client(stub.url).sync_status()
    assert [left.path for left in status.left] == [path]
    assert status.mode == "online"


def test_what_to_type_names_a_server_that_only_the_program_names(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "LINEAGE_URL": NOBODY}
    for url, typed in (
        (None, "lineage sync"),
        (NOBODY, "lineage sync"),
        ("http://far:80", "LINEAGE_URL=http://far:80 lineage sync"),
    ):
        with Client(config=load_config(url=url, environ=environ)) as client:
            assert client.sync_command() == typed
    with Client(config=load_config(environ={"HOME": str(tmp_path)})) as client:
        assert client.sync_command() == "lineage sync"
