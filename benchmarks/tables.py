"""Lists over 100,000 runs of 25 metrics and 25 parameters, through GraphQL, on each engine.

The newest page, a sort by a metric, and a filter with a search by words of names. The runs are
written straight into the graph (``tests/support/many_runs.py``): it is the reading that is measured.
The short size has 20,000 runs, which its rows say; the targets are for the full one.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.context import Context
from benchmarks.load import AnswerError, Asker, asker
from benchmarks.rows import Engine, Row, Target, percentile, row
from benchmarks.servers import graph_engine, lineage_server
from lineage_server.graph import schema
from lineage_server.graph.bolt import Bolt
from tests.support import many_runs
from tests.support.neo4j_server import Address

FULL = 100_000
SHORT = 20_000
PAGE = 100
CALLS = 15
WARM_CALLS = 10
PROJECT = many_runs.PROJECTS[0]
RUNS = """
query Runs($project: String!, $first: Int!, $filter: RunFilter, $orderBy: RunOrder) {
  runs(project: $project, first: $first, filter: $filter, orderBy: $orderBy) {
    edges { node { uid name kind state startedAt } }
  }
}
"""
QUESTIONS: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("newest page", 150, {}),
    ("sort by a metric", 350, {"orderBy": {"metric": "metric3", "direction": "DESC"}}),
    (
        "filter by metric and parameter, search by words",
        250,
        {
            "filter": {
                "text": "churn iris",
                "metrics": [{"key": "metric3", "op": "GT", "value": 0.5}],
                "params": [{"key": "param3", "op": "EQ", "value": "0.01"}],
            }
        },
    ),
)


def run(context: Context) -> Iterator[Row]:
    count = FULL if context.full else SHORT
    for engine in context.engines:
        with graph_engine(engine) as graph:
            asyncio.run(_load(graph.address, count))
            with lineage_server(engine, graph=graph) as server, asker(server.port) as asking:
                for name, bound, variables in QUESTIONS:
                    yield _ask(engine, asking, count, (name, bound, variables))


async def _load(address: Address, count: int) -> None:
    async with Bolt(
        address.uri, user=address.user, password=address.password, database=address.database
    ) as bolt:
        await schema.migrate(bolt)
        await many_runs.load(bolt, count)


def _ask(engine: Engine, asking: Asker, count: int, question: tuple[str, float, dict[str, Any]]) -> Row:
    name, bound, variables = question
    times: list[float] = []
    shown = 0
    for call in range(WARM_CALLS + CALLS):
        answer, seconds = asking.ask(RUNS, {"project": PROJECT, "first": PAGE, **variables})
        shown = len(answer["runs"]["edges"])
        if not shown:
            raise AnswerError(f"{name}: an empty page")
        if call >= WARM_CALLS:
            times.append(seconds * 1000)
    return row(
        f"{count:,} runs of 50 metrics and parameters: {name}",
        engine,
        statistics.median(times),
        "ms",
        target=Target(sign="<=", bound=bound),
        note=f"{shown} rows, p95 {percentile(times, 0.95):.0f} ms"
        + ("" if count == FULL else f"; the target is for {FULL:,}"),
    )
