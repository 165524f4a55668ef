"""Stored bytes and what may befall them: kill -9, the store away, a full disk. 0 lost, 0 spoilt."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from lineage_server.storage.manifest import PART
from tests.e2e.conftest import client_environment
from tests.e2e.test_artifacts import connected
from tests.support.disks import Disk, FileBound, mounting, small_disk
from tests.support.faults import until
from tests.support.keeping import GC, SHARED, Collecting, Keeping
from tests.support.proxy import Proxy
from tests.support.stored import DOWNLOADS, OBJECTS, Content, Sender, sha

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address
    from tests.support.s3_server import S3Server

pytestmark = pytest.mark.e2e

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
        for _ in range(1 if outer else 2):  # there, what a dead server held is waited for
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


def check_refusals(client: Keeping) -> None:
    assert client.refusals
    assert not client.cut_off
    for refusal in client.refusals:
        assert (refusal.status, refusal.body["error"]) == (503, "UNAVAILABLE"), refusal
        assert (refusal.body["details"]["part"], bool(refusal.retry_after)) == ("artifacts", True)


async def test_folder_that_is_away_is_no_empty_store(start_server: StartServer, tmp_path: Path) -> None:
    """As a disk that is not mounted: nothing is said to be lost, nothing is written in its place."""
    server = starting(start_server, tmp_path, **GREEDY)()
    kept, away = tmp_path / "kept", tmp_path / "away"
    with Keeping(server.url, "local", "p", methods=["file", "server"]) as client:
        client.wait_for(5)
        kept.rename(away)
        until(lambda: len(client.refusals) > 3, 60, "refusals")
        async with connected(server, "p") as mine:
            uid = client.acknowledged[0]
            for answer in (
                await mine.post(DOWNLOADS, uid=uid),
                await mine.http.get("/api/v1/artifacts/preview", params={"uid": uid}),
                await mine.http.get(f"{OBJECTS}/p/{sha(SHARED)}"),
                await mine.http.post(GC, params={"dry_run": "false"}),
            ):
                assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
        kept.mkdir()  # the mount point alone
        more = len(client.refusals) + 3
        until(lambda: len(client.refusals) > more, 60, "more refusals")
        assert os.listdir(kept) == []
        kept.rmdir()
        away.rename(kept)
        client.wait_for(5)
        client.end()
        check_refusals(client)
    async with connected(server, "p") as mine:
        await client.check(mine)
        assert (await mine.http.post(GC, params={"dry_run": "false"})).status_code == 200
        await client.check(mine)
    check_store(kept, [client])


@pytest.mark.parametrize("way", WAYS)
async def test_full_disk_takes_nothing_and_loses_nothing(
    start_server: StartServer, tmp_path: Path, way: str
) -> None:
    if way == "disk" and mounting().no_right:
        pytest.skip(f"no real full disk: {mounting().no_right}")
    with contextlib.ExitStack() as stack:
        disk: Disk | None = None
        if way == "disk":
            disk = stack.enter_context(small_disk(tmp_path / "kept", 16))
        server = starting(start_server, tmp_path)()
        disk = disk or FileBound(server.process.pid)
        client = stack.enter_context(Keeping(server.url, "full", "p"))
        client.wait_for(5)
        disk.fill()
        until(lambda: len(client.refusals) > 3, 60, "refusals")
        async with connected(server, "p") as mine:
            await client.check(mine)  # what is there can be had
        disk.free()
        client.wait_for(5)
        client.end()
        check_refusals(client)
        async with connected(server, "p") as mine:
            await client.check(mine)
        check_store(tmp_path / "kept", [client])


async def test_kill_and_a_store_away_lose_nothing_in_s3(
    start_server: StartServer, s3_server: S3Server, tmp_path: Path
) -> None:
    s3_server.make_bucket("faults")
    with Proxy(s3_server.url.replace("http:", "bolt:")) as proxy:
        told = s3_server.environment(proxy.uri.replace("bolt:", "http:"))
        start = starting(start_server, tmp_path, **GREEDY, **told, LINEAGE_ARTIFACTS__URL="s3://faults/x")
        server = start()
        clients = [Keeping(server.url, name, "p", methods=["url"]) for name in ("one", "one")]
        with contextlib.ExitStack() as stack:
            for client in clients:
                stack.enter_context(client)
            collecting = stack.enter_context(Collecting(server.url))
            clients[0].wait_for(3)
            collecting.wait_for(1)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(20)
            server = start()
            for each in (*clients, collecting):
                each.url = server.url
            clients[0].wait_for(3)
            proxy.cut()
            await asyncio.sleep(2)
            proxy.heal()
            clients[0].wait_for(3)
            collecting.wait_for(1)
            for client in clients:
                client.end()
        async with connected(server, "p") as mine:
            for client in clients:
                await client.check(mine)


async def test_object_spoilt_in_the_store_never_arrives_whole(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Too large to be hashed before its first bytes are sent: it is cut off before its last."""
    server = starting(start_server, tmp_path)()
    data = os.urandom(64) * (PART // 64)
    content = Content({"data": data})
    async with connected(server, "p") as mine:
        done = await mine.keep(content)
        place = tmp_path / "kept" / "objects" / sha(data)[:2] / sha(data)
        place.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        where = f"{OBJECTS}/p/{sha(data)}"
        with pytest.raises(httpx2.RemoteProtocolError):
            await mine.http.get(where)
        answer = await mine.http.get(where, headers={"range": "bytes=0-9"})
        assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
        assert (await mine.put(sha(data), data)).status_code == 204
        assert await mine.download(uid=done["uid"], methods=["server"]) == {"data": data}
