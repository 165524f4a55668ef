"""The one connection to the graph: an async Bolt client for either engine.

What belongs here: sessions, retries of reads, time limits that also stop the statement on the
server, counting round trips, and turning the driver's errors into the product's. What does not:
any Cypher, any knowledge of nodes and edges, starting the embedded engine.

Reads are auto-commit, one round trip; a write is one statement in a transaction of its own, two
round trips. Only Neo4j honours the driver's transaction time limit, so a watchdog
stops overdue statements over a connection of its own (``SHOW`` and ``TERMINATE TRANSACTIONS``
work on both).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from typing import Any, LiteralString, TypeAlias, TypeVar, cast

from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncResult,
    AsyncSession,
    AsyncTransaction,
    EagerResult,
    Query,
    RoutingControl,
)
from neo4j.exceptions import DriverError, Neo4jError

from lineage_server.domain.errors import LineageError, UnavailableError
from lineage_server.graph.bell import Bell
from lineage_server.graph.driver import new_driver
from lineage_server.graph.errors import (
    GraphAwayError,
    OverdueQueryError,
    TransientGraphError,
    hangs,
    overdue,
    translate,
)
from lineage_server.graph.one_map import in_one_map
from lineage_server.graph.queries import server
from lineage_server.graph.retries import retry
from lineage_server.graph.round_trips import note_round_trip
from lineage_server.tasks import Tasks

logger = logging.getLogger(__name__)

Row: TypeAlias = dict[str, Any]
_T = TypeVar("_T")

# After the watchdog has asked the server to stop, the answer may take this long before we hang up.
_GRACE_SECONDS = 1.0
_ALL_ROWS_AT_ONCE = -1
_ATTEMPTS = 5


class Transaction:
    """Several statements that commit together."""

    def __init__(self, bolt: Bolt, transaction: AsyncTransaction, timeout_seconds: float) -> None:
        self._bolt = bolt
        self._transaction = transaction
        self._started = asyncio.get_running_loop().time()
        self._timeout_seconds = timeout_seconds

    async def run(self, query: LiteralString, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run one statement of the transaction, in what is left of its time: one round trip."""
        self._bolt.count_round_trip()
        query, told = self._bolt.told(query, parameters)
        with self._bolt.bell(query, self._started, self._timeout_seconds) as bell:
            try:
                return await _rows(await self._transaction.run(query, told))
            except (Neo4jError, DriverError, OSError) as error:
                raise bell.meaning(error) from error


class Bolt:
    """The graph behind one Bolt address; one per process, safe for concurrent use."""

    def __init__(
        self,
        uri: str,
        *,
        user: str = "",
        password: str = "",
        database: str = "neo4j",
        max_connections: int = 50,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 10.0,
        write_timeout_seconds: float = 60.0,
        timed: Callable[[str], contextlib.AbstractContextManager[object]] = contextlib.nullcontext,
    ) -> None:
        self.uri = uri
        self.database = database
        self.read_timeout_seconds = read_timeout_seconds
        self.write_timeout_seconds = write_timeout_seconds
        self.round_trips = 0
        self.server_agent = ""
        self._timed = timed
        self._auth = (user, password) if user else None
        self._max_connections = max_connections
        self._connect_timeout_seconds = connect_timeout_seconds
        self._driver: AsyncDriver | None = None
        self._control: AsyncDriver | None = None
        self._heard_at = 0.0
        self._statements = Tasks("bolt")
        self._tasks = Tasks("bolt")
        # Reading one's own writes needs bookmarks only where replicas of the graph exist.
        clustered = uri.startswith("neo4j")
        self._bookmarks = AsyncGraphDatabase.bookmark_manager() if clustered else None

    async def open(self) -> None:
        """Connect, anew if it was, and see that the database answers; raises UnavailableError."""
        if self._driver is not None:
            await self.close()
        self._driver = self._new_driver(self._max_connections)
        self._control = self._new_driver(1)
        try:
            await self.read(server.PING, {}, timeout_seconds=self._connect_timeout_seconds)
        except OverdueQueryError as error:
            await self.close()
            raise GraphAwayError(
                f"the graph does not answer within {self._connect_timeout_seconds:g} s; try again",
                part="graph",
            ) from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Hang up; statements that nobody waits for get a moment to end, then are given up."""
        await self._statements.settle(_GRACE_SECONDS)
        await self._statements.stop(1.0)
        # What stops statements may be connecting just now: cancelled there, it would leak its socket.
        await self._tasks.settle(_GRACE_SECONDS)
        await self._tasks.stop(2.0)
        self._statements, self._tasks = Tasks("bolt"), Tasks("bolt")
        for driver in (self._driver, self._control):
            if driver is not None:
                await driver.close()
        self._driver = self._control = None

    async def __aenter__(self) -> Bolt:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def told(
        self, query: LiteralString, parameters: Mapping[str, Any] | None
    ) -> tuple[LiteralString, dict[str, Any]]:
        """A statement and its parameters as this engine is told them."""
        told = parameters or {}
        return (query, dict(told)) if "ArcadeDB" in self.server_agent else in_one_map(query, told)

    def count_round_trip(self) -> None:
        self.round_trips += 1
        note_round_trip()

    async def read(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float | None = None,
    ) -> list[Row]:
        """Ask; repeated after a lost connection or a transient error while the time allows.

        ``patience_seconds``: ask again for as long, whatever passing reason it fails for.

        Raises OverdueQueryError when the time is up: the statement is stopped on the server too;
        GraphAwayError when the server says nothing to that either.
        """
        seconds = self.read_timeout_seconds if timeout_seconds is None else timeout_seconds
        query, told = self.told(query, parameters)

        async def once(remaining: float) -> list[Row]:
            return await self._statement(query, told, remaining, READ_ACCESS)

        with self._timed("read"):
            if patience_seconds is not None:
                return await retry(lambda _: once(seconds), seconds=patience_seconds)
            on = (GraphAwayError, TransientGraphError)
            return await retry(once, seconds=seconds, attempts=_ATTEMPTS, on=on)

    async def write(
        self,
        query: LiteralString,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_seconds: float | None = None,
        patience_seconds: float | None = None,
    ) -> list[Row]:
        """Run one statement, all of it or nothing: two round trips.

        Repeated only where the graph has rolled it back because another one was in its way.
        ``patience_seconds``, of what may be done twice: run it again for as long, whatever passing
        reason it fails for.

        Not auto-commit: the embedded engine keeps the first clauses of a statement that fails in
        a later one. The driver sends BEGIN together with the statement, so only COMMIT is extra.

        Raises DuplicateKeyError, TransientGraphError, OverdueQueryError: nothing was changed.
        GraphAwayError: it may or may not have been committed; only the caller knows how to find out.
        """
        seconds = self.write_timeout_seconds if timeout_seconds is None else timeout_seconds
        query, told = self.told(query, parameters)

        async def once(remaining: float) -> list[Row]:
            async def ask() -> list[Row]:
                self.count_round_trip()
                answer: EagerResult = await self._open_driver().execute_query(  # pyright: ignore[reportUnknownMemberType]
                    Query(query, timeout=remaining),
                    told,
                    routing_=RoutingControl.WRITE,
                    database_=self.database,
                    bookmark_manager_=self._bookmarks,
                )
                return [dict(zip(answer.keys, record.values(), strict=True)) for record in answer.records]

            return await self._watched(query, ask, remaining)

        with self._timed("write"):
            if patience_seconds is not None:
                return await retry(lambda _: once(seconds), seconds=patience_seconds)
            return await retry(once, seconds=seconds, attempts=_ATTEMPTS, on=(TransientGraphError,))

    @contextlib.asynccontextmanager
    async def transaction(self, *, timeout_seconds: float | None = None) -> AsyncGenerator[Transaction]:
        """Several statements, committed when the block ends well, else rolled back.

        Raises what ``write`` raises; the time limit is for all of it.
        """
        seconds = self.write_timeout_seconds if timeout_seconds is None else timeout_seconds
        committing, started = False, asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(seconds + _GRACE_SECONDS), self._session(WRITE_ACCESS) as session:
                self.count_round_trip()
                transaction = await session.begin_transaction(timeout=seconds)
                async with transaction:
                    yield Transaction(self, transaction, seconds)
                    self.count_round_trip()
                    committing = True
                    await transaction.commit()
        except TimeoutError as error:
            if not committing:
                raise self._late(started, seconds) from error
            raise GraphAwayError(
                f"no answer to the commit after {seconds:.1f} s: it may or may not have happened",
                part="graph",
            ) from error
        except (Neo4jError, DriverError, OSError) as error:
            raise translate(error) from error

    # --- one statement ------------------------------------------------------------------

    async def _statement(
        self, query: LiteralString, told: dict[str, Any], timeout_seconds: float, access: str
    ) -> list[Row]:
        async def ask() -> list[Row]:
            async with self._session(access) as session:
                self.count_round_trip()
                result = await session.run(Query(query, timeout=timeout_seconds), told)
                rows = await _rows(result)
                if not self.server_agent:
                    self.server_agent = (await result.consume()).server.agent
                return rows

        return await self._watched(query, ask, timeout_seconds)

    async def _watched(
        self, query: LiteralString, ask: Callable[[], Awaitable[_T]], timeout_seconds: float
    ) -> _T:
        """Await ``ask``; when time is up or we are cancelled, stop the statement on the server."""
        loop = asyncio.get_running_loop()
        # A task of its own, because the driver leaks its socket when it is cancelled while it
        # connects, and drops a good connection when it is cancelled at any other time.
        task = self._start(ask())
        started = loop.time()
        try:
            with self.bell(query, started, timeout_seconds) as bell:
                await asyncio.wait({task}, timeout=timeout_seconds + _GRACE_SECONDS)
        except asyncio.CancelledError:
            self._give_up(task)
            raise
        if not task.done():
            self._give_up(task)
            raise self._late(started, timeout_seconds)
        if task.cancelled():
            raise _not_connected()
        answer, error = task.result()
        if error is None:
            self._heard_at = loop.time()
            return cast(_T, answer)
        if not isinstance(error, Neo4jError | DriverError | OSError):
            raise error
        raise bell.meaning(error) from error

    def _give_up(self, task: asyncio.Task[Any]) -> None:
        """When it cannot be connecting any more, so that no socket leaks; the bell has it stopped before."""
        seconds = self._connect_timeout_seconds + _GRACE_SECONDS
        asyncio.get_running_loop().call_later(seconds, task.cancel)

    def _late(self, started: float, timeout_seconds: float) -> LineageError:
        """A statement that takes long and a server that hangs look the same, but for what we heard since."""
        alive = self._heard_at >= started + timeout_seconds
        return overdue(timeout_seconds) if alive else hangs(timeout_seconds)

    @contextlib.contextmanager
    def bell(self, query: LiteralString, started: float, timeout_seconds: float) -> Generator[Bell]:
        """Watch over a statement that runs in this block; ``started`` as the loop tells the time."""

        def stop() -> None:
            with contextlib.suppress(RuntimeError):  # the adapter is closing
                self._tasks.start("stop a statement", self._terminate(query, started), ends=True)

        bell = Bell(stop, started, timeout_seconds)
        try:
            yield bell
        except asyncio.CancelledError:
            bell.ring()
            raise
        finally:
            bell.silence()

    def _start(self, ask: Awaitable[_T]) -> asyncio.Task[tuple[_T | None, Exception | None]]:
        outcome = _outcome(ask)
        try:
            return self._statements.start("statement", outcome, ends=True)
        except RuntimeError as error:
            raise _not_connected() from error

    async def _terminate(self, query: LiteralString, started: float) -> None:
        """Stop the running statement that reads like ours and began when ours did.

        The servers show no name that we could have given it. Should a twin be hit (same words,
        same moment), its reader asks again.
        """
        try:
            async with asyncio.timeout(5.0), self._session(READ_ACCESS, control=True) as session:
                rows = await _rows(await session.run(server.RUNNING))
                self._heard_at = asyncio.get_running_loop().time()
                ran = self._heard_at - started
                ours = [row for row in rows if row["currentQuery"] == query]
                if ours:
                    times = [(row["elapsedTime"].seconds, row["elapsedTime"].nanoseconds) for row in ours]
                    away = [abs(whole + part / 1e9 - ran) for whole, part in times]
                    nearest = ours[away.index(min(away))]
                    await (await session.run(server.TERMINATE, id=nearest["transactionId"])).consume()
        except (Neo4jError, DriverError, OSError, TimeoutError, UnavailableError) as error:
            logger.warning("could not stop an overdue statement on the graph: %s", error)

    # --- connections --------------------------------------------------------------------

    def _new_driver(self, connections: int) -> AsyncDriver:
        seconds = self._connect_timeout_seconds
        return new_driver(self.uri, self._auth, connections=connections, connect_timeout_seconds=seconds)

    def _open_driver(self, *, control: bool = False) -> AsyncDriver:
        driver = self._control if control else self._driver
        if driver is None:
            raise _not_connected()
        return driver

    def _session(self, access: str, *, control: bool = False) -> AsyncSession:
        return self._open_driver(control=control).session(  # pyright: ignore[reportUnknownMemberType]
            database=self.database,
            default_access_mode=access,
            fetch_size=_ALL_ROWS_AT_ONCE,
            bookmark_manager=self._bookmarks,
        )


async def _outcome(ask: Awaitable[_T]) -> tuple[_T | None, Exception | None]:
    """What a statement gave, or how it failed: its waiter decides what the failure means."""
    try:
        return await ask, None
    except (LineageError, Neo4jError, DriverError, OSError) as error:
        return None, error


async def _rows(result: AsyncResult) -> list[Row]:
    # Statements return values and maps, never nodes: no need for Record.data()'s deep copy.
    keys = result.keys()
    return [dict(zip(keys, values, strict=True)) for values in await result.values()]


def _not_connected() -> UnavailableError:
    return UnavailableError("the graph is not connected (the server is starting or stopping)", part="graph")
