"""Executions recorded one a request, by 1 and by 16 clients, turn by turn with ``put_execution``.

Both sides write to the machine's disk and wait for it with their defaults (ours: durability
"power"). ML Metadata on SQLite has one writer at a time, so its figure for one process is the peer
of both rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.context import Context
from benchmarks.load import Load, Make, Pace, Request, load
from benchmarks.mlmd import VERSION, noted, peer
from benchmarks.rows import Engine, Row, Target, paired_ratio, percentile, row
from benchmarks.servers import Running, lineage_server
from benchmarks.workload import Executions

WARM_BATCHES = 12
WARM_REQUESTS = 3_000
"""By each number of clients: before that, the engine's compiler still makes them faster."""
PEER = f"{VERSION}, put_execution"


def maker(work: Executions) -> Make:
    """Makes one execution a request; its output may be read once it is acknowledged."""

    def make() -> Request:
        line, output = work.line()
        return line.encode(), 1, lambda: work.acknowledged(output)

    return make


def warm(channel: Load, work: Executions, *, batches: int = WARM_BATCHES) -> None:
    """What the engine's compiler needs to see before figures are steady."""
    channel.drive(lambda: (work.batch(500), 500, None), requests=batches)
    channel.drive(maker(work), requests=WARM_REQUESTS)


def cost(before: tuple[float, float], after: tuple[float, float], events: int) -> tuple[float, float]:
    """Milliseconds of processor time an execution took in the server, and in the graph."""
    return (after[0] - before[0]) / events * 1000, (after[1] - before[1]) / events * 1000


def told_cost(costs: list[tuple[float, float]]) -> str:
    server, graph = (statistics.median(column) for column in zip(*costs, strict=True))
    return f"processor time each: server {server:.2f} ms, graph {graph:.2f} ms"


@dataclass
class Turns:
    """What one row needs of each turn."""

    paces: list[Pace] = field(default_factory=list[Pace])
    cpu: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    def take(self, server: Running, channel: Load, make: Make, seconds: float) -> None:
        before = server.cpu_seconds()
        pace = channel.drive(make, seconds=seconds)
        self.paces.append(pace)
        self.cpu.append(cost(before, server.cpu_seconds(), pace.events))


def run(context: Context) -> Iterator[Row]:
    for engine in context.engines:
        alone, together = Turns(), Turns()
        rates: list[float] = []
        with (
            lineage_server(engine) as server,
            peer() as theirs,
            load(server.port, clients=1) as one,
            load(server.port, clients=16) as many,
        ):
            work = Executions()
            make = maker(work)
            warm(one, work)
            many.drive(make, requests=WARM_REQUESTS)
            if theirs:
                theirs.one_by_one(1.0)
            for _ in range(context.turns):
                alone.take(server, one, make, context.turn_seconds)
                if theirs:
                    rates.append(theirs.one_by_one(context.turn_seconds))
                together.take(server, many, make, context.turn_seconds)
        yield noted(theirs, _row(engine, "1 client", alone, rates, 1.5))
        yield noted(theirs, _row(engine, "16 clients", together, rates, 4.0))


def _row(engine: Engine, clients: str, turns: Turns, theirs: list[float], bound: float) -> Row:
    rates = [pace.rate for pace in turns.paces]
    latencies = [x * 1000 for pace in turns.paces for x in pace.latencies]
    return row(
        f"executions, one a request, {clients}",
        engine,
        statistics.median(rates),
        "/s",
        peer=PEER,
        peer_value=statistics.median(theirs) if theirs else None,
        ratio=paired_ratio(rates, theirs),
        target=Target(sign=">=", bound=bound, of="ratio"),
        note=f"p50 {percentile(latencies, 0.5):.1f} ms, p95 {percentile(latencies, 0.95):.1f} ms; "
        + told_cost(turns.cpu),
    )
