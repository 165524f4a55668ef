"""Tracked functions and recorded fits against the real server: the lineage they leave, asked back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from lineage_server import Client, Input, Output, autolog, track
from lineage_server.client import shortcuts
from lineage_server.client.config import load_config
from tests.e2e.conftest import client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

RUNS = """
query($project: String!) {
  runs(project: $project, first: 10) { edges { node {
    uid name jobName kind state paramMap metricMap children(first: 10) { edges { node { uid } } }
    inputs(first: 10) { edges { node { role version { name kind ordinal digest columns { name type } } } } }
    outputs(first: 10) { edges { node { role version { name kind ordinal digest } } } }
  } } }
}
"""


@pytest.fixture
def client(
    running_server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    environment = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="git,packages")
    with Client(config=load_config(environ=environment, project="functions")) as made:
        monkeypatch.setattr(shortcuts, "_default", [made])
        yield made


@track
def prepare(source: Path) -> Annotated[pd.DataFrame, Output("flowers")]:
    return pd.read_csv(source)


@track(kind="training")
def train(flowers: pd.DataFrame, strength: float = 1.0) -> LogisticRegression:
    return LogisticRegression(C=strength).fit(flowers[["petal"]], flowers["kind"])


@track
def report(flowers: Annotated[pd.DataFrame, Input], target: Path) -> None:
    target.write_text(f"{len(flowers)} flowers")


@track(name="all")
def everything(folder: Path) -> None:
    flowers = prepare(folder / "flowers.csv")
    with autolog("sklearn"):
        train(flowers, strength=0.5)
    report(flowers, folder / "report.txt")


def test_functions_leave_a_lineage(client: Client, tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text("petal,kind\n" + "".join(f"{n},{n // 5}\n" for n in range(10)))
    everything(tmp_path)
    with pytest.raises(FileNotFoundError):
        prepare(tmp_path / "none.csv")
    assert client.flush(20)
    found: list[dict[str, Any]] = [
        e["node"] for e in client.gql(RUNS, {"project": "functions"})["runs"]["edges"]
    ]
    failed = [run for run in found if run["state"] == "FAILED"]
    runs = {run["name"]: run for run in found if run["state"] == "COMPLETE"}
    assert [run["name"] for run in failed] == ["prepare"]
    assert set(runs) == {"all", "prepare", "train", "report"}
    children = {edge["node"]["uid"] for edge in runs["all"]["children"]["edges"]}
    assert children == {runs[name]["uid"] for name in ("prepare", "train", "report")}
    prepared, trained, reported = (links(runs[name]) for name in ("prepare", "train", "report"))
    assert prepared == ({("source", "flowers.csv", 1)}, {("flowers", "flowers", 1)})
    assert trained == (
        {("flowers", "flowers", 1), ("train", "train.data", 1), ("target", "train.target", 1)},
        {("model", "train.LogisticRegression", 1)},
    )
    assert reported == ({("flowers", "flowers", 1)}, {("target", "report.txt", 1)})
    assert (runs["train"]["paramMap"]["strength"], runs["train"]["paramMap"]["C"]) == (0.5, 0.5)
    assert runs["train"]["metricMap"]["training_score"] == 1.0
    drawn = str(client.lineage("model:train.LogisticRegression", "upstream"))
    for name in ("run train", "dataset:flowers@1", "run prepare", "dataset:flowers.csv@1"):
        assert name in drawn, drawn
    assert "report" not in drawn


def links(run: dict[str, Any]) -> tuple[set[tuple[str, str, int]], set[tuple[str, str, int]]]:
    """Role, name and version of what it read and of what it made."""
    inputs, outputs = (
        {(node["role"] or "", node["version"]["name"], node["version"]["ordinal"])
         for node in (edge["node"] for edge in run[side]["edges"])}
        for side in ("inputs", "outputs")
    )  # fmt: skip
    return inputs, outputs
