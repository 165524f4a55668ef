"""The embedded engine as a process: where it is installed, how it is started, who it is.

What belongs here: finding the jars and the Java runtime inside the ``arcadedb-embedded`` package,
the command line with every bound and switch (each with its reason), starting the child so that it
cannot outlive its parent, and recognising a child of ours by pid. When to start and restart is
``embedded.py``'s business.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lineage_server.domain.errors import UnavailableError
from lineage_server.graph.embedded_folder import EngineFolder

Durability = Literal["process", "power"]

HOST = "127.0.0.1"
USER = "root"
DATABASE = "lineage"
_MAIN_CLASS = "com.arcadedb.server.ArcadeDBServer"

# Found by the server on the class path and started without being asked (MCP, Postgres, Redis), or
# a way in that nobody here uses. Left out of the class path, they cannot be switched on either.
_UNWANTED_JARS = tuple(
    f"arcadedb-{part}"
    for part in (
        "mcp",
        "studio",
        "console",
        "postgresw",
        "redisw",
        "graphql",
        "integration",
        "python-bridge",
    )
)

# The console handler alone: everything ends in engine.log, which the supervisor keeps small.
LOG_CONFIG = """\
handlers = java.util.logging.ConsoleHandler
.level = INFO
io.undertow.level = WARNING
org.xnio.level = WARNING
org.jboss.level = WARNING
java.util.logging.ConsoleHandler.level = INFO
java.util.logging.ConsoleHandler.formatter = com.arcadedb.log.LogFormatter
"""

# Runs before the engine, in the child: the kernel is told to end it with its parent (even on
# kill -9), then the same process becomes the engine. A preexec_fn could do it without the extra
# 20 ms, but forking a process with threads is unsafe and warned about since Python 3.12.
# SIGTERM, not SIGKILL: an orphaned engine closes its files; one that hangs meets end_stale_engine.
_LAUNCHER = """\
import ctypes, os, sys
parent, niceness, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
if os.getppid() != parent:
    sys.exit("the server ended before its engine started")
os.nice(niceness)
os.execv(command[0], command)
"""


@dataclass(frozen=True)
class EngineInstall:
    """The engine that came with the installed package."""

    java: Path
    jars: tuple[Path, ...]
    version: str


@dataclass(frozen=True)
class EngineOptions:
    """What a caller may choose about the process."""

    heap_mb: int
    durability: Durability
    java_options: tuple[str, ...] = ()
    niceness: int = 0


def find_engine() -> EngineInstall:
    """Locate the package without importing it: its import would start a JVM in this process."""
    spec = importlib.util.find_spec("arcadedb_embedded")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise UnavailableError(
            "The embedded graph is not installed. Install the package arcadedb-embedded, or set "
            "the address of a Neo4j server.",
            part="graph",
        )
    home = Path(places[0])
    jars = tuple(sorted(p for p in home.glob("jars/*.jar") if not p.name.startswith(_UNWANTED_JARS)))
    versions = [m[1] for p in jars if (m := re.match(r"arcadedb-engine-([\d.]+)\.jar$", p.name))]
    java = home / "jre" / "bin" / "java"
    if not versions or not java.is_file():
        raise UnavailableError(
            f"The embedded graph in {home} is incomplete (no engine or no Java runtime). "
            f"Reinstall the package arcadedb-embedded.",
            part="graph",
        )
    return EngineInstall(java=java, jars=jars, version=versions[0])


def engine_command(
    install: EngineInstall, folder: EngineFolder, options: EngineOptions, port: int
) -> list[str]:
    """The whole command line. The password is not on it, only the path of its file."""
    return [
        str(install.java),
        *jvm_options(options),
        *options.java_options,
        f"-XX:ErrorFile={folder.root}/engine-crash.log",
        f"-Djava.util.logging.config.file={folder.log_config}",
        *(f"-Darcadedb.{key}={value}" for key, value in _settings(folder, options, port).items()),
        "-cp",
        os.pathsep.join(map(str, install.jars)),
        _MAIN_CLASS,
    ]


def jvm_options(options: EngineOptions) -> list[str]:
    """Bounds on every kind of memory, and quiet. Figures: 200,000 executions, 2 cores, JDK 25."""
    return [
        "-Xms64m",
        f"-Xmx{options.heap_mb}m",
        # A fifth more writes a second than the default (G1 or Serial, depending on the machine).
        "-XX:+UseParallelGC",
        # No Min/MaxHeapFreeRatio: they save 45 MB resident but cost up to a fifth of the writes.
        "-XX:MaxMetaspaceSize=160m",
        "-XX:ReservedCodeCacheSize=96m",
        "-XX:MaxDirectMemorySize=64m",
        # An engine without memory limps on for minutes; ended, it is restarted in a second.
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+DisableAttachMechanism",
        "-XX:-UsePerfData",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Djava.awt.headless=true",
        "-Duser.timezone=UTC",
    ]


def _settings(folder: EngineFolder, options: EngineOptions, port: int) -> dict[str, str | int]:
    return {
        "server.rootPath": str(folder.root),
        "server.rootPasswordPath": str(folder.password_file),
        "server.logsDirectory": f"{folder.root}/log",
        "server.mode": "production",
        "server.defaultDatabases": f"{DATABASE}[]",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "bolt.host": HOST,
        "bolt.port": port,
        # The server cannot run without its HTTP listener: loopback, any port, few threads.
        "server.httpIncomingHost": HOST,
        "server.httpIncomingPort": 0,
        "server.httpWorkerThreads": 4,
        # The hash protects weak passwords; ours has 256 random bits. Saves 0.4 s a start and login.
        "server.saltIterations": 1,
        # 0: in the page cache at commit, survives any kill. 1: fdatasync at commit, survives power.
        "txWalFlush": 1 if options.durability == "power" else 0,
        # A commit copies and writes whole every page that it changes, some nine of indexes an execution:
        # small pages make small commits cheaper. Indexes that are there keep their pages.
        "indexDefaultPageSize": 64 << 10,
        # Says nothing to anybody about this installation.
        "support.autoRegister": "false",
        "serverMetrics": "false",
        "studio.enabled": "false",
        # No query reads files or addresses, or runs a script.
        "opencypher.loadCsv.allowFileUrls": "false",
        "opencypher.loadCsv.allowRemoteUrls": "false",
        "polyglotEngineEnabled": "false",
    }


async def spawn_engine(
    command: Sequence[str], folder: EngineFolder, *, niceness: int = 0
) -> asyncio.subprocess.Process:
    """Start the child: own session (Ctrl+C reaches only the server), output to engine.log.

    Call it on the thread that lives as long as the server: to the kernel, a child's parent is the
    thread that started it.
    """
    # A fixed environment: JAVA_TOOL_OPTIONS and its like must not reach the engine. Two malloc
    # arenas instead of eight a core keep native memory from spreading.
    environment = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(niceness)]
    with folder.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *launcher,
            *command,
            cwd=folder.root,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    folder.remember_process(process.pid, process_start(process.pid))
    return process


async def end_engine(process: asyncio.subprocess.Process, *, timeout_seconds: float) -> bool:
    """Ask the engine to close its files and end; kill it when it takes longer. True: it closed."""
    if process.returncode is not None:
        return True
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(timeout_seconds):
            await process.wait()
        return True
    except TimeoutError:
        return False
    finally:
        # Also on the way out of a cancellation: whatever happens, no engine is left behind.
        if process.returncode is None:
            process.kill()
            await process.wait()


def end_stale_engine(folder: EngineFolder, *, patience_seconds: float = 5.0) -> str:
    """Deal with an engine that outlived its server: wait, then end it. Answers what was done.

    Blocking. The caller holds the folder's lock, so the engine has no living owner. It is touched
    only if pid, start time and command line all say that it is the one of this folder.
    """
    noted = folder.remembered_process()
    if noted is None:
        return ""
    pid, started = noted
    done = ""
    for name, patience in ((None, patience_seconds), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        if not _is_our_engine(pid, started, folder):
            break
        done = f"an engine left behind (process {pid}) was {'ended' if name else 'waited for'}"
        if name is not None:
            os.kill(pid, name)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _is_our_engine(pid, started, folder):
            time.sleep(0.05)
    folder.forget_process()
    return done


def process_start(pid: int) -> str:
    """When the process started, as an opaque text; empty when there is none (or a zombie)."""
    try:
        # After the command name, which may hold anything: state is field 3, start time field 22.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if Path("/proc/self").exists() else _ps(pid, "lstart=")
    return "" if fields[0] in "ZX" else fields[19]


def _is_our_engine(pid: int, started: str, folder: EngineFolder) -> bool:
    if not started or process_start(pid) != started:
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text("utf-8").replace("\0", " ")
    except FileNotFoundError:
        command = _ps(pid, "command=") + " "
    return _MAIN_CLASS in command and f"-Darcadedb.server.rootPath={folder.root} " in command


def _ps(pid: int, column: str) -> str:
    """For systems without /proc (macOS)."""
    asked = subprocess.run(
        ["/bin/ps", "-ww", "-o", column, "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()
