"""The real server process for end-to-end tests: ``lineage up`` on a folder of its own.

Started once a session, on first use, and stopped as a person would stop it. Tests that must stop or
kill a server start one of their own with ``start_server``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil
import pytest

from lineage_server import Client
from lineage_server.client.config import load_config
from lineage_server.domain.events import AliasSet, DeploymentReported, ModelReported, ModelVersionReported
from tests.support import disks, web_view
from tests.support.browser import Browser, Page
from tests.support.faults import address_of, ask, engine_process, event, graph_settings, send
from tests.support.neo4j_server import QUICK_JAVA, Address
from tests.support.warm import WARM_SECONDS, empty

if TYPE_CHECKING:
    from tests.conftest import LoopThread

LINEAGE = str(Path(sys.executable).with_name("lineage"))
_READY = "lineage is ready at "
_START_SECONDS = 90.0
_FIRST_QUESTIONS = 5
_FIRST_QUESTION = """
{ lineage(start: ["dataset:warm"], direction: BOTH, budget: { milliseconds: 20000 }) {
  nodes { node { uid } }
} }
"""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Whether a full disk was a real one is for whoever reads the report."""
    if disks.mounting.cache_info().currsize:
        terminalreporter.write_line(f"full disks: {disks.mounting().told}")


_LAUNCHED: list[RunningServer] = []
_TOLD_LINES = 60


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the servers of a test that failed said last goes into its report."""
    report = yield
    if report.failed:
        for server in _LAUNCHED:
            report.sections.append((f"server at {server.url}", "".join(server.lines[-_TOLD_LINES:])))
    return report


@dataclass
class RunningServer:
    """One process of ``lineage up``; ``outer`` is its graph where that is not a child of its own."""

    process: subprocess.Popen[str]
    data_dir: Path
    url: str = ""
    lines: list[str] = field(default_factory=list[str])
    outer: Address | None = None
    listener: threading.Thread | None = None

    @property
    def graph(self) -> Address:
        """Where its graph answers now."""
        return self.outer or address_of(engine_process(self.family()), self.data_dir)

    def output(self) -> str:
        return "".join(self.lines)

    def family(self) -> list[psutil.Process]:
        """The server's process and all below it."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; answers its exit code, once all that it said is here."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        code = self.process.wait(40)
        self._hear_it_out()
        return code

    def _hear_it_out(self) -> None:
        """What it said last may still be on its way; a child that lives on holds its end of the line."""
        if self.listener is not None:
            self.listener.join(5)

    def wait_for(self, text: str, *, seconds: float = _START_SECONDS) -> None:
        """Until ``text`` was written."""
        deadline = time.monotonic() + seconds
        while text not in self.output():
            ended = self.process.poll()
            if ended is not None or time.monotonic() > deadline:
                if ended is not None:
                    self._hear_it_out()
                if text in self.output():
                    return
                raise AssertionError(f"no {text!r} (exit code {ended}) in:\n{self.output()}")
            time.sleep(0.02)


def client_environment(folder: Path, url: str = "", **more: str) -> dict[str, str]:
    """The environment of a user of our own: no settings of ours from outside, a home that is empty."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINEAGE_")}
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    # The engine's start cache is the real user's: building one takes seconds and proves nothing here.
    cache, real = home / ".cache" / "lineage-server", Path.home() / ".cache" / "lineage-server"
    if real.is_dir():
        cache.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # threads of one test may share a home
            cache.symlink_to(real)
    # What lies at an address is asked of the address: nobody's, on this machine.
    told = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", **({"LINEAGE_URL": url} if url else {})}
    return {**kept, "HOME": str(home), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **told, **more}


def launch(
    data_dir: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    outer: Address | None = None,
) -> RunningServer:
    """``lineage up`` on any free port; returns when it says that it is ready."""
    told = dict(environment or client_environment(data_dir.parent / f"{data_dir.name}-user"))
    told.setdefault("LINEAGE_GRAPH__JAVA_OPTIONS", QUICK_JAVA)
    if outer is not None:
        told = {**graph_settings(outer), **told}
    process = subprocess.Popen(
        [LINEAGE, "up", "--port", "0", "--data-dir", str(data_dir), "--no-browser", *arguments],
        env=told,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # As in a terminal of its own: a Ctrl+C for the tests is none for the server.
        start_new_session=True,
    )
    server = RunningServer(process, data_dir, outer=outer)
    _LAUNCHED.append(server)

    def listen() -> None:
        assert process.stdout is not None
        with process.stdout as said:
            server.lines.extend(said)

    server.listener = threading.Thread(target=listen, name="what the server says", daemon=True)
    server.listener.start()
    try:
        server.wait_for(_READY)
    except AssertionError:
        process.kill()
        raise
    line = next(line for line in server.output().splitlines() if _READY in line)
    server.url = line.split(_READY, 1)[1].split()[0]
    return server


StartServer = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that tests share: they use projects of their own."""
    server = launch(tmp_path_factory.mktemp("running-server") / "data")
    yield server
    _LAUNCHED.remove(server)
    assert server.stop() == 0, server.output()


@pytest.fixture(scope="module")
def server_on_neo4j(
    neo4j_server: Address, session_loop: LoopThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """The same with Neo4j behind it, for each file of tests one that begins with an empty graph: what reads
    or replays all of it takes as long as that file made it, not as long as the whole session did."""
    session_loop.run(empty(neo4j_server), timeout_seconds=WARM_SECONDS)
    folder = tmp_path_factory.mktemp("server-on-neo4j")
    told = client_environment(
        folder / "user",
        LINEAGE_INGEST__ARCHIVE_DIR=str(folder / "archive"),
        LINEAGE_ARTIFACTS__URL=str(folder / "artifacts"),
        LINEAGE_WEBHOOKS__KEY=secrets.token_urlsafe(32),
    )
    server = launch(folder / "data", environment=told, outer=neo4j_server)
    # Neo4j plans each question when it comes first, which may take longer than an answer may take: then it is
    # planned all the same, and the next one gets its answer.
    send(server.url, [event("default", 0, outputs=[{"name": "warm"}])])
    for _ in range(_FIRST_QUESTIONS):
        with contextlib.suppress(AssertionError):
            ask(server.url, _FIRST_QUESTION, {})
            break
    else:
        raise AssertionError(f"Neo4j does not answer: {server.output()}")
    yield server
    _LAUNCHED.remove(server)
    assert server.stop() == 0, server.output()


@pytest.fixture(params=["embedded", "neo4j"])
def outer(request: pytest.FixtureRequest) -> Address | None:
    """For servers of the test's own: once each on a child of its own (None) and on Neo4j."""
    return request.getfixturevalue("neo4j_server") if request.param == "neo4j" else None


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers that the test may treat badly; whatever is left of them is ended."""
    started: list[RunningServer] = []

    def start(*arguments: str, name: str = "data", **options: Any) -> RunningServer:
        server = launch(tmp_path / name, *arguments, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        for process in server.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        server.process.wait(10)
        _LAUNCHED.remove(server)


@pytest.fixture(params=["embedded", "neo4j"])
def client(request: pytest.FixtureRequest, running_server: RunningServer, tmp_path: Path) -> Iterator[Client]:
    """Of a server on each engine, in a project of its own."""
    server = request.getfixturevalue("server_on_neo4j") if request.param == "neo4j" else running_server
    told = client_environment(tmp_path, server.url, LINEAGE_CAPTURE="none")
    with Client(config=load_config(environ=told, project=f"reg-{uuid4().hex[:12]}")) as made:
        yield made


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


RunLineage = Callable[..., Answer]


@pytest.fixture
def lineage(tmp_path: Path, running_server: RunningServer) -> RunLineage:
    """Runs the installed command as a user of the running server."""

    def run(*arguments: str, seconds: float = 60.0, url: str | None = None, **environment: str) -> Answer:
        done = subprocess.run(
            [LINEAGE, *arguments],
            env=client_environment(tmp_path, running_server.url if url is None else url, **environment),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


# --- the web view ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Of all tests of the web view; they take its tab as ``page``."""
    web_view.build()
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser) -> Page:
    """The tab as if it was new: an empty page in a large window, nothing kept, nothing complained about."""
    return browser.page()


Recording = Callable[[str], Client]


@pytest.fixture
def recording(running_server: RunningServer, tmp_path: Path) -> Recording:
    """Makes clients of the running server that record into a project."""

    def made(project: str) -> Client:
        environment = client_environment(tmp_path, running_server.url, LINEAGE_CAPTURE="none")
        return Client(config=load_config(environ=environment, project=project))

    return made


# --- what commands are asked about ----------------------------------------------------------------

PROJECT = "명령"
"""Holds what ``recorded`` tells, and nothing else."""


@pytest.fixture(scope="session")
def recorded(running_server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two rounds of preparing and training, with names in Korean."""
    environment = client_environment(
        tmp_path_factory.mktemp("recorded"), running_server.url, LINEAGE_CAPTURE="none"
    )
    with Client(config=load_config(environ=environment, project=PROJECT)) as client:
        for rate in (0.1, 0.2):
            with client.start_run("준비", job="준비") as run:
                flowers = run.produce("꽃", {"길이": [1, 2, 3]}, type="dataset")
            with client.start_run("학습", job="학습", params={"rate": rate}) as run:
                run.use(flowers, role="자료")
                run.log({"loss": rate}, step=1)
                model = run.produce("모형", {"weights": rate}, type="model")
        client.report(
            ModelReported(project=PROJECT, model="판별", description="누가 떠나나"),
            ModelVersionReported(project=PROJECT, model="판별", version="1", origin=model.uid),
            AliasSet(project=PROJECT, model="판별", alias="prod", version="1"),
            DeploymentReported(project=PROJECT, name="창구", model="판별", version="1", state="ready"),
        )
        assert client.flush(20.0)


def told(lineage: RunLineage, line: str) -> Any:
    """The JSON that a command answers."""
    answer = lineage(*shlex.split(line), "--json", LINEAGE_PROJECT=PROJECT)
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


def said(lineage: RunLineage, line: str) -> list[str]:
    """The lines that a command answers to people in a pipe: whole, and without colours."""
    answer = lineage(*shlex.split(line), LINEAGE_PROJECT=PROJECT, NO_COLOR="")
    assert (answer.code, answer.err) == (0, "")
    assert "\033" not in answer.out
    return answer.out.splitlines()
