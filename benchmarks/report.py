"""Rows for people: the table on screen, the JSON in ``benchmarks/out/``, the table in the docs.

What the table in the docs was made of lies in ``docs/figures/``, so that a new figure of one benchmark, from
whatever machine, does not cost the others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import ROOT
from benchmarks.rows import Row

OUT = Path(__file__).parent / "out"
DOCS = ROOT / "docs" / "performance.md"
FIGURES = ROOT / "docs" / "figures"
BEGIN = "<!-- figures: written by `python -m benchmarks --write-docs`, do not edit -->"
END = "<!-- /figures -->"


def figure(value: float | None) -> str:
    """Three significant digits, as far as that helps."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdict(met: bool | None) -> str:
    return {True: "yes", False: "NO", None: ""}[met]


def cells(row: Row) -> tuple[str, ...]:
    """What the table shows of a row, on screen and in the docs."""
    peer = f"{row.peer}: {figure(row.peer_value)} {row.unit}" if row.peer else ""
    if row.peer and row.peer_value is None:
        peer = f"{row.peer}: not measured here"
    ratio = f"{row.ratio:.2f}×" if row.ratio is not None else ""
    return (
        *(row.name, row.engine, f"{figure(row.value)} {row.unit}", peer, ratio),
        *(row.target, verdict(row.met), row.note),
    )


COLUMNS = ("work", "engine", "figure", "peer, same run", "ratio", "target", "met", "note")


def show(console: Console, rows: list[Row], title: str) -> None:
    """The table on screen."""
    table = Table(title=title, title_justify="left", show_lines=False)
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in ("figure", "ratio") else "left", overflow="fold")
    for row in rows:
        style = {True: "green", False: "red", None: ""}[row.met]
        table.add_row(*cells(row), style=style)
    console.print(table)


def save(report: dict[str, Any], folder: Path = OUT) -> Path:
    """Keep a run, named by its time and size."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = report["machine"]["date"].replace(":", "").replace("+0000", "Z")
    path = folder / f"{stamp}-{report['size']}.json"
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return path


@dataclass(frozen=True)
class Kept:
    """A benchmark's rows on one engine, with the run that they come from."""

    rows: list[Row]
    report: dict[str, Any]


def newest() -> dict[tuple[str, str], Kept]:
    """Of every benchmark and engine the newest figures; those of the full size come first."""
    found: dict[tuple[str, str], Kept] = {}
    reports = [json.loads(path.read_text()) for folder in (FIGURES, OUT) for path in folder.glob("*.json")]
    for report in sorted(reports, key=lambda r: (r["size"] == "full", r["machine"]["date"])):
        for name, rows in report["benchmarks"].items():
            made = [Row(**one) for one in rows]
            for engine in dict.fromkeys(row.engine for row in made):
                found[name, engine] = Kept([r for r in made if r.engine == engine], report)
    return found


def write_docs(order: tuple[str, ...]) -> None:
    """Put the newest figures between the marks of ``docs/performance.md``, and keep what they are made of."""
    found = newest()
    text = DOCS.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise ValueError(f"{DOCS.name} has no marks to write between")
    names = sorted({name for name, _ in found}, key=lambda n: order.index(n) if n in order else len(order))
    kept = [
        found[name, engine]
        for name in names
        for engine in ("embedded", "neo4j", "-")
        if (name, engine) in found
    ]
    runs = list({k.report["machine"]["date"]: k.report for k in kept}.values())
    numbers = {report["machine"]["date"]: index for index, report in enumerate(runs, 1)}
    lines = ["", "| " + " | ".join((*COLUMNS, "run")) + " |", "| " + " | ".join(["---"] * 9) + " |"]
    for one in kept:
        run = str(numbers[one.report["machine"]["date"]])
        lines += ["| " + " | ".join((*map(_escaped, cells(row)), run)) + " |" for row in one.rows]
    lines += ["", *(_machine(index, report) for index, report in enumerate(runs, 1)), ""]
    DOCS.write_text(before + BEGIN + "\n".join(lines) + END + after)
    _keep(found)


def _keep(found: dict[tuple[str, str], Kept]) -> None:
    """Of each run only what the table shows."""
    used: dict[str, dict[str, Any]] = {}
    for (name, _), kept in sorted(found.items()):
        report = used.setdefault(kept.report["machine"]["date"], {**kept.report, "benchmarks": {}})
        report["benchmarks"].setdefault(name, []).extend(row.plain() for row in kept.rows)
    for path in FIGURES.glob("*.json"):
        path.unlink()
    for report in used.values():
        save(report, FIGURES)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _machine(index: int, report: dict[str, Any]) -> str:
    told = report["machine"]
    packages = told["packages"]
    parts = (
        f"{told['date']}, {report['size']} size, commit {told['commit']}",
        f"{told['cores']} cores of {told['cpu']}, {told['memory_gib']} GiB",
        f"{told['system']} {told['kernel']}",
        f"Python {told['python']}, ArcadeDB {packages['arcadedb-embedded']}, Neo4j {told['neo4j_server']}",
        f"load average {report['load_before'][0]} before, {report['load_after'][0]} after",
    )
    return f"{index}. {'; '.join(parts)}."
