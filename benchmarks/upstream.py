"""Four generations upstream of a recent version, in one GraphQL call.

Peer: ML Metadata's ``get_lineage_subgraph`` with 8 hops on as many executions of the same shape (a
hop there is half a generation); each call of ours is followed by one of theirs. The full size asks
the same at a million executions and compares it with itself at 20,000.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator

from benchmarks.context import Context
from benchmarks.load import Asker, Load, Request, asker, load
from benchmarks.mlmd import VERSION, Missing, Peer, noted, peer
from benchmarks.rows import Engine, Row, Target, paired_ratio, row
from benchmarks.servers import lineage_server
from benchmarks.workload import Executions, Output

SMALL = 20_000
LARGE = 1_000_000
CALLS = 60
KEPT = 1_000
"""Starts are drawn from this many newest versions."""
UPSTREAM = """
query Upstream($start: [String!]!) {
  lineage(start: $start, direction: UPSTREAM, view: VERSION, maxDepth: 4) {
    nodes { depth node { __typename uid name } }
    edges { from to }
    isPartial
  }
}
"""


class Starts(Executions):
    """Remembers the newest versions beyond what is sampled as input."""

    def __init__(self) -> None:
        super().__init__("upstream")
        self.newest: list[Output] = []

    def line(self) -> tuple[str, Output]:
        text, output = super().line()
        self.newest.append(output)
        if len(self.newest) > 2 * KEPT:
            del self.newest[:KEPT]
        return text, output


def fill(channel: Load, work: Executions, until: int) -> None:
    """Record executions in batches of 500 until there are so many."""

    def make() -> Request:
        return work.batch(500), 500, None

    channel.drive(make, requests=(until - work.made) // 500)


def run(context: Context) -> Iterator[Row]:
    for engine in context.engines:
        work = Starts()
        with (
            lineage_server(engine) as server,
            peer() as theirs,
            load(server.port, clients=2) as channel,
            asker(server.port) as asking,
        ):
            fill(channel, work, SMALL)
            if theirs:
                theirs.in_batches(3600, most=SMALL)
            small, peers, note = _turns(asking, work, theirs)
            yield noted(theirs, _row(engine, small, peers, note))
            if context.full:
                fill(channel, work, LARGE)
                # Of the first asker the server has heard nothing for minutes, and hung up.
                with asker(server.port) as asking_again:
                    large, _, note = _turns(asking_again, work, None)
                yield _large(engine, small, large, note)


def _turns(
    asking: Asker, work: Starts, theirs: Peer | Missing | None
) -> tuple[list[float], list[float], str]:
    """Milliseconds of ours and theirs, call by call, the first ones unmeasured; and what came back."""
    chance = random.Random(11)
    ours: list[float] = []
    peers: list[float] = []
    nodes: list[int] = []
    sizes: list[int] = []
    for call in range(CALLS * 2):
        start = work.uid(chance.choice(work.newest[-KEPT:]))
        answer, seconds = asking.ask(UPSTREAM, {"start": [start]})
        if answer["lineage"]["isPartial"]:
            raise RuntimeError("the answer was cut, the figure would mean nothing")
        told = theirs.ask(do="upstream", calls=1, hops=8) if theirs else None
        if call < CALLS:
            continue
        ours.append(seconds * 1000)
        nodes.append(len(answer["lineage"]["nodes"]))
        if told:
            sizes.append(told["artifacts"] + told["executions"])
            peers.append(told["seconds"][0] * 1000)
    note = f"{statistics.median(nodes):.0f} nodes"
    return ours, peers, note + (f"; theirs {statistics.median(sizes):.0f}" if sizes else "")


def _row(engine: Engine, ours: list[float], peers: list[float], note: str) -> Row:
    return row(
        f"4 generations upstream at {SMALL:,} executions, one call",
        engine,
        statistics.median(ours),
        "ms",
        peer=f"{VERSION}, get_lineage_subgraph, 8 hops",
        peer_value=statistics.median(peers) if peers else None,
        ratio=paired_ratio(ours, peers),
        target=Target(sign="<=", bound=0.5, of="ratio"),
        note=note,
    )


def _large(engine: Engine, small: list[float], large: list[float], note: str) -> Row:
    return row(
        f"4 generations upstream at {LARGE:,} executions",
        engine,
        statistics.median(large),
        "ms",
        peer=f"itself at {SMALL:,}",
        peer_value=statistics.median(small),
        target=Target(sign="<=", bound=1.3, of="ratio"),
        note=note,
    )
