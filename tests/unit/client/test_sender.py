"""Sending: every event once, waits when told to, never a word into the caller's code."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from lineage_server.client.delivery import Fate, HttpDeliverer, Result
from lineage_server.client.journal import Journal, refused_path
from lineage_server.client.outbox import Outbox
from lineage_server.client.sender import Sender
from tests.unit.client.stub import StubServer


def box_of(client: Client) -> Outbox:
    assert client.outbox is not None
    return client.outbox


def test_everything_arrives_once(client: Client, stub: StubServer) -> None:
    run = client.start_run("train")
    for step in range(2000):
        run.log({"loss": 1 / (step + 1)}, step=step)
    assert run.finish()
    points = stub.points(run.id)
    assert [(key, step) for key, step, _, _ in points] == [("loss", n) for n in range(2000)]
    assert stub.duplicate == 0
    assert [event["state"] for event in stub.of_type("run") if "state" in event] == ["running", "complete"]
    assert client.sync_status().all_sent


def test_the_token_goes_along(make_client: Callable[..., Client], stub: StubServer) -> None:
    client = make_client(stub.url, LINEAGE_TOKEN="lin_secret")
    client.start_run("x").finish()
    assert {r.get("Authorization", r.get("authorization")) for r in stub.requests} == {"Bearer lin_secret"}
    assert "lin_secret" not in repr(client.config)


def test_a_busy_server_is_waited_for(
    client: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    stub.answers = [(503, {"retry-after": "1"}), (429, {})]
    began = time.monotonic()  # it sends from the start on
    run = client.start_run("x")
    assert run.finish(timeout=20)
    assert time.monotonic() - began > 0.9
    assert stub.accepted == 2
    assert not caplog.records, "a server that asks to wait is no trouble"


def test_a_server_that_comes_later_gets_everything(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    port = int(stub.url.rpartition(":")[2])
    stub.stop()
    client = make_client(stub.url)
    run = client.start_run("x")
    began = time.monotonic()
    assert not run.finish(timeout=30)
    assert time.monotonic() - began < 10, "where nobody answers it does not wait"
    later = StubServer(port)
    try:
        assert client.flush(20)
        assert later.accepted == 2
    finally:
        later.stop()


def test_one_warning_however_long_nobody_answers(lonely: Client, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        lonely.start_run("x").finish()
    lonely.flush()
    warnings = [r.message for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) == 2, "one says that nobody answers, one how to send it later"
    assert "sync" in warnings[1]
    assert lonely.sync_status().trouble


def test_refused_events_are_kept_with_the_reason(
    client: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(event: dict[str, Any]) -> dict[str, Any] | None:
        if event.get("params"):
            return {"code": "BAD_INPUT", "message": "no parameters today", "retriable": False}
        return None

    stub.refuse = refuse
    run = client.start_run("x")
    run.log_params({"a": 1})
    assert run.finish()
    kept = [json.loads(line) for line in refused_path(box_of(client).journal.path).read_text().splitlines()]
    assert [(k["code"], k["event"]["params"]) for k in kept] == [("BAD_INPUT", {"a": 1})]
    assert client.sync_status().refused == 1
    assert sum("no parameters today" in r.message for r in caplog.records) == 1


def test_what_may_pass_later_is_tried_again(client: Client, stub: StubServer) -> None:
    seen: list[str] = []

    def refuse(event: dict[str, Any]) -> dict[str, Any] | None:
        seen.append(event["id"])
        if seen.count(event["id"]) < 3:
            return {"code": "UNAVAILABLE", "message": "not now", "retriable": True}
        return None

    stub.refuse = refuse
    assert client.start_run("x").finish(timeout=30)
    assert stub.accepted == 2
    assert client.sync_status().refused == 0


def test_a_wrong_token_is_said_once_and_loses_nothing(
    client: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    stub.answers = [(401, {})] * 5
    began = time.monotonic()
    assert not client.start_run("x").finish(timeout=30)
    assert time.monotonic() - began < 10
    assert "401" in caplog.text
    stub.answers = []
    assert client.flush()
    assert stub.accepted == 2


def deliverer(stub: StubServer) -> HttpDeliverer:
    return HttpDeliverer(load_config(environ={"LINEAGE_URL": stub.url}))


def lines(count: int) -> list[bytes]:
    return [b'{"type":"run","id":"%d"}\n' % n for n in range(count)]


def test_a_body_too_large_is_halved_until_it_fits(stub: StubServer) -> None:
    stub.answers = [(413, {}), (413, {}), (413, {})]  # all four; the first two; the first
    sender = deliverer(stub)
    result = sender.deliver(lines(4))
    sender.close()
    assert result.fate is Fate.DONE
    assert result.accepted == 3
    assert [(r.index, r.code) for r in result.refusals] == [(0, "LIMIT")]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[" * 100_000,
        b'["hello"]',
        b'{"hello": "world"}',
        b'{"accepted": 1, "duplicate": 0, "refused": 1, "events": ["x"]}',
        b'{"accepted": 1, "duplicate": 0, "refused": 1, "events": 7}',
        b'{"accepted": 1, "duplicate": 0, "refused": 1, "events": [{"verdict": "refused", "index": 1e999}]}',
    ],
)
def test_an_answer_of_somebody_else_acknowledges_nothing(stub: StubServer, answer: bytes) -> None:
    stub.take = lambda lines: answer
    sender = deliverer(stub)
    result = sender.deliver(lines(2))
    sender.close()
    assert result.fate is Fate.AWAY
    assert "no lineage server" in result.message


def test_an_answer_that_does_not_add_up_acknowledges_nothing(stub: StubServer) -> None:
    stub.take = lambda lines: {"accepted": 1, "duplicate": 0, "refused": 0, "events": []}
    sender = deliverer(stub)
    result = sender.deliver(lines(2))
    sender.close()
    assert result.fate is Fate.AWAY


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "http://no.such.host.invalid", "http://127.0.0.1:99999"]
)
def test_whatever_the_address_nothing_is_raised(url: str, tmp_path: Path) -> None:
    sender = HttpDeliverer(load_config(environ={"LINEAGE_URL": url}))
    assert sender.deliver(lines(1)).fate is Fate.AWAY
    sender.close()


def test_offline_records_and_sends_nothing(make_client: Callable[..., Client], stub: StubServer) -> None:
    client = make_client(stub.url, LINEAGE_MODE="offline")
    run = client.start_run("x")
    assert not run.finish()
    assert not stub.requests
    assert client.sync_status().mode == "offline"
    assert box_of(client).journal.path.read_bytes().count(b"\n") == 2


def test_going_offline_and_online_again(client: Client, stub: StubServer) -> None:
    box = box_of(client)
    box.go_offline()
    run = client.start_run("x")
    time.sleep(0.3)
    assert not stub.requests
    box.go_online()
    assert run.finish()
    assert stub.accepted == 2


class Hanging:
    """A deliverer whose server answers once it is told to."""

    def __init__(self) -> None:
        self.asked, self.answer, self.closed = threading.Event(), threading.Event(), threading.Event()

    def deliver(self, lines: Sequence[bytes]) -> Result:
        self.asked.set()
        assert self.answer.wait(30)
        assert not self.closed.is_set(), "closed in the middle of a request"
        return Result(Fate.DONE, accepted=len(lines))

    def close(self) -> None:
        self.closed.set()


def test_a_connection_is_closed_even_when_nobody_waited_for_its_last_answer(journal_dir: Path) -> None:
    journal, slow = Journal(journal_dir), Hanging()
    journal.append([b'{"type":"run"}\n'])
    sender = Sender(journal, slow)
    sender.wake()
    assert slow.asked.wait(30)
    sender.stop(timeout=0.01)
    assert not slow.closed.is_set()
    slow.answer.set()
    assert slow.closed.wait(30)
    journal.close()
