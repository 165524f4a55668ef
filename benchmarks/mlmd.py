"""The peer: ML Metadata 1.17.1 in an environment of its own, spoken to over pipes.

It needs protobuf below 5 and CPython 3.9 to 3.11, so it cannot share ours. The environment lies in
the XDG cache under the digest of ``mlmd-requirements.txt`` and is made once. Where it cannot be
made, the rows come without a peer and say why.
"""

from __future__ import annotations

import contextlib
import hashlib
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

from benchmarks.rows import Row

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "mlmd-requirements.txt"
WORKER = HERE / "mlmd_worker.py"
VERSION = "ML Metadata 1.17.1 on SQLite"
_FITTING = ("3.11", "3.10", "3.9")


class PeerMissingError(Exception):
    """ML Metadata cannot be had here; the message says why."""


def environment() -> Path:
    """The interpreter of the peer's environment, made where it is not there yet."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage-server"
    folder = cache / f"mlmd-{digest}"
    python = folder / "bin" / "python"
    if (folder / ".complete").exists():
        return python
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise PeerMissingError("uv is not installed")
    _run([uv, "venv", "--quiet", "--python", _interpreter(), str(folder)])
    _run(
        [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            str(python),
            "--require-hashes",
            "-r",
            str(REQUIREMENTS),
        ]
    )
    (folder / ".complete").touch()
    return python


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


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerMissingError(f"{command[1]}: {done.stderr.strip()[-300:]}")


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
