"""The web view in a browser without a GPU, beside MLflow's own: the home page, a table of 100,000
runs (half of them in the project that is shown) with 50 columns of metrics and parameters, and a comparison
of 200 runs of 300 parameters. MLflow holds the runs of that project, and shows the columns that it chooses.

Runs are written straight into the graph, as for ``tables``; the page is the built one, over loopback. A time
is from the click (or the start of loading) to the first picture that shows what was asked for, the server's
answer included. The short size has 20,000 runs, which its rows say; the targets are for the full one.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, LiteralString

import pytest

from benchmarks.context import Context
from benchmarks.mlflow_server import MLFLOW
from benchmarks.rows import Engine, Row, Target, paired_ratio, row
from benchmarks.servers import graph_engine, lineage_server
from benchmarks.web_mlflow import Peer, mlflow_pages
from benchmarks.web_timing import GIVE_UP_MS, read, timed
from lineage_server.graph import schema
from lineage_server.graph.bolt import Bolt
from tests.support import many_runs
from tests.support.browser import Page, browsing
from tests.support.neo4j_server import Address
from tests.support.web_view import HOME_KB, LINEAGE_KB, build, script_kb

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
        mlflow_pages(folder) as peer,
    ):
        asyncio.run(_load(graph.address, count))
        shown = [run for run in many_runs.runs(count) if run["project"] == PROJECT]
        url = f"http://127.0.0.1:{server.port}"
        page.look(1440, 900)
        yield from _home(engine, page, url, peer)
        peer.fill([*shown, *_compared()])
        compared = _Turns(peer, ours=_compare(page, url))
        yield from _table(engine, page, url, peer, count)
        yield _compare_theirs(engine, page, peer, compared)


# --- home ------------------------------------------------------------------------------------------


def _home(engine: Engine, page: Page, url: str, peer: Peer) -> Iterator[Row]:
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(TURNS):
        ours.append(_opened(page, f"{url}/p/{PROJECT}", "main h1"))
        if peer.url:
            theirs.append(_opened(page, peer.url, "#root :is(a, button, h1, h2)"))
    for at, (name, unit, bound) in enumerate(
        (
            ("web: JavaScript of the home page, as transferred", "KB", HOME_KB),
            ("web: home page, loading to usable", "ms", 1000.0),
        )
    ):
        own, other = [one[at] for one in ours], [one[at] for one in theirs]
        made = row(
            name, engine, statistics.median(own), unit, peer=f"{MLFLOW}: its home page",
            peer_value=statistics.median(other) if other else None, ratio=paired_ratio(own, other),
            target=Target(sign="<=", bound=bound),
        )  # fmt: skip
        yield replace(made, note=f"{_and(peer.why)}of {TURNS} turns, nothing cached")
    more = script_kb(page, f"{url}/p/{PROJECT}/lineage") - script_kb(page, f"{url}/p/{PROJECT}")
    name = "web: JavaScript of the lineage page on top of the home page's"
    made = row(name, engine, more, "KB", target=Target(sign="<=", bound=LINEAGE_KB))
    yield replace(made, note="as transferred, nothing cached; without the worker that lays out")


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


def _table(engine: Engine, page: Page, url: str, peer: Peer, count: int) -> Iterator[Row]:
    address = f"/p/{PROJECT}/runs?cols={json.dumps(COLUMNS, separators=(',', ':'))}"
    rows = "document.querySelectorAll('tbody th').length > 20 && !document.querySelector('[aria-busy=true]')"
    first, sorts = _Turns(peer), _Turns(peer)
    for turn in range(TURNS):
        _home_of(page, url)
        first.ours.append(timed(page, f"history.pushState(null, '', {json.dumps(address)})", rows))
        key = f"metric{turn * 3}"
        head = f"document.querySelector('thead button[title={key}]')"
        sorted_by = f"{head}.closest('th').ariaSort === 'descending' && {rows}"
        read()
        sorts.ours.append(timed(page, f"{head}.click()", sorted_by))
    for turn in range(TURNS):
        if first.goes_on(page):
            first.against(page, *peer.table())
            if sorts.goes_on(page, stay=True):
                read()
                sorts.against(page, *peer.sorting(f"metric{turn * 3}"))
    note = "" if count == FULL else f"; the targets are for {FULL:,}"
    for name, turns, bound in (("first rows", first, 500.0), ("sort by a metric", sorts, 1000.0)):
        name = f"web: table of {count:,} runs with 50 columns: {name}"
        made = turns.row(name, engine, bound if count == FULL else None)
        yield replace(made, note=f"half of them in this project; {made.note}{note}")


def _home_of(page: Page, url: str) -> None:
    page.open(f"{url}/p/{PROJECT}")
    page.wait_for("!!document.querySelector('main h1')")


def _and(why: str) -> str:
    return f"{why}; " if why else ""


@dataclass
class _Turns:
    """Milliseconds of the same thing, first all of ours: what the peer was asked for and one did not wait for
    keeps its server busy, which is not to weigh on us. So it is not asked again either."""

    peer: Peer
    ours: list[float] = field(default_factory=list[float])
    theirs: list[float] = field(default_factory=list[float])
    never: int = 0

    def goes_on(self, page: Page, *, stay: bool = False) -> bool:
        """Whether the peer has another turn; its home page is there then, unless one is to ``stay``."""
        if not self.peer.url or self.never:
            return False
        if not stay:
            page.open(self.peer.url)
            page.wait_for("!!document.querySelector('#root a')")
        return True

    def against(self, page: Page, act: str, ready: str) -> None:
        """Its turn; what has not come when one gives up counts as having come then."""
        try:
            self.theirs.append(timed(page, act, ready))
        except (AssertionError, TimeoutError):
            self.theirs.append(GIVE_UP_MS)
            self.never += 1

    def row(self, name: str, engine: Engine, bound: float | None) -> Row:
        other = f"; theirs from {min(self.theirs):.0f} to {max(self.theirs):.0f} ms" if self.theirs else ""
        if self.never:
            other += f", {self.never} given up after {GIVE_UP_MS / 1000:.0f} s"
        return row(
            name, engine, statistics.median(self.ours), "ms", peer=f"{MLFLOW}: its page of the same runs",
            peer_value=statistics.median(self.theirs) if self.theirs else None,
            ratio=statistics.median(self.ours) / statistics.median(self.theirs) if self.theirs else None,
            target=None if bound is None else Target(sign="<=", bound=bound),
            note=f"{_and(self.peer.why)}from {min(self.ours):.0f} to {max(self.ours):.0f} ms{other}",
        )  # fmt: skip


# --- the comparison ---------------------------------------------------------------------------------


def _compare(page: Page, url: str) -> list[float]:
    """Milliseconds of ours."""
    uids = [one["uid"].removeprefix("run:") for one in _compared()]
    address = f"/p/{PROJECT}/compare?runs={'.'.join(uids)}"
    go = f"history.pushState(null, '', {json.dumps(address)})"
    ours: list[float] = []
    for _ in range(TURNS):
        _home_of(page, url)
        ours.append(timed(page, go, "document.querySelectorAll('tbody th').length > 15"))
    return ours


def _compare_theirs(engine: Engine, page: Page, peer: Peer, turns: _Turns) -> Row:
    uids = [one["uid"] for one in _compared()]
    while len(turns.theirs) < TURNS and turns.goes_on(page):
        turns.against(page, *peer.comparison(uids, PARAMS))
    return turns.row(f"web: compare {COMPARED} runs of {PARAMS} parameters", engine, 1000.0)


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
