"""The peer of ``web_runs``: MLflow's own pages of the same runs, which are written straight into its database
as ours are into the graph. Its tables: mlflow 3.17.2, ``mlflow/store/tracking/dbmodels/models.py``.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import uuid
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.environments import PeerMissingError, environment
from benchmarks.mlflow_server import REQUIREMENTS, interpreter, mlflow_server

_STATUS = {"complete": "FINISHED", "failed": "FAILED", "running": "RUNNING"}
_BATCH = 1_000
_NAMES = ".ag-row a"
_TABLES = {
    "runs": """
      INSERT INTO runs (run_uuid, name, status, start_time, end_time, artifact_uri, source_type, source_name,
        entry_point_name, user_id, source_version, lifecycle_stage, experiment_id)
      VALUES (?, ?, ?, ?, ?, ?, 'LOCAL', 'bench', '', 'bench', '', 'active', 0)""",
    "metrics": """
      INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)""",
    "latest_metrics": """
      INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)""",
    "params": "INSERT INTO params (run_uuid, key, value) VALUES (?, ?, ?)",
    "tags": "INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, ?)",
}


@dataclass
class Peer:
    """Its address, empty where it cannot be had (``why`` says so), and milliseconds by what was done."""

    url: str
    why: str
    _database: Path
    _best: dict[str, str] = field(default_factory=dict[str, str])

    def fill(self, runs: Sequence[dict[str, Any]]) -> None:
        """These runs of ours (rows of the graph) into the experiment that is always there."""
        if self.url:
            _fill(self._database, runs)
            for name in {name for run in runs for name in run if name.startswith("m.")}:
                self._best[name[2:]] = max(runs, key=lambda run: run.get(name, -1.0))["name"]

    def table(self) -> tuple[str, str]:
        """What leads from its home to its table of runs, and when that is there."""
        return "location.hash = '#/experiments/0/runs'", f"document.querySelectorAll({_NAMES!r}).length > 15"

    def sorting(self, metric: str) -> tuple[str, str]:
        """What sorts that by a metric, and when it is so."""
        first = f".ag-row[row-index='0'] {_NAMES.split()[1]}"
        return (
            f"location.hash = '#/experiments/0/runs?orderByKey=metrics.%60{metric}%60&orderByAsc=false'",
            f"document.querySelector({json.dumps(first)})?.textContent.includes({json.dumps(self._best[metric])})",
        )

    def comparison(self, uids: Sequence[str], parameters: int) -> tuple[str, str]:
        """What leads to a comparison of these of our runs, and when all of it is there."""
        named = ",".join(f"%22{_key(uid)}%22" for uid in uids)
        there = f"document.getElementsByTagName('tr').length > {parameters}"
        return f"location.hash = '#/compare-runs?runs=[{named}]&experiments=[%220%22]'", there


@contextlib.contextmanager
def mlflow_pages(folder: Path) -> Generator[Peer]:
    """Its server with nothing in it, or why there is none."""
    with contextlib.ExitStack() as stack:
        try:
            python = environment("mlflow", REQUIREMENTS, interpreter())
            url, why = stack.enter_context(mlflow_server(python, folder)), ""
        except PeerMissingError as missing:
            url, why = "", f"no peer: {' '.join(str(missing).split())}"
        yield Peer(url, why, folder / "mlflow" / "mlflow.db")


def _fill(place: Path, runs: Iterable[dict[str, Any]]) -> None:
    with contextlib.closing(sqlite3.connect(place, timeout=60)) as database, database:
        rest = iter(runs)
        while batch := list(islice(rest, _BATCH)):
            rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _TABLES}
            for run in batch:
                _add(run, rows)
            for name, statement in _TABLES.items():
                database.executemany(statement, rows[name])


def _add(run: dict[str, Any], rows: dict[str, list[tuple[Any, ...]]]) -> None:
    key, begun, ended = _key(run["uid"]), run["started_at"] // 1000, run["ended_at"] // 1000
    place = f"mlflow-artifacts:/0/{key}/artifacts"
    rows["runs"].append((key, run["name"], _STATUS[run["state"]], begun, ended, place))
    metrics = [(key, name[2:], value, begun) for name, value in run.items() if name.startswith("m.")]
    rows["metrics"] += metrics
    rows["latest_metrics"] += metrics
    rows["params"] += [(key, name[2:], str(value)) for name, value in run.items() if name.startswith("p.")]
    rows["tags"].append((key, "mlflow.runName", run["name"]))


def _key(uid: str) -> str:
    return uuid.UUID(uid.removeprefix("run:")).hex
