"""Backups that are damaged, requests that are wrong, servers that cannot take one: told before any harm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lineage_server.client.backups import layout, making, restoring
from lineage_server.domain.errors import ConflictError, InvalidInputError, NotSupportedError
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.lease import LeaseLostError
from tests.support.backing import BEGIN, FILE, FOLDER, RESTORE, Through, nodes, settings
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stored import Sender
from tests.support.stories import story


async def test_nodes_that_are_none_are_refused_and_nothing_of_them_is_stored(
    served: Served, graph: Bolt
) -> None:
    good = {"label": "Token", "uid": "token:1", "name": "n", "subject": "s", "kind": "personal", "hash": "h",
            "scopes": [], "projects": [], "platform_admin": False, "created_at": 1}  # fmt: skip
    before = await nodes(graph)
    wrong: list[Any] = [
        {**good, "label": "Run"},
        {**good, "label": None},
        {**good, "scopes": "all"},
        {**good, "created_at": 1 << 70},
        {**good, "created_at": -1},
        {**good, "more": 1},
        {**good, "uid": ""},
        [good],
        {},
    ]
    bodies = [json.dumps(one).encode() for one in wrong]
    for body in (*bodies, b"{", b"\xff", b'{"a":' * 10_000, json.dumps(good).encode() + b"\n{}"):
        answer = await served.http.post(f"{RESTORE}/nodes", content=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT"), body[:80]
    assert await nodes(graph) == before
    assert (await served.http.post(f"{RESTORE}/nodes", content=json.dumps(good))).json() == {"nodes": 1}


async def test_wrong_requests_are_told_what_is_allowed(served: Served) -> None:
    key = "0" * 64
    for method, path, asked, status in (
        ("POST", BEGIN, {}, 400),
        ("POST", f"{BEGIN}/renewal", {}, 400),
        ("POST", f"{BEGIN}/renewal", {"backup": "nobody's"}, 409),
        ("POST", f"{BEGIN}/end", {"backup": "x" * 101}, 400),
        ("GET", f"{BEGIN}/nodes", {"label": "Event", "since": "1"}, 400),
        ("GET", f"{BEGIN}/nodes", {"label": "Audit", "since": "-1"}, 400),
        ("GET", f"{BEGIN}/manifests/default/{key}", {}, 501),
        ("POST", RESTORE, {"backup": "b", "merge": "maybe"}, 400),
        ("POST", RESTORE, {"backup": "b"}, 409),
        ("PUT", f"{RESTORE}/manifests/a b/{key}", {}, 400),
    ):
        answer = await served.http.request(method, path, params=asked)
        assert answer.status_code == status, (method, path, answer.text)


async def test_where_no_bytes_are_kept_none_are_lost_in_silence(
    bolt: Address,
    graph: Bolt,
    tmp_path: Path,
    wipe: Callable[[], Awaitable[None]],
    through: Callable[..., Through],
) -> None:
    store = {"artifacts": {"url": str(tmp_path / "artifacts")}}
    async with serving(bolt, tmp_path, settings=settings(tmp_path, **store)) as served:
        await Sender(served.http).keep(FILE, "file")
        through(served)
        await asyncio.to_thread(making.back_up, tmp_path / "backup")
    await wipe()
    async with serving(bolt, tmp_path / "two", settings=settings(tmp_path / "two")) as served:
        through(served)
        with pytest.raises(NotSupportedError, match="LINEAGE_ARTIFACTS__URL"):
            await asyncio.to_thread(restoring.restore, tmp_path / "backup")
        assert await served.services.store.next_batch() == 0


@pytest.mark.parametrize(
    "fault", ["list", "future", "page", "nodes", "manifests", "object", "short", "outside"]
)
async def test_a_damaged_backup_is_refused_before_anything_is_sent(
    bolt: Address, graph: Bolt, tmp_path: Path, through: Callable[..., Through], fault: str
) -> None:
    folder = tmp_path / "backup"
    store = {"artifacts": {"url": str(tmp_path / "artifacts")}}
    async with serving(bolt, tmp_path, settings=settings(tmp_path, **store)) as served:
        await Sender(served.http).keep(FOLDER, "folder")
        way = through(served)
        made = await asyncio.to_thread(making.back_up, folder)
        way.asked.clear()
        spoil(folder, made, fault)
        with pytest.raises(InvalidInputError):
            await asyncio.to_thread(restoring.restore, folder, merge=True)
        assert way.asked == []


def spoil(folder: Path, made: layout.Backup, fault: str) -> None:
    listed = folder / layout.LIST
    told = json.loads(listed.read_text())
    objects = sorted((folder / layout.OBJECTS).glob("*/*"), key=lambda path: path.stat().st_size)
    if fault == "list":
        listed.write_bytes(listed.read_bytes()[:-20])
    elif fault in ("future", "outside"):
        told["version"] = 2 if fault == "future" else 1
        told["files"][0]["path"] = "../../etc/passwd" if fault == "outside" else told["files"][0]["path"]
        listed.write_text(json.dumps(told))
    elif fault == "short":
        objects[-1].write_bytes(objects[-1].read_bytes()[:-1])
    elif fault == "object":
        objects[-1].write_bytes(b"y" + objects[-1].read_bytes()[1:])
    else:
        file = {"page": made.files[0], "nodes": made.node_file, "manifests": made.manifest_file}[fault]
        path = folder / file.path
        path.write_bytes(path.read_bytes() + b" ")


async def test_who_stood_still_for_too_long_is_told_to_begin_again(
    bolt: Address,
    graph: Bolt,
    tmp_path: Path,
    through: Callable[..., Through],
) -> None:
    async with serving(bolt, tmp_path, settings=settings(tmp_path)) as served:
        await served.record(*story())
        way = through(served)
        taken = False

        def others(path: str) -> None:
            nonlocal taken
            if path == f"{BEGIN}/nodes" and not taken:
                taken = True
                clear = served.services.store.lease.clear()
                asyncio.run_coroutine_threadsafe(clear, loop).result(10)

        loop = asyncio.get_running_loop()
        way.before = others
        with pytest.raises(ConflictError):
            await asyncio.to_thread(making.back_up, tmp_path / "backup")
        assert not (tmp_path / "backup" / layout.LIST).exists()
        with pytest.raises(InvalidInputError, match="cut off"):
            layout.read(tmp_path / "backup")
        with pytest.raises(LeaseLostError):
            await served.services.backups.renew("nobody")
