"""The same at a real S3 server: signed URLs, verified before anything is shared, and all its faults.

``bucket`` is one of a store that itself refuses wrong bytes; what depends on that is asked of a careless one,
too.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from lineage_server.domain.errors import UnavailableError
from lineage_server.graph.bolt import Bolt
from lineage_server.storage.manifest import PART
from lineage_server.storage.proving import Proving
from lineage_server.storage.signing import CHECKSUM
from lineage_server.storage.store import Store
from tests.support.neo4j_server import Address
from tests.support.proxy import Proxy
from tests.support.s3_server import CARELESS, S3Server
from tests.support.served import Served, serving
from tests.support.stored import COMMITS, OBJECTS, Content, Sender, sha


class Bucket:
    """A server of ours whose bytes are in a bucket of its own, behind a proxy."""

    def __init__(
        self, served: Served, server: S3Server, name: str, proxy: Proxy, http: httpx2.AsyncClient
    ) -> None:
        self.served, self.server, self.name, self.proxy, self.outside = served, server, name, proxy, http

    async def sender(self, project: str = "default") -> Sender:
        token = await self.served.service_token(**{project: "editor"})
        return Sender(self.served.http, project, token, self.outside)

    def keys(self, prefix: str = "") -> list[str]:
        return [key for key in self.server.keys(self.name) if key.startswith(f"pre/{prefix}")]

    def spoil(self, key: str, data: bytes) -> None:
        self.server.write(self.name, f"pre/{key}", data)


@pytest.fixture
async def bucket(
    bolt: Address,
    graph: Bolt,
    s3_server: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Bucket]:
    name = f"{getattr(request, 'param', 'bucket')}-{uuid.uuid4().hex}"
    await asyncio.to_thread(s3_server.make_bucket, name)
    with Proxy(s3_server.url.replace("http:", "bolt:")) as proxy:
        for key, value in s3_server.environment(proxy.uri.replace("bolt:", "http:")).items():
            monkeypatch.setenv(key, value)
        settings = {"artifacts": {"url": f"s3://{name}/pre", "presign_seconds": 60}}
        async with (
            serving(bolt, tmp_path, mode="token", settings=settings) as running,
            httpx2.AsyncClient(timeout=30) as http,
        ):
            yield Bucket(running, s3_server, name, proxy, http)


CONTENT = Content({"a/b.txt": b"hello", "empty": b"", "large": b"0123456789abcdef" * (PART // 16) + b"end"})


ANY = pytest.mark.parametrize("bucket", ["bucket", CARELESS], indirect=True)


@ANY
async def test_bytes_go_straight_to_the_store_and_back(bucket: Bucket) -> None:
    mine, theirs = await bucket.sender(), await bucket.sender("데이터")
    told = await mine.send(CONTENT)
    assert (told["method"], len(told["missing"])) == ("url", 4)
    place = "incoming" if bucket.name.startswith(CARELESS) else "proven"
    assert len(bucket.keys(f"{place}/default/")) == 4
    assert (await mine.ask(CONTENT))["missing"] == []  # cut off here, it would go on
    done = (await mine.commit(CONTENT)).json()
    assert await mine.download(uid=done["uid"]) == dict(CONTENT.files)
    # Whoever cannot reach the store goes through the server, and shares what is there.
    again = await theirs.keep(CONTENT, methods=["server"])
    assert await theirs.download(uid=again["uid"], methods=["server"]) == dict(CONTENT.files)
    assert sorted(bucket.keys("objects/")) == sorted(
        f"pre/objects/{name[:2]}/{name}" for name in CONTENT.objects
    )
    assert len(bucket.keys("manifests/")) == 2
    assert bucket.keys("incoming/") == bucket.keys("proven/") == bucket.keys("checking/") == []


async def test_wrong_bytes_are_refused_by_the_store_itself(bucket: Bucket) -> None:
    """Nothing is left of them, whoever has the URL and whatever headers come with it."""
    ours = await bucket.sender()
    content = Content({"a": b"right"})
    (one,) = (await ours.ask(content))["missing"]
    url, headers = one["url"], one["headers"]
    other = {CHECKSUM: base64.b64encode(hashlib.sha256(b"wrong").digest()).decode()}
    for told, status in ((headers, 400), ({}, 403), (other, 403)):
        assert (await bucket.outside.put(url, content=b"wrong", headers=told)).status_code == status
    assert (await bucket.outside.put(url, content=b"right")).status_code == 403
    assert bucket.keys("proven/") == bucket.keys("checking/") == []
    answer = await ours.commit(content)
    assert (answer.status_code, answer.json()["details"]) == (409, {"missing": [sha(b"right")]})
    done = await ours.keep(content)
    # Used again: the same bytes, or none.
    assert (await bucket.outside.put(url, content=b"later", headers=headers)).status_code == 400
    assert (await bucket.outside.put(url, content=b"right", headers=headers)).status_code == 200
    assert await ours.download(uid=done["uid"]) == dict(content.files)
    assert (await ours.commit(content)).json()["uid"] == done["uid"]


async def test_only_a_store_that_was_tried_is_believed(bucket: Bucket) -> None:
    """What lies where a proving store takes it is no proof to a server that does not know that of it."""
    ours = await bucket.sender()
    content = Content({"a": b"right"})
    uploads = bucket.served.services.artifacts.get().uploads
    uploads.proving = Proving("")  # the keys of a role: URLs cannot be signed again
    await asyncio.to_thread(bucket.spoil, f"proven/default/{sha(b'right')}", b"wrong")
    (one,) = (await ours.ask(content))["missing"]
    assert one["headers"] == {}
    assert (await ours.commit(content)).status_code == 409
    done = await ours.keep(content)
    assert await ours.download(uid=done["uid"]) == dict(content.files)


@pytest.mark.parametrize("bucket", [CARELESS], indirect=True)
async def test_wrong_bytes_at_a_careless_store_are_never_shared(bucket: Bucket) -> None:
    ours, theirs = await bucket.sender("a"), await bucket.sender("b")
    content = Content({"a": b"right", "b": b"fine"})
    name = sha(b"right")
    await theirs.keep(content)
    told = await ours.ask(content)
    urls = {one["sha256"]: one["url"] for one in told["missing"]}
    assert (await bucket.outside.put(urls[name], content=b"wrong")).status_code == 200
    assert (await bucket.outside.put(urls[sha(b"fine")], content=b"fine")).status_code == 200
    answer = await ours.commit(content)
    assert (answer.status_code, answer.json()["details"]) == (409, {"missing": [name]})
    # Theirs is as it was, and ours is asked for again.
    uid = f"version:b/dataset/iris@{content.manifest()['digest']}"
    assert await theirs.download(uid=uid) == dict(content.files)
    assert [one["sha256"] for one in (await ours.ask(content))["missing"]] == [name]
    done = await ours.keep(content)
    # The URL may still be used: what it writes then is seen by nobody.
    assert (await bucket.outside.put(urls[name], content=b"later")).status_code == 200
    assert await ours.download(uid=done["uid"]) == dict(content.files)


async def test_what_the_store_lost_or_spoilt_is_mended_by_sending_it_again(bucket: Bucket) -> None:
    mine = await bucket.sender()
    content = Content({"a": b"as it was"})
    done = await mine.keep(content)
    name = sha(b"as it was")
    where = f"{OBJECTS}/default/{name}"
    await asyncio.to_thread(bucket.spoil, f"objects/{name[:2]}/{name}", b"other")
    for more in ({}, {"range": "bytes=0-2"}):
        answer = await mine.http.get(where, headers={**mine.headers, **more})
        assert (answer.status_code, "lost or spoilt" in answer.text) == (404, True)
    told = {"uid": done["uid"]}
    shown = (await mine.http.get("/api/v1/artifacts/preview", params=told, headers=mine.headers)).json()
    assert (shown["kind"], "lost or spoilt" in shown["reason"]) == ("none", True)
    assert (await mine.put(name, b"as it was")).status_code == 204
    assert await mine.download(uid=done["uid"]) == dict(content.files)
    await bucket.served.services.artifacts.get().uploads.stores.all[0].delete([f"objects/{name[:2]}/{name}"])
    answer = await mine.http.get(where, headers=mine.headers)
    assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
    assert (await mine.put(name, b"as it was")).status_code == 204
    assert await mine.download(uid=done["uid"]) == dict(content.files)


async def test_signed_urls_end_and_are_given_anew(bucket: Bucket) -> None:
    mine = await bucket.sender()
    uploads = bucket.served.services.artifacts.get().uploads
    content = Content({"a": b"late"})
    object.__setattr__(uploads.limits, "presign_seconds", 1)
    told = await mine.ask(content)
    assert told["expires_at"] > 0
    await asyncio.sleep(2.1)
    answer = await bucket.outside.put(
        told["missing"][0]["url"], content=b"late", headers=told["missing"][0]["headers"]
    )
    assert (answer.status_code, "expired" in answer.text) == (403, True)
    object.__setattr__(uploads.limits, "presign_seconds", 60)
    done = await mine.keep(content)
    assert await mine.download(uid=done["uid"]) == {"a": b"late"}


async def test_store_away_and_back_loses_nothing(bucket: Bucket) -> None:
    mine = await bucket.sender()
    await mine.send(CONTENT)
    bucket.proxy.cut()
    manifest = CONTENT.manifest()
    answers = [
        await mine.post(COMMITS, type="dataset", name="iris", manifest=manifest),
        await mine.put(sha(b"other"), b"other"),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
        assert answer.json()["details"]["part"] == "artifacts"
        assert "retry-after" in answer.headers
        assert "127.0.0.1" not in answer.text
    bucket.proxy.heal()
    done = (await mine.commit(CONTENT)).json()
    assert await mine.download(uid=done["uid"]) == dict(CONTENT.files)


async def test_a_bucket_that_is_not_there_is_no_loss(bucket: Bucket) -> None:
    """As an operator's mistake: told as the store being away, not as missing bytes."""
    store = bucket.served.services.artifacts.get().uploads.stores.of("default")
    other = Store(store.url.replace("bucket-", "nobucket-"))
    for asked in (other.put("objects/aa/a", b""), other.get("objects/aa/a")):
        with pytest.raises(UnavailableError):
            await asked
