"""Real server processes on folders and ports of their own, ended by their process id.

``lineage_server`` starts the product as a user does, on the embedded engine or on a Neo4j that is
started for it; ``graph_engine`` starts an engine alone, where the raw driver must reach it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.rows import Engine
from tests.support.neo4j_server import Address, Neo4jServer

START_SECONDS = 120.0
STOP_SECONDS = 40.0
_COMMAND = "import sys; from lineage_server.cli.main import main; main(sys.argv[1:])"


@dataclass(frozen=True)
class Graph:
    """An engine that runs by itself; ``pid`` 0 = in a container or elsewhere."""

    address: Address
    pid: int


@dataclass
class Running:
    """A lineage server; ``ready_seconds`` from its start as a process to the first good /readyz."""

    engine: Engine
    port: int
    process: subprocess.Popen[bytes]
    ready_seconds: float
    graph_pid: int = 0

    def memory(self) -> tuple[float, float]:
        """(resident, proportional) MB of the server, its children and the graph it uses."""
        resident = proportional = 0.0
        for process in (psutil.Process(self.process.pid), *self._engines()):
            found = process.memory_full_info()
            resident += found.rss / 1e6
            proportional += found.pss / 1e6
        return resident, proportional

    def cpu_seconds(self) -> tuple[float, float]:
        """Processor time used so far by (server, graph): unlike rates it hardly sees other people's load."""
        return _cpu_seconds(psutil.Process(self.process.pid)), sum(map(_cpu_seconds, self._engines()))

    def _engines(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [*children, psutil.Process(self.graph_pid)] if self.graph_pid else children


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def lineage_server(
    engine: Engine,
    *,
    graph: Graph | None = None,
    folder: Path | None = None,
    command: tuple[str, ...] = ("serve",),
    environment: dict[str, str] | None = None,
) -> Generator[Running]:
    """The product, ready; a fresh Neo4j beneath it where ``engine`` says so and no graph is given."""
    with contextlib.ExitStack() as stack:
        if graph is None and engine == "neo4j":
            graph = stack.enter_context(_neo4j())
        data = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lineage-bench-")))
        running = start(data, engine, graph.address if graph else None, command, environment or {})
        running.graph_pid = graph.pid if graph else 0
        stack.callback(stop, running)
        yield running


def start(
    data: Path,
    engine: Engine,
    address: Address | None,
    command: tuple[str, ...],
    environment: dict[str, str],
) -> Running:
    """Start the process and wait until it says that it is ready; raises RuntimeError with its log."""
    port = free_port()
    told = {
        **{k: v for k, v in os.environ.items() if not k.startswith("LINEAGE_")},
        "LINEAGE_DATA_DIR": str(data),
        "LINEAGE_HTTP__PORT": str(port),
        "LINEAGE_LOG__LEVEL": "WARNING",
        **environment,
    }
    if address is not None:
        told |= {
            "LINEAGE_GRAPH__URI": address.uri,
            "LINEAGE_GRAPH__USER": address.user,
            "LINEAGE_GRAPH__PASSWORD": address.password,
            "LINEAGE_GRAPH__DATABASE": address.database,
        }
    log = data / "server.log"
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, *command],
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while not _ready(port):
        if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
            process.kill()
            raise RuntimeError("the server did not start:\n" + log.read_text(errors="replace")[-3000:])
        time.sleep(0.01)
    return Running(engine, port, process, time.perf_counter() - began)


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def stop(running: Running) -> None:
    """An orderly stop, then the hard one."""
    process = running.process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)


@contextlib.contextmanager
def graph_engine(engine: Engine) -> Generator[Graph]:
    """An engine without our server, as the server would start it."""
    if engine == "neo4j":
        with _neo4j() as graph:
            yield graph
        return
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder, _embedded(Path(folder)) as graph:
        yield graph


@contextlib.contextmanager
def _neo4j() -> Generator[Graph]:
    neo4j = Neo4jServer()
    address = neo4j.start()
    try:
        _empty(address)
        yield Graph(address, neo4j.pid or 0)
    finally:
        neo4j.stop()


def _empty(address: Address) -> None:
    """A server that was named from outside may hold an earlier run."""
    from neo4j import GraphDatabase

    query = "MATCH (n) WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS gone"
    with (
        GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver,
        driver.session(database=address.database) as session,
    ):
        while session.run(query).single(strict=True)["gone"]:
            pass


@contextlib.contextmanager
def _embedded(folder: Path) -> Generator[Graph]:
    """The embedded engine under our own supervision, with the server's own defaults."""
    from lineage_server.graph.embedded import EmbeddedGraph, default_cache_dir
    from lineage_server.settings import GraphSettings

    defaults = GraphSettings()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    engine = EmbeddedGraph(
        folder / "graph",
        heap_mb=defaults.heap_mb,
        durability=defaults.durability,
        start_cache=default_cache_dir(),
    )
    try:
        found = asyncio.run_coroutine_threadsafe(engine.start(), loop).result(START_SECONDS)
        address = Address("embedded", found.uri, found.user, found.password, found.database)
        yield Graph(address, engine.pid or 0)
    finally:
        asyncio.run_coroutine_threadsafe(engine.stop(), loop).result(STOP_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
