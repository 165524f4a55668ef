"""Runs: what is told arrives as told; how they stand to each other, and how they end."""

from __future__ import annotations

import time
import uuid
from argparse import Namespace
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from lineage_server.client.client import Client
from lineage_server.client.run import current_run
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import watched_run_id
from tests.unit.client.stub import StubServer


def test_a_run_from_begin_to_end(client: Client, stub: StubServer) -> None:
    with client.start_run(
        "train", job="nightly", kind="training", params={"lr": 0.1}, tags={"team": "a"}, description="why"
    ) as run:
        run.set_tags({"more": 1, "team": None})
        run.note("first")
        run.note("second")
    told = stub.run(run.id)
    assert uuid.UUID(run.id).version == 7
    assert (told["name"], told["job"], told["kind"]) == ("train", "nightly", "training")
    assert told["params"] == {"lr": 0.1}
    assert [e["tags"] for e in stub.of_type("run") if "tags" in e] == [
        {"team": "a"},
        {"more": "1", "team": None},
    ]
    assert told["description"] == "first\nsecond"
    assert told["state"] == "complete"
    assert told["started_at"] <= told["ended_at"]


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ValueError("no\n  data"), "failed", "ValueError: no data"),
        (KeyboardInterrupt(), "aborted", "KeyboardInterrupt"),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (SystemExit(0), "complete", None),
        (RuntimeError("https://me:pw@host/x"), "failed", "RuntimeError: https://host/x"),
    ],
)
def test_an_exception_ends_the_run_and_goes_on(
    error: BaseException, state: str, reason: str | None, client: Client, stub: StubServer
) -> None:
    with pytest.raises(type(error)), client.start_run("x") as run:
        raise error
    assert client.flush()
    assert (stub.run(run.id)["state"], stub.run(run.id).get("reason")) == (state, reason)


def test_only_the_first_end_counts(client: Client, stub: StubServer) -> None:
    with client.start_run("x") as run:
        run.fail("bad data")
        run.finish()
    assert client.flush()
    assert [e["state"] for e in stub.of_type("run")] == ["running", "failed"]


def test_parameters_become_scalars(client: Client, stub: StubServer) -> None:
    run = client.start_run("x")
    run.log_params(
        {
            "model": {"depth": 3, "inner": {"units": [1, 2]}},
            "f": np.float32(0.5),
            "i": np.int64(7),
            "flag": True,
            "none": None,
            "path": Path("/tmp/x"),
            "api_key": "abcdef",
            "huge": "x" * 100_000,
            "nan": float("nan"),
            "half": Fraction(1, 2),
            "long": 10**30,
            "set": {"b", "a"},
        }
    )
    assert run.finish()
    params = stub.run(run.id)["params"]
    assert params.pop("huge") == "x" * 65_536
    assert params == {
        "model.depth": 3, "model.inner.units": "[1, 2]", "f": 0.5, "i": 7, "flag": True, "none": None,
        "path": "/tmp/x", "api_key": "***", "nan": "NaN", "half": 0.5,
        "long": "1" + "0" * 30, "set": '["a", "b"]',
    }  # fmt: skip


def test_a_key_that_the_server_would_refuse_is_refused_here(client: Client) -> None:
    run = client.start_run("x")
    with pytest.raises(InvalidInputError):
        run.log_params({"a\nb": 1})
    with pytest.raises(InvalidInputError):
        run.set_tags({"": 1})
    with pytest.raises(InvalidInputError):
        client.start_run("x", kind="nonsense")
    with pytest.raises(InvalidInputError):
        client.start_run(" ")


def test_what_is_no_mapping_is_told(client: Client, stub: StubServer) -> None:
    run = client.start_run("x")
    wrong: Any = "loss"
    for tell, field in ((run.log_params, "params"), (run.set_tags, "tags"), (run.log, "values")):
        with pytest.raises(InvalidInputError, match=f"{field} is the text 'loss'; allowed: a mapping"):
            tell(wrong)
    with pytest.raises(InvalidInputError, match=r"vars\(args\)"):
        client.start_run("y", params=cast(Any, Namespace(lr=0.1)))
    with pytest.raises(InvalidInputError, match=r"text is 5 \(int\)"):
        run.note(cast(Any, 5))
    run.note("right")
    assert run.finish()
    assert stub.run(run.id)["description"] == "right"
    assert not stub.points(run.id)


# --- relations between runs ------------------------------------------------------------


def test_children_retries_and_resumptions(client: Client, stub: StubServer) -> None:
    with client.start_run("pipeline") as outer:
        child = outer.child("fold 1", params={"k": 1})
        child.finish()
        again = client.start_run("again", retry_of=child, resumed_from=f"run:{outer.id}")
        again.finish()
    assert stub.run(child.id)["parent"] == outer.id
    assert stub.run(child.id)["kind"] == "step"
    assert (stub.run(again.id)["retry_of"], stub.run(again.id)["resumed_from"]) == (child.id, outer.id)


def test_an_attached_run_tells_and_does_not_end(client: Client, stub: StubServer) -> None:
    run_id = "0198c0de-0000-7000-8000-000000000001"
    with client.attach_run(run_id) as run:
        run.log({"a": 1.0})
        run.log_params({"p": 1})
    assert client.flush()
    assert len(stub.points(run_id)) == 1
    assert "state" not in stub.run(run_id)


def test_rank_0_logs_and_the_others_attach(make_client: Callable[..., Client], stub: StubServer) -> None:
    run_id = "0198c0de-0000-7000-8000-000000000002"
    for rank in range(3):
        client = make_client(stub.url, RANK=str(rank), LINEAGE_RUN_ID=run_id)
        with client.start_run("train") as run:
            assert run.id == run_id
            run.log({"loss": float(rank)}, step=0)
            run.use([{"a": 1}], name="shard", role=f"rank {rank}")
        assert client.flush()
    assert [value for _, _, _, value in stub.points(run_id)] == [0]
    assert [e["state"] for e in stub.of_type("run") if "state" in e] == ["running", "complete"]
    assert len(stub.run(run_id)["inputs"]) == 3


def test_the_launchers_id_is_taken_once(make_client: Callable[..., Client], stub: StubServer) -> None:
    run_id = "0198c0de-0000-7000-8000-000000000003"
    client = make_client(stub.url, LINEAGE_RUN_ID=run_id)
    first, second = client.start_run("a"), client.start_run("b")
    assert first.id == run_id
    assert second.id != run_id
    first.finish()
    second.finish()
    assert stub.run(second.id)["parent"] == run_id


def test_the_run_of_a_watched_workload_is_the_one_that_its_watcher_records(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    workload = {"LINEAGE_CLUSTER": "prod-eu", "LINEAGE_WORKLOAD_UID": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    client = make_client(stub.url, **workload)
    with client.start_run("a") as first:
        assert first.id == watched_run_id("prod-eu", workload["LINEAGE_WORKLOAD_UID"])
    with client.start_run("b") as second:
        pass
    assert client.flush(10)
    assert stub.run(second.id)["parent"] == first.id
    # A launcher's word comes first; a cluster alone says nothing, a workload without one is an error.
    chosen = "0198c0de-0000-7000-8000-000000000003"
    assert make_client(stub.url, LINEAGE_RUN_ID=chosen, **workload).start_run("c").id == chosen
    assert make_client(stub.url, LINEAGE_CLUSTER="prod-eu").start_run("d").id[14] == "7"
    with pytest.raises(InvalidInputError, match="but not of which cluster"):
        make_client(stub.url, LINEAGE_WORKLOAD_UID="u")


def test_the_current_run(client: Client) -> None:
    assert current_run() is None
    with client.start_run("outer") as outer:
        assert current_run() is outer
        with outer.child("inner") as inner:
            assert current_run() is inner
        assert current_run() is outer
    assert current_run() is None
    loose = client.start_run("loose")
    assert current_run() is loose, "the only one there is"
    loose.finish()


def test_a_client_that_is_switched_off_does_nothing(
    make_client: Callable[..., Client], stub: StubServer, journal_dir: Path, tmp_path: Path
) -> None:
    client = make_client(stub.url, LINEAGE_MODE="disabled")
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    with client.start_run("x", params={"a": 1}) as run:
        run.log({"a": 1.0})
        assert run.use(file).path == file
        run.produce("model", object())
    assert client.flush()
    assert client.close()
    assert not stub.requests
    assert not journal_dir.exists()


def test_starting_takes_no_time(lonely: Client) -> None:
    """The best of some: what else the machine does is not ours."""
    taken: list[float] = []
    for _ in range(10):
        began = time.perf_counter()
        run = lonely.start_run("x", params={"a": 1}, capture="all")
        taken.append(time.perf_counter() - began)
        run.fail("enough", timeout=0)
    assert min(taken) < 0.05


def test_capture_arrives_in_an_event_of_its_own(make_client: Callable[..., Client], stub: StubServer) -> None:
    client = make_client(stub.url, LINEAGE_CAPTURE="all", LINEAGE_CAPTURE_ENV="SHOWN_*", SHOWN_A="1")
    with client.start_run("x") as run:
        pass
    told = stub.run(run.id)
    assert told["facts"]["host"]["cpus"] > 0
    assert told["facts"]["env"] == {"SHOWN_A": "1"}
    assert told["environment"]["python"]
    assert "pytest" in told["environment"]["packages"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("bad data"), ("failed", "ValueError: bad data", None)),
        (KeyboardInterrupt(), ("aborted", "KeyboardInterrupt", None)),
        (SystemExit(3), ("failed", "SystemExit: 3", 3)),
        (SystemExit(0), ("complete", None, 0)),
    ],
)
def test_a_clients_block_that_is_left_by_an_error_ends_its_open_runs_so(
    make_client: Callable[..., Client], stub: StubServer, error: BaseException, told: tuple[object, ...]
) -> None:
    client = make_client(stub.url)
    left, done = client.start_run("left"), client.start_run("done")
    done.finish()
    with pytest.raises(type(error)), client:
        raise error
    ended = stub.run(left.id)
    assert (ended["state"], ended.get("reason"), ended.get("exit_code")) == told
    assert stub.run(done.id)["state"] == "complete"
