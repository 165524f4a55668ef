"""Looking at a large frame: digest and statistics of ten million rows, as ``produce`` computes them.

A process of its own makes the frame (integers, floats, a category as text, times) and is timed without that.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.context import Context
from benchmarks.machine import ROOT
from benchmarks.rows import Row, Target, row

ROWS = 10_000_000
LOOK = """
import json, sys, time
import numpy as np
import pyarrow as pa
from lineage_server.client.contents import content_of

rows = int(sys.argv[1])
chance = np.random.default_rng(7)
table = pa.table({
    "id": np.arange(rows),
    "weight": chance.standard_normal(rows),
    "kind": pa.array(np.array(["setosa", "versicolor", "virginica"], object)).take(
        pa.array(chance.integers(0, 3, rows))
    ),
    "at": pa.array(np.arange(rows) * 1_000_000, pa.timestamp("us")),
})
content_of(table.slice(0, 1000))
began = time.perf_counter()
content = content_of(table)
print(json.dumps([time.perf_counter() - began, content.stats["sampled"], content.stats.get("looked_at")]))
"""


def run(context: Context) -> Iterator[Row]:
    told = [_look() for _ in range(context.turns)]
    _, sampled, looked_at = told[0]
    note = f"statistics of a sample of {looked_at:,} rows, and said so" if sampled else "of all rows"
    yield row(
        f"digest and statistics of a frame of {ROWS:,} rows and 4 columns", "-",
        statistics.median(seconds for seconds, _, _ in told), "s",
        target=Target(sign="<=", bound=2), note=note,
    )  # fmt: skip


def _look() -> tuple[float, bool, int | None]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(ROWS)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    seconds, sampled, looked_at = json.loads(done.stdout)
    return seconds, sampled, looked_at
