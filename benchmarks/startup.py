"""``lineage up`` from the start of the process to the first good /readyz; memory when much is stored.

Warm: the engine's start cache is there, as it is some seconds after the first ``lineage up`` of a
user. The very first one has no such cache yet: it has a row of its own, and no target. The first
start of a folder makes the schema too; later ones do not. Memory is that of all processes
after the executions were recorded, resident and proportional (shared pages counted once).
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.context import Context
from benchmarks.load import Request, load
from benchmarks.rows import Engine, Row, Target, row
from benchmarks.servers import lineage_server
from benchmarks.workload import Executions
from lineage_server.graph.embedded import build_start_cache, default_cache_dir

STARTS = 5
UP = ("up", "--no-browser")
FULL = 200_000
SHORT = 50_000


def run(context: Context) -> Iterator[Row]:
    if "embedded" in context.engines:
        yield from _starts()
    for engine in context.engines:
        yield from _memory(context, engine)


def _starts() -> Iterator[Row]:
    asyncio.run(build_start_cache(default_cache_dir()))
    fresh: list[float] = []
    again: list[float] = []
    first: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as outer:
        for index in range(STARTS):
            folder = Path(outer) / str(index)
            folder.mkdir()
            for times in (fresh, again):
                with lineage_server("embedded", folder=folder, command=UP) as server:
                    times.append(server.ready_seconds)
            home = {"HOME": str(Path(outer) / f"home {index}")}
            with lineage_server("embedded", command=UP, environment=home) as server:
                first.append(server.ready_seconds)
    target = Target(sign="<", bound=6)
    for name, times, bound in (
        ("a new folder", fresh, target),
        ("a folder in use", again, target),
        ("a user's very first (no start cache yet)", first, None),
    ):
        yield row(
            f"lineage up to ready, {name}",
            "embedded",
            statistics.median(times),
            "s",
            target=bound,
            note=f"{min(times):.1f} to {max(times):.1f} s in {STARTS} starts",
        )


def _memory(context: Context, engine: Engine) -> Iterator[Row]:
    count = FULL if context.full else SHORT
    work = Executions("memory")

    def make() -> Request:
        return work.batch(500), 500, None

    with lineage_server(engine) as server, load(server.port, clients=2) as channel:
        pace = channel.drive(make, requests=count // 500)
        resident, proportional = server.memory()
    target = Target(sign="<", bound=900) if engine == "embedded" else None
    note = f"proportional {proportional:.0f} MB; recorded at {pace.rate:,.0f}/s"
    if target and count != FULL:
        note += f"; the target, {target.text('MB')}, is for {FULL:,}"
    yield row(
        f"memory of all processes after {count:,} executions",
        engine,
        resident,
        "MB",
        target=target if count == FULL else None,
        note=note,
    )
