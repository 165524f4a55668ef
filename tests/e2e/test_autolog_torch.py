"""Fits by the real PyTorch Lightning and Transformers, and tensors, recorded and asked back."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from tests.e2e.conftest import client_environment
from tests.support.torch.environment import PROGRAM, TorchUnavailableError, interpreter

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
RUNS = """
query Runs($project: String!) {
  runs(project: $project, first: 10) { edges { node {
    uid name state paramMap metricMap
    inputs(first: 10) { edges { node { role version { name size } } } }
    outputs(first: 10) { edges { node { version { name properties columns { name type } } } } }
  } } }
}
"""
SERIES = "query($run: String!) { metricHistory(run: $run) { key steps values } }"


@pytest.fixture(scope="module")
def python() -> Path:
    try:
        return interpreter()
    except TorchUnavailableError as missing:
        pytest.skip(str(missing))


@pytest.mark.timeout(300)
def test_fits_of_torch_leave_a_lineage(running_server: RunningServer, tmp_path: Path, python: Path) -> None:
    environment = client_environment(
        tmp_path, running_server.url, LINEAGE_CAPTURE="none", LINEAGE_PROJECT="torch",
        PYTHONPATH=str(ROOT), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false",
    )  # fmt: skip
    done = subprocess.run(
        [python, PROGRAM, tmp_path / "out"], capture_output=True, text=True, timeout=280, check=False,
        env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert "not recorded" not in done.stderr
    with Client(config=load_config(environ=environment, project="torch")) as client:
        found = [edge["node"] for edge in client.gql(RUNS, {"project": "torch"})["runs"]["edges"]]
        runs: dict[str, dict[str, Any]] = {run["name"]: run for run in found}
        series = client.gql(SERIES, {"run": runs["Net"]["uid"]})["metricHistory"]
    assert {name: run["state"] for name, run in runs.items()} == dict.fromkeys(
        ("Net", "BertForSequenceClassification", "loop"), "COMPLETE"
    )
    # 4 batches an epoch, every third is logged; what an epoch or a validation measured has its step.
    assert {one["key"]: one["steps"] for one in series} == {
        "loss_step": [3, 6], "loss": [4, 8], "loss_epoch": [4, 8], "val_mean": [4, 8], "epoch": [4, 8],
    }  # fmt: skip
    fitted = runs["Net"]
    assert {(one["node"]["role"], one["node"]["version"]["size"]) for one in fitted["inputs"]["edges"]} == {
        ("train", 256), ("target", 64),
    }  # fmt: skip
    assert (fitted["paramMap"]["hidden"], fitted["paramMap"]["rows"]) == (3, 16)
    (model,) = versions(fitted)
    assert model["properties"]["metadata"]["parameters"] == 19, model
    words = runs["BertForSequenceClassification"]
    assert (words["paramMap"]["max_steps"], words["paramMap"]["model.hidden_size"]) == (2, 8)
    assert {"loss", "grad_norm", "train_runtime"} <= set(words["metricMap"])
    assert {"loss", "half"} == set(runs["loop"]["metricMap"])
    columns = {one["name"]: [column["type"] for column in one["columns"]] for one in versions(runs["loop"])}
    assert columns == {
        "weights": ["fixed_size_list<fixed_size_list<float>[4]>[1]", "fixed_size_list<float>[1]"],
        "numbers": ["fixed_size_list<float>[4]"],
        "short": ["fixed_size_list<bfloat16>[4]"],
        "tensor": ["fixed_size_list<float>[16]"],
        "mixed": [
            "fixed_size_list<fixed_size_list<bfloat16>[4]>[16]",
            "fixed_size_list<fixed_size_list<float>[4]>[16]",
        ],
    }


def versions(run: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["node"]["version"] for one in run["outputs"]["edges"]]


RANK = """
import os
import lineage_server as lineage
rank = os.environ["RANK"]
with lineage.start_run("shards") as run:
    run.log({"loss": float(rank)})
    run.produce(f"shard{rank}", {"x": [rank]}, type="dataset")
"""


@pytest.mark.timeout(300)
def test_all_ranks_of_torchrun_record_one_run(
    running_server: RunningServer, tmp_path: Path, python: Path
) -> None:
    environment = client_environment(
        tmp_path, running_server.url, LINEAGE_CAPTURE="none", LINEAGE_PROJECT="torchrun", PYTHONPATH=str(ROOT)
    )
    (tmp_path / "rank.py").write_text(RANK)
    for _ in range(2):
        done = subprocess.run(
            [python, "-m", "torch.distributed.run", "--nproc-per-node", "3", "rank.py"], env=environment,
            cwd=tmp_path, capture_output=True, text=True, timeout=140, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        assert "not recorded" not in done.stderr
    with Client(config=load_config(environ=environment, project="torchrun")) as client:
        found = [edge["node"] for edge in client.gql(RUNS, {"project": "torchrun"})["runs"]["edges"]]
    for run in found:
        made = {edge["node"]["version"]["name"] for edge in run["outputs"]["edges"]}
        assert (run["name"], run["state"], run["metricMap"]) == ("shards", "COMPLETE", {"loss": 0.0})
        assert made == {"shard0", "shard1", "shard2"}
    assert len(found) == 2
