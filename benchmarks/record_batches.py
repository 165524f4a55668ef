"""Executions in batches of 500 over HTTP, by one client that waits for each answer.

Peers, in turn with us: ML Metadata's ``put_lineage_subgraph`` in batches of 20, and the raw driver
with equal statements (``raw_driver.py``) on the engine that our server uses, at the same warmth.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.context import Context
from benchmarks.load import Request, load
from benchmarks.mlmd import VERSION, Missing, Peer, noted, peer
from benchmarks.raw_driver import RawDriver, plan
from benchmarks.record_single import WARM_BATCHES, cost, told_cost
from benchmarks.rows import Engine, Row, Target, paired_ratio, row
from benchmarks.servers import graph_engine, lineage_server
from benchmarks.workload import Executions

SIZE = 500
THEIR_SIZE = 20
MLMD_BOUND = {"embedded": 2.0, "neo4j": 1.5, "-": 0.0}


@dataclass
class Turns:
    """Executions a second of each turn."""

    ours: list[float] = field(default_factory=list[float])
    four: list[float] = field(default_factory=list[float])
    raw: list[float] = field(default_factory=list[float])
    mlmd: list[float] = field(default_factory=list[float])
    cpu: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    planned: float = 0.0


def run(context: Context) -> Iterator[Row]:
    for engine in context.engines:
        yield from _rows(engine, *_measure(context, engine))


def _measure(context: Context, engine: Engine) -> tuple[Turns, Peer | Missing]:
    turns = Turns()
    batches = 12 if context.full else 8
    rounds, turns.planned = plan(Executions("raw"), batches=batches, size=SIZE, rounds=context.turns + 2)
    work = Executions()

    def make() -> Request:
        return work.batch(SIZE), SIZE, None

    with (
        graph_engine(engine) as graph,
        lineage_server(engine, graph=graph) as server,
        peer() as theirs,
        load(server.port, clients=1) as one,
        load(server.port, clients=4) as four,
    ):
        one.drive(make, requests=WARM_BATCHES * 2)
        raw = RawDriver(graph.address)
        for statements in rounds[:2]:
            raw.replay(statements)
        if theirs:
            theirs.in_batches(1.0)
        for statements in rounds[2:]:
            before = server.cpu_seconds()
            turns.ours.append(one.drive(make, requests=batches).rate)
            turns.cpu.append(cost(before, server.cpu_seconds(), batches * SIZE))
            turns.raw.append(raw.replay(statements))
            if theirs:
                turns.mlmd.append(theirs.in_batches(context.turn_seconds, size=THEIR_SIZE))
            turns.four.append(four.drive(make, requests=batches).rate)
        raw.close()
    return turns, theirs


def _rows(engine: Engine, turns: Turns, theirs: Peer | Missing) -> Iterator[Row]:
    ours = statistics.median(turns.ours)
    compared = row(
        f"executions, batches of {SIZE}",
        engine,
        ours,
        "/s",
        peer=f"{VERSION}, put_lineage_subgraph, batches of {THEIR_SIZE}",
        peer_value=statistics.median(turns.mlmd) if turns.mlmd else None,
        ratio=paired_ratio(turns.ours, turns.mlmd),
        target=Target(sign=">=", bound=MLMD_BOUND[engine], of="ratio"),
        note=f"four clients at once: {statistics.median(turns.four):,.0f}/s; {told_cost(turns.cpu)}",
    )
    yield noted(theirs, compared)
    yield row(
        f"executions, batches of {SIZE}",
        engine,
        ours,
        "/s",
        peer="raw driver, equal statements",
        peer_value=statistics.median(turns.raw),
        ratio=paired_ratio(turns.ours, turns.raw),
        target=Target(sign=">=", bound=0.6, of="ratio"),
        note=f"decoding and planning alone: {turns.planned:,.0f}/s",
    )
