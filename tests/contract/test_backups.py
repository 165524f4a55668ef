"""Backups of a whole server, and restoring them, over either engine: equal graphs, and all else with them.

Not here: what is wrong with one (``test_backups_damaged``).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from lineage_server.client.backups import layout, making, restoring
from lineage_server.domain.errors import ConflictError, ForbiddenError
from lineage_server.domain.events import AliasSet, ModelReported, ModelVersionReported, RunReported
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.domain.nodes import RunState
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.schema import migrate
from lineage_server.registry import delivering
from lineage_server.storage.manifest import PART
from tests.contract.test_exchange import stored
from tests.support.backing import BEGIN, FILE, FOLDER, Through, nodes, settings
from tests.support.dump import dump
from tests.support.hooked import TEXTS
from tests.support.neo4j_server import Address
from tests.support.receiver import Receiver, receiving
from tests.support.s3_server import S3Server
from tests.support.served import Served, serving
from tests.support.stored import Content, Sender
from tests.support.stories import story
from tests.support.warm import wipe as wipe_all


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


async def webhook(served: Served, token: str, url: str) -> str:
    wanted = {"project": "default", "name": "ci", "url": url}
    made = await served.ask(TEXTS["CreateWebhook"], {"input": wanted}, token)
    return made["createWebhook"]["webhook"]["uid"]


async def everything(served: Served, root: str, receiver: Receiver) -> None:
    """Some of all that a server may hold; the story last, for its last new node is not made again."""
    await Sender(served.http, "default", root).keep(FOLDER, "folder")
    await Sender(served.http, "p", root).keep(FILE, "file")
    told = story()
    for start in range(0, len(told), 5):
        if start == 30:
            await served.services.store.archive(0)
        await served.record(*told[start : start + 5])
    await served.services.eraser.finish()
    await served.service_token(default="editor")
    paused = {"project": "default", "webhook": await webhook(served, root, receiver.url), "enabled": False}
    await served.ask(TEXTS["UpdateWebhook"], {"input": paused}, root)
    view = {"project": "default", "name": "best", "shared": True, "columns": ["m.loss"], "states": ["FAILED"]}
    await served.ask(TEXTS["SaveView"], {"input": {**view, "text": "m.loss<1", "sort": "-m.loss"}}, root)
    headers = {"authorization": f"Bearer {root}"}
    for n in range(5):
        body = json.dumps({"type": "run", "run": f"no uuid {n}"}).encode()
        assert (await served.http.post("/api/v1/events", content=body, headers=headers)).json()[
            "refused"
        ] == 1


async def test_everything_of_a_server_comes_back(
    bolt: Address,
    graph: Bolt,
    wipe: Callable[[], Awaitable[None]],
    tmp_path: Path,
    through: Callable[..., Through],
    receiver: Receiver,
) -> None:
    folder = tmp_path / "backup"
    one, two = tmp_path / "one", tmp_path / "two"
    artifacts = {"artifacts": {"url": str(one / "artifacts")}}
    async with serving(bolt, one, mode="token", settings=settings(one, **artifacts)) as first:
        root = await first.token("root", platform_admin=True)
        await everything(first, root, receiver)
        before, kept, others = await dump(graph, whole=True), await stored(first), await nodes(graph)
        through(first, root)
        made = await asyncio.to_thread(making.back_up, folder)
        assert (made.events, made.versions, made.lost) == (len(kept), 2, ())
        assert made.nodes["Refused"] == 5
        assert layout.read(folder) == made
        layout.check(folder, made)
        # Whoever has a token of the platform's admin may, nobody else.
        through(first, await first.service_token(default="admin"))
        with pytest.raises(ForbiddenError):
            await asyncio.to_thread(making.back_up, tmp_path / "another")
    await wipe()
    artifacts = {"artifacts": {"url": str(two / "artifacts")}}
    async with serving(bolt, two, mode="token", settings=settings(two, **artifacts)) as second:
        there = await nodes(graph)
        through(second, (two / "admin-token").read_text().strip())
        report = await asyncio.to_thread(restoring.restore, folder)
        assert (report.events.accepted, report.events.refused) == (len(kept), 0)
        assert report.versions == 2
        await second.services.eraser.finish()
        assert _derived(await dump(graph, whole=True)) == _derived(before)
        assert await stored(second) == kept
        found = await nodes(graph)
        own = {uid for uid, n in found.items() if n.get("action") in ("restore", "import")} | there.keys()
        assert {uid: _still(n) for uid, n in found.items() if uid not in own} == {
            uid: _still(n) for uid, n in others.items()
        }
        # The tokens open it, and the bytes are there.
        sender = Sender(second.http, "default", root)
        assert await sender.download(ref="dataset:folder") == dict(FOLDER.files)
        assert (await second.answer("{ me { subject } }", token=root))["data"]["me"]["subject"] == "root"
        # Again: nothing is doubled, though it is not empty, for another backup it is not empty.
        with pytest.raises(ConflictError, match="not empty"):
            await asyncio.to_thread(restoring.restore, folder)
        through(second, root)
        again = await asyncio.to_thread(restoring.restore, folder, merge=True)
        assert (again.events.accepted, again.events.duplicate, again.objects) == (0, len(kept), 0)
        assert _derived(await dump(graph, whole=True)) == _derived(before)
        done = await second.services.artifacts.get().collector.collect(dry_run=True, actor="local/local")
        assert done.objects == 0


def _derived(dumped: dict[str, Any]) -> dict[str, Any]:
    """Without what says where bytes lie: a project has them since they were put in."""
    kept = {uid: node for uid, node in dumped["nodes"].items() if not uid.startswith("blob:")}
    return {"nodes": kept, "edges": dumped["edges"]}


def _still(node: dict[str, Any]) -> dict[str, Any]:
    """What stays as it was: batches are numbered anew."""
    return {key: value for key, value in node.items() if key != "since"}


async def test_a_backup_is_as_of_one_moment_though_all_goes_on(
    bolt: Address, graph: Bolt, tmp_path: Path, through: Callable[..., Through]
) -> None:
    """At every request something new comes: none of it is in, nothing of before is missing."""
    async with serving(bolt, tmp_path, settings=settings(tmp_path)) as served:
        await served.record(*story())
        await served.services.eraser.finish()
        before = {event.uid for event in await stored(served)}
        way = through(served)
        loop = asyncio.get_running_loop()

        async def more() -> None:
            await served.record(RunReported(id=new_run_id(), run=new_run_id(), state=RunState.RUNNING))
            await served.token("somebody", kind="personal")
            with pytest.raises(ConflictError, match="backing up"):
                await served.services.store.archive(0)
            with pytest.raises(ConflictError, match="backing up"):
                await served.services.rebuilder.rebuild()

        def between(path: str) -> None:
            if path not in (BEGIN, f"{BEGIN}/end"):
                asyncio.run_coroutine_threadsafe(more(), loop).result(60)

        way.before = between
        made = await asyncio.to_thread(making.back_up, tmp_path / "backup")
        assert made.events == len(before)
        assert made.nodes.get("Token", 0) == 0
        assert len(await stored(served)) > len(before)
        # The lease is back: others work again.
        await served.services.store.archive(0)


async def test_the_next_backup_fetches_what_is_new_and_takes_the_place_of_the_first(
    bolt: Address, graph: Bolt, tmp_path: Path, through: Callable[..., Through]
) -> None:
    folder = tmp_path / "backup"
    store = {"artifacts": {"url": str(tmp_path / "artifacts")}}
    async with serving(bolt, tmp_path, settings=settings(tmp_path, **store)) as served:
        sender = Sender(served.http)
        await sender.keep(FOLDER, "folder")
        way = through(served)
        first = await asyncio.to_thread(making.back_up, folder)
        await sender.keep(FILE, "file")
        way.asked.clear()
        second = await asyncio.to_thread(making.back_up, folder)
        assert (first.versions, second.versions) == (1, 2)
        assert sum(one.startswith("GET /api/v1/artifacts/objects") for one in way.asked) == 1
        assert len(list(folder.glob("state-*"))) == 1
        layout.check(folder, layout.read(folder))

        # One that fails leaves the one before whole.
        def stop(path: str) -> None:
            if path.startswith("/api/v1/export"):
                raise ConflictError("stopped")

        way.before = stop
        with pytest.raises(ConflictError, match="stopped"):
            await asyncio.to_thread(making.back_up, folder)
        assert layout.read(folder) == second
        layout.check(folder, second)
        # What the store has lost is told, and the rest is backed up.
        way.before = lambda _: None
        shutil.rmtree(folder)
        gone = next(iter(FILE.objects))
        (tmp_path / "artifacts" / "objects" / gone[:2] / gone).unlink()
        third = await asyncio.to_thread(making.back_up, folder)
        assert third.versions == 1
        assert [gone in lost for lost in third.lost] == [True]
        layout.check(folder, third)


@pytest.mark.parametrize("bolt", ["embedded"], indirect=True)
async def test_bytes_of_one_bucket_are_restored_in_another(
    bolt: Address,
    graph: Bolt,
    wipe: Callable[[], Awaitable[None]],
    s3_server: S3Server,
    tmp_path: Path,
    through: Callable[..., Through],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key, value in s3_server.environment().items():
        monkeypatch.setenv(key, value)
    large = Content({**FOLDER.files, "large": b"0123456789abcdef" * (PART // 16) + b"end"})
    buckets = [f"backup-{uuid.uuid4().hex}" for _ in range(2)]
    stores = [{"artifacts": {"url": f"s3://{bucket}/pre"}} for bucket in buckets]
    for bucket in buckets:
        await asyncio.to_thread(s3_server.make_bucket, bucket)
    folder = tmp_path / "backup"
    async with (
        serving(bolt, tmp_path / "one", settings=settings(tmp_path / "one", **stores[0])) as first,
        httpx2.AsyncClient(timeout=30) as outside,
    ):
        sender = Sender(first.http, outside=outside)
        await sender.keep(large, "folder")
        await sender.keep(FILE, "file")
        through(first)
        made = await asyncio.to_thread(making.back_up, folder)
        assert (made.versions, made.lost) == (2, ())
        # What that store lost afterwards, or spoilt, is not of the backup.
        (name,) = FILE.objects
        await asyncio.to_thread(s3_server.write, buckets[0], f"pre/objects/{name[:2]}/{name}", b"other")
        again = await asyncio.to_thread(making.back_up, tmp_path / "again")
        assert (again.versions, [name in lost for lost in again.lost]) == (1, [True])
    await wipe()
    async with (
        serving(bolt, tmp_path / "two", settings=settings(tmp_path / "two", **stores[1])) as second,
        httpx2.AsyncClient(timeout=30) as outside,
    ):
        through(second)
        report = await asyncio.to_thread(restoring.restore, folder)
        assert (report.versions, report.objects) == (2, len(large.objects) + 1)
        sender = Sender(second.http, outside=outside)
        for ref, content in (("dataset:folder", large), ("dataset:file", FILE)):
            assert await sender.download(ref=ref) == dict(content.files)
    keys = await asyncio.to_thread(s3_server.keys, buckets[1])
    assert {key.split("/")[1] for key in keys} == {"objects", "manifests"}


async def test_webhooks_are_told_of_what_they_were_not_told_of_and_of_nothing_twice(
    bolt: Address,
    graph: Bolt,
    wipe: Callable[[], Awaitable[None]],
    tmp_path: Path,
    through: Callable[..., Through],
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivering, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(delivering, "IDLE_SECONDS", 0.2)

    def moves(n: int) -> list[Any]:
        at = now_micros()
        return [
            ModelReported(id=f"m{n}", at=at, model="churn"),
            ModelVersionReported(id=f"v{n}", at=at + 1, model="churn", version=str(n), uri="s3://x"),
            AliasSet(id=f"a{n}", at=at + 2, model="churn", alias="prod", version=str(n)),
        ]

    async with serving(bolt, tmp_path / "one", settings=settings(tmp_path / "one")) as first:
        await first.record(*moves(1))
        await webhook(first, "", receiver.url)
        await first.record(*moves(2))
        await receiver.until(2)
        with monkeypatch.context() as patched:

            async def nothing(*_: Any) -> bool:
                return True

            patched.setattr(delivering.Deliverer, "step", nothing)
            await asyncio.sleep(0.3)
            await first.record(*moves(3))
            through(first)
            made = await asyncio.to_thread(making.back_up, tmp_path / "backup")
            assert made.told < made.until
    told = len(receiver.got)
    await wipe()
    async with serving(bolt, tmp_path / "two", settings=settings(tmp_path / "two")) as second:
        through(second)
        await asyncio.to_thread(restoring.restore, tmp_path / "backup")
        got = await receiver.until(told + 2)
        await asyncio.sleep(0.5)
        assert {one.told["event"] for one in got[told:]} == {"a3", "v3"}
        assert len(receiver.got) == told + 2


# --- from engine to engine -------------------------------------------------------------------


async def test_a_backup_of_one_engine_is_restored_on_the_other(
    bolt: Address,
    graph: Bolt,
    embedded_graph: Address,
    neo4j_server: Address,
    tmp_path: Path,
    through: Callable[..., Through],
) -> None:
    other = neo4j_server if bolt == embedded_graph else embedded_graph
    one, two = tmp_path / "one", tmp_path / "two"
    store = {"artifacts": {"url": str(one / "artifacts")}}
    async with serving(bolt, one, settings=settings(one, **store)) as first:
        await Sender(first.http).keep(FOLDER, "folder")
        await first.record(*story())
        await first.services.eraser.finish()
        before, kept = await dump(graph, whole=True), await stored(first)
        through(first)
        await asyncio.to_thread(making.back_up, tmp_path / "backup")
    store = {"artifacts": {"url": str(two / "artifacts")}}
    async with Bolt(other.uri, user=other.user, password=other.password, database=other.database) as there:
        await migrate(there)
        await wipe_all(there)
        async with serving(other, two, settings=settings(two, **store)) as second:
            through(second)
            await asyncio.to_thread(restoring.restore, tmp_path / "backup")
            await second.services.eraser.finish()
            assert await stored(second) == kept
            assert _derived(await dump(there, whole=True)) == _derived(before)
            assert await Sender(second.http).download(ref="dataset:folder") == dict(FOLDER.files)
        await wipe_all(there)
