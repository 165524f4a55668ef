"""A big table of runs for measuring lists: 100,000 runs of 25 parameters and 25 metrics each.

Written straight to the graph as ``docs/storage.md`` says, since the intake is not what is measured.
``python -m tests.support.many_runs URI [USER PASSWORD DATABASE] [--runs N]`` loads and measures;
``tests`` and ``benchmarks`` call ``load`` and ``measure``.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from typing import Any, LiteralString

from lineage_server.domain.ids import project_uid
from lineage_server.graph.bolt import Bolt

PROJECTS = ("red", "blue")
FIRST_AT = 1_760_000_000_000_000
STEP_MICROS = 7_000_000
_BATCH = 1_000

_CREATE: LiteralString = "UNWIND $rows AS r CREATE (n:Run) SET n = r"
_PROJECT: LiteralString = "MERGE (n:Project {uid: $row.uid}) SET n += $row"
_COUNT: LiteralString = "MATCH (n:Run) RETURN count(n) AS n"
_WORDS = ("churn", "fraud", "iris", "prices", "demand", "vision", "speech", "ranking")
_STATES = ("complete", "complete", "complete", "failed", "running")


def runs(count: int) -> Iterator[dict[str, Any]]:
    """Rows as the writer would store them; the same for the same count."""
    chance = random.Random(count)
    for index in range(count):
        name = f"{_WORDS[index % 8]} {_WORDS[index // 8 % 8]} {index}"
        at = FIRST_AT + index * STEP_MICROS
        run_id = str(uuid.UUID(int=(at // 1000 << 80) | chance.getrandbits(62) | 7 << 76 | 2 << 62))
        kind = ("training", "step")[index % 3 == 0]
        state, ended_at = _STATES[index % 5], at + chance.randrange(1, 3_600) * 1_000_000
        yield {
            "uid": f"run:{run_id}",
            "project": PROJECTS[index % 2],
            "name": name,
            "kind": kind,
            "rid": index + 1,
            "created_at": at,
            "updated_at": at,
            "job": f"job:{PROJECTS[index % 2]}/{kind}/train {index % 20}",
            "job_name": f"train {index % 20}",
            "state": state,
            "started_at": at,
            "ended_at": ended_at,
            **({"failed_at": ended_at} if state == "failed" else {}),
            "search_text": f"{name} train {index % 20} {kind} team=a",
            "t.team": "a",
            "metric_steps": "{}",
            **{f"m.metric{k}": chance.random() for k in range(25)},
            **{f"p.param{k}": chance.choice((0.1, 0.01, 0.001)) for k in range(25)},
        }


async def load(bolt: Bolt, count: int) -> float:
    """Write the runs and their projects, unless they are there; answers the seconds it took."""
    began = time.perf_counter()
    if (await bolt.read(_COUNT))[0]["n"] >= count:
        return 0.0
    for name in PROJECTS:
        told = {"uid": project_uid(name), "project": name, "name": name}
        await bolt.write(_PROJECT, {"row": told | {"created_at": FIRST_AT, "updated_at": FIRST_AT}})
    rows: list[dict[str, Any]] = []
    for row in runs(count):
        rows.append(row)
        if len(rows) == _BATCH:
            await bolt.write(_CREATE, {"rows": rows}, timeout_seconds=120)
            rows = []
    if rows:
        await bolt.write(_CREATE, {"rows": rows}, timeout_seconds=120)
    return time.perf_counter() - began
