"""Collecting bytes: what goes, why, and what stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lineage_server.domain.events import (
    AliasSet,
    DeploymentReported,
    InputFact,
    ModelVersionReported,
    NodeDeleted,
    NodeErased,
    OutputFact,
    RunReported,
    VersionReported,
)
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.storage import collecting
from tests.contract.test_operations import TEXTS
from tests.support.collecting import GC, collect, content, files, keep, without_grace
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stored import OBJECTS, Content, Sender, sha


@pytest.fixture
async def served(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    """Without any grace."""
    async with serving(bolt, tmp_path, settings=without_grace(tmp_path / "kept")) as running:
        yield running


async def test_only_what_nothing_needs_goes_and_says_why(served: Served, tmp_path: Path) -> None:
    mine, theirs = Sender(served.http), Sender(served.http, "b")
    done = await keep(mine, "live", "deleted", "erased", "expired", "held", "aliased", "deployed", "source")
    other = await theirs.keep(content("deleted"), name="theirs")
    past = now_micros() - 1_000_000

    def version(name: str, **told: Any) -> VersionReported:
        return VersionReported(artifact=name, digest=done[name]["digest"], at=now_micros(), **told)

    made = content("made").manifest()["digest"]
    await served.record(
        NodeDeleted(uid=done["deleted"]["uid"], at=now_micros()),
        NodeErased(uid=done["erased"]["uid"], at=now_micros()),
        *(version(name, ttl_at=past) for name in ("expired", "aliased", "deployed", "source")),
        version("held", ttl_at=past, hold=True),
        ModelVersionReported(model="m", version="1", origin=done["aliased"]["uid"]),
        AliasSet(model="m", alias="prod", version="1", at=now_micros()),
        ModelVersionReported(model="m", version="2", origin=done["deployed"]["uid"]),
        DeploymentReported(name="d", model="m", version="2", at=now_micros()),
        RunReported(
            run=new_run_id(),
            inputs=[InputFact(name="source", digest=done["source"]["digest"])],
            outputs=[OutputFact(name="made", digest=made)],
        ),
    )
    await mine.send(Content({"x": b"never committed"}))
    before = files(tmp_path / "kept")
    await asyncio.sleep(0.01)
    plan = await collect(served)
    assert files(tmp_path / "kept") == before
    assert plan["dry_run"] is True
    reasons = {one["uid"]: one["reason"] for one in plan["versions"]}
    gone = ("deleted", "erased", "expired", "source")
    assert reasons.keys() == {done[name]["uid"] for name in gone}
    assert "was deleted on" in reasons[done["deleted"]["uid"]]
    assert "erased" in reasons[done["erased"]["uid"]]
    assert "time to live" in reasons[done["expired"]["uid"]]
    lost = {one["uid"]: one["irreproducible"] for one in plan["versions"]}
    assert lost[done["source"]["uid"]] == [f"version:default/dataset/made@{made}"]
    # Four manifests, three objects (theirs needs the fourth), and the upload that was never finished.
    assert plan["objects"] == len(plan["items"]) == 8
    result = await collect(served, dry_run="false")
    assert result["objects"] == plan["objects"]
    assert before - files(tmp_path / "kept") == {one["key"] for one in plan["items"]}
    for name, one in done.items():
        if name in gone:
            answer = await mine.post("/api/v1/artifacts/downloads", uid=one["uid"])
            assert answer.status_code == 404
        else:
            assert await mine.download(uid=one["uid"]) == dict(content(name).files)
    assert await theirs.download(uid=other["uid"]) == dict(content("deleted").files)
    # What has gone is asked for again, and what another project kept is no longer ours.
    assert len((await mine.ask(content("expired")))["missing"]) == 1
    where = f"{OBJECTS}/default/{sha(b'deleted')}"
    assert (await mine.http.get(where)).status_code == 404
    again = await collect(served, dry_run="false")
    assert (again["objects"], again["versions"]) == (0, [])
    assert (await served.http.post(GC, params={"dry_run": "perhaps"})).status_code == 400


async def test_time_to_live_holds_and_deletions_can_be_taken_back(
    bolt: Address, graph: Bolt, tmp_path: Path
) -> None:
    """By whoever may write, until the collection has come by."""
    settings = {"artifacts": {"url": str(tmp_path / "kept"), "grace_hours": 0, "deleted_days": 1}}
    async with serving(bolt, tmp_path, settings=settings) as served:
        mine = Sender(served.http)
        done = {name: one["uid"] for name, one in (await keep(mine, "old", "held", "gone")).items()}

        async def do(operation: str, **told: Any) -> None:
            (answer,) = (await served.ask(TEXTS[operation], {"input": told})).values()
            assert answer["problems"] == []

        async def going() -> set[str]:
            await asyncio.sleep(0.01)
            return {one["uid"] for one in (await collect(served))["versions"]}

        async def kept() -> dict[str, str]:
            told = await collect(served)
            assert told["waiting"] == len(told["kept"])
            return {one["uid"]: one["reason"] for one in told["kept"]}

        await do("SetTimeToLive", uid=done["old"], ttlAt="2020-01-01T00:00:00Z")
        await do("SetTimeToLive", uid=done["held"], ttlAt="2020-01-01T00:00:00Z")
        await do("SetTimeToLive", uid=done["gone"], ttlAt="2200-01-01T00:00:00Z")
        assert (await kept())[done["gone"]] == "its time to live ends on 2200-01-01 00:00 UTC"
        await do("SetHold", uid=done["held"], hold=True)
        await do("DeleteNode", uid=done["gone"])
        assert await going() == {done["old"]}
        waits = await kept()
        assert (waits.keys(), waits[done["held"]]) == ({done["held"], done["gone"]}, "it is held")
        assert "can be taken back until" in waits[done["gone"]]
        await do("SetTimeToLive", uid=done["old"], ttlAt=None)
        await do("SetHold", uid=done["held"], hold=False)
        assert await going() == {done["held"]}
        await do("RestoreNode", uid=done["gone"])
        await collect(served, dry_run="false")
        assert await mine.download(uid=done["gone"]) == dict(content("gone").files)
        assert await mine.download(uid=done["old"]) == dict(content("old").files)
        # The version stays, and what it came to.
        assert (await graph.read("MATCH (v {uid: $uid}) RETURN v.digest AS d", {"uid": done["held"]}))[0]["d"]
        wrong = {"input": {"uid": "artifact:default/dataset/old"}}
        (refused,) = (await served.ask(TEXTS["SetTimeToLive"], wrong))["setTimeToLive"]["problems"]
        assert (refused["code"], refused["allowed"]) == ("BAD_INPUT", "versions of artifacts")


async def test_what_goes_itself_is_not_told_to_be_irreproducible(served: Served) -> None:
    mine = Sender(served.http)
    done = await keep(mine, "source", "middle", "end")
    past = now_micros() - 1_000_000

    def run(read: str, made: str) -> RunReported:
        return RunReported(
            run=new_run_id(),
            inputs=[InputFact(name=read, digest=done[read]["digest"])],
            outputs=[OutputFact(name=made, digest=done[made]["digest"])],
        )

    gone = ("source", "middle")
    await served.record(
        run("source", "middle"),
        run("middle", "end"),
        *(VersionReported(artifact=n, digest=done[n]["digest"], at=now_micros(), ttl_at=past) for n in gone),
    )
    await asyncio.sleep(0.01)
    plan = await collect(served)
    lost = {one["uid"]: one["irreproducible"] for one in plan["versions"]}
    # Of what was made of something that goes, too, nothing is left to make it from.
    assert lost == {done[name]["uid"]: [done["end"]["uid"]] for name in gone}
    assert plan["forgotten"] == len(gone)


async def test_nothing_goes_by_a_manifest_that_is_not_to_be_trusted(
    served: Served, graph: Bolt, tmp_path: Path
) -> None:
    """What it really needs would look like nobody's."""
    mine = Sender(served.http)
    done = await keep(mine, "live", "gone")
    await served.record(NodeErased(uid=done["gone"]["uid"], at=now_micros()))
    (tmp_path / "kept" / "objects" / "aa").mkdir(exist_ok=True)
    (tmp_path / "kept" / "objects" / "aa" / f"{sha(b'cut off')}#1").write_bytes(b"cut")
    manifest = tmp_path / "kept" / "manifests" / "default" / done["live"]["digest"][7:]
    right, before = manifest.read_bytes(), files(tmp_path / "kept")
    for spoilt in (right.replace(sha(b"live")[:4].encode(), b"0000"), right[:50], b""):
        manifest.write_bytes(spoilt)
        answer = await served.http.post(GC, params={"dry_run": "false"})
        assert (answer.status_code, "lost or spoilt" in answer.text) == (409, True)
        answer = await mine.post("/api/v1/artifacts/downloads", uid=done["live"]["uid"])
        assert (answer.status_code, "lost or spoilt" in answer.text) == (404, True)
    manifest.write_bytes(right)
    await graph.write("MATCH (b:Blob {sha256: $name}) DELETE b", {"name": sha(b"live")})
    answer = await served.http.post(GC, params={"dry_run": "false"})
    assert (answer.status_code, "does not know of" in answer.text) == (409, True)
    assert files(tmp_path / "kept") == before
    # Sent again, all is well: what was cut off while it was written goes, too.
    await mine.keep(content("live"), name="live")
    await asyncio.sleep(0.01)
    result = await collect(served, dry_run="false")
    assert "writing it was cut off" in {one["reason"] for one in result["items"]}
    assert len(files(tmp_path / "kept")) == 3
    assert await mine.download(uid=done["live"]["uid"]) == dict(content("live").files)


async def test_nothing_goes_while_the_graph_is_not_whole_or_another(
    served: Served, graph: Bolt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Sender(served.http)
    await keep(mine, "live")
    monkeypatch.setattr(collecting, "WAIT_SECONDS", 0.1)
    async with served.services.store.exclusively("rebuilding the graph"):
        answer = await served.http.post(GC, params={"dry_run": "false"})
        assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
        assert "rebuilding the graph" in answer.text
    await graph.write("MATCH (w:Writer) SET w.rebuilder = 'somebody'")
    answer = await served.http.post(GC)
    assert (answer.status_code, "not whole" in answer.text) == (409, True)
    await graph.write("MATCH (w:Writer) SET w.rebuilder = NULL")
    await graph.write("MATCH (b:Blob) DELETE b")
    answer = await served.http.post(GC)
    assert (answer.status_code, "another graph" in answer.text) == (409, True)
    assert len(files(tmp_path / "kept")) == 3


async def test_it_waits_for_what_is_being_erased(served: Served) -> None:
    """Who has erased something and collects at once is not told to try again."""
    mine = Sender(served.http)
    await keep(mine, "live", "gone")
    async with served.services.store.exclusively("erasing nodes"):
        waiting = asyncio.create_task(collect(served, dry_run="false"))
        await asyncio.sleep(0.5)
        assert not waiting.done()
    assert (await waiting)["objects"] == 0


async def test_a_project_with_a_store_of_its_own_has_its_bytes_there_and_nowhere_else(
    bolt: Address, graph: Bolt, tmp_path: Path
) -> None:
    shared, own = tmp_path / "kept", tmp_path / "own"
    places = {"url": str(shared), "projects": {"b": str(own)}, "grace_hours": 0, "deleted_days": 0}

    def objects(folder: Path) -> set[str]:
        return {name.rpartition("/")[2] for name in files(folder) if name.startswith("objects")}

    def named(*names: str) -> set[str]:
        return {sha(data) for name in names for data in content(name).files.values()}

    async with serving(bolt, tmp_path, settings={"artifacts": places}) as served:
        mine, theirs = Sender(served.http), Sender(served.http, "b")
        first = await mine.keep(content("one"), name="one")
        # What lies in another store is sent again: nobody learns that somebody has it.
        assert len((await theirs.ask(content("one")))["missing"]) == len(named("one"))
        second = await theirs.keep(content("two"), name="two")
        equal = await theirs.keep(content("one"), name="one")
        assert objects(shared) == named("one")
        assert objects(own) == named("one", "two")
        assert await mine.download(uid=first["uid"]) == dict(content("one").files)
        assert await theirs.download(uid=equal["uid"]) == dict(content("one").files)
        # What goes of one project stays another's, and one collection is of both places.
        await served.record(
            NodeErased(uid=first["uid"], at=now_micros()),
            NodeErased(project="b", uid=second["uid"], at=now_micros()),
        )
        await asyncio.sleep(0.01)
        plan = await collect(served)
        assert {one["uid"] for one in plan["versions"]} == {first["uid"], second["uid"]}
        before = [files(shared), files(own)]
        result = await collect(served, dry_run="false")
        assert result["objects"] == plan["objects"] == len(plan["items"])
        assert [len(was - files(folder)) for was, folder in zip(before, (shared, own), strict=True)] == [3, 2]
        assert objects(shared) == set()
        assert objects(own) == named("one")
        assert await theirs.download(uid=equal["uid"]) == dict(content("one").files)
