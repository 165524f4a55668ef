"""The disk is full: for the graph, for the client's journal. What was acknowledged stays, the rest waits."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import LINEAGE, client_environment
from tests.support.disks import Disk, FileBound, mounting, small_disk
from tests.support.faults import Writing, ask, engine_process, event, send, stored, until
from tests.support.recording import Recording, check_recorded, sync

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.e2e.conftest import RunningServer, StartServer

pytestmark = pytest.mark.e2e

WAYS = ["bound"] if mounting().impossible else ["disk", "bound"]
"""Where nobody can mount, not even root, the bound alone says what happens; the report says so."""
DATA_MEBIBYTES = 128
JOURNAL_MEBIBYTES = 1


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """A developer may lack the right to mount: a skip, which in CI is a failure."""
    if request.param == "disk" and mounting().no_right:
        pytest.skip(f"no real full disk: {mounting().no_right}")
    return request.param


# --- the graph -------------------------------------------------------------------------------


def test_graph_on_a_full_disk_takes_nothing_and_loses_nothing(
    start_server: StartServer, tmp_path: Path, way: str
) -> None:
    with contextlib.ExitStack() as stack:
        disk: Disk | None = None
        if way == "disk":
            disk = stack.enter_context(small_disk(tmp_path / "data", DATA_MEBIBYTES))
        told = client_environment(tmp_path / "server", LINEAGE_INGEST__PATIENCE_SECONDS="2")
        server = start_server(environment=told)
        engine = engine_process(server.family())
        fills_up(server, way, disk or FileBound(engine.pid))


def fills_up(server: RunningServer, name: str, disk: Disk) -> None:
    """Write, with no room, and with room again; then all is counted."""
    with Writing(server.url, name) as writing:
        writing.wait_for(200)
        disk.fill()
        until(lambda: len(writing.refusals) >= 2, 60, "two refusals")
        kept = list(writing.acknowledged)
        disk.free()
        writing.wait_for(200, seconds=60)
        acknowledged = writing.end()
    assert not writing.cut_off
    for refusal in writing.refusals:
        assert (refusal.status, refusal.body["error"]) == (503, "UNAVAILABLE"), refusal
        assert refusal.retry_after
    assert set(kept) <= set(acknowledged)
    stored(server.graph, name).check(name, acknowledged)
    again = send(server.url, (event(name, n) for n in acknowledged))
    assert (again["accepted"], again["duplicate"]) == (0, len(acknowledged))


# --- the journal -----------------------------------------------------------------------------


@contextlib.contextmanager
def recording(
    way: str, server: RunningServer, folder: Path, project: str, **settings: str
) -> Generator[tuple[Recording, Disk, dict[str, str]]]:
    """A client whose journal's disk can fill up."""
    journal = folder / "journal"
    environment = client_environment(
        folder, server.url, LINEAGE_JOURNAL_DIR=str(journal), LINEAGE_CAPTURE="none"
    )
    with contextlib.ExitStack() as stack:
        disk: Disk | None = None
        if way == "disk":
            disk = stack.enter_context(small_disk(journal, JOURNAL_MEBIBYTES))
        client = stack.enter_context(Recording({**environment, **settings}, "full", project))
        yield client, disk or FileBound(client.process.pid), environment


def check_events(server: RunningServer, project: str) -> None:
    assert set(stored(server.graph, project).events.values()) == {1}


def test_client_without_disk_sends_from_memory(
    running_server: RunningServer, tmp_path: Path, way: str
) -> None:
    project = f"journal-online-{way}"
    with recording(way, running_server, tmp_path, project) as (client, disk, _):
        client.record(20)
        disk.fill()
        client.record(2000)
        ending = client.finish()
        check_recorded(running_server.url, client)
    assert ending.delivered
    assert "cannot write the journal" in ending.said
    assert ("the disk is full" if way == "disk" else "File too large") in ending.said
    check_events(running_server, project)


def test_client_offline_brings_its_memory_to_disk_once_there_is_room(
    running_server: RunningServer, tmp_path: Path, way: str
) -> None:
    project = f"journal-offline-{way}"
    with recording(way, running_server, tmp_path, project, LINEAGE_MODE="offline") as (client, disk, online):
        client.record(20)
        disk.fill()
        client.record(200)
        disk.free()
        client.record(20)
        ending = client.finish()
        assert "cannot write the journal" in ending.said
        report = sync(LINEAGE, online)
        assert (report["journals"], report["refused"], report["torn"], report["left"]) == (1, 0, 0, [])
        check_recorded(running_server.url, client)
    check_events(running_server, project)


def test_client_that_can_neither_write_nor_send_says_what_is_lost(
    running_server: RunningServer, tmp_path: Path, way: str
) -> None:
    """What was on the disk is kept and sent; of the rest its user is told the number."""
    project = f"journal-lost-{way}"
    with recording(way, running_server, tmp_path, project, LINEAGE_MODE="offline") as (client, disk, online):
        client.record(20)
        disk.fill()
        client.record(200)
        ending = client.finish()
        if way == "disk":
            disk.free()
        report = sync(LINEAGE, online)
        assert (report["refused"], report["torn"], report["left"]) == (0, 0, [])
    assert not ending.delivered
    told = re.search(r"(\d+) events could be neither written to .* nor sent, and are lost", ending.said)
    assert told, ending.said
    # Each step is a tag and at most one event of points; the start, the name and the end are events, too.
    kept = kept_steps(running_server, client.run)
    assert 20 <= kept < client.steps
    assert client.steps - kept <= int(told[1]) <= 2 * (client.steps - kept) + 3
    check_events(running_server, project)


def kept_steps(server: RunningServer, run: str) -> int:
    """How many steps came through: the first ones, without a gap; the lost end is told by who sent them."""
    found = ask(
        server.url, "query ($uid: String!) { run(uid: $uid) { state tags { key } } }", {"uid": f"run:{run}"}
    )
    tags = {tag["key"] for tag in found["run"]["tags"]}
    assert tags == {f"tag-{n}" for n in range(len(tags))}
    assert found["run"]["state"] == "ABORTED"
    return len(tags)
