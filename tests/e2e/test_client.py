"""The Python client against the real server: what a script tells is what the graph answers.

Beyond the client's unit tests, which have a server made of words: here both ends are real. What happens to
a client that is killed is in ``test_faults_kills``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from lineage_server import (
    AsyncClient,
    Client,
    ConflictError,
    InvalidInputError,
    LineageView,
    NotFoundError,
    UnavailableError,
)
from lineage_server.client.config import Config, load_config
from tests.e2e.conftest import client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer

pytestmark = pytest.mark.e2e

RUN = """
query($uid: String!) {
  run(uid: $uid) {
    uid name jobName kind project state reason exitCode description tags { key value } paramMap metricMap
    inputs { edges { node { role version { ...what } } } }
    outputs { edges { node { role version { ...what } } } }
    children { edges { node { uid name state } } }
  }
}
fragment what on ArtifactVersion { name kind ordinal digest uri size columns { name type nullable } stats }
"""
SERIES = "query($uid: String!) { metricHistory(run: $uid) { key total steps values } }"


@pytest.fixture
def config(running_server: RunningServer, tmp_path: Path, request: pytest.FixtureRequest) -> Config:
    """A user's, with a project of the test's own."""
    environment = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="none")
    project = request.node.name.removeprefix("test_").replace("_", "-")
    return load_config(environ=environment, project=project)


@pytest.fixture
def client(config: Config) -> Iterator[Client]:
    with Client(config=config) as made:
        yield made


@pytest.fixture
def script(config: Config, tmp_path: Path) -> Callable[..., list[str]]:
    """Runs Python of a user in a process of its own; answers the lines it prints."""

    def run(text: str, *arguments: str, **environment: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", text, *arguments],
            env={**config.environ, "LINEAGE_PROJECT": config.project, **environment},
            cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.splitlines()

    return run


def told(client: Client, uid: str) -> dict[str, Any]:
    """The run, as the graph has it."""
    assert client.flush(20.0)
    return flat(client.gql(RUN, {"uid": uid}))


def flat(answer: dict[str, Any]) -> dict[str, Any]:
    """The run with lists instead of connections."""
    run, names = answer["run"], ("inputs", "outputs", "children")
    return {**run, **{name: [edge["node"] for edge in run[name]["edges"]] for name in names}}


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


# --- recording ---------------------------------------------------------------------------------


def test_run_with_all_it_says(client: Client) -> None:
    with client.start_run(
        "학습", job="train", kind="training", params={"lr": 0.1}, tags={"by": "test"}, description="a run"
    ) as run:
        run.log_params({"depth": 3, "name": "숲", "deep": {"a": [1, 2]}})
        run.set_tags({"stage": "trial"})
        for step in range(100):
            run.log({"loss": 1 / (step + 1), "accuracy": step / 100}, step=step)
    found = told(client, run.uid)
    assert (found["name"], found["jobName"], found["kind"]) == ("학습", "train", "training")
    assert (found["state"], found["project"]) == ("COMPLETE", client.config.project)
    assert found["description"] == "a run"
    assert {tag["key"]: tag["value"] for tag in found["tags"]} == {"by": "test", "stage": "trial"}
    params = found["paramMap"]
    assert (params["lr"], params["depth"], params["name"]) == (0.1, 3, "숲")
    assert found["metricMap"] == {"loss": 0.01, "accuracy": 0.99}
    series = {each["key"]: each for each in client.gql(SERIES, {"uid": run.uid})["metricHistory"]}
    assert [series["loss"]["total"], series["loss"]["steps"]] == [100, list(range(100))]
    assert series["loss"]["values"] == [1 / (step + 1) for step in range(100)]


def test_failure_is_recorded_with_its_reason(client: Client) -> None:
    with pytest.raises(ZeroDivisionError), client.start_run("broken") as run:
        _ = 1 / 0
    found = told(client, run.uid)
    assert found["state"] == "FAILED"
    assert "ZeroDivisionError: division by zero" in found["reason"]


def test_file_folder_frame_and_reference(client: Client, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    file = tmp_path / "자료.csv"
    file.write_text("a,b\n1,x\n2,y\n")
    folder = tmp_path / "pictures"
    (folder / "inner").mkdir(parents=True)
    (folder / "one.bin").write_bytes(b"one")
    (folder / "inner" / "two.bin").write_bytes(b"two")
    frame = pandas.DataFrame({"length": [1.5, 2.5, None], "kind": ["x", "y", "y"]})
    with client.start_run("make") as run:
        run.produce("file", file, type="dataset")
        run.produce("folder", folder)
        run.produce("frame", frame, type="dataset")
        run.produce("far", "s3://bucket/key.parquet", type="dataset")
    outputs = {link["version"]["name"]: link["version"] for link in told(client, run.uid)["outputs"]}
    assert outputs["file"]["digest"] == digest(file.read_bytes())
    assert (outputs["file"]["size"], outputs["file"]["uri"]) == (12, file.as_uri())
    assert [column["name"] for column in outputs["file"]["columns"]] == ["a", "b"]
    assert (outputs["folder"]["kind"], outputs["folder"]["size"]) == ("dataset", 6)
    length, kind = outputs["frame"]["columns"]
    assert (length["name"], length["type"], kind["name"]) == ("length", "double", "kind")
    assert outputs["frame"]["stats"]["rows"] == 3
    assert (outputs["far"]["digest"], outputs["far"]["uri"]) == ("", "s3://bucket/key.parquet")


def test_same_content_is_the_same_version(client: Client, tmp_path: Path) -> None:
    for text, ordinal in (("one", 1), ("two", 2), ("one", 1)):
        (tmp_path / "file.txt").write_text(text)
        with client.start_run("write") as run:
            run.produce("text", tmp_path / "file.txt", type="file")
        (output,) = told(client, run.uid)["outputs"]
        assert output["version"]["ordinal"] == ordinal


def test_use_finds_what_was_produced(client: Client, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "iris.csv"
    for version in (1, 2):
        path.write_text(f"x\n{version}\n")
        with client.start_run("make") as made:
            made.produce("iris", path, type="dataset")
    with client.start_run("read") as run:
        latest = run.use("dataset:iris", role="train")
        first = run.use("dataset:iris@1", role="old")
        assert latest.verify() == path
        assert latest.to_pandas().equals(pandas.DataFrame({"x": [2]}))
        with pytest.raises(ConflictError, match="its content has changed"):
            first.verify()
        run.use(tmp_path / "iris.csv", role="same file")
    found = {(link["role"], link["version"]["ordinal"]) for link in told(client, run.uid)["inputs"]}
    assert {("train", 2), ("old", 1)} <= found
    with pytest.raises(NotFoundError, match="has no version '9'"):
        client.lineage("dataset:iris@9")


def test_child_runs_are_steps_of_theirs(client: Client) -> None:
    with client.start_run("whole") as whole:
        for part in ("first", "second"):
            with whole.child(part) as step:
                step.log({"part": 1.0})
    steps = told(client, whole.uid)["children"]
    assert {(step["name"], step["state"]) for step in steps} == {
        ("first", "COMPLETE"),
        ("second", "COMPLETE"),
    }


async def test_async_twin_tells_the_same(config: Config, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("in")
    async with AsyncClient(client=Client(config=config)) as client:
        async with client.start_run("twin", params={"a": 1}) as run:
            run.log({"loss": 0.5}, step=1)
            run.set_tags({"kind": "async"})
            await run.use(tmp_path / "in.txt", role="source")
            await run.produce("out", {"x": [1]}, type="dataset")
            async with run.child("part"):
                pass
        assert await client.flush(20.0)
        found = flat(await client.gql(RUN, {"uid": run.uid}))
        view = await client.lineage("dataset:out", "upstream")
    assert (found["state"], found["paramMap"], found["metricMap"]) == ("COMPLETE", {"a": 1}, {"loss": 0.5})
    assert [link["version"]["name"] for link in found["inputs"] + found["outputs"]] == ["in.txt", "out"]
    assert [child["name"] for child in found["children"]] == ["part"]
    assert [node.title for node in view.upstream()] == ["run twin", "dataset:in.txt@1"]


# --- asking ------------------------------------------------------------------------------------


async def test_what_is_missed_in_the_own_project_is_said_to_be_elsewhere(config: Config) -> None:
    """Whoever records in another project asks in it by name; a reference means one thing all along."""
    with Client(config=config) as client:
        with pytest.raises(NotFoundError, match=r"'PROJECT/model:kept@candidate', or connect.* another"):
            client.lineage("model:kept@candidate")
        with client.start_run("train", project="kept-there") as run:
            kept = run.log_model(b"weights", name="kept", register=True, aliases=["candidate"])
        there = (
            r"recorded in 'kept-there': 'kept-there/model:kept@candidate', or connect\(project='kept-there'"
        )
        for ask in (client.lineage, client.impact, client.get, client.model_version, client.origin):
            with pytest.raises(NotFoundError, match=there) as missed:
                ask("model:kept@candidate")
            assert "kept-there" not in missed.value.message
        async with AsyncClient(client=client) as twin:
            with pytest.raises(NotFoundError, match=there):
                await twin.lineage("model:kept@candidate")
        assert client.get("kept-there/model:kept@candidate").digest == kept.digest
        with pytest.raises(NotFoundError) as named:
            client.get("kept-there/model:kept@nothing")
        assert not named.value.hint


@pytest.fixture
def view(client: Client) -> LineageView:
    """Of a model: made from a dataset, used for a table."""
    with client.start_run("prepare") as run:
        data = run.produce("꽃", {"x": [1]}, type="dataset")
    with client.start_run("train") as run:
        run.use(data, role="자료")
        model = run.produce("모형", {"w": 1}, type="model")
    with client.start_run("predict") as run:
        run.use(model)
        run.produce("표", {"y": [1]}, type="table")
    return client.lineage("model:모형")


def test_lineage_both_ways(view: LineageView) -> None:
    assert [node.title for node in view.upstream()] == ["run train", "dataset:꽃@1", "run prepare"]
    assert [node.title for node in view.downstream()] == ["run predict", "table:표@1"]
    assert not view.is_partial


def test_lineage_is_drawn_for_every_reader(view: LineageView) -> None:
    tree = str(view).splitlines()
    assert tree[0] == "model:모형@1"
    assert any(line.split() == ["└─", "dataset:꽃@1", "as", "자료"] for line in tree)
    assert view.to_mermaid().startswith("flowchart LR\n")
    drawing = ElementTree.fromstring(view.to_svg())
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join(drawing.itertext())
    assert all(node.title in words for node in view.nodes)
    shown = view._repr_mimebundle_()
    assert {"text/plain", "image/svg+xml", "text/html"} <= shown.keys()
    assert json.loads(view.to_json())["start"] == list(view.start)


EVERYTHING_FIRST = """
import importlib, pkgutil
import lineage_server as lineage
for module in pkgutil.walk_packages(lineage.__path__, "lineage_server."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
import lineage_server.client
for name in lineage_server.client.__all__:
    assert getattr(lineage, name).__name__ == name, name
with lineage.start_run("one") as run:
    run.produce("thing", {"x": 1}, type="dataset")
print(lineage.lineage("dataset:thing"))
"""


def test_public_names_stay_what_they_are_beside_the_server(script: Callable[..., list[str]]) -> None:
    """Server and client in one process: no sub-package of ours takes the name of a function."""
    assert script(EVERYTHING_FIRST)[0] == "dataset:thing@1"


# --- away, and together ------------------------------------------------------------------------


def test_offline_then_sync_by_command(
    config: Config, client: Client, script: Callable[..., list[str]], lineage: RunLineage
) -> None:
    text = """
import lineage_server as lineage
with lineage.start_run("offline", params={"a": 1}) as run:
    run.log({"loss": 0.5}, step=1)
    run.produce("later", {"x": [1]}, type="dataset")
print(run.uid)
"""
    (uid,) = script(text, LINEAGE_MODE="offline")
    with pytest.raises(NotFoundError):
        client.gql(RUN, {"uid": uid})
    assert lineage("sync", "--dry-run").out == "1 journal to send\n1 upload to send\n"
    first, again = (json.loads(lineage("sync", "--json").out) for _ in range(2))
    assert (first["journals"], first["refused"], first["left"], first["uploads"]) == (1, 0, [], 1)
    assert first["accepted"] > 0
    assert (again["journals"], again["accepted"], again["uploads"]) == (0, 0, 0)
    found = told(client, uid)
    assert (found["state"], found["paramMap"], found["metricMap"]) == ("COMPLETE", {"a": 1}, {"loss": 0.5})
    assert [link["version"]["name"] for link in found["outputs"]] == ["later"]


RANK = """
import sys
import lineage_server as lineage
name, run_id = sys.argv[1:]
run = lineage.attach_run(run_id)
run.log({f"loss-{name}": 0.5}, step=1)
run.set_tags({name: "was here"})
run.produce(f"part-{name}", {"x": [name]}, type="dataset")
assert lineage.flush(20)
"""


def test_two_processes_with_one_run(client: Client, script: Callable[..., list[str]]) -> None:
    with client.start_run("shared") as run:
        for name in ("left", "right"):
            script(RANK, name, run.id)
        assert told(client, run.uid)["state"] == "RUNNING"
        run.log({"loss": 0.1}, step=2)
    found = told(client, run.uid)
    assert found["state"] == "COMPLETE"
    assert found["metricMap"] == {"loss": 0.1, "loss-left": 0.5, "loss-right": 0.5}
    assert {tag["key"] for tag in found["tags"]} == {"left", "right"}
    assert {link["version"]["name"] for link in found["outputs"]} == {"part-left", "part-right"}


async def test_a_run_is_joined_by_the_first_digits_of_its_id(client: Client, config: Config) -> None:
    """Unless another begins so; in its own project, whoever joins it."""
    one, other = "abcdef01-0000-7000-8000-00000000000", "abcdef01-0000-7000-8000-00000000001"
    runs = [client.start_run("joined", project="elsewhere", run_id=f"{each}1") for each in (one, other)]
    assert client.flush(20.0)
    for number, short in enumerate((f"run:{one}", one.replace("-", ""), f"  {one.upper()} ")):
        joined = client.attach_run(short)
        assert (joined.id, joined.project) == (runs[0].id, "elsewhere")
        joined.log_params({f"p{number}": 1})
    async with AsyncClient(client=Client(config=config)) as twin:
        (await twin.attach_run(other)).log_params({"p": 2})
    assert set(told(client, runs[0].uid)["paramMap"]) == {"p0", "p1", "p2"}
    assert told(client, runs[1].uid)["paramMap"] == {"p": 2}
    with pytest.raises(InvalidInputError, match="several runs begin with 'run:abcdef01'") as several:
        client.attach_run("abcdef01")
    assert runs[0].uid in several.value.allowed
    assert runs[1].uid in several.value.allowed
    # Of the project that is meant there is one.
    own = client.start_run("own", run_id="abcdef01-0000-7000-8000-000000000021")
    assert client.flush(20.0)
    assert client.attach_run("abcdef01").id == own.id
    with pytest.raises(NotFoundError, match="no run begins with 'run:fedcba'"):
        client.attach_run("fedcba")
    for wrong in ("fedcb", "not-an-id"):
        with pytest.raises(InvalidInputError, match="is not a UUID"):
            client.attach_run(wrong)
    with pytest.raises(UnavailableError, match="a whole id is not"):
        Client(config=replace(config, url="http://127.0.0.1:9")).attach_run("abcdef01")


def test_launched_process_has_the_run_that_was_chosen_for_it(
    client: Client, script: Callable[..., list[str]]
) -> None:
    text = "import lineage_server as lineage\nwith lineage.start_run('mine') as run: print(run.uid)"
    parent = client.start_run("launcher")
    chosen = "01900000-0000-7000-8000-00000000c11e"
    (uid,) = script(text, LINEAGE_RUN_ID=chosen, LINEAGE_PARENT_RUN=parent.id)
    parent.finish()
    assert uid == f"run:{chosen}"
    (step,) = told(client, parent.uid)["children"]
    assert (step["uid"], step["state"]) == (uid, "COMPLETE")
