"""Schema steps on both engines: once, from several replicas at the same time, never backwards."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from lineage_server.domain.errors import NotSupportedError, UnavailableError
from lineage_server.domain.nodes import Label
from lineage_server.graph import schema
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries.schema import CONSTRAINTS, NOTE_FAILED_RUNS
from tests.support.neo4j_server import Address


def _connect(address: Address) -> Bolt:
    return Bolt(address.uri, user=address.user, password=address.password, database=address.database)


async def test_several_replicas_start_at_once_and_one_works(empty_graph: Address) -> None:
    async with _connect(empty_graph) as a, _connect(empty_graph) as b, _connect(empty_graph) as c:
        done = await asyncio.gather(*(schema.migrate(each) for each in (a, b, c)))
        assert sorted(done) == [0, 0, len(schema.STEPS)]
        assert await schema.migrate(a) == 0
        rows = await a.read("MATCH (w:Writer) RETURN w.uid AS uid, w.seq AS seq, w.rid AS rid")
        assert rows == [{"uid": "writer", "seq": 0, "rid": 0}]


async def test_lock_of_a_dead_replica_ends(empty_graph: Address) -> None:
    async with _connect(empty_graph) as graph:
        await graph.write(
            "CREATE (:Meta {uid: 'schema', version: 0, lock_owner: 'dead', lock_until: timestamp() + 700})"
        )
        with pytest.raises(UnavailableError, match="another server"):
            await schema.migrate(graph, wait_seconds=0.1)
        assert await schema.migrate(graph, wait_seconds=30) == len(schema.STEPS)


async def test_sole_user_of_a_graph_does_not_wait_for_itself(empty_graph: Address) -> None:
    """Killed in the middle and started again: the lock it finds is the one it left."""
    async with _connect(empty_graph) as graph:
        await graph.write(
            "CREATE (:Meta {uid: 'schema', version: 0, lock_owner: 'embedded', "
            "lock_until: timestamp() + 60000})"
        )
        assert await schema.migrate(graph, owner="embedded", wait_seconds=0.1) == len(schema.STEPS)


async def test_runs_that_failed_under_an_older_schema_are_found_by_when(empty_graph: Address) -> None:
    rows = [
        {"uid": "run:1", "state": "failed", "started_at": 1, "ended_at": 2},
        {"uid": "run:2", "state": "failed", "created_at": 3},
        {"uid": "run:3", "state": "complete", "started_at": 1, "ended_at": 2},
    ]
    async with _connect(empty_graph) as bolt:
        await bolt.write("UNWIND $rows AS r CREATE (n:Run) SET n = r", {"rows": rows})
        await schema.migrate(bolt)
        found = await bolt.read("MATCH (n:Run) RETURN n.uid AS uid, n.failed_at AS at ORDER BY uid")
    assert [(row["uid"], row["at"]) for row in found] == [("run:1", 2), ("run:2", 3), ("run:3", None)]


async def test_old_runs_are_noted_by_portions_and_the_rest_after_a_crash(
    empty_graph: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine holds what one transaction changes in its memory, and old graphs have any number of runs."""
    rows = [{"uid": f"run:{n}", "state": "failed", **({"ended_at": n} if n else {})} for n in range(5)]
    changed: list[int] = []
    write = Bolt.write

    async def cut_off(self: Bolt, statement: Any, *args: Any, **more: Any) -> list[Row]:
        told = await write(self, statement, *args, **more)
        if statement == NOTE_FAILED_RUNS:
            changed.append(told[0]["changed"])
            if len(changed) == 1:
                raise RuntimeError("killed")
        return told

    monkeypatch.setattr(schema, "PORTION", 2)
    async with _connect(empty_graph) as bolt:
        await bolt.write("UNWIND $rows AS r CREATE (n:Run) SET n = r", {"rows": rows})
        monkeypatch.setattr(Bolt, "write", cut_off)
        with pytest.raises(RuntimeError, match="killed"):
            await schema.migrate(bolt)
        assert await schema.migrate(bolt) == len(schema.STEPS)
        found = await bolt.read("MATCH (n:Run) RETURN n.failed_at AS at ORDER BY n.uid")
    assert [row["at"] for row in found] == [0, 1, 2, 3, 4]
    assert changed == [2, 2, 1]


async def test_models_of_an_older_schema_are_known_by_when_they_changed(empty_graph: Address) -> None:
    models = [{"uid": f"model:p/{name}", "updated_at": 2} for name in "abc"] + [{"uid": "model:p/d"}]
    versions = [{"uid": f"modelversion:p/b@{n}", "model": "model:p/b", "updated_at": n} for n in (3, 4)]
    aliases = [
        {"uid": f"alias:p/{of}@prod", "model": f"model:p/{of}", "updated_at": at}
        for of, at in (("b", 1), ("c", 5))
    ]
    async with _connect(empty_graph) as bolt:
        await bolt.write("UNWIND $rows AS r CREATE (n:RegisteredModel) SET n = r", {"rows": models})
        await bolt.write("UNWIND $rows AS r CREATE (n:ModelVersion) SET n = r", {"rows": versions})
        await bolt.write("UNWIND $rows AS r CREATE (n:Alias) SET n = r", {"rows": aliases})
        await schema.migrate(bolt)
        found = await bolt.read("MATCH (n:RegisteredModel) RETURN n.latest_at AS at ORDER BY n.uid")
    assert [row["at"] for row in found] == [2, 4, 5, 0]


async def test_newer_schema_is_refused_and_left_alone(empty_graph: Address) -> None:
    async with _connect(empty_graph) as graph:
        await schema.migrate(graph)
        await graph.write("MATCH (m:Meta {uid: 'schema'}) SET m.version = 99")
        with pytest.raises(schema.SchemaTooNewError, match="version 99"):
            await schema.migrate(graph)
        assert await graph.read("MATCH (m:Meta) RETURN m.version AS v") == [{"v": 99}]
        await graph.write("MATCH (m:Meta {uid: 'schema'}) DELETE m")


async def test_server_says_which_engine_it_is(graph: Bolt, bolt: Address) -> None:
    found = schema.engine_of(graph.server_agent)
    assert found.name == ("ArcadeDB" if bolt.name == "embedded" else "Neo4j")
    assert found.version[0].isdigit()


async def test_neo4j_before_5_26_is_refused_and_left_alone(empty_graph: Address) -> None:
    async with _connect(empty_graph) as graph:
        graph.server_agent = "Neo4j/5.25.1"
        with pytest.raises(NotSupportedError, match=r"Neo4j 5\.25\.1; 5\.26 or newer"):
            await schema.migrate(graph)
        assert await graph.read("MATCH (n) RETURN count(n) AS n") == [{"n": 0}]


@pytest.mark.parametrize(
    ("agent", "taken"),
    [
        ("Neo4j/5.26.0", True),
        ("Neo4j/5.27-aura", True),
        ("Neo4j/2025.01.0", True),
        ("Neo4j/4.4.40", False),
        ("Neo4j/5.9.0", False),
        ("Neo4j/v5.2.0 compatible graph database server", False),
        ("Neo4j/5.26.0 compatible (ArcadeDB 25.1.1)", True),
        ("", True),
    ],
)
def test_engine_is_taken_by_its_version(agent: str, taken: bool) -> None:
    refused = contextlib.nullcontext() if taken else pytest.raises(NotSupportedError)
    with refused:
        schema.check_engine(agent)


def test_every_label_has_a_unique_uid() -> None:
    assert {str(label) for label in Label} <= {
        statement.split()[2].removesuffix("_uid") for statement in CONSTRAINTS
    }
