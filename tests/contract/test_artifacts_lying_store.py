"""An S3 store that answers other bytes, too few, nothing, or sends elsewhere: told, and never handed out."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from lineage_server.graph.bolt import Bolt
from lineage_server.storage import store
from tests.support.keeping import GC
from tests.support.lying_store import SECRET, LyingStore, Way
from tests.support.neo4j_server import Address
from tests.support.s3_server import S3Server
from tests.support.served import serving
from tests.support.stored import DOWNLOADS, OBJECTS, Content, Sender, sha

DATA = bytes(range(256)) * 40
CONTENT = Content({"a.csv": b"x,y\n1,2\n" * 1000, "data": DATA})
SECONDS = 15.0
"""More than a store has for its answer, in these tests."""


@pytest.fixture
async def lying(s3_server: S3Server) -> AsyncIterator[LyingStore]:
    with LyingStore(s3_server.url.replace("http:", "bolt:")) as one:
        yield one


@pytest.fixture
async def mine(
    bolt: Address,
    graph: Bolt,
    s3_server: S3Server,
    lying: LyingStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Sender]:
    monkeypatch.setattr(store, "_ASKED_SECONDS", 1.0)
    name = f"lies-{uuid.uuid4().hex}"
    await asyncio.to_thread(s3_server.make_bucket, name)
    for key, value in s3_server.environment(lying.url).items():
        monkeypatch.setenv(key, value)
    settings = {"artifacts": {"url": f"s3://{name}/pre"}}
    async with (
        serving(bolt, tmp_path, settings=settings) as running,
        httpx2.AsyncClient(timeout=1) as outside,
    ):
        yield Sender(running.http, outside=outside)


SPOILT = {Way.WRONG, Way.LESS, Way.ELSEWHERE}
"""What cannot be told from bytes that were lost; anything else is a store that is away."""


@pytest.mark.parametrize("way", [way for way in Way if way is not Way.WELL])
async def test_whatever_a_store_answers_nothing_wrong_is_handed_out(
    mine: Sender, lying: LyingStore, way: Way
) -> None:
    uid = (await mine.keep(CONTENT))["uid"]
    lying.way = way
    one = f"{OBJECTS}/default/{sha(DATA)}"
    for ask in (
        lambda: mine.post(DOWNLOADS, uid=uid, methods=["server"]),
        lambda: mine.http.get(one),
        lambda: mine.http.get(one, headers={"range": "bytes=5-9"}),
        lambda: mine.http.get("/api/v1/artifacts/preview", params={"uid": uid, "path": "data"}),
        lambda: mine.http.get("/api/v1/artifacts/files", params={"uid": uid, "path": "data"}),
        lambda: mine.http.post(GC, params={"dry_run": "false"}),
    ):
        async with asyncio.timeout(SECONDS):
            answer = await ask()
        assert SECRET not in answer.content
        if way in SPOILT:
            assert (answer.status_code in (404, 409), "lost or spoilt" in answer.text) == (True, True)
        else:
            assert (answer.status_code, answer.json()["details"]["part"]) == (503, "artifacts")
    # Whoever is asked there learns nothing that opens the store.
    assert not any("authorization" in headers for headers in lying.asked_elsewhere)
    lying.way = Way.WELL
    assert await mine.download(uid=uid, methods=["server"]) == dict(CONTENT.files)
    shown = await mine.http.get("/api/v1/artifacts/preview", params={"uid": uid, "path": "a.csv"})
    assert shown.json()["rows"][0] == ["1", "2"]


@pytest.mark.parametrize("way", [way for way in Way if way is not Way.WELL])
async def test_whatever_a_store_answers_what_was_acknowledged_is_there(
    mine: Sender, lying: LyingStore, way: Way
) -> None:
    for methods in (["server"], ["url"]):
        content = Content({"data": DATA, "of": methods[0].encode()})
        told = await mine.ask(content, methods=methods)
        lying.way = way
        async with asyncio.timeout(SECONDS * 2):
            for one in told["missing"]:
                data = content.objects[one["sha256"]]
                if one["url"]:
                    with contextlib.suppress(httpx2.TransportError):
                        await mine.outside.put(one["url"], content=data, headers=one["headers"])
                else:
                    assert (await mine.put(one["sha256"], data)).status_code in (204, 503)
            answer = await mine.commit(content)
        lying.way = Way.WELL
        assert answer.status_code in (200, 409, 503), answer.text
        if answer.status_code != 200:
            answer = await mine.commit(content)
        if answer.status_code == 409:
            assert set(answer.json()["details"]["missing"]) <= content.objects.keys()
            done = await mine.keep(content, methods=methods)
        else:
            done = answer.json()
        assert await mine.download(uid=done["uid"], methods=["server"]) == dict(content.files)


@pytest.mark.parametrize("way", [Way.BUSY, Way.HANGS, Way.ELSEWHERE])
async def test_a_version_whose_list_of_files_did_not_arrive_is_not_acknowledged(
    mine: Sender, lying: LyingStore, way: Way
) -> None:
    await mine.send(CONTENT)
    lying.way, lying.places = way, ("manifests",)
    answer = await mine.commit(CONTENT)
    assert (answer.status_code, answer.json().get("error")) == (503, "UNAVAILABLE")
    assert SECRET not in answer.content
    lying.way = Way.WELL
    done = (await mine.commit(CONTENT)).json()
    assert await mine.download(uid=done["uid"], methods=["server"]) == dict(CONTENT.files)
