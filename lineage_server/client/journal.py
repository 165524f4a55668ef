"""The local journal: an append-only file of event lines, and how far the server has acknowledged it.

``<time>-<pid>-<random>.jsonl`` holds one event a line, its id inside. Beside it: ``.ack`` (bytes
acknowledged), ``.refused`` (events the server will never take, with its reason), ``.torn`` (bytes
that a dying machine left unreadable) and ``.open`` (runs that are not ended, see ``openings``). The
kernel's lock on the journal says that its process lives.

What was handed to ``append`` survives ``kill -9``, since it is in the kernel's hands; against a power
cut only ``settle`` (fsync) helps. Nothing here raises: when the disk is full, lines wait in memory up
to a bound, then metrics are dropped and counted.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lineage_server.client.locks import try_lock

logger = logging.getLogger("lineage_server.client")

SUFFIX = ".jsonl"
WAITING_BYTES = 64 << 20
"""Most bytes kept in memory while the disk takes nothing; facts other than metrics may have twice that."""
RESTART_BYTES = 32 << 20
"""An acknowledged journal of this size begins anew, so that a long run does not fill the disk."""
_METRICS = b'{"type":"metrics"'
_ACK_WIDTH = 20
_PIECE_BYTES = 1 << 20
_RETRY_SECONDS = 1.0


class Batch(NamedTuple):
    """Lines to send; once acknowledged, everything before ``end`` is. ``start`` -1: from memory."""

    lines: list[bytes]
    start: int
    end: int


class Journal:
    """The journal of this process; made when there is something to write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.path = folder / f"{name}{SUFFIX}"
        self.acknowledged = 0
        self.written = 0
        self.dropped = 0
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._fd = -1
        self._ack_fd = -1
        self._lock = threading.Lock()
        self._warned = False
        self._torn = False
        self._next_try = 0.0

    @property
    def waiting(self) -> int:
        """Lines that only memory holds."""
        return len(self._waiting)

    @property
    def pending(self) -> bool:
        """Whether something is not acknowledged yet."""
        return self.acknowledged < self.written or bool(self._waiting)

    def append(self, lines: list[bytes]) -> None:
        """Hand lines to the kernel, in order."""
        with self._lock:
            if self._waiting:
                self._keep(lines)
                self._write_waiting()
            elif lines:
                try:
                    self._write(b"".join(lines))
                except OSError as error:
                    self._keep(lines)
                    self._warn(error)

    def retry(self) -> None:
        """Bring to disk what waits in memory, if that works by now."""
        if self._waiting and time.monotonic() > self._next_try:
            self._next_try = time.monotonic() + _RETRY_SECONDS
            self.append([])

    def _write_waiting(self) -> None:
        while self._waiting:
            lines: list[bytes] = []
            size = 0
            for line in self._waiting:
                lines.append(line)
                size += len(line)
                if size > _PIECE_BYTES:
                    break
            try:
                self._write(b"".join(lines))
            except OSError:
                return
            for _ in lines:
                self._waiting.popleft()
            self._waiting_bytes -= size

    def _write(self, data: bytes) -> None:
        if self._fd < 0:
            self._open()
        if self._torn:
            data = b"\n" + data
        view = memoryview(data)
        done = 0
        try:
            while done < len(view):
                done += os.write(self._fd, view[done:])
        except OSError:
            if done:
                self._take_back()
            raise
        self._torn = False
        self.written += len(data)

    def _take_back(self) -> None:
        """Half of a write must not stay as a torn line in the middle of the file."""
        try:
            os.ftruncate(self._fd, self.written)
        except OSError:
            self._torn = True
            with suppress(OSError):
                self.written = os.fstat(self._fd).st_size

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        fd = os.open(self.path, flags, 0o600)
        try_lock(fd)
        self._fd = fd

    def _keep(self, lines: list[bytes]) -> None:
        for line in lines:
            bound = WAITING_BYTES if line.startswith(_METRICS) else 2 * WAITING_BYTES
            if self._waiting_bytes + len(line) > bound:
                self.dropped += 1
            else:
                self._waiting.append(line)
                self._waiting_bytes += len(line)

    def _warn(self, error: OSError) -> None:
        if self._warned:
            return
        self._warned = True
        what = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        logger.warning(
            "lineage: cannot write the journal %s: %s; recording goes on in memory (at most %d MiB) and is "
            "lost if this process dies before it is sent",
            self.path,
            what,
            WAITING_BYTES >> 20,
        )

    def settle(self) -> None:
        """Ask the disk itself to keep what was written (against a power cut)."""
        if self._fd >= 0:
            with suppress(OSError):
                os.fsync(self._fd)

    # --- the sender's side -------------------------------------------------------------

    def next_batch(self, *, most_events: int, most_bytes: int) -> Batch | None:
        """The oldest lines not acknowledged, from the file, else from memory; None if there are none."""
        if self.acknowledged < self.written and self._fd >= 0:
            start = self.acknowledged
            lines, end = read_lines(
                self._fd, start, self.written, most_events=most_events, most_bytes=most_bytes
            )
            return Batch(lines, start, end)
        with self._lock:
            some: list[bytes] = []
            size = 0
            for line in self._waiting:
                size += len(line)
                if some and (len(some) == most_events or size > most_bytes):
                    break
                some.append(line)
            return Batch(some, -1, len(some)) if some else None

    def acknowledge(self, batch: Batch) -> None:
        """The server has taken (or refused for good) this batch."""
        with self._lock:
            if batch.start < 0:
                self._forget(batch.lines)
                return
            self.acknowledged = batch.end
            if self.acknowledged >= self.written and self.written > RESTART_BYTES and not self._torn:
                # First the mark, then the cut: a death in between repeats events, and loses none.
                self.acknowledged = 0
                self._mark()
                with suppress(OSError):
                    os.ftruncate(self._fd, 0)
                    self.written = 0
                    return
                self.acknowledged = batch.end
            self._mark()

    def _forget(self, sent: list[bytes]) -> None:
        # They may have reached the disk meanwhile: then they are sent again and known already.
        for line in sent:
            if not self._waiting or self._waiting[0] is not line:
                return
            self._waiting.popleft()
            self._waiting_bytes -= len(line)

    def _mark(self) -> None:
        # Without the mark the same events are sent again one day, which changes nothing.
        with suppress(OSError):
            if self._ack_fd < 0:
                self._ack_fd = os.open(ack_path(self.path), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._ack_fd, f"{self.acknowledged:0{_ACK_WIDTH}d}".encode(), 0)

    def close(self) -> None:
        """Let go of the files; a journal with nothing left to send is deleted."""
        with self._lock:
            if self._fd >= 0 and not self.pending:
                delete(self.path)
            self._let_go()

    def abandon(self) -> None:
        """In a forked child: the files belong to the parent."""
        self._lock = threading.Lock()
        self._let_go()

    def _let_go(self) -> None:
        for fd in (self._fd, self._ack_fd):
            if fd >= 0:
                with suppress(OSError):
                    os.close(fd)
        self._fd = self._ack_fd = -1


# --- any journal -----------------------------------------------------------------------


def read_lines(
    fd: int, start: int, stop: int, *, most_events: int, most_bytes: int
) -> tuple[list[bytes], int]:
    """Whole lines from ``start``, at least one if there is one, and where the next begins."""
    want = min(most_bytes, stop - start)
    while True:
        data = _read(fd, start, want)
        last = data.rfind(b"\n")
        if last >= 0 or len(data) < want or start + want >= stop:
            break
        want = min(want * 4, stop - start)
    if last < 0:
        # No line end at all: a torn tail, or a file shorter than it should be.
        return ([data] if data else []), stop
    lines: list[bytes] = []
    begin = 0
    while begin <= last and len(lines) < most_events:
        end = data.index(b"\n", begin) + 1
        if end - begin > 1:
            lines.append(data[begin:end])
        begin = end
    return lines, start + begin


def _read(fd: int, start: int, size: int) -> bytes:
    pieces: list[bytes] = []
    while size > 0:
        piece = os.pread(fd, size, start)
        if not piece:
            break
        pieces.append(piece)
        start += len(piece)
        size -= len(piece)
    return b"".join(pieces)


def ack_path(journal: Path) -> Path:
    return journal.with_suffix(".ack")


def refused_path(journal: Path) -> Path:
    return journal.with_suffix(".refused")


def read_ack(journal: Path, size: int) -> int:
    """Bytes acknowledged; 0 when the mark is missing or makes no sense."""
    try:
        text = ack_path(journal).read_bytes()[:_ACK_WIDTH]
    except OSError:
        return 0
    offset = int(text) if text.isdigit() else 0
    return offset if offset <= size else 0


def write_ack(journal: Path, offset: int) -> None:
    """Remember how far a journal is acknowledged."""
    with suppress(OSError):
        ack_path(journal).write_bytes(f"{offset:0{_ACK_WIDTH}d}".encode())


def delete(journal: Path) -> None:
    """Remove a journal that is acknowledged in full; refused and torn parts stay."""
    for path in (journal, ack_path(journal), journal.with_suffix(".open")):
        with suppress(OSError):
            path.unlink()


def keep_refused(journal: Path, entries: list[dict[str, object]]) -> None:
    """Put events that were refused beside the journal, with the server's reason."""
    try:
        with refused_path(journal).open("ab") as file:
            for entry in entries:
                file.write(json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    except OSError as error:
        logger.warning("lineage: %d refused events could not be kept: %s", len(entries), error)


def keep_torn(journal: Path, data: bytes) -> None:
    """Put bytes that are no event aside; says so."""
    path = journal.with_suffix(".torn")
    with suppress(OSError), path.open("ab") as file:
        file.write(data)
    logger.warning(
        "lineage: %d bytes of %s are no whole event (its process was killed while writing); "
        "they are kept in %s and not sent",
        len(data),
        journal,
        path,
    )
