"""The embedded graph: a supervised ArcadeDB child that speaks Bolt on loopback.

``EmbeddedGraph`` owns one data folder and one child process: it starts the child, restarts it on
the same port with the same password when it crashes, and stops it cleanly. It knows nothing of
what is stored; ``graph/bolt.py`` connects to the address that ``start`` returns, exactly as to any
Neo4j. Parts: ``embedded_folder`` (lock, password, version guard), ``embedded_process`` (command
line and process), ``embedded_start`` (one start, start cache), ``embedded_bolt`` (readiness).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lineage_server.domain.errors import ConflictError, LineageError
from lineage_server.graph.embedded_bolt import BoltAddress
from lineage_server.graph.embedded_folder import EngineFolder
from lineage_server.graph.embedded_process import (
    DATABASE,
    HOST,
    USER,
    Durability,
    EngineInstall,
    EngineOptions,
    end_engine,
    end_stale_engine,
    find_engine,
)
from lineage_server.graph.embedded_start import (
    PortTakenError,
    build_start_cache,
    default_cache_dir,
    free_port,
    start_cache_option,
    start_engine,
)
from lineage_server.tasks import Tasks

__all__ = [
    "BoltAddress",
    "Durability",
    "EmbeddedGraph",
    "EngineEvent",
    "build_start_cache",
    "default_cache_dir",
]

logger = logging.getLogger(__name__)

_PORT_ATTEMPTS = 5
_BACK_OFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# An engine that lived this long was healthy: its next crash starts the back-off anew.
_HEALTHY_SECONDS = 60.0
_LOG_CHECK_SECONDS = 60.0
_LOG_MAX_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class EngineEvent:
    """Something that happened to the engine; ``detail`` is for people."""

    kind: Literal["started", "crashed", "restarted", "restart_failed", "stopped"]
    pid: int
    detail: str


class EmbeddedGraph:
    """One data folder and its engine, between ``start`` and ``stop``.

    ``durability``: "process" keeps every acknowledged commit through a kill of any process (the log
    pages are in the system's cache); "power" also waits for the disk (fdatasync) and so survives a
    power cut, for about 1 ms a commit. ``start_cache``: folder with a cache made by
    ``build_start_cache``; without one the start takes a second longer. ``java_options`` come last and
    so overrule our own.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        heap_mb: int = 448,
        java_options: tuple[str, ...] = (),
        durability: Durability = "power",
        port: int | None = None,
        start_cache: Path | None = None,
        on_event: Callable[[EngineEvent], None] | None = None,
        start_timeout_seconds: float = 120.0,
        stop_timeout_seconds: float = 20.0,
    ) -> None:
        self._folder = EngineFolder(data_dir)
        self._heap_mb = heap_mb
        self._java_options = java_options
        self._durability: Durability = durability
        self._wanted_port = port
        self._start_cache = start_cache
        self._on_event = on_event
        self._start_timeout_seconds = start_timeout_seconds
        self._stop_timeout_seconds = stop_timeout_seconds
        self._tasks = Tasks()
        self._process: asyncio.subprocess.Process | None = None
        self._restarts = 0
        self._state: Literal["new", "started", "stopped"] = "new"

    @property
    def pid(self) -> int | None:
        """The engine's process id; None while none runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def restarts(self) -> int:
        """How often the engine was restarted after a crash."""
        return self._restarts

    async def start(self) -> BoltAddress:
        """Start the engine; returns when it answers. An object starts once."""
        if self._state != "new":
            raise RuntimeError("an EmbeddedGraph starts once; make a new one")
        self._state = "started"
        install = find_engine()
        began = asyncio.get_running_loop().time()
        try:
            password = await asyncio.to_thread(self._open_folder, install)
            port, self._process = await self._start_on_some_port(install, password)
        except BaseException:
            # Cancelled or failed: the lock goes back (no engine runs: start_engine saw to that).
            self._folder.close()
            raise
        took = asyncio.get_running_loop().time() - began
        self._tell("started", f"answers on {HOST}:{port} after {took:.2f} s")
        self._tasks.start("embedded graph supervisor", self._supervise(install, port, password))
        return BoltAddress(f"bolt://{HOST}:{port}", USER, password, DATABASE)

    async def stop(self) -> None:
        """Close the engine's files and end it; harmless when it does not run."""
        if self._state != "started":
            return
        self._state = "stopped"
        try:
            # First the supervisor: it must not take the stop for a crash.
            await self._tasks.stop(timeout_seconds=5.0)
        finally:
            await self._end()

    async def __aenter__(self) -> BoltAddress:
        return await self.start()

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    def _open_folder(self, install: EngineInstall) -> str:
        """Everything that blocks and must be right before an engine runs; answers the password."""
        self._folder.open()
        try:
            left_behind = end_stale_engine(self._folder)
            if left_behind:
                logger.warning("embedded graph: %s", left_behind)
            replaced = self._folder.admit(install.version)
            if replaced:
                logger.info("embedded graph: upgraded from %s to %s", replaced, install.version)
            return self._folder.password()
        except OSError as error:
            raise self._folder.explain(error) from error

    async def _start_on_some_port(
        self, install: EngineInstall, password: str
    ) -> tuple[int, asyncio.subprocess.Process]:
        if self._wanted_port is not None:
            try:
                return self._wanted_port, await self._launch(install, self._wanted_port, password)
            except PortTakenError as error:
                raise ConflictError(error.message) from error
        for _ in range(_PORT_ATTEMPTS - 1):
            port = free_port()
            try:
                return port, await self._launch(install, port, password)
            except PortTakenError:
                logger.info("embedded graph: port %d was taken meanwhile, trying another", port)
        port = free_port()
        return port, await self._launch(install, port, password)

    async def _launch(self, install: EngineInstall, port: int, password: str) -> asyncio.subprocess.Process:
        cache = start_cache_option(self._start_cache, install) if self._start_cache else ()
        return await start_engine(
            install,
            self._folder,
            EngineOptions(self._heap_mb, self._durability, (*cache, *self._java_options)),
            port=port,
            password=password,
            timeout_seconds=self._start_timeout_seconds,
        )

    async def _supervise(self, install: EngineInstall, port: int, password: str) -> None:
        failures = 0
        while True:
            lived_seconds = await self._until_it_ends()
            if lived_seconds > _HEALTHY_SECONDS:
                failures = 0
            await asyncio.sleep(_BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)])
            failures += 1
            try:
                self._process = await self._launch(install, port, password)
            except LineageError as error:
                self._tell("restart_failed", error.message)
                continue
            self._restarts += 1
            self._tell("restarted", f"answers again on {HOST}:{port}")

    async def _until_it_ends(self) -> float:
        """Wait for the end of the engine, keeping its log small; answers how long that took."""
        process = self._process
        if process is None or process.returncode is not None:
            return 0.0  # the last restart failed
        began = asyncio.get_running_loop().time()
        while True:
            try:
                async with asyncio.timeout(_LOG_CHECK_SECONDS):
                    code = await process.wait()
                break
            except TimeoutError:
                self._trim_log()
        self._tell("crashed", f"ended with code {code}; last lines:\n{self._folder.log_tail()}")
        return asyncio.get_running_loop().time() - began

    def _trim_log(self) -> None:
        try:
            self._folder.rotate_log(larger_than_bytes=_LOG_MAX_BYTES)
        except OSError as error:  # a full disk is no reason to stop watching the engine
            logger.warning("embedded graph: the log was not rotated: %s", error)

    async def _end(self) -> None:
        process = self._process
        try:
            if process is not None:
                clean = await end_engine(process, timeout_seconds=self._stop_timeout_seconds)
                self._tell("stopped", "closed its files" if clean else "did not end and was killed")
        finally:
            self._folder.forget_process()
            self._folder.close()

    def _tell(
        self,
        kind: Literal["started", "crashed", "restarted", "restart_failed", "stopped"],
        detail: str,
    ) -> None:
        event = EngineEvent(kind, self._process.pid if self._process else 0, detail)
        level = logging.WARNING if kind in ("crashed", "restart_failed") else logging.INFO
        logger.log(level, "embedded graph (process %d) %s: %s", event.pid, kind, detail)
        if self._on_event is not None:
            # Not called from here: a failing listener must not take the supervisor with it.
            asyncio.get_running_loop().call_soon(self._on_event, event)
