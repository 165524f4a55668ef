"""Tables read apart from the server: in a child with bounds, which is killed when it does not keep them.

A file of some kilobytes may say of itself that it is gigabytes once decoded, or break its decoder. So pyarrow
decodes what users have sent in a process of its own (``table_rows``), which may take only so much memory and
time, sees none of the server's environment, and gets bytes only by asking here. There is one child a preview,
since that is simplest and a start takes 0.2 s: nothing is left in it of the file before, and nobody needs to
look after it. Few run at once, so that all together have a bound, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec

from lineage_server.domain.errors import UnavailableError
from lineage_server.storage.table_rows import CELL, COLUMNS, CPU_SECONDS, ROWS

logger = logging.getLogger(__name__)

MOST_READ = 32 * 1024 * 1024
AT_ONCE = 2
SECONDS = 20.0
_WAIT_SECONDS = 20.0
_MOST_ANSWERED = 3 * ROWS * COLUMNS * CELL * 4
"""Far more than values and names of that many characters take."""
Read = Callable[[int, int], Awaitable[bytes]]

# Isolated, so that no variable and no file beside us has a say; what can be imported is what we can.
_LAUNCHER = (
    "import sys; sys.path[:] = sys.argv[1:]; from lineage_server.storage.table_rows import main; main()"
)
# One thread, one arena: what is counted as its memory is what decoding takes.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "ARROW_IO_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Table(msgspec.Struct):
    """With a ``reason``, there is none."""

    columns: list[dict[str, str]] = msgspec.field(default_factory=list[dict[str, str]])
    rows: list[list[Any]] = msgspec.field(default_factory=list[list[Any]])
    whole: bool = False
    reason: str = ""


class _BrokenDownError(Exception):
    """The child has ended, or says what makes no sense."""


class TableReader:
    """One per server."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def first_rows(self, read: Read, size: int, most: int) -> Table:
        """Of a file of ``size`` that ``read`` reads; raises UnavailableError, and what ``read`` raises."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise UnavailableError(
                "the server is busy with other previews; try again in a moment, or download the file",
                part="previews",
            ) from None
        try:
            return await _bounded(read, size, most)
        finally:
            self._turns.release()


async def _bounded(read: Read, size: int, most: int) -> Table:
    clock = asyncio.timeout(SECONDS)
    try:
        async with clock, _child() as child:
            return await _asked(child, read, size, most)
    except TimeoutError:
        if not clock.expired():
            raise
        return Table(reason=f"its first rows are not read within {SECONDS:g} s")


async def _asked(child: asyncio.subprocess.Process, read: Read, size: int, most: int) -> Table:
    """What the child makes of the file. It is believed in nothing: what it reads and answers is bounded."""
    left = MOST_READ
    try:
        await _tell(child, msgspec.json.encode({"size": size, "rows": most}) + b"\n")
        while not isinstance(said := await _said(child), int):
            start, end = said
            left -= max(1, end - start)
            if left < 0 or not 0 <= start <= end <= size:
                return Table(reason=f"its first rows are not within {MOST_READ} bytes")
            await _tell(child, await read(start, end))
        return await _answer(child, said)
    except _BrokenDownError:
        return Table(reason=_why(await child.wait()))


async def _tell(child: asyncio.subprocess.Process, data: bytes) -> None:
    assert child.stdin is not None
    try:
        child.stdin.write(data)
        await child.stdin.drain()
    except ConnectionError:
        raise _BrokenDownError from None


async def _said(child: asyncio.subprocess.Process) -> tuple[int, int] | int:
    """From where to where it wants to read on, or how many bytes its answer has."""
    assert child.stdout is not None
    try:
        return msgspec.json.decode(await child.stdout.readline(), type=tuple[int, int] | int)
    except (msgspec.DecodeError, ValueError):  # ValueError: a line without an end
        raise _BrokenDownError from None


async def _answer(child: asyncio.subprocess.Process, size: int) -> Table:
    assert child.stdout is not None
    if not 0 < size <= _MOST_ANSWERED:
        return Table(reason="its first rows are too long to be shown")
    try:
        answer = await child.stdout.readexactly(size)
        return await asyncio.to_thread(msgspec.json.decode, answer, type=Table)
    except (msgspec.DecodeError, asyncio.IncompleteReadError):
        raise _BrokenDownError from None


def _why(status: int) -> str:
    """In words, how the child ended that should have answered."""
    if status == -signal.SIGXCPU:
        return f"its first rows take more than {CPU_SECONDS} s to read"
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return f"it begins as a table, but what reads it broke down over it ({how})"


@contextlib.asynccontextmanager
async def _child() -> AsyncGenerator[asyncio.subprocess.Process]:
    """It has ended when this has, however this ends; raises UnavailableError."""
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _LAUNCHER, *sys.path),
            env=_ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        logger.warning("no process to read a table with could be started: %s", error)
        raise UnavailableError(
            "the server could not start a process that reads tables (its log says why); try again in a "
            "moment, or download the file",
            part="previews",
        ) from error
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        with contextlib.suppress(ConnectionError):
            await child.communicate()  # not only wait: its pipes are closed, too
