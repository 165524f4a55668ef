"""Lists over 100,000 runs of 25 metrics and 25 parameters, through GraphQL, on each engine.

The newest page, a sort by a metric, and a filter with a search by words of names. The runs are
written straight into the graph (``tests/support/many_runs.py``): it is the reading that is measured,
by the committed operation, with other keys, bounds and words in every call.
The short size has 20,000 runs, which its rows say; the targets are for the full one.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.context import Context
from benchmarks.load import AnswerError, Asker, asker
from benchmarks.machine import ROOT
from benchmarks.rows import Engine, Row, Target, percentile, row
from benchmarks.servers import graph_engine, lineage_server
from lineage_server.graph import schema
from lineage_server.graph.bolt import Bolt
from tests.support import many_runs
from tests.support.neo4j_server import Address

FULL = 100_000
SHORT = 20_000
PAGE = 100
CALLS = 25
WARM_CALLS = 10
PROJECT = many_runs.PROJECTS[0]
COLUMNS = {"metrics": ["metric0", "metric1", "metric2", "metric3"], "params": ["param0", "param1", "param2"]}
"""What a table shows beside the names: some metrics and parameters of each run."""
_KEYS = 25
_WORDS = ("churn", "fraud", "iris", "prices", "demand", "vision")

Variables = dict[str, Any]


def _newest(call: int) -> Variables:
    return {}


def _sorted(call: int) -> Variables:
    return {"orderBy": {"metric": f"metric{call % _KEYS}", "direction": ("DESC", "ASC")[call % 2]}}


def _filtered(call: int) -> Variables:
    """Another metric, bound, parameter and word with every call: nothing can be remembered from the last."""
    return {
        "filter": {
            # Runs of one project have every other word first in their names: each of these pairs is there.
            "text": f"{_WORDS[call % 3 * 2]} {_WORDS[call // 3 % 6]}",
            "metrics": [{"key": f"metric{call % _KEYS}", "op": "GT", "value": 0.3 + call % 7 / 20}],
            "params": [{"key": f"param{(call + 3) % _KEYS}", "op": "EQ", "value": "0.01"}],
        }
    }


QUESTIONS: tuple[tuple[str, float, Callable[[int], Variables]], ...] = (
    ("newest page", 150, _newest),
    ("sort by a metric", 350, _sorted),
    ("filter by metric and parameter, search by words", 250, _filtered),
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


def _ask(
    engine: Engine, asking: Asker, count: int, question: tuple[str, float, Callable[[int], Variables]]
) -> Row:
    name, bound, variables = question
    document = (ROOT / "graphql" / "operations" / "Runs.graphql").read_text()
    shown = 0

    def ask(call: int, project: str | None) -> float:
        nonlocal shown
        told = {"project": project, "first": PAGE, **COLUMNS, **variables(call)}
        answer, seconds = asking.ask(document, told)
        shown = len(answer["runs"]["edges"])
        if not shown:
            raise AnswerError(f"{name}: an empty page")
        return seconds * 1000

    first = ask(0, PROJECT)
    times = [ask(call, PROJECT) for call in range(1, WARM_CALLS + CALLS)][WARM_CALLS - 1 :]
    everywhere = [ask(call, None) for call in range(CALLS)]
    target = Target(sign="<=", bound=bound)
    return row(
        f"{count:,} runs of 50 metrics and parameters: {name}",
        engine,
        statistics.median(times),
        "ms",
        target=target if count == FULL else None,
        note=f"{shown} rows, p95 {percentile(times, 0.95):.0f} ms, first call {first:.0f} ms; "
        f"in all projects {statistics.median(everywhere):.0f} ms"
        + ("" if count == FULL else f"; the target, {target.text('ms')}, is for {FULL:,}"),
    )
