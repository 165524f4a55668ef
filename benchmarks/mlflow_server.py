"""The peer of ``bytes`` and ``registry``: MLflow's own server; and programs of users that speak to it or to
ours, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from pathlib import Path

from benchmarks.environments import PeerMissingError
from benchmarks.machine import ROOT
from benchmarks.servers import Running, free_port

MLFLOW = "mlflow 3.17.2, its own server"
REQUIREMENTS = Path(__file__).parent / "mlflow-requirements.txt"
_START_SECONDS = 120


def user_of(server: Running, folder: Path) -> dict[str, str]:
    """The environment of a user of ours, whose home is in ``folder``."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("LINEAGE_")},
        "HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_DATA_HOME": str(home),
        "PYTHONPATH": str(ROOT), "LINEAGE_URL": f"http://127.0.0.1:{server.port}",
    }  # fmt: skip


def said(command: list[str], told: dict[str, str]) -> tuple[float, str]:
    """Seconds, and what else the program's last line says."""
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[1]}: {done.stderr[-2000:]}")
    seconds, _, rest = done.stdout.strip().splitlines()[-1].partition(" ")
    return float(seconds), rest


def interpreter() -> str:
    return getattr(sys, "_base_executable", "") or sys.executable


def plain_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}


@contextlib.contextmanager
def mlflow_server(python: Path, folder: Path) -> Generator[str]:
    """MLflow's server with its defaults: SQLite, artifacts through it."""
    place = folder / "mlflow"
    place.mkdir()
    port = free_port()
    process = subprocess.Popen(
        [
            str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
            "--backend-store-uri", f"sqlite:///{place}/mlflow.db",
            "--artifacts-destination", str(place / "artifacts"),
        ],
        cwd=place, env=plain_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    uri = f"http://127.0.0.1:{port}"
    try:
        _wait(uri, process)
        yield uri
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _wait(uri: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{uri}/health", timeout=5):
            return
        time.sleep(0.2)
    raise PeerMissingError("mlflow's server does not start")
