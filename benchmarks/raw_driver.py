"""The yardstick: the driver alone, executing the very statements that the server would send.

The real planner works through fresh events against a session that only notes what it is asked to
commit; the statements and rows are then replayed with the plain driver, one explicit transaction a
batch, on the same warm engine that the server uses. The writer's position is put back afterwards,
so that the server does not take us for another replica.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, LiteralString, cast

from neo4j import GraphDatabase, Query

from benchmarks.workload import Executions
from lineage_server.domain.ids import now_micros
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import ingest as q
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.decode import decode_lines
from lineage_server.ingest.writer import IngestWriter
from tests.support.neo4j_server import Address

_RESTORE: LiteralString = "MATCH (w:Writer {uid: 'writer'}) SET w.seq = $seq, w.rid = $rid"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one batch sends."""

    query: LiteralString
    parameters: dict[str, Any]
    events: int


class Recorder:
    """Stands where the Bolt adapter stands: an empty graph that keeps nothing but what is written."""

    def __init__(self) -> None:
        self.noted: list[tuple[LiteralString, dict[str, Any]]] = []

    async def read(
        self, query: LiteralString, parameters: Mapping[str, Any], *, timeout_seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        return [{"seq": 0, "rid": 0, "erasures": 0}] if query == q.WRITER_STATE else []

    async def write(
        self, query: LiteralString, parameters: Mapping[str, Any], *, timeout_seconds: float = 0.0
    ) -> list[dict[str, Any]]:
        return await self.run(query, parameters)

    @contextlib.asynccontextmanager
    async def transaction(self, *, timeout_seconds: float = 0.0) -> AsyncGenerator[Recorder]:
        yield self

    async def run(self, query: LiteralString, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        if parameters.get("b", {}).get("events"):  # not what only has statements planned beforehand
            self.noted.append((query, dict(parameters)))
        return [{"ok": True}]


class Planner:
    """The server's intake without server and graph: bytes of a request in, statements out."""

    def __init__(self) -> None:
        self._recorder = Recorder()
        self._writer = IngestWriter(GraphWriter(cast("Bolt", self._recorder)), publish=lambda changes: None)
        self.seconds = 0.0
        """Time spent on decoding and planning so far."""

    async def __aenter__(self) -> Planner:
        await self._writer.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._writer.stop()

    async def statements(self, work: Executions, *, batches: int, size: int) -> list[Statement]:
        """Plan that many requests of ``size`` events: the statements in their order."""
        out: list[Statement] = []
        for _ in range(batches):
            body = work.batch(size)
            began = time.perf_counter()
            received = decode_lines(
                body, max_event_bytes=1 << 20, now=now_micros(), skew_seconds=3600, max_events=100_000
            )
            await self._writer.submit_received(received, actor="bench")
            self.seconds += time.perf_counter() - began
            # The writer cuts a large request into several batches.
            for query, parameters in self._recorder.noted:
                out.append(Statement(query, parameters, len(parameters["b"]["events"])))
            self._recorder.noted.clear()
        return out


class RawDriver:
    """The plain driver on one session."""

    def __init__(self, address: Address) -> None:
        self._driver = GraphDatabase.driver(
            address.uri, auth=(address.user, address.password), notifications_min_severity="OFF"
        )
        self._session = self._driver.session(database=address.database)

    def close(self) -> None:
        self._session.close()
        self._driver.close()

    def replay(self, statements: list[Statement]) -> float:
        """Execute them; answers events a second."""
        before = self._session.run(Query(q.WRITER_STATE)).single(strict=True)
        began = time.perf_counter()
        for offset, statement in enumerate(statements):
            with self._session.begin_transaction() as transaction:
                told = {**statement.parameters, "seq": before["seq"] + offset}
                done = transaction.run(statement.query, told).single(strict=True)
                if not done["ok"]:
                    raise RuntimeError("somebody else wrote meanwhile")
                transaction.commit()
        seconds = time.perf_counter() - began
        self._session.run(Query(_RESTORE), seq=before["seq"], rid=before["rid"]).consume()
        return sum(s.events for s in statements) / seconds


def plan(work: Executions, *, batches: int, size: int, rounds: int) -> tuple[list[list[Statement]], float]:
    """Statements for each round, and the events a second that decoding and planning alone come to."""

    async def work_through() -> tuple[list[list[Statement]], float]:
        async with Planner() as planner:
            out = [await planner.statements(work, batches=batches, size=size) for _ in range(rounds)]
            return out, rounds * batches * size / planner.seconds

    return asyncio.run(work_through())
