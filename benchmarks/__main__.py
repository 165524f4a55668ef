"""``python -m benchmarks``: choose, run, show, keep.

Each benchmark is a module with ``run(context)`` that yields rows; one that fails is told and the
others go on, and then the exit code is 1. A missed target is a figure, not a failure.
"""

from __future__ import annotations

import argparse
import importlib
import time
import traceback
from typing import Any

from rich.console import Console

from benchmarks import machine, report
from benchmarks.context import Context
from benchmarks.rows import Engine, Row

NAMES = (
    "record_single",
    "record_batches",
    "upstream",
    "shapes",
    "tables",
    "subscriber",
    "startup",
    "client",
    "bytes",
    "bytes_s3",
    "frames",
    "registry",
    "web_runs",
    "web_lineage",
    "web_graph",
    "web_charts",
)
WIDTH = 200
"""Columns of the table where nobody looks at a terminal."""
BUSY = 0.5
"""Load per core from which on the figures are said to be disturbed."""


def main() -> int:
    asked = _arguments()
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    if asked.write_docs:
        report.write_docs(NAMES)
        console.print(f"wrote {report.DOCS.relative_to(machine.ROOT)}")
        return 0
    engines: tuple[Engine, ...] = ("embedded", "neo4j") if asked.engine == "both" else (asked.engine,)
    context = Context(engines, asked.full)
    facts, before = machine.facts(), machine.load_average()
    if before[0] > BUSY * (facts["cores"] or 1):
        console.print(f"[yellow]this machine is busy (load {before[0]}): trust the ratios, not the figures")
    measured: dict[str, list[Row]] = {}
    failed: list[str] = []
    for name in asked.only or NAMES:
        rows, well = _measure(name, context, console)
        measured[name] = rows
        failed += [] if well else [name]
    path = report.save(_report(context, facts, before, measured))
    report.show(console, [r for rows in measured.values() for r in rows], f"{context.size} size")
    console.print(
        f"{path.relative_to(machine.ROOT)}; load {before[0]} before, {machine.load_average()[0]} after"
    )
    if failed:
        console.print(f"[red]not measured: {', '.join(failed)}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the table.")
    parser.add_argument("--full", action="store_true", help="full size: a million executions, 100,000 runs")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, metavar="NAME", help=f"some of: {', '.join(NAMES)}"
    )
    parser.add_argument("--engine", choices=("embedded", "neo4j", "both"), default="both")
    parser.add_argument(
        "--write-docs", action="store_true", help="only write the newest figures into the docs"
    )
    return parser.parse_args()


def _measure(name: str, context: Context, console: Console) -> tuple[list[Row], bool]:
    """Rows as far as they came, and whether all did."""
    rows: list[Row] = []
    began = time.monotonic()
    try:
        with console.status(f"measuring {name} …"):
            for row in importlib.import_module(f"benchmarks.{name}").run(context):
                rows.append(row)
                console.print("  ".join(cell for cell in report.cells(row) if cell), highlight=False)
    except Exception:  # noqa: BLE001 - one benchmark that breaks must not cost the others' figures
        console.print(f"[red]{name} broke after {time.monotonic() - began:.0f} s")
        console.print(traceback.format_exc(limit=-4), highlight=False, markup=False)
        return rows, False
    return rows, True


def _report(
    context: Context, facts: dict[str, Any], before: list[float], measured: dict[str, list[Row]]
) -> dict[str, Any]:
    return {
        "size": context.size,
        "machine": facts,
        "load_before": before,
        "load_after": machine.load_average(),
        "benchmarks": {name: [row.plain() for row in rows] for name, rows in measured.items()},
    }


if __name__ == "__main__":
    raise SystemExit(main())
