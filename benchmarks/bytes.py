"""Bytes to the server's store and back, by a program of a user: one large file against ``cp`` and
``sha256sum``, many small ones against MLflow's client and its own server (both with their defaults).

A put ends when the server has committed the version: its bytes are on disk by then, so ``cp`` is followed
by a ``sync`` of its file. The page cache is warm for both. What is got is verified by us.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

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
from benchmarks.rows import Row, Target, paired_ratio, row
from benchmarks.servers import Running, lineage_server

HERE = Path(__file__).parent
_UP = ("up", "--no-browser")


def run(context: Context) -> Iterator[Row]:
    with (
        lineage_server("embedded", command=_UP) as server,
        tempfile.TemporaryDirectory(prefix="lineage-bench-bytes-") as folder,
    ):
        yield from _large(context, server, Path(folder))
        yield from _many(context, server, Path(folder))


# --- one large file --------------------------------------------------------------------------


def _large(context: Context, server: Running, folder: Path) -> Iterator[Row]:
    mebibytes = 1024 if context.full else 256
    put: list[float] = []
    again: list[float] = []
    got: list[float] = []
    copied: list[float] = []
    fetched: list[float] = []
    source, copy = folder / "large", folder / "copy"
    for turn in range(context.turns):
        fill(source, mebibytes)
        sent = by_user(server, folder, "put", "large", source)
        put.append(sent.seconds)
        copied.append(_shell(f"cp {source} {copy} && sync {copy} && sha256sum {source}"))
        again.append(by_user(server, folder, "put", "large", source).seconds)
        source.unlink()
        out = folder / f"out{turn}"
        got.append(by_user(server, folder, "get", sent.uid, out).seconds)
        (out / "large").unlink()
        fetched.append(_shell(f"cp {copy} {source} && sha256sum {source}"))
    size = f"{mebibytes:,} MiB"
    yield _compared(f"put {size} into the local store", put, "cp, sync and sha256sum", copied, 1.2)
    yield row(
        f"put the same {size} again", "embedded", statistics.median(again), "s",
        target=Target(sign="<=", bound=0.3), note="from the start of the run to its end",
    )  # fmt: skip
    yield _compared(f"get {size} from the local store", got, "cp and sha256sum", fetched, 1.2)


def _compared(name: str, ours: list[float], peer: str, theirs: list[float], bound: float) -> Row:
    return row(
        name, "embedded", statistics.median(ours), "s", peer=peer, peer_value=statistics.median(theirs),
        ratio=paired_ratio(ours, theirs), target=Target(sign="<=", bound=bound, of="ratio"),
    )  # fmt: skip


def fill(path: Path, mebibytes: int) -> None:
    """New bytes that are nowhere twice."""
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(1 << 20))


def _shell(line: str) -> float:
    began = time.perf_counter()
    subprocess.run(["sh", "-c", line], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


class Done(NamedTuple):
    """What our worker says of a put or get."""

    seconds: float
    peak_mb: float
    uid: str


def by_user(server: Running, folder: Path, *words: object) -> Done:
    """A put or get of a user's program."""
    worker = [sys.executable, str(HERE / "bytes_worker.py"), *map(str, words)]
    seconds, rest = said(worker, user_of(server, folder))
    peak, _, uid = rest.partition(" ")
    return Done(seconds, float(peak), uid)


# --- many small files ------------------------------------------------------------------------


def _many(context: Context, server: Running, folder: Path) -> Iterator[Row]:
    count = 10_000 if context.full else 1_000
    turns = 3
    put: list[float] = []
    got: list[float] = []
    logged: list[float] = []
    loaded: list[float] = []
    why = ""
    try:
        python = environment("mlflow", REQUIREMENTS, interpreter())
        peer = contextlib.ExitStack()
        uri = peer.enter_context(mlflow_server(python, folder))
    except PeerMissingError as missing:
        python, peer, uri, why = None, contextlib.ExitStack(), "", " ".join(str(missing).split())
    with peer:
        for turn in range(turns):
            source = folder / f"many{turn}"
            _fill_many(source, count)
            if python is not None:
                worker = [str(python), str(HERE / "mlflow_worker.py"), uri]
                seconds, run_id = said([*worker, "put", str(source)], plain_environment())
                logged.append(seconds)
                there = folder / f"theirs{turn}"
                there.mkdir()
                loaded.append(said([*worker, "get", run_id, str(there)], plain_environment())[0])
            sent = by_user(server, folder, "put", "many", source)
            put.append(sent.seconds)
            shutil.rmtree(source)
            got.append(by_user(server, folder, "get", sent.uid, folder / f"ours{turn}").seconds)
    for verb, ours, theirs in (("put", put, logged), ("get", got, loaded)):
        yield _faster(f"{verb} {count:,} files of 10 kB", ours, theirs, why)


def _faster(name: str, ours: list[float], theirs: list[float], why: str) -> Row:
    """The target speaks of times faster: our rate by theirs."""
    ratio = paired_ratio(theirs, ours)
    found = row(
        name, "embedded", statistics.median(ours), "s", peer=MLFLOW,
        peer_value=statistics.median(theirs) if theirs else None, ratio=ratio,
        target=Target(sign=">=", bound=5, of="ratio"), note="the ratio is how many times faster",
    )  # fmt: skip
    return replace(found, ratio=None, met=None, note=f"no peer: {why}; {found.note}") if why else found


def _fill_many(folder: Path, count: int) -> None:
    for number in range(count):
        place = folder / f"{number // 100:03d}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        (place / f"{number:05d}.bin").write_bytes(os.urandom(10_000))
