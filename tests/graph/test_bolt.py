"""The Bolt adapter on both engines: one round trip, time limits that reach the server, errors."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import time

import pytest

from lineage_server.domain.errors import UnavailableError
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.errors import (
    DuplicateKeyError,
    GraphAwayError,
    OverdueQueryError,
    TransientGraphError,
)
from lineage_server.graph.round_trips import counting
from tests.support.neo4j_server import Address, host_and_port
from tests.support.proxy import Proxy

SLOW = (
    "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b "
    "WITH a, b WHERE a * b = -1 RETURN count(*) AS n"
)
SLOW_WRITE = f"CREATE (n:Job {{uid: 'job:overdue'}}) WITH n {SLOW}"
RUNNING = "SHOW TRANSACTIONS YIELD currentQuery RETURN currentQuery"


async def _until_stopped(graph: Bolt, statement: str = SLOW) -> None:
    for _ in range(100):
        if not any(row["currentQuery"] == statement for row in await graph.read(RUNNING)):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the statement still runs on the server")


async def test_statement_is_one_round_trip_even_for_many_rows(graph: Bolt) -> None:
    with counting() as outer, counting() as inner:
        rows = await graph.read("UNWIND range(1, $n) AS x RETURN x", {"n": 5000})
    assert [row["x"] for row in rows] == list(range(1, 5001))
    assert inner.count == outer.count == 1


async def test_overdue_statement_is_stopped_on_the_server(graph: Bolt) -> None:
    started = time.monotonic()
    with pytest.raises(OverdueQueryError, match="ask for less"):
        await graph.read(SLOW, timeout_seconds=0.5)
    assert time.monotonic() - started < 5
    await _until_stopped(graph)


async def test_server_that_hangs_is_unavailable_not_slow(bolt: Address, graph: Bolt) -> None:
    """Nobody is told to ask for less; a write's caller learns that it may have been committed."""
    with Proxy(bolt.uri) as proxy:
        far = Bolt(proxy.uri, user=bolt.user, password=bolt.password, database=bolt.database)
        async with far:
            proxy.stall()
            with pytest.raises(GraphAwayError, match="said nothing"):
                await far.read("RETURN 1 AS one", timeout_seconds=0.3)
            with pytest.raises(GraphAwayError, match="said nothing"):
                await far.write("CREATE (n:Job {uid: 'job:late'})", timeout_seconds=0.3)
            proxy.flow()
            assert await far.read("RETURN 1 AS one") == [{"one": 1}]


async def test_a_statement_that_is_given_up_while_it_connects_leaks_no_socket(
    bolt: Address, graph: Bolt
) -> None:
    """A server so busy that it takes no connections: the reader is told so before that is known."""
    with Proxy(bolt.uri) as proxy, contextlib.ExitStack() as stack:
        login = {"user": bolt.user, "password": bolt.password, "database": bolt.database}
        async with Bolt(proxy.uri, **login, connect_timeout_seconds=2) as far:
            proxy.cut()
            place = host_and_port(proxy.uri)
            stack.enter_context(socket.create_server(place, backlog=0))
            for _ in range(3):  # fill its queue
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(place)
            with pytest.raises(GraphAwayError, match="said nothing"):
                await far.read("RETURN 1 AS one", timeout_seconds=0.2)
    gc.collect()  # a socket that nobody closed says so now, and fails this test


async def test_cancelled_task_stops_its_statement_on_the_server(graph: Bolt) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await graph.read(SLOW, timeout_seconds=60)
    await _until_stopped(graph)


async def test_closing_right_after_a_cancelled_statement_leaks_no_connection(
    bolt: Address, graph: Bolt
) -> None:
    """The server is stopped while something reads: whatever was to stop the statement ends well, too."""
    for moment in range(10):
        other = Bolt(bolt.uri, user=bolt.user, password=bolt.password, database=bolt.database)
        await other.open()
        reading = asyncio.create_task(other.read("RETURN 1 AS one"))
        await asyncio.sleep(0)
        reading.cancel()
        for _ in range(moment):
            await asyncio.sleep(0)
        await other.close()
        assert reading.cancelled()
    gc.collect()  # a socket that nobody closed says so now, and fails this test


async def test_overdue_write_is_stopped_and_leaves_nothing(graph: Bolt) -> None:
    with pytest.raises(OverdueQueryError):
        await graph.write(SLOW_WRITE, timeout_seconds=0.5)
    await _until_stopped(graph, SLOW_WRITE)
    assert await graph.read("MATCH (n:Job) RETURN n.uid AS uid") == []


async def test_overdue_transaction_is_stopped_and_leaves_nothing(graph: Bolt) -> None:
    """The limit is for all of it: what the first statement took is missing to the second."""

    async def write() -> None:
        async with graph.transaction(timeout_seconds=1.5) as transaction:
            await transaction.run("CREATE (n:Job {uid: 'job:early'})")
            await asyncio.sleep(1)
            await transaction.run(SLOW_WRITE)

    started = time.monotonic()
    with pytest.raises(OverdueQueryError):
        await write()
    assert time.monotonic() - started < 8
    await _until_stopped(graph, SLOW_WRITE)
    assert await graph.read("MATCH (n:Job) RETURN n.uid AS uid") == []
    await graph.write("CREATE (n:Job {uid: 'job:early'})")  # its locks are gone, too


async def test_cancelled_transaction_stops_its_statement_on_the_server(graph: Bolt) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.7), graph.transaction() as transaction:
            await transaction.run(SLOW_WRITE)
    await _until_stopped(graph, SLOW_WRITE)
    assert await graph.read("MATCH (n:Job) RETURN n.uid AS uid") == []


async def test_own_time_limits_hold_where_none_is_given(bolt: Address, graph: Bolt) -> None:
    login = {"user": bolt.user, "password": bolt.password, "database": bolt.database}
    async with Bolt(bolt.uri, **login, read_timeout_seconds=0.5, write_timeout_seconds=0.6) as hasty:
        with pytest.raises(OverdueQueryError, match=r"0\.5 s"):
            await hasty.read(SLOW)
        with pytest.raises(OverdueQueryError, match=r"0\.6 s"):
            await hasty.write(SLOW_WRITE)
        with pytest.raises(OverdueQueryError, match=r"0\.6 s"):
            async with hasty.transaction() as transaction:
                await transaction.run(SLOW_WRITE)
    await _until_stopped(graph, SLOW_WRITE)
    assert await graph.read("MATCH (n:Job) RETURN n.uid AS uid") == []


async def test_duplicate_key_is_named_and_rolled_back(graph: Bolt) -> None:
    create = "CREATE (n:Run {uid: 'run:twice', name: $name}) RETURN n.name AS name"
    await graph.write(create, {"name": "first"})
    with pytest.raises(DuplicateKeyError):
        await graph.write(create, {"name": "second"})
    rows = await graph.read("MATCH (n:Run {uid: 'run:twice'}) RETURN n.name AS name")
    assert [row["name"] for row in rows] == ["first"]


async def test_transaction_commits_whole_or_not_at_all(graph: Bolt) -> None:
    async with graph.transaction() as transaction:
        await transaction.run("CREATE (n:Job {uid: $uid})", {"uid": "job:kept"})
        await transaction.run("CREATE (n:Job {uid: $uid})", {"uid": "job:kept too"})

    async def fail() -> None:
        async with graph.transaction() as transaction:
            await transaction.run("CREATE (n:Job {uid: $uid})", {"uid": "job:lost"})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    rows = await graph.read("MATCH (n:Job) RETURN n.uid AS uid ORDER BY uid")
    assert [row["uid"] for row in rows] == ["job:kept", "job:kept too"]


async def test_colliding_writes_are_counted_right(graph: Bolt) -> None:
    """Whatever the engine says to a collision, what it acknowledged is there, once."""
    await graph.write("CREATE (n:Run {uid: 'run:count', n: 0})")

    async def add() -> int:
        for attempt in range(200):
            try:
                await graph.write("MATCH (n:Run {uid: 'run:count'}) SET n.n = n.n + 1")
            except TransientGraphError:
                await asyncio.sleep(0.002 * (attempt % 7))
            else:
                return 1
        return 0

    done = sum(await asyncio.gather(*(add() for _ in range(24))))
    rows = await graph.read("MATCH (n:Run {uid: 'run:count'}) RETURN n.n AS n")
    assert rows == [{"n": done}]
    assert done == 24


async def test_write_that_was_in_anothers_way_is_tried_again(graph: Bolt) -> None:
    await graph.write("CREATE (n:Run {uid: 'run:shared', n: 0})")
    for _ in range(10):
        add = "MATCH (n:Run {uid: 'run:shared'}) SET n.n = n.n + 1"
        await asyncio.gather(*(graph.write(add) for _ in range(3)))
    assert await graph.read("MATCH (n:Run {uid: 'run:shared'}) RETURN n.n AS n") == [{"n": 30}]


async def test_only_who_has_patience_outlasts_a_graph_that_is_away(bolt: Address, graph: Bolt) -> None:
    login = {"user": bolt.user, "password": bolt.password, "database": bolt.database}
    merge = "MERGE (n:Run {uid: 'run:patient'}) RETURN n.uid AS uid"
    with Proxy(bolt.uri) as proxy:
        async with Bolt(proxy.uri, **login, connect_timeout_seconds=1) as away:
            proxy.cut()
            with pytest.raises(GraphAwayError):
                await away.write(merge)
            with pytest.raises(GraphAwayError):
                await away.write(merge, patience_seconds=0.2)
            asyncio.get_running_loop().call_later(2.5, proxy.heal)
            rows = await asyncio.gather(
                away.write(merge, patience_seconds=30), away.read("RETURN 1 AS one", patience_seconds=30)
            )
    assert rows == [[{"uid": "run:patient"}], [{"one": 1}]]


async def test_nobody_listening_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        await Bolt("bolt://127.0.0.1:1", connect_timeout_seconds=1).open()


async def test_adapter_that_is_not_open_says_so() -> None:
    with pytest.raises(UnavailableError, match="not connected"):
        await Bolt("bolt://127.0.0.1:1").read("RETURN 1 AS one")
