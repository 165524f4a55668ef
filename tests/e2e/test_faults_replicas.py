"""Two server processes on one Neo4j: the same runs, the same versions, the same batches at the same time."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import client_environment, launch
from tests.support.faults import Writing, ask, event, graph_settings, run_id, send, stored, until
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address

pytestmark = pytest.mark.e2e

ROUNDS = 12
BATCH = 20


@pytest.fixture(scope="module")
def replicas(
    neo4j_server: Address, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, RunningServer]]:
    with contextlib.ExitStack() as stack:
        servers: list[RunningServer] = []
        for name in ("first", "second"):
            folder = tmp_path_factory.mktemp(name)
            told = client_environment(folder)
            servers.append(launch(folder / "data", environment=told, outer=neo4j_server))
            stack.callback(servers[-1].process.kill)
        yield servers[0], servers[1]
        for server in servers:
            assert server.stop() == 0, server.output()


def at_once(
    servers: Sequence[RunningServer], bodies: Sequence[Sequence[list[dict[str, Any]]]]
) -> list[dict[str, Any]]:
    """``bodies[i]`` to server ``i``, round by round, each round begun by all in the same moment."""
    start = Barrier(len(servers))

    def client(server: RunningServer, rounds: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        for events in rounds:
            start.wait(60)
            answers.append(send(server.url, events))
        return answers

    with ThreadPoolExecutor(len(servers)) as pool:
        return list(itertools.chain.from_iterable(pool.map(client, servers, bodies)))


def total(answers: list[dict[str, Any]]) -> tuple[int, int, int]:
    return (
        sum(a["accepted"] for a in answers),
        sum(a["duplicate"] for a in answers),
        sum(a["refused"] for a in answers),
    )


def test_two_servers_write_versions_of_the_same_artifacts(
    replicas: tuple[RunningServer, RunningServer], neo4j_server: Address
) -> None:
    first, second = replicas
    with (
        Writing(first.url, "shared") as here,
        Writing(second.url, "shared", first=1_000_000) as there,
    ):
        for writing in (here, there):
            writing.wait_for(400, seconds=60)
        acknowledged = here.end() + there.end()
    for writing in (here, there):
        assert not writing.refusals
        assert not writing.duplicate
    found = stored(neo4j_server, "shared")
    found.check("shared", acknowledged)
    assert found.events.total() == len(acknowledged)


def test_same_batch_from_two_clients_at_the_same_time(
    replicas: tuple[RunningServer, RunningServer], neo4j_server: Address
) -> None:
    """Whether through two servers or through one: the first has it accepted, the other known."""
    first, second = replicas
    rounds = [[event("same", n) for n in range(r * BATCH, (r + 1) * BATCH)] for r in range(ROUNDS)]
    answers = at_once((first, second, first), (rounds, rounds, rounds))
    count = ROUNDS * BATCH
    assert total(answers) == (count, 2 * count, 0)
    found = stored(neo4j_server, "same")
    found.check("same", range(count))
    assert found.events.total() == count


def test_two_servers_tell_of_the_same_runs_and_the_same_versions(
    replicas: tuple[RunningServer, RunningServer], neo4j_server: Address
) -> None:
    """Each run is told of by both, in different words; each version is made by a run of each."""
    servers = replicas
    sides = ("left", "right")

    def told(side: str, n: int) -> list[dict[str, Any]]:
        version = event("told", n)["outputs"]
        both = {"params": {side: n}, "tags": {side: "set"}, "outputs": version}
        alone = {"id": f"{side}-own-{n}", "run": run_id(f"told-{side}", n), "outputs": version}
        return [event("told", n, **{**both, "id": f"{side}-{n}"}), event("told", n, **alone)]

    bodies = [
        [
            list(itertools.chain.from_iterable(told(side, n) for n in range(r * BATCH, (r + 1) * BATCH)))
            for r in range(ROUNDS)
        ]
        for side in sides
    ]
    assert total(at_once(servers, bodies)) == (4 * ROUNDS * BATCH, 0, 0)
    found = stored(neo4j_server, "told")
    numbers = range(ROUNDS * BATCH)
    names = ("told", "told-left", "told-right")
    assert set(found.events.values()) == {1}
    assert found.events.total() == 4 * len(numbers)
    assert found.runs == Counter(f"run:{run_id(name, n)}" for name in names for n in numbers)
    assert found.digests == Counter(event("told", n)["outputs"][0]["digest"] for n in numbers)
    assert set(found.outputs.values()) == {1}
    assert found.outputs.total() == len(names) * len(numbers)
    found.check_ordinals()
    for server, n in itertools.product(servers, (0, len(numbers) // 2, numbers[-1])):
        assert both_words(server, run_id("told", n)) == ({"left": n, "right": n}, {"left", "right"})


def both_words(server: RunningServer, run: str) -> tuple[dict[str, int], set[str]]:
    query = "query ($uid: String!) { run(uid: $uid) { paramMap tags { key } } }"
    found = ask(server.url, query, {"uid": f"run:{run}"})["run"]
    return found["paramMap"], {tag["key"] for tag in found["tags"]}


def test_replicas_killed_while_the_graph_is_away(
    start_server: StartServer, neo4j_server: Address, tmp_path: Path
) -> None:
    """One in the middle of a write, the graph away for seconds, one while it is away; then both anew."""
    with Proxy(neo4j_server.uri) as proxy, ThreadPoolExecutor(2) as pool:

        def start(name: str) -> RunningServer:
            settings = {**graph_settings(neo4j_server, proxy.uri), "LINEAGE_INGEST__PATIENCE_SECONDS": "2"}
            environment = client_environment(tmp_path / f"{name}-user", **settings)
            return start_server(name=name, environment=environment, outer=neo4j_server)

        first, second = pool.map(start, ("first", "second"))
        with (
            Writing(first.url, "torn") as here,
            Writing(second.url, "torn", first=1_000_000) as there,
            Writing(second.url, "torn", first=2_000_000) as moving,
        ):
            writers = (here, there, moving)

            def all_go_on() -> None:
                for writing in writers:
                    writing.wait_for(80, seconds=60)

            all_go_on()
            first.process.kill()  # its locks in the graph end with it
            here.url = second.url
            all_go_on()
            assert not there.refusals
            assert not there.cut_off
            first = start("first")
            moving.url = first.url
            all_go_on()
            proxy.cut()
            until(lambda: there.refusals and moving.refusals, 30, "refusals by both")
            first.process.kill()
            moving.url = second.url
            proxy.heal()
            all_go_on()
            second.process.kill()
            first, second = pool.map(start, ("first", "second"))
            here.url, there.url, moving.url = first.url, second.url, second.url
            all_go_on()
            acknowledged = [n for writing in writers for n in writing.end()]
    for writing in writers:
        assert {(refusal.status, refusal.body["error"]) for refusal in writing.refusals} <= {
            (503, "UNAVAILABLE")
        }
    stored(neo4j_server, "torn").check("torn", acknowledged)
