"""Producers whose clocks are hours apart: everything is stored once, and hangs together all the same."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import LINEAGE, client_environment
from tests.support.faults import ask, event, run_id, send, stored
from tests.support.recording import Recording, check_recorded, sync

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer
    from tests.support.faults import Stored

pytestmark = pytest.mark.e2e

HOUR = 3600
SKEWS = (-9 * HOUR, 0, 9 * HOUR)
TOO_FAR = 30 * HOUR
COUNT = 120


def micros(skew_seconds: int) -> int:
    return time.time_ns() // 1000 + skew_seconds * 1_000_000


def counted(server: RunningServer, project: str) -> Stored:
    return stored(server.graph, project)


def test_events_of_skewed_producers_are_stored_once(running_server: RunningServer) -> None:
    """Three producers share artifacts; each sends its part twice, the second time with another's."""
    url = running_server.url

    def part(index: int) -> list[dict[str, Any]]:
        numbers = range(index, COUNT, len(SKEWS))
        return [event("skewed", n, at=micros(SKEWS[index]) + n) for n in numbers]

    parts = [part(index) for index in range(len(SKEWS))]
    with ThreadPoolExecutor(len(SKEWS)) as pool:
        answers = list(pool.map(lambda events: send(url, events), parts))
        both = list(pool.map(lambda events: send(url, events), (parts[0] + parts[2], parts[2] + parts[1])))
    assert sum(answer["accepted"] for answer in answers) == COUNT
    assert sum(answer["accepted"] for answer in both) == 0
    found = counted(running_server, "skewed")
    found.check("skewed", range(COUNT))
    assert found.events.total() == COUNT


@pytest.mark.parametrize("order", list(itertools.permutations(("begun", "ended", "read"))), ids="-".join)
def test_a_run_told_of_by_skewed_machines_ends_and_is_read(
    running_server: RunningServer, order: tuple[str, ...]
) -> None:
    """Begun by a clock ahead, ended by one behind, its version read by one further behind."""
    name = f"machines-{'-'.join(order)}"
    maker, reader = run_id(name, 1), run_id(name, 2)
    made = event(name, 1)["outputs"][0]
    begun: dict[str, Any] = {"state": "running", "outputs": [], "at": micros(9 * HOUR)}
    ended: dict[str, Any] = {"state": "complete", "at": micros(-2 * HOUR)}
    read: dict[str, Any] = {"run": reader, "outputs": [], "inputs": [made], "at": micros(-9 * HOUR)}
    told = {"begun": begun, "ended": ended, "read": read}
    for word in order:
        answer = send(running_server.url, [event(name, 1, **{**told[word], "id": f"{name}-{word}"})])
        assert answer["accepted"] == 1
    found = ask(
        running_server.url,
        "query ($run: String!, $reader: String!, $project: String!) { run(uid: $run) { state } "
        "lineage(start: [$reader], project: $project) { nodes { node { uid } } } }",
        {"run": f"run:{maker}", "reader": f"run:{reader}", "project": name},
    )
    assert found["run"]["state"] == "COMPLETE"
    assert {f"run:{maker}", f"run:{reader}"} <= {
        found_node["node"]["uid"] for found_node in found["lineage"]["nodes"]
    }
    assert len(counted(running_server, name).digests) == 1


def test_clients_with_skewed_clocks_deliver_all(running_server: RunningServer, tmp_path: Path) -> None:
    environment = client_environment(tmp_path, running_server.url)
    clients = [Recording(environment, f"skew {skew}", "skewed-clients", skew_seconds=skew) for skew in SKEWS]
    for client in clients:
        with client:
            client.record(30)
            assert client.finish().delivered
        check_recorded(running_server.url, client)
    found = counted(running_server, "skewed-clients")
    assert set(found.events.values()) == {1}
    assert len(found.runs) == len(SKEWS)


def test_an_event_too_far_ahead_is_refused_alone_and_taken_later(running_server: RunningServer) -> None:
    """Told with the reason, as temporary; the others of its batch are taken."""
    events = [event("ahead", n) for n in range(3)]
    ahead = {**events[1], "at": micros(TOO_FAR)}
    answer = send(running_server.url, [events[0], ahead, events[2]])
    assert (answer["accepted"], answer["refused"]) == (2, 1)
    (refusal,) = answer["events"]
    assert (refusal["index"], refusal["code"], refusal["retriable"]) == (1, "BAD_INPUT", True)
    assert "check the producer's clock" in refusal["message"]
    counted(running_server, "ahead").check("ahead", (0, 2))
    assert send(running_server.url, [events[1]])["accepted"] == 1
    counted(running_server, "ahead").check("ahead", (0, 1, 2))


def test_a_client_too_far_ahead_keeps_what_is_refused(running_server: RunningServer, tmp_path: Path) -> None:
    """Its user is told why; nothing is thrown away, and ``lineage sync`` tries it again."""
    environment = client_environment(tmp_path, running_server.url, LINEAGE_MODE="offline")
    with Recording(environment, "ahead", "client-ahead", skew_seconds=TOO_FAR) as client:
        client.record(5)
        client.finish()
    online = {**environment, "LINEAGE_MODE": "online"}
    first = sync(LINEAGE, online)
    assert first["accepted"] == first["duplicate"] == 0
    assert first["refused"] >= 6
    (kept,) = (tmp_path / "home" / ".local" / "share" / "lineage" / "journal").glob("*.refused")
    lines = kept.read_text().splitlines()
    assert len(lines) == first["refused"]
    assert all("check the producer's clock" in line for line in lines)
    again = sync(LINEAGE, online)
    assert (again["accepted"], again["left"]) == (0, [])
    assert len(kept.read_text().splitlines()) == len(lines)
    assert not counted(running_server, "client-ahead").events
