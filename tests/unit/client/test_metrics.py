"""Metrics: all kinds of numbers arrive as points; mistakes disturb nobody."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import numpy as np
import pytest

from lineage_server.client.client import Client
from lineage_server.domain.errors import ConflictError
from tests.unit.client.stub import StubServer


class Tensor:
    """As a tensor on a device: a number only by ``item``; changed in place later."""

    def __init__(self, value: float) -> None:
        self.value = value

    def item(self) -> float:
        return self.value


def test_metrics_of_all_kinds_of_numbers(client: Client, stub: StubServer) -> None:
    run = client.start_run("x")
    tensor = Tensor(0.5)
    values = {"f": 1.5, "i": 2, "b": True, "np": np.float64(3.5), "n32": np.float32(0.25), "t": tensor}
    run.log(values, step=1)
    tensor.value = 9.0
    values["f"] = 9.0
    run.log({"nan": float("nan"), "inf": float("inf"), "minf": -float("inf")}, step=np.int64(2))
    assert run.finish()
    assert {(k, s): v for k, s, _, v in stub.points(run.id)} == {
        ("f", 1): 1.5, ("i", 1): 2, ("b", 1): 1, ("np", 1): 3.5, ("n32", 1): 0.25, ("t", 1): 0.5,
        ("nan", 2): "NaN", ("inf", 2): "Infinity", ("minf", 2): "-Infinity",
    }  # fmt: skip


def test_a_value_that_is_no_number_never_raises_and_warns_once(
    client: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    run = client.start_run("x")
    odd: list[Any] = ["text", None, [1, 2], object(), 10**400, np.zeros(3)]
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            for n, value in enumerate(odd):
                run.log({f"odd{n}": value, "fine": 1.0})
            run.log({"": 1.0, "x" * 251: 1.0, "a\nb": 1.0, 5: 1.0})  # type: ignore[dict-item]
            run.log({"fine": 1.0}, step=float("nan"))  # type: ignore[arg-type]
            run.log({"fine": 1.0}, step=10**30)
    assert run.finish()
    assert {key for key, _, _, _ in stub.points(run.id)} == {"fine"}
    assert len(stub.points(run.id)) == 3 * (len(odd) + 2)
    assert len(caplog.records) == len(odd) + 4 + 1


def test_a_run_that_has_ended_takes_nothing_and_says_what_to_do(
    client: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    with client.start_run("train") as run:
        run.log({"loss": 1.0})
    # A training that goes on logging is not broken by it.
    run.log({"loss": 0.5})
    run.log({"other": 1})
    run.log_params({"lr": 0.1})
    (warned,) = caplog.records
    assert "run train has ended, so log() records nothing in it" in warned.getMessage()
    for call in (
        lambda: run.produce("model", {"weights": [1]}),
        lambda: run.log_model({"weights": [1]}, "model"),
        lambda: run.use([{"a": 1}], name="rows"),
        lambda: run.log_table("rows", [{"a": 1}]),
    ):
        with pytest.raises(ConflictError, match="run train has ended, so ") as refused:
            call()
        assert f'start_run("train", resumed_from="{run.id}")' in refused.value.message
    run.set_tags({"looked": "at"})  # what people say of it later is no part of it
    with client.start_run("train", resumed_from=run.id) as more:
        more.log({"loss": 0.5})
    assert not {"inputs", "outputs", "params"} & {key for key, told in stub.run(run.id).items() if told}
    assert [value for key, _, _, value in stub.points(run.id) if key == "loss"] == [1.0]


def test_without_steps_calls_are_counted(client: Client, stub: StubServer) -> None:
    run = client.start_run("x")
    for _ in range(3):
        run.log({"a": 1.0, "b": 2.0})
    assert run.finish()
    assert [(k, s) for k, s, _, _ in stub.points(run.id)] == [(k, s) for s in range(3) for k in "ab"]


def test_a_point_reaches_the_journal_by_itself(lonely: Client) -> None:
    run = lonely.start_run("x")
    assert lonely.outbox is not None
    path = lonely.outbox.journal.path
    for n in range(3):
        run.log({"slow": float(n)}, step=n)
        # Not even the recording thread is needed: who logs rarely writes at once.
        assert path.read_bytes().count(b'"slow"') == n + 1
        time.sleep(0.08)
    for n in range(1000):
        run.log({"quick": float(n)}, step=n)
    deadline = time.monotonic() + 8
    lines: list[bytes] = []
    while sum(line.count(b",") for line in lines) <= 3000 and time.monotonic() < deadline:
        time.sleep(0.05)
        lines = [line for line in path.read_bytes().splitlines() if b'"quick"' in line]
    assert run.id.encode() in path.read_bytes()
    assert sum(line.count(b",") for line in lines) > 3000
    assert len(lines) < 50, "points that come together are one event"


def test_facts_come_after_the_points_before_them(lonely: Client) -> None:
    run = lonely.start_run("x")
    for n in range(1000):
        run.log({"a": float(n)}, step=n)
    run.set_tags({"mark": "here"})
    assert lonely.outbox is not None
    text = lonely.outbox.journal.path.read_text()
    before, _, _ = text.partition('"mark"')
    assert before.count('"type":"metrics"') == text.count('"type":"metrics"')


def test_many_threads_lose_nothing(client: Client, stub: StubServer) -> None:
    run = client.start_run("x")

    def work(k: int) -> None:
        for n in range(2000):
            run.log({f"k{k}": float(n)}, step=n)
            if n % 500 == 0:
                run.set_tags({f"t{k}": str(n)})

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.finish(30)
    points = stub.points(run.id)
    assert len(points) == 12_000
    for k in range(6):
        assert [s for key, s, _, _ in points if key == f"k{k}"] == list(range(2000))
