"""A real Neo4j for tests, wherever one can be had.

In this order: the server at ``NEO4J_TEST_URI`` (with ``NEO4J_TEST_USER`` and
``NEO4J_TEST_PASSWORD``; its graph is deleted!), a container if a Docker daemon answers, else Neo4j
itself from Maven Central, in a process of our own on a free port of loopback. The last is the same
program as in the container, with authentication on.

Belongs here: getting, starting and ending the server. Not here: fixtures (``tests/conftest.py``) and
anything that is in the graph.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neo4j import GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
IMAGE = "neo4j:5.26-community"
MAIN_CLASS = "org.neo4j.server.CommunityEntryPoint"
JAVA_VERSIONS = (17, 21)
HEAP_MB = 512
START_TIMEOUT_SECONDS = 180.0
STOP_TIMEOUT_SECONDS = 20.0
RESOLVE_TIMEOUT_SECONDS = 900.0
QUICK_JAVA = "-XX:TieredStopAtLevel=1"
"""Compiles once, quickly: an engine of a test ends before the better code has paid."""
SHORT_LIVED_JAVA = ("-XX:+UseSerialGC", QUICK_JAVA)
SHORT_LIVED_SETTINGS = {"dbms.cypher.min_replan_interval": "1h"}
FOLDER_PREFIX = "lineage-test-neo4j-"

# The kernel ends the server with the tests, even when those are killed. In the child, before it
# becomes Java: a preexec_fn in a process with threads may hang.
LAUNCHER = """\
import ctypes, os, sys
parent, command = int(sys.argv[1]), sys.argv[2:]
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != parent:
    sys.exit("the tests ended before their server started")
os.execv(command[0], command)
"""


class Neo4jUnavailableError(Exception):
    """No Neo4j can be had on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Address:
    """Where a graph answers, and who may ask it."""

    name: str
    uri: str
    user: str
    password: str
    database: str


class Neo4jServer:
    """One Neo4j between ``start`` and ``stop``; start it from a thread that lives until then.

    ``short_lived``: it is not to become fast, only to answer soon. Java compiles once, plans of statements
    are kept though tests change the size of the graph again and again: half the time of the CPU.
    """

    def __init__(self, *, short_lived: bool = False) -> None:
        self._short_lived = short_lived
        self._address: Address | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._container: Any = None
        self._folder: Path | None = None

    @property
    def address(self) -> Address:
        assert self._address is not None, "the server is not started"
        return self._address

    @property
    def uri(self) -> str:
        return self.address.uri

    @property
    def auth(self) -> tuple[str, str]:
        return self.address.user, self.address.password

    @property
    def pid(self) -> int | None:
        """Process id of a server of our own; None for a container or a given address."""
        return self._process.pid if self._process else None

    def start(self) -> Address:
        """Answers when the server does. Raises Neo4jUnavailableError."""
        given = os.environ.get("NEO4J_TEST_URI", "")
        if given:
            user = os.environ.get("NEO4J_TEST_USER", "neo4j")
            password = os.environ.get("NEO4J_TEST_PASSWORD", "")
            self._address = Address("neo4j", given, user, password, "neo4j")
        elif docker_answers():
            self._start_container()
        else:
            self._start_process()
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        return self.address

    def stop(self) -> None:
        """End what was started here; harmless when nothing was."""
        if self._container is not None:
            self._container.stop()
            self._container = None
        if self._process is not None:
            end(self._process)
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def log_tail(self) -> str:
        """The last lines of the server's log, for people."""
        if self._folder is None or not (self._folder / "out.log").exists():
            return "(no log)"
        return "\n".join((self._folder / "out.log").read_text(errors="replace").splitlines()[-20:])

    def _start_container(self) -> None:
        from testcontainers.core.container import DockerContainer

        password = secrets.token_urlsafe(16)
        container = DockerContainer(IMAGE)
        container.with_env("NEO4J_AUTH", f"neo4j/{password}")
        container.with_env("NEO4J_dbms_usage__report_enabled", "false")
        container.with_exposed_ports(7687)
        self._container = container.start()
        host, port = container.get_container_host_ip(), container.get_exposed_port(7687)
        self._address = Address("neo4j", f"bolt://{host}:{port}", "neo4j", password, "neo4j")

    def _start_process(self) -> None:
        java = find_java()
        jars = class_path(java)
        remove_left_behind()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
        port = free_port()
        write_config(self._folder, port, SHORT_LIVED_SETTINGS if self._short_lived else {})
        command = [
            str(java / "bin" / "java"),
            f"-Xmx{HEAP_MB}m",
            *(SHORT_LIVED_JAVA if self._short_lived else ("-XX:+UseG1GC",)),
            # What neo4j's own start script opens for its off-heap memory.
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "-cp",
            jars,
            MAIN_CLASS,
            f"--home-dir={self._folder}",
            f"--config-dir={self._folder / 'conf'}",
        ]
        with (self._folder / "out.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LAUNCHER, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        password = secrets.token_urlsafe(16)
        self._address = Address("neo4j", f"bolt://127.0.0.1:{port}", "neo4j", password, "neo4j")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        host, port = host_and_port(self.uri)
        while True:
            if self._process is not None and self._process.poll() is not None:
                code = self._process.returncode
                raise Neo4jUnavailableError(
                    f"Neo4j ended with code {code}; its last lines:\n{self.log_tail()}"
                )
            try:
                socket.create_connection((host, port), timeout=2).close()
                if self._process is not None:
                    self._take_first_password()
                with GraphDatabase.driver(self.uri, auth=self.auth) as driver:
                    driver.execute_query("RETURN 1", database_=self.address.database)
                return
            except (OSError, Neo4jError, DriverError) as error:
                if time.monotonic() > deadline:
                    raise Neo4jUnavailableError(
                        f"Neo4j at {self.uri} does not answer after {START_TIMEOUT_SECONDS:.0f} s: {error}\n"
                        f"{self.log_tail()}"
                    ) from error
                time.sleep(0.1)

    def _take_first_password(self) -> None:
        """A new Neo4j wants its well-known password changed before anything else."""
        with GraphDatabase.driver(self.uri, auth=("neo4j", "neo4j")) as driver:
            driver.execute_query(
                "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password",
                {"password": self.address.password},
                database_="system",
            )


def docker_answers() -> bool:
    """Whether a Docker daemon is there, not only its command."""
    with warnings.catch_warnings():
        # A client that finds nobody leaves its socket to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            import docker

            with contextlib.closing(docker.from_env(timeout=5)) as client:
                return bool(client.ping())
        except Exception:  # noqa: BLE001 - whatever it is, there is no Docker to use
            return False
        finally:
            gc.collect()


def find_java() -> Path:
    """A Java home that Neo4j 5.26 runs on, the first of JAVA_VERSIONS preferred."""
    found: dict[int, Path] = {}
    for home in java_homes():
        with contextlib.suppress(OSError):
            release = (home / "release").read_text(errors="replace")
            version = re.search(r'JAVA_VERSION="(\d+)', release)
            if version and (home / "bin" / "java").exists():
                found.setdefault(int(version[1]), home)
    for wanted in JAVA_VERSIONS:
        if wanted in found:
            return found[wanted]
    raise Neo4jUnavailableError(
        f"Neo4j needs Java {' or '.join(map(str, JAVA_VERSIONS))}; found {sorted(found) or 'none'}. "
        "Install one, set JAVA_HOME, start Docker, or name a server in NEO4J_TEST_URI"
    )


def java_homes() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    places = ("/usr/lib/jvm/*", "/opt/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")
    for place in places:
        yield from sorted(Path("/").glob(place[1:]))
    yield from sorted(Path.home().glob(".sdkman/candidates/java/*"))
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parents[1]


def class_path(java: Path) -> str:
    """Neo4j and all it needs, from Maven Central; the list is kept outside the repository."""
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineage-server"
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"neo4j-{digest}.classpath"
    with (cache / f"neo4j-{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two test runs, one downloads
        if not file.exists() or not all(Path(jar).exists() for jar in read_list(file)):
            resolve(java, file)
    return os.pathsep.join(read_list(file))


def read_list(file: Path) -> list[str]:
    return file.read_text().strip().split(os.pathsep)


def resolve(java: Path, file: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Neo4jUnavailableError(
            "no Neo4j: Maven (mvn) is not installed; install it, start Docker, or set NEO4J_TEST_URI"
        )
    fresh = file.with_suffix(".new")
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:build-classpath", f"-Dmdep.outputFile={fresh}"]
    done = subprocess.run(
        command,
        env={**os.environ, "JAVA_HOME": str(java)},
        capture_output=True,
        text=True,
        timeout=RESOLVE_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()[-15:]
        raise Neo4jUnavailableError("Maven could not fetch Neo4j:\n" + "\n".join(lines))
    fresh.replace(file)


def write_config(folder: Path, port: int, more: dict[str, str]) -> None:
    (folder / "conf").mkdir()
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.memory.heap.max_size": f"{HEAP_MB}m",
        "server.memory.pagecache.size": "128m",
        "server.directories.data": str(folder / "data"),
        "server.directories.logs": str(folder / "logs"),
        "dbms.usage_report.enabled": "false",
        "db.tx_log.rotation.retention_policy": "keep_none",
        **more,
    }
    lines = [f"{name}={value}" for name, value in settings.items()]
    (folder / "conf" / "neo4j.conf").write_text("\n".join(lines) + "\n")


EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST_PORT = 10_000


def free_port() -> int:
    """One that is free and stays so until it is used: none of those that the system gives to whoever connects
    or listens anywhere meanwhile."""
    highest = int(EPHEMERAL.read_text().split()[0]) if EPHEMERAL.exists() else 32_768
    while True:
        port = secrets.choice(range(LOWEST_PORT, highest))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def host_and_port(uri: str) -> tuple[str, int]:
    host, _, port = uri.partition("://")[2].partition("/")[0].rpartition(":")
    return (host, int(port)) if host else (port, 7687)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole process group: the data goes with it, an orderly stop would only cost seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_TIMEOUT_SECONDS)


def remove_left_behind() -> None:
    """Folders of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdigit() and not alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """``--fetch`` only fills the cache; else a server for trying things by hand, ended by Ctrl-C."""
    if "--fetch" in sys.argv:
        if not os.environ.get("NEO4J_TEST_URI") and not docker_answers():
            class_path(find_java())
        return
    server = Neo4jServer()
    try:
        sys.stdout.write(json.dumps(asdict(server.start())) + "\n")
        sys.stdout.flush()
        signal.pause()
    except KeyboardInterrupt:
        sys.stdout.write("stopped\n")
    finally:
        server.stop()


if __name__ == "__main__":
    try:
        main()
    except Neo4jUnavailableError as missing:
        sys.exit(str(missing))
