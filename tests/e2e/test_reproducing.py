"""``lineage reproduce``: what it takes, what is missing, doing it; with a real server, git and store."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from lineage_server import AsyncClient, Client, NotSupportedError
from lineage_server.client.config import load_config
from tests.e2e.conftest import LINEAGE, Answer, client_environment

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

TRAIN = """
import os, pathlib, sys
import lineage_server as lineage

with lineage.start_run("fit", params={"rate": 0.1}) as run:
    lineage.seed(7)
    run.use(pathlib.Path("data.csv"), name="flowers", type="dataset")
    text = pathlib.Path("data.csv").read_text()
    run.log({"letters": len(text)}, step=1)
    made = pathlib.Path("made.txt")
    made.write_text(text.upper() + (os.urandom(8).hex() if "--chance" in sys.argv else ""))
    run.produce("net", made, type="model")
"""


RELEASE = """
import os, pathlib
import lineage_server as lineage

with lineage.start_run("release") as run:
    made = pathlib.Path("made.txt")
    made.write_text("weights")
    model = run.log_model(made, "rep", register=True, aliases=["candidate"])
    with run.child("audit") as audit:
        audit.use(model)
    run.log({"letters": 7}, step=1)
    lineage.flush(60)
    version = lineage.register("served", model, aliases=["canary"], version="first")
    assert version.artifact.path.read_text() == "weights"
    lineage.promote(version, "prod")
    lineage.promote("model:rep@latest", "prod")
    lineage.set_ttl(model, 1)
    lineage.describe("model:rep", "by the script")
    lineage.deploy(version, "api")
    lineage.hold(version)
    lineage.archive_model(lineage.register("old", model))
    if "LINEAGE_REPRODUCES" in os.environ:
        assert lineage.promote("model:served@7", "stage").version == ""
        assert lineage.alias("model:rep@prod").version == "2"
        try:
            lineage.gql("mutation { deleteAlias(input: {model: 'rep', alias: 'prod'}) { problems { code }}}")
        except lineage.NotSupportedError as error:
            assert "withheld" in str(error)
        else:
            raise SystemExit("it was let change an alias")
"""

STANDING = """
query S($p: String!) {
  models(project: $p, first: 10) { edges { node {
    name state description highest newest aliases { name version }
  } } }
  rep: modelVersions(model: "rep", project: $p) { ...Versions }
  served: modelVersions(model: "served", project: $p) { ...Versions }
  artifacts(project: $p, first: 10) { edges { node { name versions(first: 10) { edges { node {
    ordinal uri ttlAt hold
  } } } } } }
}
fragment Versions on ModelVersionConnection {
  edges { node { uid state hold uri aliases createdAt deployments { uid } } }
}
"""


REPEATS = """
query R($of: String!, $p: String!) { repeats(of: $of, project: $p) { run { uid } differing } }
"""


class Work:
    """A repository with a training in it, and the commands of its owner in a project of their own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder / "work"
        self.project = f"again-{uuid4().hex[:12]}"
        self.environment = client_environment(folder, url, LINEAGE_PROJECT=self.project)
        self.folder.mkdir()
        (self.folder / "train.py").write_text(TRAIN)
        (self.folder / ".gitignore").write_text("data.csv\nmade.txt\n__pycache__/\n")
        (self.folder / "data.csv").write_text("petal,kind\n1.4,0\n")
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=kim", "-c", "user.email=kim@example.com")
        subprocess.run(["git", *who, *words], cwd=self.folder, check=True, capture_output=True)

    def commit(self, words: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", words)

    def lineage(self, *words: str, folder: Path | None = None) -> Answer:
        done = subprocess.run(
            [LINEAGE, *words], env=self.environment, cwd=folder or self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    def train(self, *more: str) -> None:
        answer = self.lineage("run", "--name", "training", "--", sys.executable, "train.py", *more)
        assert answer.code == 0, answer

    def alone(self) -> None:
        """The training by itself, not by ``lineage run``."""
        subprocess.run(
            [sys.executable, "train.py"],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            check=True,
        )

    def again(self, *more: str, ref: str = "model:net@1", folder: Path | None = None) -> tuple[int, Any]:
        answer = self.lineage("reproduce", ref, "--json", *more, folder=folder)
        assert answer.code in (0, 1), answer
        return answer.code, json.loads(answer.out)

    def client(self) -> Client:
        return Client(config=load_config(environ=self.environment))


@pytest.fixture
def work(tmp_path: Path, running_server: RunningServer) -> Work:
    return Work(tmp_path, running_server.url)


def reproductions(work: Work, uid: str) -> list[dict[str, Any]]:
    """As the graph has them of the original, newest first."""
    with work.client() as client:
        node = client.gql(
            """query R($uid: String!) { run(uid: $uid) { reproductions { edges { node {
            uid name state reproduces { uid } reproduction { verdict differences reason } } } } } }""",
            {"uid": uid},
        )["run"]
    return [edge["node"] for edge in node["reproductions"]["edges"]]


def test_a_training_is_done_again_and_is_the_same(work: Work, tmp_path: Path) -> None:
    work.train()
    code, told = work.again()
    assert (code, told["missing"], told["canRun"], told["verdict"]) == (0, [], True, None)
    assert told["name"] == "training"
    assert told["command"][1:] == ["train.py"]
    assert (told["code"]["repo"], told["code"]["dirty_digest"]) == ("work", "")
    assert (told["parameters"], told["seeds"]) == ({"fit": {"rate": 0.1, "seed": 7}}, {"seed": 7})
    ((source,), repeats) = told["inputs"], told["repeats"]
    assert (source["name"], source["bytes"]) == ("dataset:flowers@1", "original")
    assert repeats["differing"] == 0
    lines = work.lineage("reproduce", "model:net@1").out.splitlines()
    assert lines[-1] == "nothing that is known to be needed is missing; --run does it"
    assert "seeds         seed=7" in lines  # which the fit set, and not the command around it
    work.lineage("register", "churn", "model:net@1", "--alias", "prod")
    by_alias = work.again(ref="model:churn@prod")[1]
    assert (by_alias["run"], by_alias["missing"], by_alias["canRun"]) == (told["run"], [], True)
    # What the owner has now does not matter, only that the commit is there.
    (work.folder / "train.py").write_text("raise SystemExit('another')")
    (work.folder / "made.txt").write_text("of the owner")
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"], told["verdict"]["differences"]) == (0, "same", [])
    assert (work.folder / "made.txt").read_text() == "of the owner"
    (found,) = reproductions(work, told["run"])
    assert (found["uid"], found["state"], found["name"]) == (told["verdict"]["run"], "COMPLETE", "training")
    assert found["reproduces"]["uid"] == told["run"]
    assert found["reproduction"]["verdict"] == "SAME"
    assert not list((tmp_path / "home").glob("**/lineage-reproduce-*"))
    shown = work.lineage("show", told["run"]).out
    assert "done again" in shown
    assert "the same" in shown
    assert "again what was" in work.lineage("show", found["uid"]).out


def test_a_reproduction_leaves_the_registry_as_it_is(work: Work) -> None:
    """It records, compares and says what it did not do: no version, alias, deployment or place is another."""
    (work.folder / "train.py").write_text(RELEASE)
    work.commit("releases what it makes")
    work.train()
    with work.client() as client:
        with client.start_run("later") as run:  # meanwhile others have moved on
            later = run.produce("later", b"better", type="model")
        client.register("rep", later, aliases="prod")
        before = client.gql(STANDING, {"p": work.project})
    assert [edge["node"]["name"] for edge in before["models"]["edges"]] != []
    answer = work.lineage("reproduce", "model:rep@1", "--run", "--json")
    assert answer.code == 0, answer
    told = json.loads(answer.out)["verdict"]
    assert (told["verdict"], told["differences"]) == ("same", [])
    with work.client() as client:
        assert client.gql(STANDING, {"p": work.project}) == before
    for what in (
        "register rep", "move alias candidate of rep", "register served, aliases: canary",
        "deploy model:served@first as api",
        "move alias prod to model:rep@latest", "describe model:rep", "set when model:rep@",
        "hold or release model:served@first", "archive or restore model:old",
        "move alias stage to model:served@7",
    ):  # fmt: skip
        assert what in told["reason"], told
        assert answer.err.count(f"again: {what}") >= 1, answer.err
    assert answer.err.count("again: register rep;") == 1
    (found,) = reproductions(work, json.loads(answer.out)["run"])
    assert "withheld: " in found["reproduction"]["reason"]


def test_what_differs_is_said_and_exits_with_1(work: Work) -> None:
    work.train("--chance")
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) == (1, "differs")
    assert [line.split(":")[0] for line in told["verdict"]["differences"]] == ["output model"]
    assert reproductions(work, told["run"])[0]["reproduction"]["verdict"] == "DIFFERS"
    # Two inner runs have one fingerprint, and made different things.
    asked = {"of": "model:net@1", "p": work.project}
    with work.client() as client:
        found = client.gql(REPEATS, asked)["repeats"]
    assert found["differing"] == 1
    inner = work.lineage("show", found["run"]["uid"]).out
    assert "1 run made something else though nothing that is known differs" in inner


def test_uncommitted_changes_are_had_from_here_or_from_what_was_recorded(work: Work) -> None:
    changed = TRAIN.replace("text.upper()", "text.upper() + 'changed'")
    (work.folder / "train.py").write_text(changed)
    work.train()
    (work.folder / "made.txt").unlink()
    assert "uncommitted" in work.lineage("reproduce", "model:net@1").out
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) == (0, "same"), told
    (work.folder / "train.py").write_text(TRAIN)
    assert "as recorded" in work.lineage("reproduce", "model:net@1").out
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) == (0, "same"), told


def test_new_files_are_had_only_from_here(work: Work) -> None:
    (work.folder / "more.py").write_text("WORD = 'new'\n")
    (work.folder / "train.py").write_text("import more\n" + TRAIN.replace("text.upper()", "more.WORD"))
    work.train()
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) == (0, "same")
    (work.folder / "more.py").write_text("WORD = 'other'\n")
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) == (1, "failed")
    assert [one["part"] for one in told["missing"]] == ["changes"], told["missing"]


def test_inputs_that_drifted_are_missing_unless_the_store_has_them(work: Work) -> None:
    work.train()
    (work.folder / "data.csv").write_text("another")
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) == (1, "failed")
    assert told["inputs"][0]["bytes"] == "drifted"
    assert "dataset:flowers@1" in told["verdict"]["reason"]
    attempt = reproductions(work, told["run"])[0]
    assert (attempt["state"], attempt["reproduction"]["verdict"]) == ("FAILED", "FAILED")
    assert attempt["name"] == "reproduce training"
    (work.folder / "data.csv").write_text("petal,kind\n1.4,0\n")
    assert work.lineage("put", "flowers", "data.csv").code == 0
    (work.folder / "data.csv").unlink()
    code, told = work.again("--run")
    assert (told["inputs"][0]["bytes"], told["missing"]) == ("store", [])
    assert (code, told["verdict"]["verdict"]) == (0, "same"), told["verdict"]
    assert not (work.folder / "data.csv").exists()


def test_code_that_is_not_here_is_missing(work: Work, tmp_path: Path) -> None:
    work.train()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code, told = work.again(folder=elsewhere)
    assert (code, [one["part"] for one in told["missing"]]) == (0, ["code"])
    code, told = work.again(
        "--repo", str(work.folder), "--run", "--in", str(tmp_path / "kept"), folder=elsewhere
    )
    assert (code, told["verdict"]["verdict"]) == (0, "same")
    assert (tmp_path / "kept" / "work" / "made.txt").read_text() == "PETAL,KIND\n1.4,0\n"
    refused = work.lineage("reproduce", "model:net@1", "--run", "--in", str(tmp_path / "kept"))
    assert (refused.code, "is not empty" in refused.err) == (2, True)


def test_a_command_that_fails_now_could_not_be_reproduced(work: Work, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    sign.touch()
    (work.folder / "train.py").write_text(f"open({str(sign)!r})\n" + TRAIN)
    work.commit("needs a sign")
    work.train()
    sign.unlink()
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) == (1, "failed")
    assert told["verdict"]["reason"].startswith("it ended as failed")


def test_links_of_a_commit_do_not_lead_out(work: Work, tmp_path: Path) -> None:
    """An input below a link that the commit holds would be written to where the link leads."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "data.csv").write_text("petal,kind\n1.4,0\n")
    os.symlink(outside, work.folder / "data")
    (work.folder / "train.py").write_text(TRAIN.replace('"data.csv"', '"data/data.csv"'))
    work.commit("data by a link")
    work.train()
    before = (outside / "data.csv").stat().st_mtime_ns
    code, told = work.again("--run")
    assert (code, told["verdict"]["verdict"]) in ((1, "failed"), (0, "same"))
    assert (outside / "data.csv").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["model:none"], 4, "none"),
        (["job:training"], 4, "no run is known"),
        (["run:nonsense"], 4, "is not there"),
        (["model:net@1", "--run", "--tolerance", "2"], 2, "allowed: 0 to less than 1"),
        (["dataset:flowers@1"], 4, "no run is known that made"),
    ],
)
def test_what_cannot_be_done_again_is_said(work: Work, words: list[str], code: int, why: str) -> None:
    work.train()
    answer = work.lineage("reproduce", *words)
    assert (answer.code, why in answer.err) == (code, True), answer


async def test_in_python_and_only_what_our_command_began(work: Work) -> None:
    work.train()
    await asyncio.to_thread(work.alone)
    with work.client() as client:
        found = client.reproduce("model:net@1", repo=work.folder)
        assert found.possible
        assert json.loads(found.to_json()) == json.loads(json.dumps(found.to_dict()))
        assert str(found).startswith("to do run training again (run:")
        alone = client.gql("query R($p: String!) { runs(project: $p, first: 1) { edges { node { uid } } } }",
                           {"p": work.project})["runs"]["edges"][0]["node"]["uid"]  # fmt: skip
        with pytest.raises(NotSupportedError, match="was not begun by 'lineage run"):
            client.reproduce(alone, perform=True, repo=work.folder)
        assert not client.reproduce(alone, repo=work.folder).recipe.launched
        async with AsyncClient(client=client) as twin:
            assert (await twin.reproduce("model:net@1", repo=work.folder)) == found
