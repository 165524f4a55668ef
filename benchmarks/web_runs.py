"""The web view in a browser without a GPU: its home page against MLflow's own, a table of 100,000 runs (half
of them in the project that is shown) with 50 columns of metrics and parameters, and a comparison of 200 runs
of 300 parameters.

Runs are written straight into the graph, as for ``tables``; the page is the built one, over loopback. A time
is from the click (or the start of loading) to the first picture that shows what was asked for, the server's
answer included. The short size has 20,000 runs, which its rows say; the targets are for the full one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import statistics
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

import pytest

from benchmarks.context import Context
from benchmarks.environments import PeerMissingError, environment
from benchmarks.mlflow_server import MLFLOW, REQUIREMENTS, interpreter, mlflow_server
from benchmarks.rows import Engine, Row, Target, paired_ratio, row
from benchmarks.servers import graph_engine, lineage_server
from lineage_server.graph import schema
from lineage_server.graph.bolt import Bolt
from tests.support import many_runs
from tests.support.browser import Page, browsing
from tests.support.neo4j_server import Address
from tests.support.web_view import build

FULL = 100_000
SHORT = 20_000
TURNS = 5
COMPARED = 200
PARAMS = 300
PROJECT = many_runs.PROJECTS[0]
COLUMNS = ["state", *(f"m.metric{k}" for k in range(25)), *(f"p.param{k}" for k in range(25))]
_CREATE: LiteralString = "UNWIND $rows AS r CREATE (n:Run) SET n = r"
_BATCH = 50
# When the first thing that can be used was there, since the page began to load.
_SEEN = """
(() => {
  const look = () => {
    if (window.seen !== undefined || !document.querySelector(SELECTOR)) return;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.seen = performance.now(); }));
    watch.disconnect();
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { childList: true, subtree: true });
})();
"""
_SCRIPTS = """
performance.getEntriesByType('resource').filter(({name}) => new URL(name).pathname.endsWith('.js'))
  .reduce((sum, {encodedBodySize}) => sum + encodedBodySize, 0)
"""
# Milliseconds from doing something until there is a picture of what came of it.
_UNTIL = """
new Promise((done, failed) => {
  const began = performance.now();
  const over = setTimeout(() => failed(new Error('it never came')), 20000);
  const look = () => {
    if (!(READY)) return requestAnimationFrame(look);
    requestAnimationFrame(() => { clearTimeout(over); done(performance.now() - began); });
  };
  DO;
  look();
})
"""


def run(context: Context) -> Iterator[Row]:
    try:
        build()
        for engine in context.engines:
            with tempfile.TemporaryDirectory(prefix="lineage-bench-web-") as folder:
                yield from _on(engine, FULL if context.full else SHORT, Path(folder))
    except pytest.skip.Exception as missing:
        raise RuntimeError(str(missing)) from None


def _on(engine: Engine, count: int, folder: Path) -> Iterator[Row]:
    with (
        graph_engine(engine) as graph,
        lineage_server(engine, graph=graph) as server,
        browsing(folder) as page,
    ):
        asyncio.run(_load(graph.address, count))
        url = f"http://127.0.0.1:{server.port}"
        page.look(1440, 900)
        yield from _home(engine, page, url, folder)
        yield from _table(engine, page, url, count)
        yield _compare(engine, page, url)


# --- home ------------------------------------------------------------------------------------------


def _home(engine: Engine, page: Page, url: str, folder: Path) -> Iterator[Row]:
    theirs: list[tuple[float, float]] = []
    why = ""
    with contextlib.ExitStack() as stack:
        try:
            python = environment("mlflow", REQUIREMENTS, interpreter())
            peer = stack.enter_context(mlflow_server(python, folder))
        except PeerMissingError as missing:
            peer, why = "", f"no peer: {' '.join(str(missing).split())}; "
        ours: list[tuple[float, float]] = []
        for _ in range(TURNS):
            ours.append(_opened(page, f"{url}/p/{PROJECT}", "main h1"))
            if peer:
                theirs.append(_opened(page, peer, "#root :is(a, button, h1, h2)"))
    for at, (name, unit, bound) in enumerate(
        (
            ("web: JavaScript of the home page, as transferred", "KB", 220.0),
            ("web: home page, loading to usable", "ms", 1000.0),
        )
    ):
        own, other = [one[at] for one in ours], [one[at] for one in theirs]
        made = row(
            name, engine, statistics.median(own), unit, peer=f"{MLFLOW}: its home page",
            peer_value=statistics.median(other) if other else None, ratio=paired_ratio(own, other),
            target=Target(sign="<=", bound=bound),
        )  # fmt: skip
        yield replace(made, note=f"{why}of {TURNS} turns, nothing cached")


def _opened(page: Page, url: str, selector: str) -> tuple[float, float]:
    """KB of scripts, and milliseconds until it can be used, with an empty cache."""
    page.do("Network.clearBrowserCache")
    source = _SEEN.replace("SELECTOR", json.dumps(selector))
    told = page.do("Page.addScriptToEvaluateOnNewDocument", source=source)
    page.open(url)
    page.wait_for("window.seen !== undefined")
    seen = float(page.run("window.seen"))
    page.do("Page.removeScriptToEvaluateOnNewDocument", identifier=told["identifier"])
    return float(page.run(_SCRIPTS)) / 1000, seen


# --- the table --------------------------------------------------------------------------------------


def _table(engine: Engine, page: Page, url: str, count: int) -> Iterator[Row]:
    address = f"/p/{PROJECT}/runs?cols={json.dumps(COLUMNS, separators=(',', ':'))}"
    rows = "document.querySelectorAll('tbody th').length > 20 && !document.querySelector('[aria-busy=true]')"
    first: list[float] = []
    sorts: list[float] = []
    for turn in range(TURNS):
        page.open(f"{url}/p/{PROJECT}")
        page.wait_for("!!document.querySelector('main h1')")
        first.append(_timed(page, f"history.pushState(null, '', {json.dumps(address)})", rows))
        key = f"metric{turn * 3}"
        head = f"document.querySelector('thead button[title={key}]')"
        sorts.append(
            _timed(
                page,
                f"{head}.click()",
                f"{head}.closest('th').ariaSort === 'descending' && {rows}",
            )
        )
    note = "" if count == FULL else f"; the targets are for {FULL:,}"
    for name, times, bound in (("first rows", first, 500.0), ("sort by a metric", sorts, 1000.0)):
        yield row(
            f"web: table of {count:,} runs with 50 columns: {name}",
            engine,
            statistics.median(times),
            "ms",
            target=Target(sign="<=", bound=bound) if count == FULL else None,
            note=f"half of them in this project; from {min(times):.0f} to {max(times):.0f} ms{note}",
        )


def _timed(page: Page, act: str, ready: str) -> float:
    return float(page.run(_UNTIL.replace("READY", ready).replace("DO", act)))


# --- the comparison ---------------------------------------------------------------------------------


def _compare(engine: Engine, page: Page, url: str) -> Row:
    ids = ".".join(one["uid"].removeprefix("run:") for one in _compared())
    address = f"/p/{PROJECT}/compare?runs={ids}"
    ready = "document.querySelectorAll('tbody th').length > 15"
    times: list[float] = []
    for _ in range(TURNS):
        page.open(f"{url}/p/{PROJECT}")
        page.wait_for("!!document.querySelector('main h1')")
        times.append(_timed(page, f"history.pushState(null, '', {json.dumps(address)})", ready))
    return row(
        f"web: compare {COMPARED} runs of {PARAMS} parameters",
        engine,
        statistics.median(times),
        "ms",
        target=Target(sign="<=", bound=1000.0),
        note=f"from {min(times):.0f} to {max(times):.0f} ms",
    )


def _compared() -> Iterator[dict[str, Any]]:
    """Runs of many parameters; the same each time."""
    chance = random.Random(COMPARED)
    for index in range(COMPARED):
        at = many_runs.FIRST_AT - (index + 1) * many_runs.STEP_MICROS
        run_id = str(uuid.UUID(int=(at // 1000 << 80) | chance.getrandbits(62) | 7 << 76 | 2 << 62))
        yield {
            "uid": f"run:{run_id}", "project": PROJECT, "name": f"wide {index}", "kind": "training",
            "rid": 10_000_000 + index, "created_at": at, "updated_at": at, "state": "complete",
            "job": f"job:{PROJECT}/training/wide", "job_name": "wide", "started_at": at,
            "ended_at": at + 1_000_000, "search_text": f"wide {index} training", "metric_steps": "{}",
            **{f"p.wide{k}": chance.random() for k in range(PARAMS)},
        }  # fmt: skip


async def _load(address: Address, count: int) -> None:
    async with Bolt(
        address.uri, user=address.user, password=address.password, database=address.database
    ) as bolt:
        await schema.migrate(bolt)
        await many_runs.load(bolt, count)
        compared = list(_compared())
        for begin in range(0, len(compared), _BATCH):
            await bolt.write(_CREATE, {"rows": compared[begin : begin + _BATCH]}, timeout_seconds=120)
