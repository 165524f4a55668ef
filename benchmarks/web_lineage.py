"""The lineage view in a browser without a GPU: from a click to a picture of about 250 boxes, the server's
answer included, and the layout of 200 and 1,000 boxes in the worker while the page is watched for blocks.

A time of a layout is that of a worker that is ready, as it is once a first picture was drawn.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.context import Context
from benchmarks.rows import Engine, Row, Target, row
from benchmarks.servers import graph_engine, lineage_server
from benchmarks.web_timing import read
from lineage_server.api.static import BUILT
from tests.support.browser import Page, browsing
from tests.support.faults import event, send
from tests.support.web_view import build

TURNS = 5
RUNS, OUTPUTS = 19, 12
BOXES = 1 + RUNS + RUNS * OUTPUTS
PROJECT = "wide"
_DRAWN = """
new Promise((done, failed) => {
  const link = [...document.querySelectorAll('main a')].find((one) => one.textContent.startsWith('hub'));
  const began = performance.now();
  const over = setTimeout(() => failed(new Error('it never came')), 20000);
  const look = () => {
    if (!document.querySelector('[data-focus]')) return requestAnimationFrame(look);
    requestAnimationFrame(() => { clearTimeout(over); done(performance.now() - began); });
  };
  link.click();
  look();
})
"""
# Stages as in pipelines: most boxes come of one of the few before. The first plan only starts the engine.
_LAID_OUT = """
(async () => {
  const size = { width: 232, height: 68 };
  const plan = (count) => {
    let seed = 7;
    const below = (most) => (seed = (seed * 48271) % 2147483647) % most;
    const boxes = Array.from({ length: count }, (_, at) => ({ id: `${at}`, ...size }));
    const lines = boxes.slice(1).map(({ id }, at) => ({ from: `${Math.max(0, at - below(24))}`, to: id }));
    return { boxes, lines: [...lines, ...lines.filter((_, at) => at % 3 === 0)
      .map(({ to }) => ({ from: `${below(Number(to))}`, to }))] };
  };
  const worker = new Worker(`/assets/WORKER`, { type: 'module' });
  const lay = (count) => new Promise((done) => {
    worker.onmessage = ({ data }) => done(data.engine);
    worker.postMessage({ number: count, plan: plan(count) });
  });
  await lay(2);
  let longest = 0;
  const watch = new PerformanceObserver((list) =>
    list.getEntries().forEach(({ duration }) => { longest = Math.max(longest, duration); }));
  watch.observe({ type: 'longtask' });
  const began = performance.now();
  const engine = await lay(COUNT);
  const took = performance.now() - began;
  await new Promise((done) => setTimeout(done, 100));
  worker.terminate();
  return [took, longest, engine];
})()
"""


def run(context: Context) -> Iterator[Row]:
    try:
        build()
    except pytest.skip.Exception as missing:
        raise RuntimeError(str(missing)) from None
    for engine in context.engines:
        with (
            tempfile.TemporaryDirectory(prefix="lineage-bench-web-") as folder,
            graph_engine(engine) as graph,
            lineage_server(engine, graph=graph) as server,
            browsing(Path(folder)) as page,
        ):
            url = f"http://127.0.0.1:{server.port}"
            page.look(1440, 900)
            send(url, list(_wide()))
            yield _scene(engine, page, url)
            if engine == context.engines[-1]:
                yield from _layouts(page, url)


def _wide() -> Iterator[dict[str, Any]]:
    """A dataset that many runs read, each of which makes a dozen things."""
    hub = {"name": "hub", "type": "dataset", "digest": "sha256:" + "1" * 64}
    for number in range(RUNS):
        outputs = [
            {"name": f"out {number} {at}", "type": "table", "digest": f"sha256:{number * 100 + at:064x}"}
            for at in range(OUTPUTS)
        ]
        yield event(PROJECT, number, job=f"job {number}", inputs=[hub], outputs=outputs)


def _scene(engine: Engine, page: Page, url: str) -> Row:
    times: list[float] = []
    for _ in range(TURNS):
        page.open(f"{url}/p/{PROJECT}/lineage")
        page.wait_for("!!document.querySelector('main input')")
        page.type("main input", "hub")
        page.wait_for(
            "[...document.querySelectorAll('main a')].some((one) => one.textContent.startsWith('hub'))"
        )
        read()  # meanwhile the page fetches the code of the picture
        times.append(page.run(_DRAWN) / 1000)
    return row(
        f"lineage scene of {BOXES} boxes: click to painted, server included",
        engine,
        statistics.median(times),
        "s",
        target=Target(sign="<=", bound=0.6),
        note=f"slowest of {TURNS}: {max(times):.2f} s",
    )


def _layouts(page: Page, url: str) -> Iterator[Row]:
    page.open(f"{url}/p/{PROJECT}/lineage")
    worker = next(BUILT.glob("assets/layout.worker-*.js")).name
    blocked = 0.0
    for count, bound in ((200, 0.4), (1_000, 1.6)):
        script = _LAID_OUT.replace("WORKER", worker).replace("COUNT", json.dumps(count))
        told = [page.run(script) for _ in range(TURNS)]
        blocked = max(blocked, *(one[1] for one in told))
        yield row(
            f"layout of {count:,} boxes in the worker",
            "-",
            statistics.median(one[0] for one in told) / 1000,
            "s",
            target=Target(sign="<=", bound=bound),
            note=f"by {told[0][2]}",
        )
    yield row("longest block of the page meanwhile", "-", blocked, "ms", target=Target(sign="<=", bound=50))
