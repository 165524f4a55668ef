"""Curves of 100 runs of 10,000 points each in a browser without a GPU: from the address to the picture, the
frames while the mouse moves over it, and from a drag to the picture of that part in detail.

The server thins series to what a chart can show, and keeps their extremes; a part that is looked at closer is
asked for again. There is no peer: MLflow's page draws 10 of so many runs at once.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from benchmarks.context import Context
from benchmarks.rows import Engine, Row, Target, percentile, row
from benchmarks.servers import graph_engine, lineage_server
from benchmarks.web_timing import SMOOTH, timed
from lineage_server.client.wire import lines_of_points
from tests.support.browser import Page, browsing
from tests.support.faults import event, run_id, send
from tests.support.web_view import build

SERIES = 100
FULL_POINTS, SHORT_POINTS = 10_000, 1_000
TURNS = 5
FRAMES = 120
PROJECT = "curves"
_BEGAN = 1_790_000_000_000_000
_MOVED = """
(async () => {
  const over = document.querySelector('figure .u-over');
  const { left, top, width, height } = over.getBoundingClientRect();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const took = [];
  let last = await frame();
  for (let at = 0; at < COUNT; at += 1) {
    const [clientX, clientY] = [left + width * (at / COUNT), top + height * (0.5 + 0.4 * Math.sin(at))];
    over.dispatchEvent(new MouseEvent('mousemove', { bubbles: true, clientX, clientY }));
    const now = await frame();
    took.push(now - last);
    last = now;
  }
  return took;
})()
"""
_DRAWN = "document.querySelector('figure:has(.u-over)')?.ariaLabel.includes('COUNT')"


def run(context: Context) -> Iterator[Row]:
    try:
        build()
    except pytest.skip.Exception as missing:
        raise RuntimeError(str(missing)) from None
    points = FULL_POINTS if context.full else SHORT_POINTS
    for engine in context.engines:
        with (
            tempfile.TemporaryDirectory(prefix="lineage-bench-web-") as folder,
            graph_engine(engine) as graph,
            lineage_server(engine, graph=graph) as server,
            browsing(Path(folder)) as page,
        ):
            url = f"http://127.0.0.1:{server.port}"
            page.look(1440, 900)
            _record(url, points)
            yield from _rows(engine, page, url, points)


def _record(url: str, points: int) -> None:
    """Curves that fall and jitter, each its own."""
    send(url, [event(PROJECT, number, inputs=[], outputs=[], job="train") for number in range(SERIES)])
    with httpx2.Client(base_url=url, timeout=120) as http:
        for number in range(SERIES):
            told = [
                ("loss", step, _BEGAN + step * 1_000_000, _loss(number, step / points))
                for step in range(points)
            ]
            for line in lines_of_points(run_id(PROJECT, number), PROJECT, told):
                answer = http.post("/api/v1/events", content=line)
                assert answer.json()["refused"] == 0, answer.text


def _loss(number: int, share: float) -> float:
    return (1 + number / 50) * math.exp(-share) + 0.1 * math.sin(share * 1000 * (number + 1))


def _rows(engine: Engine, page: Page, url: str, points: int) -> Iterator[Row]:
    runs = ".".join(run_id(PROJECT, number) for number in range(SERIES))
    address = f"/p/{PROJECT}/compare?tab=curves&runs={runs}"
    drawn = _DRAWN.replace("COUNT", f"{SERIES} runs")
    shown: list[float] = []
    frames: list[float] = []
    for _ in range(TURNS):
        page.open(f"{url}/p/{PROJECT}")
        page.wait_for("!!document.querySelector('main h1')")
        shown.append(timed(page, f"history.pushState(null, '', {json.dumps(address)})", drawn))
        frames += page.run(_MOVED.replace("COUNT", str(FRAMES)))
    slow = f"p95 of {len(frames)}; median {statistics.median(frames):.0f} ms, worst {max(frames):.0f} ms"
    work = f"web: curves of {SERIES} runs of {points:,} points"
    note = "" if points == FULL_POINTS else f"; the targets are for {FULL_POINTS:,} points"
    yield row(
        f"{work}: click to drawn", engine, statistics.median(shown), "ms",
        note=f"from {min(shown):.0f} to {max(shown):.0f} ms{note}",
    )  # fmt: skip
    yield row(
        f"{work}: a frame while the mouse moves over them", engine, percentile(frames, 0.95), "ms",
        target=None if note else Target(sign="<=", bound=SMOOTH),
        note=f"{slow}{note}",
    )  # fmt: skip
