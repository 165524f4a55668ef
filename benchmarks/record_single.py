"""Executions recorded one a request, by 1 and by 16 clients, turn by turn with ``put_execution``.

Both sides write to the machine's disk and wait for it with their defaults (ours: durability
"power"). ML Metadata on SQLite has one writer at a time, so its figure for one process is the peer
of both rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.context import Context
from benchmarks.load import Load, Make, Pace, Request, load
from benchmarks.mlmd import VERSION, Peer, peer
from benchmarks.rows import Engine, Row, Target, paired_ratio, percentile, row
from benchmarks.servers import lineage_server
from benchmarks.workload import Executions

WARM_BATCHES = 12
WARM_SECONDS = 3.0
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
    channel.drive(maker(work), seconds=WARM_SECONDS)


def run(context: Context) -> Iterator[Row]:
    for engine in context.engines:
        with lineage_server(engine) as server, peer() as theirs:
            work = Executions()
            with load(server.port, clients=1) as one, load(server.port, clients=16) as many:
                warm(one, work)
                many.drive(maker(work), seconds=WARM_SECONDS)
                if theirs:
                    theirs.one_by_one(1.0)
                turns = [_turn(context, work, one, many, theirs) for _ in range(context.turns)]
        yield from _rows(engine, turns)


def _turn(
    context: Context, work: Executions, one: Load, many: Load, theirs: Peer | None
) -> tuple[Pace, Pace, float]:
    seconds = context.turn_seconds
    make = maker(work)
    first = one.drive(make, seconds=seconds)
    peer_rate = theirs.one_by_one(seconds) if theirs else 0.0
    return first, many.drive(make, seconds=seconds), peer_rate


def _rows(engine: Engine, turns: list[tuple[Pace, Pace, float]]) -> Iterator[Row]:
    theirs = [t[2] for t in turns if t[2]]
    for index, clients, bound in ((0, 1, 1.5), (1, 16, 4.0)):
        paces: list[Pace] = [(t[0], t[1])[index] for t in turns]
        rates = [p.rate for p in paces]
        latencies = [x * 1000 for p in paces for x in p.latencies]
        yield row(
            f"executions, one a request, {clients} client{'s' if clients > 1 else ''}",
            engine,
            statistics.median(rates),
            "/s",
            peer=PEER,
            peer_value=statistics.median(theirs) if theirs else None,
            ratio=paired_ratio(rates, theirs),
            target=Target(sign=">=", bound=bound, of="ratio"),
            note=f"p50 {percentile(latencies, 0.5):.1f} ms, p95 {percentile(latencies, 0.95):.1f} ms",
        )
