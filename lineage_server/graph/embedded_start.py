"""From a prepared folder to an engine that answers: one start, its failures, its speed-up.

``start_engine`` makes one attempt on one port. ``build_start_cache`` runs a throwaway engine once
and keeps what the JVM learnt (JDK 25 ahead-of-time cache, about 50 MB): later starts take half the
time or less, and the steady speed is the same. Supervision and restarts: ``embedded.py``.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lineage_server.domain.errors import UnavailableError
from lineage_server.graph.embedded_bolt import BoltAddress, BoltRefusedError, ask
from lineage_server.graph.embedded_folder import EngineFolder
from lineage_server.graph.embedded_process import (
    DATABASE,
    HOST,
    LOG_CONFIG,
    USER,
    EngineInstall,
    EngineOptions,
    end_engine,
    engine_command,
    find_engine,
    jvm_options,
    spawn_engine,
)
from lineage_server.graph.queries.server import TRAINING

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.02
_TRAINING = "engine-training-"
_KILLED_SECONDS = 3600.0
"""A training that is as old as this was killed."""
_UNUSED_SECONDS = 30 * 86_400.0
# Asked only once the engine says that it has the port: whoever else listens there must never be
# sent our password, nor be taken for our graph.
_LISTENS = b"Listening for incoming BOLT connections"
# With its port taken the server logs this and then hangs around without a listener.
_PORT_TAKEN = b"Unable to listen for BOLT connections"


class PortTakenError(UnavailableError):
    """Somebody else took the port between choosing and using it."""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def start_engine(
    install: EngineInstall,
    folder: EngineFolder,
    options: EngineOptions,
    *,
    port: int,
    password: str,
    timeout_seconds: float,
    first_statements: Sequence[str] = ("RETURN 1",),
) -> asyncio.subprocess.Process:
    """Start the engine and return when it has answered; nothing is left running if it did not."""
    process: asyncio.subprocess.Process | None = None
    try:
        await asyncio.to_thread(folder.prepare_start, LOG_CONFIG)
        process = await spawn_engine(
            engine_command(install, folder, options, port), folder, niceness=options.niceness
        )
        async with asyncio.timeout(timeout_seconds):
            await _until_it_answers(process, folder, port, password, first_statements)
        return process
    except BaseException as error:  # cancelled or failed: first of all, leave no engine behind
        if process is not None:
            await end_engine(process, timeout_seconds=0.0)
            folder.forget_process()
        if isinstance(error, TimeoutError):
            raise UnavailableError(
                f"The embedded graph did not answer within {timeout_seconds:.0f} s. "
                f"Last lines of {folder.log}:\n{folder.log_tail()}",
                part="graph",
            ) from error
        if isinstance(error, OSError):
            raise folder.explain(error) from error
        raise


async def _until_it_answers(
    process: asyncio.subprocess.Process,
    folder: EngineFolder,
    port: int,
    password: str,
    statements: Sequence[str],
) -> None:
    address = BoltAddress(f"bolt://{HOST}:{port}", USER, password, DATABASE)
    while True:
        if process.returncode is not None:
            raise UnavailableError(
                f"The embedded graph ended while starting (exit code {process.returncode}). "
                f"Last lines of {folder.log}:\n{folder.log_tail()}",
                part="graph",
            )
        said = folder.log.read_bytes()
        if _PORT_TAKEN in said:
            raise PortTakenError(
                f"Port {port} on {HOST} is in use by another program. Choose another port, or "
                f"none: then a free one is taken.",
                part="graph",
            )
        if _LISTENS in said:
            try:
                await ask(
                    host=HOST,
                    port=port,
                    address=address,
                    statements=statements,
                    timeout_seconds=30.0,
                )
                return
            except (BoltRefusedError, OSError) as error:  # the database is opened after the port
                logger.debug("embedded graph: not ready yet: %s", error)
        await asyncio.sleep(_POLL_SECONDS)


def default_cache_dir() -> Path:
    """The user's cache folder for this product."""
    return Path.home() / ".cache" / "lineage-server"


def start_cache_option(cache_dir: Path, install: EngineInstall) -> tuple[str, ...]:
    """The JVM option that uses the cache, if there is a usable one.

    It holds program state, so it must be ours alone. The JVM itself checks that jars and flags
    fit, and starts without it (as slowly as before) when they do not.
    """
    file = start_cache_file(cache_dir, install)
    try:
        if file.stat().st_uid != os.getuid():
            return ()
        os.utime(file)
    except OSError:
        return ()
    return (f"-XX:AOTCache={file}",)


def start_cache_file(cache_dir: Path, install: EngineInstall) -> Path:
    """One file per engine, place and flags (heap sizes may differ between making and using)."""
    told = (str(install.java), *map(str, install.jars), *jvm_options(EngineOptions(0, "process")))
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
    return cache_dir / f"engine-{install.version}-{digest}.aot"


async def build_start_cache(cache_dir: Path, *, heap_mb: int = 448, timeout_seconds: float = 120.0) -> Path:
    """Make the cache unless it is there; about 7 s at the lowest priority. Answers the file.

    Meant for installation (``make``) or for a quiet moment; a start never waits for it. Callers
    may ignore a failure: it is only speed.
    """
    install = find_engine()
    target = start_cache_file(cache_dir, install)
    folder = await asyncio.to_thread(_open_scratch, cache_dir, target)
    if folder is None:
        return target
    fresh = folder.root / "engine.aot"
    try:
        process = await start_engine(
            install,
            folder,
            EngineOptions(heap_mb, "process", (f"-XX:AOTCacheOutput={fresh}",), niceness=19),
            port=free_port(),
            password=folder.password(),
            timeout_seconds=timeout_seconds,
            first_statements=TRAINING,
        )
        # The JVM writes the cache while it ends, in a second process.
        closed = await end_engine(process, timeout_seconds=timeout_seconds)
        if not closed or not await asyncio.to_thread(_publish, fresh, target):
            raise UnavailableError(f"The start cache was not written:\n{folder.log_tail()}", part="graph")
        return target
    except OSError as error:
        raise folder.explain(error) from error
    finally:
        folder.close()
        shutil.rmtree(folder.root, ignore_errors=True)


def _open_scratch(cache_dir: Path, target: Path) -> EngineFolder | None:
    """A folder for the throwaway engine; None when the cache is there already."""
    if target.exists():
        return None
    try:
        cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in cache_dir.glob(f"{_TRAINING}*"):
            if _unused_seconds(left) > _KILLED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        folder = EngineFolder(Path(tempfile.mkdtemp(prefix=_TRAINING, dir=cache_dir)))
    except OSError as error:
        raise EngineFolder(cache_dir).explain(error) from error
    folder.open()
    return folder


def _publish(fresh: Path, target: Path) -> bool:
    """Put the finished cache in its place, as a whole, and drop those that nobody has used for long."""
    if not fresh.exists():
        return False
    for other in target.parent.glob("engine-*.aot"):
        if _unused_seconds(other) > _UNUSED_SECONDS:
            other.unlink(missing_ok=True)
    fresh.rename(target)
    return True


def _unused_seconds(path: Path) -> float:
    """Since it was made, or last used."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
