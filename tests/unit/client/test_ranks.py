"""Ranks of a distributed job: all record the run that rank 0 begins, or say that they cannot."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lineage_server.client import openings
from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from lineage_server.client.ranks import RunIds
from lineage_server.domain.errors import InvalidInputError
from tests.unit.client.stub import StubServer
from tests.unit.client.test_sync import start

MEETING = {"MASTER_ADDR": "node-0", "MASTER_PORT": "29500"}
LAUNCHERS: dict[str, Callable[[int, str], dict[str, str]]] = {
    "torchrun of one machine": lambda rank, start: {
        **MEETING, "RANK": f"{rank}", "WORLD_SIZE": "3", "GROUP_WORLD_SIZE": "1",
        "TORCHELASTIC_RUN_ID": "none",
        "TORCHELASTIC_ERROR_FILE": f"/tmp/torchelastic_{start}/none_x/attempt_0/{rank}/error.json",
    },
    "torchrun of several": lambda rank, start: {
        **MEETING, "RANK": f"{rank}", "WORLD_SIZE": "3", "GROUP_WORLD_SIZE": "3",
        "TORCHELASTIC_RUN_ID": start, "TORCHELASTIC_RESTART_COUNT": f"{rank}",
        "TORCHELASTIC_ERROR_FILE": f"/tmp/torchelastic_{rank}/x/attempt_{rank}/0/error.json",
    },
    "Open MPI 4": lambda rank, start: {
        "OMPI_COMM_WORLD_RANK": f"{rank}", "OMPI_COMM_WORLD_SIZE": "3", "OMPI_MCA_ess_base_jobid": "93",
        "OMPI_MCA_orte_hnp_uri": f"6094848.0;tcp://10.0.0.1:{len(start)}",
    },
    "Open MPI 5": lambda rank, start: {
        "OMPI_COMM_WORLD_RANK": f"{rank}", "OMPI_COMM_WORLD_SIZE": "3",
        "PMIX_NAMESPACE": f"prterun-host-{start}@1",
    },
    "srun": lambda rank, start: {
        "SLURM_PROCID": f"{rank}", "SLURM_NTASKS": "3", "SLURM_STEP_NUM_TASKS": "3", "SLURM_JOB_ID": "7",
        "SLURM_STEP_ID": start,
    },
    "lineage run": lambda rank, start: {"RANK": f"{rank}", "WORLD_SIZE": "3", "LINEAGE_PARENT_RUN": start},
}  # fmt: skip
FIRST, SECOND = "0198c0de-0000-7000-8000-00000000000a", "0198c0de-0000-7000-8000-00000000000b"
UNKNOWN = [
    {"RANK": "1", "WORLD_SIZE": "3"},
    {**MEETING, "RANK": "1", "WORLD_SIZE": "3"},
    {**MEETING, "RANK": "1", "WORLD_SIZE": "3", "GROUP_WORLD_SIZE": "3", "TORCHELASTIC_RUN_ID": "none"},
    {"PMI_RANK": "1", "PMI_SIZE": "3"},
]
SHARD = """
import json, os, sys
import lineage_server as lineage
rank = int(os.environ.get("RANK") or os.environ.get("OMPI_COMM_WORLD_RANK") or os.environ["SLURM_PROCID"])
for name in ("train", "test"):
    with lineage.start_run(name, params={"told": rank}) as run:
        run.log({"loss": float(rank)}, step=1)
        made = run.produce(f"{name}{rank}", {"x": [rank]}, type="dataset")
        print(json.dumps([run.id, made.uid, str(run)]))
    assert run.finish() is (made.uid != ""), made
assert lineage.flush(20)
"""


def ids(env: Mapping[str, str]) -> RunIds:
    return RunIds(load_config(environ=env))


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_ranks_of_a_start_agree_on_their_runs_and_other_starts_have_others(launcher: str) -> None:
    told = LAUNCHERS[launcher]
    first = [ids(told(rank, FIRST)) for rank in range(3)]
    runs = [[one.take(None).id for one in first] for _ in range(2)]
    again = ids(told(0, SECOND if launcher != "Open MPI 4" else "other")).take(None).id
    assert all(len(set(same)) == 1 for same in runs)
    assert len({runs[0][0], runs[1][0], again, ""}) == 4


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_what_each_rank_of_a_job_makes_is_recorded(
    launcher: str, journal_dir: Path, stub: StubServer
) -> None:
    ranks = [
        start(SHARD, journal_dir, LINEAGE_URL=stub.url, **LAUNCHERS[launcher](rank, FIRST))
        for rank in range(3)
    ]
    told = [process.communicate(timeout=50) for process in ranks]
    assert [(process.returncode, err) for process, (_, err) in zip(ranks, told, strict=True)] == [(0, "")] * 3
    train, test = ({json.loads(out.splitlines()[at])[0] for out, _ in told} for at in (0, 1))
    for name, (run,) in (("train", train), ("test", test)):
        found = stub.run(run)
        assert sorted(output["name"] for output in found["outputs"]) == [f"{name}{rank}" for rank in range(3)]
        assert (found["name"], found["state"], found["params"]) == (name, "complete", {"told": 0})
        assert [value for *_, value in stub.points(run)] == [0]
    assert len([event for event in stub.of_type("run") if event.get("state") == "running"]) == 2


def test_a_rank_that_does_not_know_its_run_says_so_once(journal_dir: Path, stub: StubServer) -> None:
    process = start(SHARD, journal_dir, LINEAGE_URL=stub.url, RANK="2", WORLD_SIZE="3")
    out, err = process.communicate(timeout=50)
    assert process.returncode == 0, err
    assert err.count("rank 2 of 3 does not know") == err.count("LINEAGE_RUN_ID") == err.count("\n") == 1
    assert [json.loads(line)[1:] for line in out.splitlines()] == [["", "run that is not recorded"]] * 2
    assert stub.order == []


@pytest.mark.parametrize("env", UNKNOWN)
def test_where_nothing_is_shared_no_rank_guesses(
    env: dict[str, str], make_client: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(**env)
    run = client.start_run("train")
    with caplog.at_level(logging.WARNING), run.child("fold") as fold:
        assert fold.log_model(object(), "m", register=True).uid == ""
    assert not run.finish()
    assert make_client(**env, LINEAGE_MODE="disabled").start_run("train").id != run.id
    zero = {name: "0" if name in ("RANK", "PMI_RANK") else value for name, value in env.items()}
    assert ids(zero).take(None).id == ""


def test_what_is_run_one_after_the_other_in_a_job_step_is_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def first(rank: int, *argv: str) -> str:
        monkeypatch.setattr("sys.argv", list(argv))
        return ids(LAUNCHERS["srun"](rank, "0")).take(None).id

    train = first(0, "train.py", "--fold", "1", "--local-rank", "0", "--local_rank=0", "-v")
    assert train == first(1, "train.py", "--fold", "1", "--local-rank", "1", "--local_rank=1", "-v")
    assert train != first(0, "train.py", "--fold", "2", "--local-rank", "0", "--local_rank=0", "-v")
    assert train != first(0, "test.py", "--fold", "1", "--local-rank", "0", "--local_rank=0", "-v")
    shell = {"SLURM_PROCID": "0", "SLURM_NTASKS": "3", "SLURM_JOB_ID": "7"}
    assert ids(shell).take(None).id == ids({**shell, "SLURM_STEP_ID": "4294967290"}).take(None).id == ""


def test_parts_are_counted_within_the_run_that_they_are_part_of() -> None:
    zero, one = (ids(LAUNCHERS["srun"](rank, "0")) for rank in (0, 1))
    run = zero.take(None).id
    assert one.take(None).id == run
    assert len({zero.take(run).id, zero.take(run).id, zero.take("other").id}) == 3  # of rank 0 alone
    assert zero.take(None).id == one.take(None).id


def test_a_run_that_was_not_begun_leaves_its_id_to_the_next(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    zero, one = (make_client(stub.url, **LAUNCHERS["srun"](rank, "0")) for rank in (0, 1))
    with pytest.raises(InvalidInputError):
        zero.start_run(" ")
    begun = zero.start_run("train")
    assert begun.id == one.start_run("train").id


def test_only_who_began_a_run_answers_for_its_end(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    for rank, answers in ((0, True), (1, False)):
        client = make_client(stub.url, **LAUNCHERS["srun"](rank, "0"))
        run = client.start_run("train")
        run.stand_for(os.getpid())
        assert client.outbox is not None
        assert (run.id in openings.read(client.outbox.journal.path).commands) is answers


def test_later_runs_of_a_launched_job_are_shared_too(
    make_client: Callable[..., Client], stub: StubServer
) -> None:
    env = {"WORLD_SIZE": "2", "LINEAGE_RUN_ID": FIRST}
    zero, one = (make_client(stub.url, RANK=rank, **env) for rank in ("0", "1"))
    pairs = [(zero.start_run(name).id, one.start_run(name).id) for name in ("a", "b")]
    assert pairs[0] == (FIRST, FIRST)
    assert pairs[1][0] == pairs[1][1] != FIRST
