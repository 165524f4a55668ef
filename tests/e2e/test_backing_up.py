"""``lineage backup`` and ``restore`` between real servers: under load, killed on either side, spoilt."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import LINEAGE, client_environment
from tests.support.faults import Writing, event, send, stored, until
from tests.support.neo4j_server import Address

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer, StartServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def store(folder: Path, name: str) -> dict[str, str]:
    """Settings of a server at an outer graph, which has no places of its own."""
    return {
        "LINEAGE_ARTIFACTS__URL": str(folder / f"{name}-artifacts"),
        "LINEAGE_INGEST__ARCHIVE_DIR": str(folder / f"{name}-archive"),
        "LINEAGE_WEBHOOKS__KEY": "a key",
    }


def on(start_server: StartServer, tmp_path: Path, name: str, outer: Address | None) -> RunningServer:
    told = client_environment(tmp_path / f"{name}-user", **store(tmp_path, name))
    return start_server(name=name, outer=outer, environment=told)


def test_what_was_acknowledged_before_is_in_it_and_all_of_it_existed(
    start_server: StartServer, lineage: RunLineage, tmp_path: Path, outer: Address | None
) -> None:
    """While writers go on. Each batch is one transaction: it is in the backup as a whole or not at all."""
    name = f"load-{'neo4j' if outer else 'embedded'}"
    source = on(start_server, tmp_path, "source", outer)
    some = tmp_path / "some.csv"
    some.write_text("a,b\n1,2\n" * 1000)
    assert lineage("put", "some", str(some), url=source.url).code == 0
    with Writing(source.url, name, batch=10, pause_seconds=0) as writing:
        writing.wait_for(300)
        before = len(writing.acknowledged)
        done = lineage("backup", str(tmp_path / "backup"), "--json", url=source.url, seconds=150)
        writing.wait_for(50)
        after = len(writing.end())
    assert done.code == 0, done.err
    made = json.loads(done.out)
    assert not writing.refusals
    target = on(start_server, tmp_path, "target", None)
    told = lineage("restore", str(tmp_path / "backup"), "--json", url=target.url, seconds=150)
    assert told.code == 0, told.err
    assert json.loads(told.out)["events"]["accepted"] == made["events"]
    kept = stored(target.graph, name)
    count = len(kept.events)
    assert before <= count <= after
    kept.check(name, range(count))
    stored(source.graph, name).check(name, range(after))
    folder = tmp_path / "got"
    assert lineage("get", "dataset:some@1", "-o", str(folder), url=target.url).code == 0
    assert (folder / "some.csv").read_text() == some.read_text()


def running(folder: Path, url: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = client_environment(folder / "user", url)
    return subprocess.Popen(
        [LINEAGE, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def filled(url: str, name: str, count: int) -> None:
    for start in range(0, count, 500):
        send(url, [event(name, number) for number in range(start, start + 500)])


def test_a_backup_that_was_killed_is_simply_made_again(
    start_server: StartServer, lineage: RunLineage, tmp_path: Path
) -> None:
    source = start_server(name="source")
    filled(source.url, "k", 6_000)
    folder = tmp_path / "backup"
    process = running(tmp_path, source.url, "backup", str(folder))
    until(lambda: list(folder.glob("state-*/*.parquet")), 60, "the first page")
    process.kill()
    process.wait(20)
    refused = lineage("restore", str(folder), "--dry-run")
    assert (refused.code, "was cut off" in refused.err) == (2, True)
    # Who was killed gave nothing back: another is told so, the same need not wait.
    waiting = lineage("backup", str(tmp_path / "elsewhere"), url=source.url)
    assert (waiting.code, "backing up" in waiting.err) == (5, True)
    first = json.loads(lineage("backup", str(folder), "--json", url=source.url, seconds=120).out)
    assert first["events"] == 6_000
    filled(source.url, "more", 500)
    # The server dies under the next one, which says so; the first backup is whole all the same.
    process = running(tmp_path, source.url, "backup", str(folder))
    until(lambda: len(list(folder.glob("state-*"))) > 1, 60, "the next state")
    source.process.send_signal(signal.SIGKILL)
    source.process.wait(20)
    process.kill()
    process.wait(20)
    told = lineage("restore", str(folder), "--dry-run")
    assert (told.code, "events    6000" in told.out) == (0, True), told
    target = start_server(name="target")
    assert lineage("restore", str(folder), url=target.url, seconds=120).code == 0
    stored(target.graph, "k").check("k", range(6_000))


def test_a_restore_that_was_killed_is_simply_done_again(
    start_server: StartServer, lineage: RunLineage, tmp_path: Path
) -> None:
    """Also where the server dies under it: 0 lost, 0 doubled."""
    source, target = start_server(name="source"), start_server(name="target")
    filled(source.url, "r", 6_000)
    folder = tmp_path / "backup"
    assert lineage("backup", str(folder), url=source.url, seconds=120).code == 0
    process = running(tmp_path, target.url, "restore", str(folder))
    until(lambda: stored(target.graph, "r").events, 60, "the first page")
    process.kill()
    process.wait(20)
    process = running(tmp_path, target.url, "restore", str(folder))
    died = threading.Timer(1.0, lambda: target.process.send_signal(signal.SIGKILL))
    died.start()
    died.join()
    target.process.wait(20)
    process.kill()
    process.wait(20)
    target = start_server(name="target")
    told = json.loads(lineage("restore", str(folder), "--json", url=target.url, seconds=150).out)
    assert told["events"]["accepted"] + told["events"]["duplicate"] == 6_000
    stored(target.graph, "r").check("r", range(6_000))
    # Now it is a server that is not empty.
    again = lineage("restore", str(folder), url=target.url)
    assert (again.code, "--merge" in again.err) == (5, True)


def spoilt_list(folder: Path) -> None:
    (folder / "backup.json").write_text("{")


def spoilt_page(folder: Path) -> None:
    page = next(folder.glob("state-*/*.parquet"))
    page.write_bytes(page.read_bytes()[:-1])


def spoilt_object(folder: Path) -> None:
    one = next((folder / "objects").glob("*/*"))
    one.write_bytes(b"?" + one.read_bytes()[1:])


def lost_object(folder: Path) -> None:
    next((folder / "objects").glob("*/*")).unlink()


@pytest.mark.parametrize("damage", [spoilt_list, spoilt_page, spoilt_object, lost_object])
def test_a_damaged_backup_is_told(
    lineage: RunLineage, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    some = tmp_path / "some.csv"
    some.write_text("a\n1\n" * 100)
    assert lineage("put", "some", str(some), LINEAGE_PROJECT="damaged").code == 0
    folder = tmp_path / "backup"
    assert lineage("backup", str(folder)).code == 0
    whole = lineage("restore", str(folder), "--dry-run")
    assert whole.code == 0, whole.err
    damage(folder)
    for arguments in (("--dry-run",), ("--merge",)):
        done = lineage("restore", str(folder), *arguments)
        assert (done.code, done.out) == (2, "")
        assert "Traceback" not in done.err
        assert str(folder) in done.err or "objects are missing or spoilt" in done.err


def test_a_backup_never_writes_over_what_is_none(lineage: RunLineage, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine").write_text("mine")
    done = lineage("backup", str(taken))
    assert (done.code, done.out, "name a new folder" in done.err) == (5, "", True)
    assert [path.name for path in taken.iterdir()] == ["mine"]
    done = lineage("backup", str(taken / "mine"))
    assert (done.code, "name a folder" in done.err) == (5, True)
    assert lineage("backup", str(tmp_path / "new"), url="http://127.0.0.1:9").code == 7
    assert lineage("restore", str(taken)).code == 2


def test_of_another_server_it_is_not_taken_for_the_next(
    lineage: RunLineage, running_server: RunningServer, start_server: StartServer, tmp_path: Path
) -> None:
    send(running_server.url, [event("other", n) for n in range(3)])
    folder = tmp_path / "backup"
    assert lineage("backup", str(folder)).code == 0
    done = lineage("backup", str(folder), url=start_server().url)
    assert (done.code, "another server" in done.err) == (5, True)
    made: dict[str, Any] = json.loads((folder / "backup.json").read_text())
    assert made["events"] >= 3
    assert lineage("restore", str(folder), "--dry-run").code == 0
