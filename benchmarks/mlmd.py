"""The peer: ML Metadata 1.17.1 in an environment of its own, spoken to over pipes.

It needs protobuf below 5 and CPython 3.9 to 3.11, so it cannot share ours. The environment lies in
the XDG cache and is made once (``environments``). Where it cannot be made, the rows come without a
peer and say why.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import environments
from benchmarks.environments import PeerMissingError
from benchmarks.rows import Row

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "mlmd-requirements.txt"
WORKER = HERE / "mlmd_worker.py"
VERSION = "ML Metadata 1.17.1 on SQLite"
_FITTING = ("3.11", "3.10", "3.9")


def environment() -> Path:
    """The interpreter of the peer's environment, made where it is not there yet."""
    return environments.environment("mlmd", REQUIREMENTS, _interpreter())


def _interpreter() -> str:
    """An interpreter that ML Metadata has wheels for: ours, or one that is installed beside it."""
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if ours in _FITTING:
        return getattr(sys, "_base_executable", "") or sys.executable
    for version in _FITTING:
        found = shutil.which(f"python{version}")
        if found and subprocess.run([found, "-V"], capture_output=True, check=False).returncode == 0:
            return found
    return _FITTING[0]  # uv fetches it, or says why it cannot


class Peer:
    """A store on a SQLite file of its own."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            [str(python), str(WORKER), str(folder / "mlmd.sqlite")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")},
        )
        self._answer()

    def ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def one_by_one(self, seconds: float) -> float:
        """Executions a second with ``put_execution``."""
        done = self.ask(do="one", seconds=seconds, most=1_000_000)
        return float(done["events"] / done["seconds"])

    def in_batches(self, seconds: float, *, size: int = 20, most: int = 10_000_000) -> float:
        """Executions a second with ``put_lineage_subgraph``."""
        done = self.ask(do="batches", seconds=seconds, size=size, most=most)
        return float(done["events"] / done["seconds"])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise PeerMissingError("ML Metadata's process ended; its SQLite library may not fit this system")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(frozen=True)
class Missing:
    """Stands for the peer where it cannot be had: counts as false, and knows why."""

    why: str

    def __bool__(self) -> bool:
        return False


@contextlib.contextmanager
def peer() -> Generator[Peer | Missing]:
    """The peer for a block, or what stands for it."""
    with tempfile.TemporaryDirectory(prefix="lineage-bench-mlmd-") as folder:
        try:
            made: Peer | Missing = Peer(environment(), Path(folder))
        except PeerMissingError as missing:
            made = Missing(" ".join(str(missing).split()))
        try:
            yield made
        finally:
            if isinstance(made, Peer):
                made.close()


def noted(theirs: Peer | Missing, compared: Row) -> Row:
    """The row; where the peer is missing its note begins with the reason."""
    if isinstance(theirs, Peer):
        return compared
    return replace(compared, note=f"no peer: {theirs.why}; {compared.note}")
