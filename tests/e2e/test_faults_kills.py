"""kill -9 in the middle of writing: of the server (or a stop), its graph, a client. Nothing told is lost."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import LINEAGE, client_environment
from tests.support import faults
from tests.support.faults import Writing, engine_process, send, stored

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address

pytestmark = pytest.mark.e2e


def count(server: RunningServer, project: str) -> faults.Stored:
    return stored(server.graph, project)


def test_server_killed_or_stopped_during_writes_keeps_what_it_acknowledged(
    start_server: StartServer, outer: Address | None
) -> None:
    server = start_server(outer=outer)
    with Writing(server.url, "server") as writing:
        for by, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
            writing.wait_for(200)
            server.process.send_signal(by)
            assert server.process.wait(25) == code
            before = len(writing.acknowledged)
            server = start_server(outer=outer)
            count(server, "server").check("server", writing.acknowledged[:before])
            writing.url = server.url
        writing.wait_for(200)
        acknowledged = writing.end()
    assert writing.cut_off
    again = send(server.url, (faults.event("server", n) for n in acknowledged))
    assert (again["accepted"], again["duplicate"], again["refused"]) == (0, len(acknowledged), 0)
    count(server, "server").check("server", acknowledged)


def test_graph_killed_during_writes_comes_back_and_writes_go_on(start_server: StartServer) -> None:
    server = start_server()
    with Writing(server.url, "graph") as writing:
        for _ in range(2):
            writing.wait_for(200)
            engine = engine_process(server.family())
            engine.kill()
            engine.wait(10)
            # The batch under way waits for the engine, which the server starts again by itself.
            writing.wait_for(200)
            assert engine_process(server.family()).pid != engine.pid
        acknowledged = writing.end()
    assert not writing.cut_off
    assert all(r.status == 503 and r.retry_after for r in writing.refusals)
    stored_now = count(server, "graph")
    stored_now.check("graph", acknowledged)
    again = send(server.url, (faults.event("graph", n) for n in acknowledged))
    assert (again["accepted"], again["duplicate"]) == (0, len(acknowledged))


_CLIENT = """
import sys
import lineage_server as lineage

run = lineage.start_run("victim", project="client", params={"lr": 0.1})
for step in range(1_000_000):
    run.log({"loss": float(step)}, step=step)
    if step % 100 == 0:
        run.set_tags({f"tag-{step // 100}": "set"})
        print(step // 100, flush=True)
"""


@pytest.mark.parametrize("which", ["running_server", "server_on_neo4j"])
def test_client_killed_in_a_run_loses_nothing_it_was_told_of(
    request: pytest.FixtureRequest, tmp_path: Path, which: str
) -> None:
    """Every ``set_tags`` that returned is in the journal; ``lineage sync`` brings it, once."""
    server: RunningServer = request.getfixturevalue(which)
    environment = client_environment(tmp_path, server.url, LINEAGE_CAPTURE="none")
    victim = subprocess.Popen(
        [sys.executable, "-c", _CLIENT], env=environment, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert victim.stdout is not None
    told = 0
    with victim, victim.stdout as said:
        for line in said:
            told = int(line)
            if told == 30:
                victim.kill()
    assert victim.returncode == -signal.SIGKILL
    journals = tmp_path / "home" / ".local" / "share" / "lineage" / "journal"
    kept = shutil.copytree(journals, tmp_path / "kept")
    first = sync(environment)
    assert (first["journals"], first["refused"], first["left"]) == (1, 0, [])
    assert not list(journals.iterdir())
    # The same journal without its mark, as after a power cut: everything again, and nothing new.
    (journal,) = kept.glob("*.jsonl")
    shutil.copy(journal, journals)
    again = sync(environment)
    assert (again["accepted"], again["refused"]) == (0, 0)
    # That its run is over was no word of the journal's.
    assert again["duplicate"] >= first["accepted"] - 1
    check_victim(server, told)


def sync(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [LINEAGE, "sync", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check_victim(server: RunningServer, told: int) -> None:
    found = stored(server.graph, "client")
    assert len(found.runs) == 1
    assert set(found.events.values()) == {1}
    (uid,) = found.runs
    answer = faults.ask(
        server.url,
        'query ($uid: String!, $run: String!) { run(uid: $uid) { tags { key } paramMap(keys: ["lr"]) } '
        'metricHistory(run: $run, keys: ["loss"], maxPoints: null) { steps } }',
        {"uid": uid, "run": uid.removeprefix("run:")},
    )
    tags = {tag["key"] for tag in answer["run"]["tags"]}
    assert tags >= {f"tag-{n}" for n in range(told + 1)}
    assert answer["run"]["paramMap"] == {"lr": 0.1}
    (series,) = answer["metricHistory"]
    steps = series["steps"]
    # ``set_tags`` puts all points logged before it first, so that these are there, each once.
    assert steps == list(range(len(steps)))
    assert len(steps) > told * 100
