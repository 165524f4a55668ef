"""What the Python client costs training code: import, ``start_run`` without a server, ``log`` calls.

Each sample is a process of its own, with an empty home and an address where nothing listens.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from benchmarks.context import Context
from benchmarks.rows import Row, Target, row
from benchmarks.servers import free_port

PROCESSES = 7
SCRIPT = """
import json, time
began = time.perf_counter()
from lineage_server import start_run
imported = time.perf_counter()
run = start_run("bench", project="bench")
started = time.perf_counter()
count = 200_000
for step in range(count):
    run.log({"loss": 0.5}, step=step)
logged = time.perf_counter()
run.finish()
kept = time.perf_counter()
told = [imported - began, started - imported, count / (logged - started), count / (kept - started)]
print(json.dumps(told), flush=True)
"""


def run(context: Context) -> Iterator[Row]:
    samples = [_sample() for _ in range(PROCESSES)]
    imports, starts, rates, kept = (list(column) for column in zip(*samples, strict=True))
    yield row(
        "client: import",
        "-",
        statistics.median(imports) * 1000,
        "ms",
        target=Target(sign="<", bound=150),
        note=_spread(imports, 1000),
    )
    yield row(
        "client: start_run with no server",
        "-",
        statistics.median(starts) * 1000,
        "ms",
        target=Target(sign="<", bound=50),
        note=_spread(starts, 1000),
    )
    yield row(
        "client: log calls",
        "-",
        statistics.median(rates),
        "/s",
        target=Target(sign=">", bound=200_000),
        note=f"{_spread(rates, 1)}; until all is in the journal {statistics.median(kept):,.0f}/s",
    )


def _spread(values: list[float], scale: float) -> str:
    return f"{min(values) * scale:,.0f} to {max(values) * scale:,.0f} in {len(values)} processes"


def _sample() -> list[float]:
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as home:
        told = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_", "XDG_"))},
            "HOME": home,
            "LINEAGE_URL": f"http://127.0.0.1:{free_port()}",
        }
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=told,
            cwd=home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"the client failed: {done.stderr[-1000:]}")
    sample: list[float] = json.loads(done.stdout.splitlines()[-1])
    return sample
