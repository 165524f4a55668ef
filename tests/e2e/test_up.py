"""``lineage up``, ``serve`` and ``demo``: starting, the sample, stopping, being killed, standing in the way.

Each server here is the test's own, in a fresh data folder; whatever it started must be gone with it.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psutil
import pytest

from lineage_server import __version__
from tests.e2e.conftest import LINEAGE, Answer, client_environment
from tests.support.browser import browsing, is_there
from tests.support.lineage_view import SAVED, click, saved
from tests.support.web_view import ROOT, build

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer

pytestmark = pytest.mark.e2e

STOP_SECONDS = 10.0
MOST_BYTES_OF_A_PICTURE = 200_000
LAST_WORDS = "stopped; the data stays for the next start\n"


def command(tmp_path: Path, *arguments: str, url: str = "", **environment: str) -> Answer:
    done = subprocess.run(
        [LINEAGE, *arguments],
        env=client_environment(tmp_path / "user", url, **environment),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Any]:
    """The JSON that a command of a user answers."""

    def run(server: RunningServer, *arguments: str) -> Any:
        answer = command(tmp_path, *arguments, "--json", url=server.url)
        assert answer.code == 0, answer
        return json.loads(answer.out)

    return run


def engines(family: Sequence[psutil.Process]) -> list[psutil.Process]:
    return [process for process in family if process.name() == "java"]


def gone(family: Sequence[psutil.Process], *, seconds: float = STOP_SECONDS) -> bool:
    """Whether all of them end in time."""
    return not psutil.wait_procs(family, timeout=seconds)[1]


# --- the sample --------------------------------------------------------------------------------


def test_up_with_the_sample_from_nothing_to_ctrl_c(
    start_server: StartServer, ask: Any, tmp_path: Path
) -> None:
    """A newcomer's first minutes: what is printed, what is recorded, what is left behind."""
    # In a shell that does not know the command, as after ``make run``.
    newcomer = client_environment(tmp_path / "newcomer", PATH="/usr/bin:/bin")
    server = start_server("--demo", environment=newcomer)
    server.wait_for("Press Ctrl+C to stop.")
    printed = server.output()
    activate = printed.partition("  commands  source ")[2].partition("\n")[0]
    assert Path(activate).absolute() == Path(LINEAGE).with_name("activate")
    assert f"  GraphQL   {server.url}/graphql\n" in printed
    assert f"  clients   export LINEAGE_URL={server.url}\n" in printed
    assert f"  data      {server.data_dir}\n" in printed
    tree = printed.partition("made like this:\n\n")[2].partition("\n\nask on:")[0]
    check_tree(tree)
    check_story(server, ask, printed.partition("--as-of ")[2].split()[0])
    check_picture(server, tmp_path)
    family = server.family()
    assert len(engines(family)) == 1
    began = time.monotonic()
    assert server.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < STOP_SECONDS
    assert gone(family, seconds=1)
    server.wait_for(LAST_WORDS)
    assert "Traceback" not in server.output()
    check_second_start(start_server, tree)


def check_tree(tree: str) -> None:
    """The sample's story: chosen from a training, that on data corrected from what was delivered."""
    lines = tree.splitlines()
    assert lines[0] == "model:tumour@2"
    told = [line.strip("│├└─ ").split("  ")[0] for line in lines]
    story = (
        "run choose", "run train-linear", "dataset:train@2", "run prepare",
        "dataset:measurements@2", "run correct", "dataset:measurements@1", "run deliver",
    )  # fmt: skip
    places = [told.index(part) for part in story]
    assert places == sorted(places)


def check_story(server: RunningServer, ask: Any, corrected_at: str) -> None:
    """What the sample prints to ask on: impact of the bad delivery, what was known before, why, what now."""
    runs = ask(server, "ls", "runs", "-p", "demo", "-n", "500")["runs"]
    assert len(runs) == 20
    assert {run["state"] for run in runs} == {"COMPLETE"}
    assert len(ask(server, "ls", "versions", "model:tumour", "-p", "demo")["versions"]) == 2
    ready = ask(server, "ls", "versions", "diagnosis", "-p", "demo", "--state", "ready")["versions"]
    assert [version["name"] for version in ready] == ["diagnosis", "diagnosis"]
    difference = ask(server, "diff", "model:tumour@1", "model:tumour@2", "-p", "demo")
    assert difference["firstByDependency"]["after"]["name"] == "correct"

    def reached(*more: str) -> set[str]:
        view = ask(server, "lineage", "dataset:measurements@1", "--down", "-p", "demo", "-d", "9", *more)
        kinds = ("ArtifactVersion", "ModelVersion", "Deployment")
        return {f"{n['name']}@{n['ordinal'] or n['version']}" for n in view["nodes"] if n["label"] in kinds}

    first = {"measurements@1", "train@1", "tumour@1", "diagnosis@1", "tumour-clinic@1"}
    second = {"measurements@2", "train@2", "tumour@2", "diagnosis@2", "tumour-clinic@2"}
    assert first | second <= reached()
    before = reached("--as-of", corrected_at)
    assert first <= before
    then = ask(server, "lineage", "model:diagnosis@1", "-p", "demo", "--as-of", corrected_at)["nodes"]
    told = {node["label"]: (node["state"], node["aliases"], node["ended_at"]) for node in then}
    assert told["ModelVersion"][1] == ["prod"]
    assert told["Deployment"] == ("", [], "")
    assert not second & before
    serving = ask(server, "show", "model:diagnosis@prod", "-p", "demo")
    assert (serving["node"]["version"], serving["node"]["aliases"]) == ("2", ["prod"])
    check_impact(server)


def check_impact(server: RunningServer) -> None:
    """Who must be told: of the bad delivery both services, of what was made of it alone the first one."""
    query = """query($of: String!) { impact(of: $of, project: "demo") {
        deployments { node { name version } live } aliases { alias target } counts isPartial } }"""

    def impact(of: str) -> Any:
        body = json.dumps({"query": query, "variables": {"of": of}}).encode()
        asked = urllib.request.Request(
            f"{server.url}/graphql", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return json.load(answer)["data"]["impact"]

    def services(told: Any) -> list[tuple[str, bool]]:
        return [(one["node"]["version"], one["live"]) for one in told["deployments"]]

    delivered, old = impact("dataset:measurements@1"), impact("dataset:train@1")
    assert services(delivered) == [("2", True), ("1", False)]
    assert [one["target"] for one in delivered["aliases"]] == ["modelversion:demo/diagnosis@2"]
    assert not delivered["isPartial"]
    assert (services(old), old["aliases"]) == ([("1", False)], [])


def check_picture(server: RunningServer, folder: Path) -> None:
    """The picture in the README is what the web view exports of the sample, where a browser can tell."""
    if not is_there():
        return
    build()
    with browsing(folder) as page:
        page.open(f"{server.url}/p/demo/lineage?focus={quote('1+model:tumour@2+2')}")
        page.wait_for("!!document.querySelector('[data-focus]')")
        page.run(SAVED)
        click(page, "Export")
        fresh = folder / "lineage-view.svg"
        fresh.write_text(saved(page, "SVG"), "utf-8")
    kept = ROOT / "docs" / "lineage-view.svg"
    hint = f"the picture in the README is not the sample's any more: copy {fresh} to {kept}"
    assert kept.exists(), hint
    assert titles(kept) == titles(fresh), hint
    assert kept.stat().st_size < MOST_BYTES_OF_A_PICTURE


def titles(picture: Path) -> list[str]:
    """What is on a picture; where it stands may differ by a pixel."""
    return sorted(re.findall("<title>([^<]*)</title>", picture.read_text("utf-8")))


def check_second_start(start_server: StartServer, tree: str) -> None:
    """``make run`` again finds the sample where it was, and shows the same."""
    again = start_server("--demo")
    again.wait_for("Press Ctrl+C to stop.")
    assert "the sample stands there" in again.output()
    assert "area under the curve" not in again.output()
    assert tree in again.output()
    assert again.stop() == 0


@pytest.mark.timeout(240)  # it trains twice
def test_the_sample_comes_once_and_goes_without_other_data(
    running_server: RunningServer, ask: Any, tmp_path: Path
) -> None:
    def demo(*arguments: str) -> str:
        answer = command(tmp_path, "demo", *arguments, url=running_server.url)
        assert (answer.code, answer.err) == (0, "")
        return answer.out

    def listed() -> dict[str, set[str]]:
        kinds = ("runs", "jobs", "artifacts", "models", "deployments", "projects")
        return {
            kind: {row["uid"] for row in ask(running_server, "ls", kind, "-n", "500")[kind]} for kind in kinds
        }

    def own_run(project: str) -> None:
        assert command(tmp_path, "run", "-p", project, "--", "echo", url=running_server.url).code == 0

    own_run("kept")
    before = listed()
    check_tree(demo().partition("made like this:\n\n")[2].partition("\n\nask on:")[0])
    with_sample = listed()
    assert [len(with_sample[kind] - before[kind]) for kind in before] == [20, 9, 11, 1, 2, 1]
    files = tmp_path / "user" / "home" / ".local" / "share" / "lineage" / "sample"
    recorded = {path: path.read_bytes() for path in files.rglob("*.*")}
    assert len(recorded) == 17
    assert "the sample stands there" in demo()
    assert listed() == with_sample
    # Taken out, nothing of it is left, not even its project; brought back, all is as it was.
    assert demo("--remove").startswith("the sample's ")
    assert listed() == before
    assert not files.exists()
    assert demo("--remove") == "the sample is not there; 'lineage demo' runs it\n"
    assert "nodes are back" in demo()
    assert listed() == with_sample
    assert {path: path.read_bytes() for path in files.rglob("*.*")} == recorded
    # Somebody's own run and file in between stay, and with them the project and the folder.
    own_run("demo")
    (files / "mine.txt").write_text("mine")
    with_own = listed()
    assert len(with_own["runs"] - with_sample["runs"]) == 1
    demo("--remove")
    left = listed()
    assert left["runs"] - before["runs"] == with_own["runs"] - with_sample["runs"]
    assert left["jobs"] - before["jobs"] == {"job:demo/script/echo"}
    assert left["projects"] == with_own["projects"]
    assert [path.name for path in files.iterdir()] == ["mine.txt"]


# --- ends --------------------------------------------------------------------------------------


def test_killed_it_leaves_no_process_and_starts_again(
    start_server: StartServer, ask: Any, tmp_path: Path
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    try:
        server = start_server()
    finally:
        signal.signal(signal.SIGHUP, before)
    server.process.send_signal(signal.SIGHUP)
    assert command(tmp_path, "run", "--name", "before", "--", "echo", url=server.url).code == 0
    family = server.family()
    assert len(engines(family)) == 1
    server.process.kill()
    assert gone(family)
    again = start_server()
    assert [run["name"] for run in ask(again, "ls")["runs"]] == ["before"]
    # This time by closing the terminal.
    family = again.family()
    assert again.stop(signal.SIGHUP) == 0
    assert gone(family, seconds=1)
    again.wait_for(LAST_WORDS)


def test_stopped_in_the_sample_it_takes_the_sample_along(start_server: StartServer) -> None:
    server = start_server("--demo")
    server.wait_for("first round")
    family = server.family()
    assert len(family) > 2
    server.process.kill()
    assert gone(family)
    again = start_server("--demo")
    again.wait_for("first round")
    family = again.family()
    assert again.stop(signal.SIGINT) == 0
    assert gone(family, seconds=1)
    again.wait_for(LAST_WORDS)
    said_of_it = again.output().partition("first round: ")[2].splitlines()[1:]
    assert all("area under the curve" in line or line == LAST_WORDS.strip() for line in said_of_it)


def test_stopped_while_it_starts_it_does_not_finish_first(tmp_path: Path) -> None:
    """An engine that does not come up, or another server's migration, may take minutes."""
    server = subprocess.Popen(
        [LINEAGE, "up", "--port", "0", "--data-dir", str(tmp_path / "data"), "--no-browser"],
        env=client_environment(tmp_path / "user"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    family = psutil.Process(server.pid)
    deadline = time.monotonic() + 60
    while not (engine := engines(family.children())):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    engine[0].suspend()
    server.send_signal(signal.SIGINT)
    printed, _ = server.communicate(timeout=STOP_SECONDS)
    assert (server.returncode, printed) == (0, LAST_WORDS)
    assert gone(engine, seconds=1)


# --- in the way --------------------------------------------------------------------------------


def test_a_data_folder_has_one_server(running_server: RunningServer, tmp_path: Path) -> None:
    answer = command(tmp_path, "up", "--port", "0", "--data-dir", str(running_server.data_dir))
    assert answer.code == 5
    assert answer.out == ""
    owner = engines(running_server.family())[0].ppid()
    assert f"{running_server.data_dir}" in answer.err
    assert f"is in use by process {owner}" in answer.err
    assert "choose another data folder" in answer.err
    assert "Traceback" not in answer.err
    assert command(tmp_path, "ls", url=running_server.url).code == 0


def test_a_taken_port_is_told_with_who_has_it(running_server: RunningServer, tmp_path: Path) -> None:
    port = running_server.url.rpartition(":")[2]
    for start in (["up", "--data-dir", str(tmp_path / "data")], ["serve"]):
        answer = command(tmp_path, *start, "--port", port)
        assert (answer.code, answer.out) == (5, "")
        assert f"port {port} on 127.0.0.1 is in use by a lineage server" in answer.err
        assert f"(version {__version__}); nothing was started" in answer.err
        assert f"--port {int(port) + 1}" in answer.err
    with socket.create_server(("127.0.0.1", 0)) as other:
        answer = command(tmp_path, "up", "--port", str(other.getsockname()[1]))
    assert answer.code == 5
    assert "is in use by another program; nothing was started" in answer.err
    assert not (tmp_path / "data").exists()


# --- serve -------------------------------------------------------------------------------------


def test_serve_takes_its_settings_from_the_environment_and_logs_json(tmp_path: Path) -> None:
    environment = client_environment(
        tmp_path, LINEAGE_DATA_DIR=str(tmp_path / "data"), LINEAGE_HTTP__PORT="0"
    )
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen([LINEAGE, "serve"], env=environment, stdout=out, stderr=out)
    try:
        url = listening(log, process)
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
            assert answer.status == 200
        process.terminate()
        assert process.wait(STOP_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    assert gone(family, seconds=1)
    assert {json.loads(line)["level"] for line in log.read_text().splitlines()} == {"INFO"}


def listening(log: Path, process: subprocess.Popen[bytes]) -> str:
    """The address, once the log tells it."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        for line in log.read_text().splitlines(keepends=True):
            message = json.loads(line)["message"] if line.endswith("\n") else ""
            if message.startswith("listening on "):
                return message.removeprefix("listening on ")
        time.sleep(0.05)
    raise AssertionError(log.read_text())
