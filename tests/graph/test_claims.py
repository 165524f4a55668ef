"""Which project has which object: claimed, then kept, untouched by a rebuild; on both engines."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import (
    ModelVersionReported,
    NodeDeleted,
    OutputFact,
    RunReported,
    VersionReported,
)
from lineage_server.domain.ids import new_run_id, now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.errors import TransientGraphError
from lineage_server.storage.claims import Claims
from tests.support.neo4j_server import Address
from tests.support.served import serving
from tests.support.stored import Content, Sender, sha

OBJECTS = {sha(str(i).encode()): i for i in range(200)}


async def test_what_is_claimed_is_there_once_it_is_kept(graph: Bolt) -> None:
    claims = Claims(graph)
    # By several at once, in whatever order; none of them fails.
    told = await asyncio.gather(*(claims.claim("a", OBJECTS) for _ in range(4)))
    assert all(one == OBJECTS.keys() for one in told)
    assert await claims.kept("a", list(OBJECTS)) == {}
    some = dict(list(OBJECTS.items())[:50])
    await claims.keep("a", some)
    await claims.keep("a", some)
    assert await claims.kept("a", list(OBJECTS)) == some
    assert await claims.claim("a", OBJECTS) == OBJECTS.keys() - some.keys()
    assert await claims.kept("b", list(OBJECTS)) == {}
    rows = await graph.read("MATCH (b:Blob) RETURN count(*) AS n")
    assert rows == [{"n": len(OBJECTS)}]
    name, size = next(iter(some.items()))
    with pytest.raises(InvalidInputError, match="bytes, not"):
        await claims.claim("a", {name: size + 1})


async def test_what_is_deleted_while_it_is_claimed_anew_is_claimed_all_the_same(graph: Bolt) -> None:
    """An old claim that a collection drops in the same moment."""
    claims = Claims(graph)
    await claims.claim("a", OBJECTS)
    claiming = None
    # The embedded engine rolls one of both back; which one is up to it.
    with contextlib.suppress(TransientGraphError):
        async with graph.transaction() as transaction:
            await transaction.run("MATCH (b:Blob) DELETE b")
            claiming = asyncio.create_task(claims.claim("a", OBJECTS))
            await asyncio.wait({claiming}, timeout=0.5)
    assert claiming is not None
    assert await claiming == OBJECTS.keys()
    rows = await graph.read("MATCH (b:Blob) RETURN b.sha256 AS sha256")
    assert {row["sha256"] for row in rows} == OBJECTS.keys()


async def test_a_rebuild_keeps_what_is_known_of_bytes(bolt: Address, graph: Bolt, tmp_path: Path) -> None:
    settings = {"artifacts": {"url": str(tmp_path / "kept")}}
    async with serving(bolt, tmp_path, settings=settings) as served:
        mine = Sender(served.http)
        done = await mine.keep(Content({"a": b"1"}))
        claims = Claims(graph)
        before = await claims.version(done["uid"], None)
        assert before is not None
        assert before.stored_at == done["stored_at"]
        await served.services.rebuilder.rebuild()
        assert await claims.version(done["uid"], None) == before
        assert await claims.kept("default", [sha(b"1")]) == {sha(b"1"): 1}
        assert await mine.download(uid=done["uid"]) == {"a": b"1"}


async def test_bytes_of_a_model_version_are_those_of_its_origin(
    bolt: Address, graph: Bolt, tmp_path: Path
) -> None:
    """As far as one may see both; and none once the version is deleted, or its bytes are told to be gone."""
    settings = {"artifacts": {"url": str(tmp_path / "kept")}}
    async with serving(bolt, tmp_path, settings=settings) as served:
        mine = Sender(served.http)
        content = Content({"a": b"1"})
        done = await mine.keep(content, name="churn")
        digest = done["digest"]
        uid = done["uid"]
        run = RunReported(run=new_run_id(), outputs=[OutputFact(name="churn", digest=digest)])
        registered = ModelVersionReported(model="churn", version="1", origin=uid)
        await served.record(run, registered)
        assert await mine.download(uid="modelversion:default/churn@1") == {"a": b"1"}
        assert await mine.download(ref="model:churn@1") == {"a": b"1"}
        claims = Claims(graph)
        assert await claims.origin("modelversion:default/churn@1", frozenset({"other"})) is None
        assert await claims.version(uid, frozenset({"default"})) is not None
        assert await claims.version(uid, frozenset({"other"})) is None
        gone = VersionReported(artifact="churn", digest=digest, at=now_micros(), stored_at=0)
        await served.record(gone)
        found = await claims.version(uid, None)
        assert found is not None
        assert found.stored_at is None
        assert (await mine.commit(content, name="churn")).status_code == 200  # told again, by sending it
        assert await mine.download(uid=uid) == {"a": b"1"}
        await served.record(NodeDeleted(uid=uid, at=now_micros(), reason="asked to"))
        answer = await mine.post("/api/v1/artifacts/downloads", uid=uid)
        assert answer.status_code == 404
