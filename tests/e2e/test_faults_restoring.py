"""A restore under load whose server dies, while others put and all is collected: 0 lost, 0 spoilt."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import LINEAGE, client_environment
from tests.e2e.test_artifacts import connected
from tests.e2e.test_faults_store import GREEDY, check_store
from tests.support.faults import until
from tests.support.keeping import Collecting, Keeping

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer, StartServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

VERSIONS = 40


def restoring(folder: Path, url: str) -> subprocess.Popen[bytes]:
    command = [LINEAGE, "restore", str(folder / "backup"), "--merge"]
    environment = client_environment(folder / "user", url)
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(command, env=environment, stdout=said, stderr=said)


def manifests(kept: Path, clients: list[Keeping]) -> int:
    """How many of what they have put are there."""
    names = {uid.rpartition(":")[2] for client in clients for uid in client.acknowledged.values()}
    return sum(path.name in names for path in (kept / "manifests").rglob("*"))


async def test_a_restore_under_load_whose_server_is_killed_loses_nothing(
    start_server: StartServer, lineage: RunLineage, tmp_path: Path
) -> None:
    kept = {name: tmp_path / f"{name}-kept" for name in ("source", "target")}

    def start(name: str) -> RunningServer:
        told = {**GREEDY, "LINEAGE_ARTIFACTS__URL": str(kept[name])}
        return start_server(name=name, environment=client_environment(tmp_path / name, **told))

    source, target = start("source"), start("target")
    with Keeping(source.url, "theirs", "p") as theirs, Keeping(source.url, "both", "p") as both:
        theirs.wait_for(VERSIONS)
    assert lineage("backup", str(tmp_path / "backup"), url=source.url, seconds=120).code == 0
    mine = [Keeping(target.url, name, "p") for name in ("mine", "both")]
    with contextlib.ExitStack() as stack:
        for client in mine:
            stack.enter_context(client)
        collecting = stack.enter_context(Collecting(target.url))
        mine[0].wait_for(3)
        for part in (5, VERSIONS // 2):
            process = restoring(tmp_path, target.url)
            until(lambda part=part: manifests(kept["target"], [theirs]) >= part, 90, "some of it")
            target.process.send_signal(signal.SIGKILL)
            target.process.wait(20)
            process.kill()
            process.wait(20)
            assert manifests(kept["target"], [theirs]) < VERSIONS
            target = start("target")
            for each in (*mine, collecting):
                each.url = target.url
            mine[0].wait_for(3)
            collecting.wait_for(1, seconds=90)  # takes what no event tells of yet
        process = restoring(tmp_path, target.url)
        assert process.wait(150) == 0, (tmp_path / "said").read_text()
        mine[0].wait_for(3)
        collecting.wait_for(2)
        for client in mine:
            client.end()
    assert all(client.cut_off for client in mine)
    async with connected(target, "p") as sender:
        for client in (*mine, theirs, both):
            await client.check(sender)
    check_store(kept["target"], [*mine, theirs, both])
