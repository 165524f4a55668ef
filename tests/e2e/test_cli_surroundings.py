"""Which code, packages, image and GPU made a thing, as ``lineage show`` and ``Client.origin`` tell it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lineage_server import AsyncClient, Client, NotFoundError
from lineage_server.client.config import load_config
from lineage_server.domain.edges import Source
from lineage_server.domain.event_parts import CodeFact, EnvironmentFact, GpuFact, OutputFact
from lineage_server.domain.events import ModelVersionReported, RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import JobKind, RunState
from tests.e2e.conftest import client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer

pytestmark = pytest.mark.e2e

SURROUNDED = "surrounded"
COMMIT, IMAGE = "0123456789abcdef" * 2 + "01234567", "sha256:" + "c" * 64
PACKAGES = {f"package-{number:03d}": f"1.{number}" for number in range(600)}


@pytest.fixture(scope="module")
def train(running_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The uid of a run of which all is known; it made the model that is registered."""
    environment = client_environment(tmp_path_factory.mktemp("told"), running_server.url)
    parent, first, one, board = (new_run_id() for _ in range(4))
    now = now_micros()

    def told(run: str, name: str, **more: Any) -> RunReported:
        state = RunState.COMPLETE
        return RunReported(project=SURROUNDED, run=run, at=now, name=name, job=name, state=state, **more)

    with Client(config=load_config(environ=environment, project=SURROUNDED)) as client:
        client.report(
            told(parent, "nightly", kind=JobKind.PIPELINE),
            told(first, "first try"),
            told(board, "board", kind=JobKind.TENSORBOARD, boards=[one]),
            told(
                one, "train", parent=parent, retry_of=first, node="n1", cluster="c1", volumes=["data"],
                code=CodeFact(
                    repo="github.com/x/y", commit=COMMIT, branch="topic", dirty_digest="sha256:d",
                    entry="train.py", diff="-old\n+new \033[31m",
                ),
                environment=EnvironmentFact(python="3.11.4", packages=PACKAGES, digest="sha256:" + "e" * 64),
                gpu=GpuFact(product="H200", count=2, devices=["GPU-x", "GPU-y"], memory_bytes=141 << 30),
                facts={"argv": ["python", "train.py", "--lr", "0.1"], "host": {"name": "box"}},
                outputs=[OutputFact(name="net", type="model", digest="sha256:" + "f" * 64)],
                resources={"cpu": 4},
            ),
            RunReported(
                project=SURROUNDED, run=one, at=now, source=Source.WATCHER,
                environment=EnvironmentFact(image="registry/train:1", image_digest=IMAGE),
            ),
            ModelVersionReported(
                project=SURROUNDED, model="churn", version="1",
                origin=f"version:{SURROUNDED}/model/net@sha256:{'f' * 64}",
            ),
        )  # fmt: skip
        assert client.flush(20.0)
    return f"run:{one}"


def shown(lineage: RunLineage, *arguments: str) -> list[str]:
    answer = lineage("show", *arguments, LINEAGE_PROJECT=SURROUNDED)
    assert (answer.code, answer.err) == (0, "")
    assert "\033" not in answer.out
    return [" ".join(line.split()) for line in answer.out.splitlines()]


RUN = (
    f"commit {COMMIT} (topic, uncommitted changes)",
    "repository github.com/x/y",
    "entry train.py",
    "command python train.py --lr 0.1",
    "python 3.11.4, 600 packages",
    f"image registry/train:1 {IMAGE[:19]}…",
    "host box",
    "node c1/n1",
    "gpu H200",
    "gpus 2",
    "gpu memory 141.0 GiB",
    "volumes c1/data",
    "asked for cpu=4",
)


def test_show_of_a_run_tells_what_it_was_made_with(lineage: RunLineage, train: str) -> None:
    lines = shown(lineage, train)
    for line in RUN:
        assert line in lines, line
    for words in ("part of run nightly (run:", "retry of run first try (run:"):
        assert any(line.startswith(words) for line in lines), words
    assert "board complete" in " ".join(lines[lines.index("boards") :])
    assert "package-000 1.0" not in lines
    everything = shown(lineage, train, "--all")
    assert everything[: len(lines)] == lines
    assert "600 packages" in everything
    assert {"package-000 1.0", "package-599 1.599", "-old"} <= set(everything)
    (node, told) = (
        json.loads("\n".join(shown(lineage, train, "--json")))[key] for key in ("node", "packages")
    )
    assert told == PACKAGES
    assert (node["code"]["commit"], node["image"]["imageDigest"]) == (COMMIT, IMAGE)
    assert node["argv"] == ["python", "train.py", "--lr", "0.1"]


@pytest.mark.parametrize("ref", ["model:net@1", "modelversion:surrounded/churn@1"])
def test_show_of_a_model_tells_what_made_it(lineage: RunLineage, train: str, ref: str) -> None:
    lines = shown(lineage, ref)
    for line in (
        f"made by run train ({train})",
        f"commit {COMMIT[:12]} (topic, uncommitted changes)",
        "entry train.py",
        "python 3.11.4, 600 packages",
        f"image registry/train:1 {IMAGE[:19]}…",
        "made on 2 × H200",
    ):
        assert line in lines, line


def test_show_of_what_a_run_used_leads_back_to_it(lineage: RunLineage, train: str) -> None:
    code = f"code:{SURROUNDED}/github.com/x/y@{COMMIT}+sha256:d"
    about = {
        code: f"commit {COMMIT} (topic, uncommitted changes)",
        f"env:{SURROUNDED}/sha256:{'e' * 64}": "packages 600",
        f"env:{SURROUNDED}/{IMAGE}": f"image registry/train:1 {IMAGE[:19]}…",
        "gpu:GPU-x": "product H200",
        "node:c1/n1": "cluster c1",
        f"volume:{SURROUNDED}/c1/data": "cluster c1",
    }
    for uid, line in about.items():
        lines = shown(lineage, uid)
        assert line in lines, (uid, lines)
        assert any(train in line for line in lines[lines.index("newest runs") :]), uid


async def test_origin_tells_the_client_the_same(
    running_server: RunningServer, train: str, tmp_path: Path
) -> None:
    config = load_config(environ=client_environment(tmp_path, running_server.url), project=SURROUNDED)
    with Client(config=config) as client:
        told = client.origin("model:net@1")
        assert told == client.origin(train) == client.origin(f"modelversion:{SURROUNDED}/churn@1")
        with pytest.raises(NotFoundError, match="no run is known that made"):
            client.origin(f"project:{SURROUNDED}")
    assert (told.run, told.name, told.state, told.project) == (train, "train", "complete", SURROUNDED)
    assert (told.commit, told.branch, told.entry, told.uncommitted) == (COMMIT, "topic", "train.py", True)
    assert told.diff.startswith("-old")
    assert (told.python, told.packages) == ("3.11.4", PACKAGES)
    assert (told.image, told.image_digest) == ("registry/train:1", IMAGE)
    assert (told.gpu_product, told.gpu_count, set(told.gpus)) == ("H200", 2, {"GPU-x", "GPU-y"})
    assert (told.host, told.nodes, told.argv[-2:]) == ("box", ("n1",), ("--lr", "0.1"))
    assert (told.parent[:4], told.retry_of[:4], told.resumed_from) == ("run:", "run:", "")
    async with AsyncClient(client=Client(config=config)) as asking:
        assert await asking.origin("model:net@1") == told
