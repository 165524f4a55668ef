"""Collecting bytes while others commit, or until it is cut off: it does no harm."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from lineage_server.domain.errors import UnavailableError
from lineage_server.domain.events import (
    Event,
    NodeErased,
    VersionReported,
)
from lineage_server.domain.ids import now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import artifacts as q
from lineage_server.storage import collecting
from lineage_server.storage.claims import doomed_uid
from lineage_server.storage.store import Store
from lineage_server.storage.uploads import Record
from tests.support.collecting import GC, collect, content, files, keep, without_grace
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stored import Sender, sha


@pytest.fixture
async def served(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    """Without any grace."""
    async with serving(bolt, tmp_path, settings=without_grace(tmp_path / "kept")) as running:
        yield running


def failing(real: Any, calls: int) -> Any:
    """Works so often."""
    left = iter(range(calls))

    def fails(*arguments: Any, **more: Any) -> Any:
        if next(left, None) is None:
            raise RuntimeError("pulled the plug")
        return real(*arguments, **more)

    return fails


async def test_cut_off_anywhere_it_does_no_harm_and_ends_the_next_time(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Sender(served.http)
    done = await keep(mine, "live", "gone")
    await served.record(NodeErased(uid=done["gone"]["uid"], at=now_micros()))
    await asyncio.sleep(0.01)
    places = ((Store, "delete", 0), (Store, "delete", 1), (Store, "list_below", 2))
    for module, name, calls in places:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, failing(getattr(module, name), calls))
            assert (await served.http.post(GC, params={"dry_run": "false"})).status_code == 500, name
        assert await mine.download(uid=done["live"]["uid"]) == dict(content("live").files)
    await collect(served, dry_run="false")
    left = {name for name in files(tmp_path / "kept") if name.startswith("objects")}
    assert left == {f"objects/{sha(d)[:2]}/{sha(d)}" for d in content("live").files.values()}


async def test_what_is_committed_while_it_is_collected_stays(served: Served, graph: Bolt) -> None:
    """At the moments that matter: judged but not yet doomed, doomed but not yet deleted."""
    mine = Sender(served.http)
    gone = (await keep(mine, "gone"))["gone"]
    past = now_micros() - 1_000_000
    await served.record(VersionReported(artifact="gone", digest=gone["digest"], at=now_micros(), ttl_at=past))
    collector = served.services.artifacts.get().collector
    judged = type(collector)._judge
    claimed = type(collector)._claimed
    calls = 0

    async def then_commit(self: Any, *arguments: Any) -> Any:
        found = await judged(self, *arguments)
        assert (await mine.commit(content("gone"), name="other")).status_code == 200
        return found

    async def while_doomed(self: Any, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            # Its claims are gone, so there is nothing to commit; sent again, it waits until the end.
            assert (await mine.commit(content("gone"), name="third")).status_code == 409
            later.append(asyncio.create_task(mine.keep(content("gone"), name="third")))
            await asyncio.sleep(0.5)
            assert not later[0].done()
        return await claimed(self, *arguments)

    later: list[asyncio.Task[dict[str, Any]]] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(collector), "_judge", then_commit)
        await collect(served, dry_run="false")
    uid = gone["uid"].replace("/gone@", "/other@")
    assert await mine.download(uid=uid) == dict(content("gone").files)
    await served.record(NodeErased(uid=uid, at=now_micros()))
    await asyncio.sleep(0.01)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(collector), "_claimed", while_doomed)
        await collect(served, dry_run="false")
    (done,) = await asyncio.gather(*later)
    assert await graph.read(q.DOOMED, {"uids": [doomed_uid(sha(b"gone"))]}) == []
    assert await mine.download(uid=done["uid"]) == dict(content("gone").files)


@contextlib.contextmanager
def recording(served: Served, record: Record) -> Iterator[None]:
    """Commits tell the graph this way."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(served.services.artifacts.get().uploads, "record", record)
        yield


async def cut_off(event: Event, actor: str) -> None:
    raise UnavailableError("killed", part="graph")


async def test_what_was_cut_off_and_is_committed_again_while_it_is_collected_stays(served: Served) -> None:
    """Its manifest was there without a version when it was judged, and lies there anew when it would go."""
    mine = Sender(served.http)
    await mine.send(content("again"))
    with recording(served, cut_off):
        assert (await mine.commit(content("again"))).status_code == 503
    await asyncio.sleep(0.01)
    artifacts = served.services.artifacts.get()
    judged, record = type(artifacts.collector)._judge, artifacts.uploads.record
    written, collected = asyncio.Event(), asyncio.Event()

    async def slowly(event: Event, actor: str) -> None:
        written.set()
        await collected.wait()
        await record(event, actor)

    async def then_commit(self: Any, *arguments: Any) -> Any:
        found = await judged(self, *arguments)
        later.append(asyncio.create_task(mine.commit(content("again"))))
        await written.wait()
        return found

    later: list[asyncio.Task[httpx2.Response]] = []
    with recording(served, slowly), pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(artifacts.collector), "_judge", then_commit)
        await collect(served, dry_run="false")
        collected.set()
        (done,) = await asyncio.gather(*later)
    assert done.status_code == 200
    assert await mine.download(uid=done.json()["uid"]) == dict(content("again").files)
    assert (await collect(served, dry_run="false"))["objects"] == 0


async def test_one_version_that_two_servers_commit_while_a_collection_begins_stays(
    served: Served, bolt: Address, tmp_path: Path
) -> None:
    """At one graph and store: of its objects one is judged to go, one is new; neither server has told yet."""
    settings = {"artifacts": {"url": str(tmp_path / "kept"), "grace_hours": 0, "deleted_days": 0}}
    gone = (await keep(Sender(served.http), "gone"))["gone"]
    await served.record(NodeErased(uid=gone["uid"], at=now_micros()))
    await asyncio.sleep(0.01)
    artifacts = served.services.artifacts.get()
    judged, record = type(artifacts.collector)._judge, artifacts.uploads.record
    telling: list[str] = []
    both, collected = asyncio.Event(), asyncio.Event()

    async def slowly(event: Event, actor: str) -> None:
        telling.append(event.id)
        if len(telling) == 2:
            both.set()
        await collected.wait()
        await record(event, actor)

    async def kept(by: Served) -> dict[str, Any]:
        """As clients do: what the other one has just taken is sent again."""
        sender, answer = Sender(by.http), None
        while answer is None or answer.status_code == 409:
            await sender.send(content("new"))
            answer = await sender.commit(content("new"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def then_commit(self: Any, *arguments: Any) -> Any:
        found = await judged(self, *arguments)
        later.extend(asyncio.create_task(kept(by)) for by in (served, other))
        await both.wait()
        return found

    later: list[asyncio.Task[dict[str, Any]]] = []
    async with serving(bolt, tmp_path / "other", settings=settings) as other:
        with recording(served, slowly), recording(other, slowly), pytest.MonkeyPatch.context() as patched:
            patched.setattr(type(artifacts.collector), "_judge", then_commit)
            await collect(served, dry_run="false")
            collected.set()
            first, second = await asyncio.gather(*later)
        assert first["uid"] == second["uid"]
        for by in (served, other):
            assert await Sender(by.http).download(uid=first["uid"]) == dict(content("new").files)
        # Who sent what the other one was just taking has left it where it came in: nobody needs it there.
        left = await collect(other, dry_run="false")
        assert {one["reason"] for one in left["items"]} <= {"its upload was never finished"}
        assert len(files(tmp_path / "kept")) == 3
        for by in (served, other):
            assert await Sender(by.http).download(uid=first["uid"]) == dict(content("new").files)


@pytest.mark.parametrize("killed", [False, True])
async def test_manifest_that_is_being_deleted_is_outwaited(
    served: Served, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    """Nothing is acknowledged in between; whether or not the collection lives to see its end."""
    monkeypatch.setattr(collecting, "DOOMED_SECONDS", 2.0)
    mine = Sender(served.http)
    gone = await mine.keep(content("gone"))
    past = now_micros() - 1_000_000
    await served.record(VersionReported(artifact="iris", digest=gone["digest"], at=now_micros(), ttl_at=past))
    await asyncio.sleep(0.01)
    delete = Store.delete
    later: list[asyncio.Task[httpx2.Response]] = []

    async def while_doomed(self: Store, keys: list[str]) -> None:
        if keys and keys[0].startswith("manifests/") and not later:
            later.append(asyncio.create_task(mine.commit(content("gone"), name="other")))
            await asyncio.sleep(0.5)
            assert not later[0].done()
            await delete(self, keys)
            if killed:
                raise RuntimeError("pulled the plug")
        await delete(self, keys)

    monkeypatch.setattr(Store, "delete", while_doomed)
    answer = await served.http.post(GC, params={"dry_run": "false"})
    assert answer.status_code == (500 if killed else 200)
    (done,) = await asyncio.gather(*later)
    assert done.status_code == 200
    assert await mine.download(uid=done.json()["uid"]) == dict(content("gone").files)
    await collect(served, dry_run="false")
    assert await mine.download(uid=done.json()["uid"]) == dict(content("gone").files)
