"""Runs: what is told arrives as told; mistakes in metrics disturb nobody."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lineage_server.client.client import Client
from lineage_server.client.run import Run, current_run
from lineage_server.domain.errors import InvalidInputError, NotFoundError
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


# --- metrics ---------------------------------------------------------------------------


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


def test_log_never_raises_and_warns_once(
    client: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    run = client.start_run("x")
    odd: list[Any] = ["text", None, [1, 2], object(), 10**400, np.zeros(3)]
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            for n, value in enumerate(odd):
                run.log({f"odd{n}": value, "fine": 1.0})
            run.log({"": 1.0, "x" * 251: 1.0, "a\nb": 1.0, 5: 1.0})  # type: ignore[dict-item]
            run.log({"fine": 1.0}, step="three")  # type: ignore[arg-type]
            run.log({"fine": 1.0}, step=10**30)
    assert run.finish()
    assert {key for key, _, _, _ in stub.points(run.id)} == {"fine"}
    assert len(stub.points(run.id)) == 3 * (len(odd) + 2)
    assert len(caplog.records) == len(odd) + 4 + 1
    run.log({"late": 1.0})
    assert "has ended" in caplog.text


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
    time.sleep(0.5)
    assert run.id.encode() in path.read_bytes()
    lines = [line for line in path.read_bytes().splitlines() if b'"quick"' in line]
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


def test_other_ranks_without_an_id_stay_silent(make_client: Callable[..., Client], stub: StubServer) -> None:
    client = make_client(stub.url, RANK="1")
    with client.start_run("train") as run:
        run.log({"loss": 1.0})
        run.produce("model", [{"a": 1}])
    client.flush()
    assert not stub.requests


def test_the_launchers_id_is_taken_once(make_client: Callable[..., Client], stub: StubServer) -> None:
    run_id = "0198c0de-0000-7000-8000-000000000003"
    client = make_client(stub.url, LINEAGE_RUN_ID=run_id)
    first, second = client.start_run("a"), client.start_run("b")
    assert first.id == run_id
    assert second.id != run_id
    first.finish()
    second.finish()
    assert stub.run(second.id)["parent"] == run_id


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


# --- inputs and outputs ----------------------------------------------------------------


def test_inputs_by_reference(client: Client, stub: StubServer) -> None:
    stub.data = {"errors": [{"message": "not there", "extensions": {"code": "NOT_FOUND"}}]}
    digest = "sha256:" + "ab" * 32
    with client.start_run("x", project="team-a") as run:
        run.use("dataset:iris@3", role="train")
        run.use(f"other/model:churn@{digest}")
        run.use("dataset:iris@latest")
        run.use("table:x", project="team-b")
        run.use(f"version:team-c/file/a/b@{digest}")
    assert stub.run(run.id)["inputs"] == [
        {"name": "iris", "role": "train", "version": 3},
        {"name": "churn", "type": "model", "project": "other", "digest": digest},
        {"name": "iris"},
        {"name": "x", "type": "table", "project": "team-b"},
        {"name": "a/b", "type": "file", "project": "team-c", "digest": digest},
    ]


def test_latest_is_made_exact_by_the_server(client: Client, stub: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "iris.csv"
    file.write_text("a,b\n1,x\n2,y\n")
    digest = "sha256:" + "cd" * 32
    stub.data = {
        "data": {
            "version": {
                "uid": f"version:default/dataset/iris@{digest}", "name": "iris", "kind": "dataset",
                "ordinal": 4, "digest": digest, "uri": file.as_uri(), "size": 10, "sealedAt": None,
                "columns": [{"name": "a", "type": "int64", "nullable": True}],
                "run": {"uid": "run:0198c0de-0000-7000-8000-000000000009"},
            }
        }
    }  # fmt: skip
    with client.start_run("x") as run:
        iris = run.use("dataset:iris@latest")
    assert stub.asked[0]["variables"] == {"ref": "default/dataset:iris@latest"}
    assert stub.run(run.id)["inputs"] == [{"name": "iris", "digest": digest, "uri": file.as_uri()}]
    assert (iris.ordinal, iris.digest, iris.path) == (4, digest, file)
    assert iris.to_pandas()["a"].tolist() == [1, 2]
    assert iris.to_polars()["b"].to_list() == ["x", "y"]


def test_what_this_process_made_is_known_without_a_server(lonely: Client) -> None:
    with lonely.start_run("make") as first:
        made = first.produce("iris", [{"a": 1}, {"a": 2}])
    with lonely.start_run("take") as second:
        taken = second.use("dataset:iris@latest")
    assert taken.digest == made.digest
    assert taken.to_arrow().num_rows == 2


def test_inputs_that_are_content(client: Client, stub: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "raw data.csv"
    file.write_text("a\n1\n2\n")
    with client.start_run("x") as run:
        one = run.use(file)
        two = run.use([{"a": 1}], name="rows", role="lookup")
        three = run.use("s3://bucket/key.parquet")
        run.use(one, role="again")
        with pytest.raises(InvalidInputError, match="name"):
            run.use([{"a": 1}])
        with pytest.raises(NotFoundError):
            run.use(tmp_path / "nothing.csv")
    assert stub.run(run.id)["inputs"] == [
        {"name": "raw data.csv", "digest": one.digest, "uri": file.as_uri()},
        {"name": "rows", "role": "lookup", "digest": two.digest},
        {"name": "key.parquet", "uri": "s3://bucket/key.parquet"},
        {"name": "raw data.csv", "role": "again", "digest": one.digest, "uri": file.as_uri()},
    ]
    (version, _) = stub.of_type("version")
    assert version["columns"] == [{"name": "a", "type": "int64", "nullable": True}]
    assert version["stats"]["rows"] == 2
    assert three.digest == ""


def test_outputs_with_columns_and_metadata(client: Client, stub: StubServer, tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights")
    with client.start_run("x") as run:
        table = run.produce(
            "scores",
            {"id": [1, 2], "score": [0.5, None]},
            type="table",
            columns_from={"score": [("train", "x"), ("iris", "y")]},
            metadata={"rows": 2, "secret": "x"},
        )
        kept = run.produce("model:churn", model, role="best", description="the best")
        far = run.produce("backup", "s3://user:pw@bucket/key?X-Amz-Signature=abc&v=1")
        run.produce("stream", [{"a": 1}], partial=True)
        with pytest.raises(InvalidInputError):
            run.produce("model:churn@3", model)
        with pytest.raises(InvalidInputError):
            run.produce("x", model, type="modle")
        with pytest.raises(InvalidInputError, match="of type object") as caught:
            run.produce("x", object())
        assert "save other objects" in caught.value.allowed
        with pytest.raises(InvalidInputError, match="pairs"):
            run.produce("x", model, columns_from={"a": ["b"]})  # type: ignore[list-item]
    scores, churn, backup, stream = stub.run(run.id)["outputs"]
    assert scores["fields"] == {"score": [["train", "x"], ["iris", "y"]]}
    assert scores["metadata"] == {"rows": 2, "secret": "***"}
    assert scores["stats"]["columns"]["score"]["nulls"] == 1
    assert (churn["type"], churn["role"], churn["size"], churn["uri"]) == ("model", "best", 7, model.as_uri())
    assert backup["uri"] == "s3://bucket/key?X-Amz-Signature=***&v=1"
    assert "digest" not in backup
    assert stream["partial"]
    assert "sealed_at" not in stream
    assert table.uid == f"version:default/table/scores@{table.digest}"
    assert kept.verify() == model
    assert far.uid == f"version:default/dataset/backup@run:{run.id}"


def test_handles_say_what_they_cannot_do(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"1")
    with client.start_run("x") as run:
        handle = run.produce("a", file)
        assert isinstance(run, Run)
    file.write_bytes(b"2")
    with pytest.raises(Exception, match="has changed"):
        handle.verify()
    file.unlink()
    with pytest.raises(NotFoundError, match="another machine"):
        _ = handle.path


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
