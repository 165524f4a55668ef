"""The README tells the truth: what it shows is run as it stands, against a server of the test's own.

Only the environment differs: where the server listens and where data goes. ``make run`` is replaced by the
command that it runs, since making the environment anew belongs to the build.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.conftest import client_environment, launch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import RunLineage, RunningServer

# On one worker: its servers are started once for the whole file.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("readme")]

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# These take long or serve until they are stopped; they have their tests in test_up.
ELSEWHERE = {"lineage up", "lineage serve", "lineage demo"}
LISTED = ("runs", "jobs", "artifacts", "models", "approvals", "deployments", "projects")
EXAMPLES = {
    "lineage put NAME PATH": ["lineage put readme /etc/hostname --type file"],
    "lineage get REF PATTERN…": ["lineage get file:readme"],
    "lineage verify REF…": ["lineage verify file:readme"],
    "lineage register NAME SOURCE": ["lineage register readme model:classifier --alias candidate"],
    "lineage promote VERSION ALIAS": [
        "lineage promote model:readme@1 prod",
        "lineage promote model:readme@1 prod --ask",
        "lineage promote model:readme@1 staging --ask",
        "lineage promote model:readme@1 trial --ask",
    ],
    "lineage rollback ALIAS": [
        "lineage register readme s3://bucket/other",
        "lineage promote model:readme@2 prod",
        "lineage rollback model:readme@prod",
    ],
    "lineage approve REQUEST": ["lineage approve model:readme@1 --alias prod"],
    "lineage reject REQUEST": ["lineage reject model:readme@1 --alias staging"],
    "lineage withdraw REQUEST": ["lineage withdraw model:readme@1 --alias trial"],
    "lineage webhook add NAME URL": ["lineage webhook add ci https://ci.example/hook --kind alias"],
    "lineage webhook ls": ["lineage webhook ls"],
    "lineage webhook set WEBHOOK": ["lineage webhook set ci --kind version"],
    "lineage webhook rm WEBHOOK": [
        "lineage webhook add other https://ci.example/hook",
        "lineage webhook rm other",
    ],
    "lineage webhook test WEBHOOK": ["lineage webhook test ci"],
    "lineage webhook deliveries WEBHOOK": ["lineage webhook deliveries ci"],
    "lineage webhook resend DELIVERY": ["lineage webhook resend {delivery}"],
    "lineage deploy VERSION NAME": ["lineage deploy model:readme@1 api --traffic 100"],
    "lineage history ALIAS": ["lineage history model:readme@prod"],
    "lineage protect REF": [
        "lineage protect model:readme@prod --mover local",
        "lineage protect model:readme@prod --off",
    ],
    "lineage unalias ALIAS": ["lineage unalias model:readme@prod --reason over"],
    "lineage update REF": [
        "lineage update model:readme --owner me --tag stage=trial",
        "lineage update model:readme@1 --description first --metric auc=0.9",
    ],
    "lineage hold REF": ["lineage hold model:readme@1 --reason audit"],
    "lineage release REF": ["lineage release model:readme@1"],
    "lineage ttl REF DAYS": ["lineage ttl dataset:iris@1 30", "lineage ttl dataset:iris@1 --never"],
    "lineage delete REF": ["lineage delete model:readme@1 --override --reason wrong"],
    "lineage undelete REF": ["lineage undelete model:readme@1"],
    "lineage model archive REF": ["lineage model archive model:readme --override --reason retired"],
    "lineage model restore REF": ["lineage model restore model:readme"],
    "lineage cache ls": ["lineage cache ls"],
    "lineage cache clear": ["lineage cache clear"],
    "lineage cache verify": ["lineage cache verify"],
    "lineage run -- CMD": ["lineage run -- echo done"],
    "lineage show REF": ["lineage show dataset:iris@1"],
    "lineage ls": [
        "lineage ls",
        *(f"lineage ls {what}" for what in LISTED),
        "lineage ls versions dataset:iris",
        "lineage ls versions readme",
        "lineage ls deployments readme",
        "lineage ls --text train --state complete --kind script --param lr<1 --metric loss<1 --sort -loss",
    ],
    "lineage search WORDS": ["lineage search iris", "lineage search classifier --what artifact"],
    "lineage lineage REF": ["lineage lineage dataset:iris"],
    "lineage diff A B": ["lineage diff dataset:iris@1 dataset:iris@1"],
    "lineage compare RUN RUN…": ["lineage compare model:classifier@1 {newest}"],
    "lineage reproduce REF": ["lineage reproduce model:classifier@1"],
    "lineage impact REF": ["lineage impact dataset:iris"],
    "lineage path A B": ["lineage path dataset:iris dataset:iris"],
    "lineage cost REF": ["lineage cost dataset:iris"],
    "lineage completeness REF": ["lineage completeness dataset:iris"],
    "lineage sync": ["lineage sync"],
    "lineage rebuild": ["lineage rebuild"],
    "lineage export PATH": [
        "lineage export out",
        "lineage export out.json --format prov",
        "lineage export out.jsonl --format openlineage",
    ],
    "lineage import PATH": ["lineage import out", "lineage import out.json", "lineage import out.jsonl"],
    "lineage backup DIR": ["lineage backup all"],
    "lineage restore DIR": ["lineage restore all --dry-run", "lineage restore all --merge"],
    "lineage archive": ["lineage archive --days 1"],
    "lineage gc": ["lineage gc --dry-run", "lineage gc"],
    "lineage doctor": ["lineage doctor"],
    "lineage settings": ["lineage settings"],
    "lineage completion SHELL": ["lineage completion bash"],
}
"""What to type for each line of the table of commands; a new command needs one here."""


def block(language: str, heading: str) -> str:
    """The code under a heading."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, (heading, found)
    return found[0]


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One that holds only what is recorded here: some commands go through the whole graph."""
    server = launch(tmp_path_factory.mktemp("small-server") / "data")
    yield server
    assert server.stop() == 0, server.output()


@pytest.fixture(params=["small_server", "server_on_neo4j"])
def running_server(request: pytest.FixtureRequest) -> RunningServer:
    """All of it on the engine that comes with it, and again with Neo4j behind it."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def project() -> str:
    """Where nobody else records; stands in for project default."""
    return f"readme-{uuid4().hex[:12]}"


@pytest.fixture
def five_lines(running_server: RunningServer, tmp_path: Path, project: str) -> str:
    """What the Python of the README prints."""
    done = subprocess.run(
        [sys.executable, "-c", block("python", "Five lines")],
        env=client_environment(tmp_path, running_server.url, LINEAGE_PROJECT=project),
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_two_commands_are_those_of_make() -> None:
    commands = [line.split("#")[0].strip() for line in block("", "Two commands").splitlines()]
    assert commands == ["make run", "make test"]
    # As from a shell, not below a make that runs these tests with flags of its own.
    makes = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS")
    shell = {name: value for name, value in os.environ.items() if name not in makes}
    for command in reversed(commands):
        told = subprocess.run(
            [*command.split(), "--dry-run"],
            cwd=ROOT, env=shell, capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
    assert told.stdout.rstrip().endswith("lineage up --demo")


def test_the_five_lines_print_the_tree_that_is_promised(five_lines: str) -> None:
    assert five_lines == block("text", "Five lines")
    assert len([line for line in block("python", "Five lines").splitlines()[1:] if line]) == 5


def test_functions_and_fits_print_how_the_model_came_about(
    running_server: RunningServer, tmp_path: Path, project: str
) -> None:
    script = tmp_path / "flowers.py"
    script.write_text(block("python", "Functions and fits"))
    done = subprocess.run(
        [sys.executable, str(script)],
        env=client_environment(tmp_path, running_server.url, LINEAGE_PROJECT=project),
        cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == block("text", "Functions and fits")


def test_many_runs_come_as_tables(running_server: RunningServer, tmp_path: Path, project: str) -> None:
    told = client_environment(tmp_path, running_server.url, LINEAGE_PROJECT=project)
    heading = "Many runs at once"
    assert _run([sys.executable, "-c", block("python", heading)], told, tmp_path) == block("text", heading)


@pytest.mark.usefixtures("five_lines")  # as who reads from the top has run them already
def test_files_go_there_and_come_back(running_server: RunningServer, tmp_path: Path, project: str) -> None:
    flowers = tmp_path / "flowers.csv"
    told = client_environment(tmp_path, running_server.url, LINEAGE_PROJECT=project)
    told["PATH"] = f"{Path(sys.executable).parent}:{told['PATH']}"
    heading = "Files, there and back"
    there = _run(["bash", "-e", "-c", block("bash", heading)], told, tmp_path)
    assert there.splitlines()[-1] == str(tmp_path / "elsewhere" / "flowers.csv")
    assert (tmp_path / "elsewhere" / "flowers.csv").read_text() == flowers.read_text()
    flowers.write_text("another")
    assert _run(["python", "-c", block("python", heading)], told, tmp_path) == "['petal', 'kind']\n"


def test_a_model_goes_from_a_fit_to_a_promotion(
    running_server: RunningServer, tmp_path: Path, project: str
) -> None:
    told = client_environment(tmp_path, running_server.url, LINEAGE_PROJECT=project)
    told["PATH"] = f"{Path(sys.executable).parent}:{told['PATH']}"
    heading = "Models, from a fit to a promotion"
    printed = _run(["python", "-c", block("python", heading)], told, tmp_path)
    assert f"It prints `{printed.strip()}`" in README
    said = _run(["bash", "-e", "-c", block("bash", heading)], told, tmp_path).splitlines()
    assert said[:3] == [
        "model:churn@2  ready",
        "model:churn@prod points to version 2, before to 1",
        "model:churn@prod points to version 2",
    ]
    assert "registered model version churn@2" in said


def test_coroutines_record_and_promote(running_server: RunningServer, tmp_path: Path, project: str) -> None:
    told = client_environment(tmp_path, running_server.url, LINEAGE_PROJECT=project)
    told["PATH"] = f"{Path(sys.executable).parent}:{told['PATH']}"
    heading = "The same for coroutines"
    assert _run(["python", "-c", block("python", heading)], told, tmp_path) == block("text", heading)


def test_processes_and_tries_tell_of_runs_together(
    running_server: RunningServer, tmp_path: Path, project: str
) -> None:
    told = client_environment(tmp_path, running_server.url, LINEAGE_PROJECT=project)
    heading = "Several processes, several tries"
    (tmp_path / "train.py").write_text(block("python", heading))
    assert _run([sys.executable, "train.py"], told, tmp_path) == block("text", heading)


def _run(command: list[str], told: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        command, env=told, cwd=folder, capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.timeout(600)  # some sixty processes, one after the other
def test_every_command_of_the_table_does_its_work(lineage: RunLineage, five_lines: str, project: str) -> None:
    table = re.findall(r"^\| `(lineage [^`]+)` \|", README, re.MULTILINE)
    assert set(table) - ELSEWHERE == set(EXAMPLES)
    for line in table:
        for example in EXAMPLES.get(line, []):
            if "{newest}" in example:
                listed = lineage("ls", "runs", "--json", LINEAGE_PROJECT=project)
                example = example.format(newest=json.loads(listed.out)["runs"][0]["uid"])
            if "{delivery}" in example:
                told = lineage("webhook", "deliveries", "ci", "--json", LINEAGE_PROJECT=project)
                example = example.format(delivery=json.loads(told.out)["deliveries"][0]["uid"])
            answer = lineage(*example.split()[1:], LINEAGE_PROJECT=project)
            assert answer.code == 0, (example, answer)
            assert answer.out, example


def test_the_addresses_of_the_readme_answer(running_server: RunningServer) -> None:
    import urllib.request

    for path in ("/graphql", "/api/v1/events"):
        assert f"`{path}`" in README or f" {path}`" in README
    asked = urllib.request.Request(f"{running_server.url}/graphql", headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=10) as page:
        assert page.headers.get_content_type() == "text/html"
    sent = urllib.request.Request(
        f"{running_server.url}/api/v1/events", data=b"", headers={"Content-Type": "application/x-ndjson"}
    )
    with urllib.request.urlopen(sent, timeout=10) as verdicts:
        assert verdicts.status == 200


def test_files_that_the_readme_leads_to_are_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
