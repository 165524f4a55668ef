"""The model registry used by a program of a user, against MLflow's client and its own server on SQLite.

Versions lie at addresses, so that no bytes are moved. One by one, each with its number as the answer, is
what both offer; told in the background (``Client.report``, as ``log_model`` does in a run) is what ours has
besides: it ends when all are committed.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.context import Context
from benchmarks.environments import PeerMissingError, environment
from benchmarks.mlflow_server import (
    MLFLOW,
    REQUIREMENTS,
    interpreter,
    mlflow_server,
    plain_environment,
    said,
    user_of,
)
from benchmarks.rows import Engine, Row, Target, paired_ratio, row
from benchmarks.servers import lineage_server

HERE = Path(__file__).parent
TURNS = 3
"""At full size one: the peer takes ten minutes for it."""
RESOLUTIONS = 300
_WARM = 200


def run(context: Context) -> Iterator[Row]:
    count = 10_000 if context.full else 500
    for engine in context.engines:
        with tempfile.TemporaryDirectory(prefix="lineage-bench-registry-") as folder:
            yield from _on(engine, count, 1 if context.full else TURNS, Path(folder))


def _on(engine: Engine, count: int, turns: int, folder: Path) -> Iterator[Row]:
    each: list[float] = []
    told: list[float] = []
    found: list[float] = []
    alone: list[float] = []
    theirs: list[float] = []
    resolved: list[float] = []
    why = ""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(lineage_server(engine))
        user = user_of(server, folder)
        ours = [sys.executable, str(HERE / "registry_worker.py")]
        try:
            python = environment("mlflow", REQUIREMENTS, interpreter())
            uri = stack.enter_context(mlflow_server(python, folder))
            worker = [str(python), str(HERE / "mlflow_worker.py"), uri, "register"]
        except PeerMissingError as missing:
            worker, why = [], " ".join(str(missing).split())
        said([*ours, "each", str(_WARM)], user)
        if worker:
            said([*worker, str(_WARM), "10"], plain_environment())
        for _ in range(turns):
            each.append(said([*ours, "each", str(count)], user)[0])
            if worker:
                seconds, half = said([*worker, str(count), str(RESOLUTIONS)], plain_environment())
                theirs.append(seconds)
                resolved.append(float(half) * 1000)
            seconds, model = said([*ours, "tell", str(count)], user)
            told.append(seconds)
            whole, half = said([*ours, "resolve", model, str(RESOLUTIONS)], user)
            found.append(whole * 1000)
            alone.append(float(half) * 1000)
    yield _faster(f"register {count:,} versions, told as runs do", engine, told, theirs, why, 20)
    yield _faster(f"register {count:,} versions one by one, each answered", engine, each, theirs, why, None)
    yield replace(
        row(
            f"resolve an alias among {count:,} versions, p50", engine, statistics.median(alone), "ms",
            peer=MLFLOW, peer_value=statistics.median(resolved) if resolved else None,
            ratio=paired_ratio(alone, resolved), target=Target(sign="<=", bound=3),
        ),
        note=f"{_no_peer(why)}with all about the version {statistics.median(found):.1f} ms",
    )  # fmt: skip


def _faster(
    name: str, engine: Engine, ours: list[float], theirs: list[float], why: str, bound: float | None
) -> Row:
    """The target speaks of times faster: our rate by theirs."""
    found = row(
        name, engine, statistics.median(ours), "s", peer=MLFLOW,
        peer_value=statistics.median(theirs) if theirs else None, ratio=paired_ratio(theirs, ours),
        target=Target(sign=">=", bound=bound, of="ratio") if bound is not None else None,
        note="the ratio is how many times faster",
    )  # fmt: skip
    return replace(found, ratio=None, met=None, note=_no_peer(why) + found.note) if why else found


def _no_peer(why: str) -> str:
    return f"no peer: {why}; " if why else ""
