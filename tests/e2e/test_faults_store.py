"""Stored bytes and what may befall them: kill -9 anywhere, the store away, a full disk. 0 lost, 0 corrupted."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from lineage_server.artifacts.manifest import PART
from tests.e2e.conftest import client_environment
from tests.e2e.test_artifacts import connected
from tests.support.disks import Disk, FileBound, mounting, small_disk
from tests.support.faults import event, send, until
from tests.support.keeping import Collecting, Keeping
from tests.support.proxy import Proxy
from tests.support.stored import OBJECTS, Content, Sender, sha

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address
    from tests.support.s3_server import S3Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

GREEDY = {"LINEAGE_ARTIFACTS__GRACE_HOURS": "0", "LINEAGE_ARTIFACTS__DELETED_DAYS": "0"}
WAYS = ["bound"] if mounting().impossible else ["disk", "bound"]


def starting(start_server: StartServer, folder: Path, outer: Address | None = None, **told: str) -> Any:
    """Starts it, again and again, on the same store and graph."""

    def start() -> RunningServer:
        settings = {"LINEAGE_ARTIFACTS__URL": str(folder / "kept"), **told}
        return start_server(outer=outer, environment=client_environment(folder / "user", **settings))

    return start


async def expire(sender: Sender, uids: list[str]) -> None:
    """Their time to live has ended."""
    for uid in uids:
        artifact, _, digest = uid.rpartition("/")[2].partition("@")
        told = {"type": "version", "artifact": artifact, "digest": digest, "ttl_at": 1, "project": "p"}
        assert (await sender.http.post("/api/v1/events", json=told)).json()["accepted"] == 1


async def test_kills_during_uploads_commits_and_collections_lose_nothing(
    start_server: StartServer, outer: Address | None, tmp_path: Path
) -> None:
    start = starting(start_server, tmp_path, outer, **GREEDY)
    server = start()
    # Two put the same content at once.
    clients = [Keeping(server.url, name, "p") for name in ("one", "one", "two")]
    with contextlib.ExitStack() as stack:
        for client in clients:
            stack.enter_context(client)
        collecting = stack.enter_context(Collecting(server.url))
        for _ in range(2):
            clients[2].wait_for(5)
            collecting.wait_for(1)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(20)
            server = start()
            for each in (*clients, collecting):
                each.url = server.url
        clients[2].wait_for(5)
        collecting.wait_for(1)
        for client in clients:
            client.end()
    assert all(client.cut_off for client in clients)
    async with connected(server, "p") as mine:
        for client in clients:
            await client.check(mine)
        # Most of them expire; a kill in the middle of deleting them does no harm to the others.
        gone = [uid for number, uid in clients[2].acknowledged.items() if number % 5]
        await expire(mine, gone)
        await killed_while_deleting(server, tmp_path / "kept")
    server = start()
    async with connected(server, "p") as mine:
        with Collecting(server.url) as collecting:
            collecting.wait_for(2)
        clients[2].acknowledged = {n: uid for n, uid in clients[2].acknowledged.items() if uid not in gone}
        for client in clients:
            await client.check(mine)
    check_store(tmp_path / "kept", clients)


async def killed_while_deleting(server: RunningServer, kept: Path) -> None:
    def count() -> int:
        return sum(len(names) for _, _, names in os.walk(kept / "objects"))

    before = count()
    with Collecting(server.url):
        until(lambda: count() < before, 60, "the first deletion")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(20)


def check_store(kept: Path, clients: list[Keeping]) -> None:
    """Every object is what its name says; there is nothing else."""
    files = [path for path in kept.rglob("*") if path.is_file() and path.name[0] != "."]
    objects = {path.name for path in files if path.parts[-3] == "objects"}
    assert {sha(path.read_bytes()) for path in files if path.name in objects} == objects
    uids = {uid for client in clients for uid in client.acknowledged.values()}
    manifests = {path.name for path in files if path.parts[-3] == "manifests"}
    assert manifests == {uid.rpartition(":")[2] for uid in uids}
    assert len(files) == len(objects) + len(manifests)
