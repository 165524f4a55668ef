"""From calls to the journal: buffers of metric points, the recording thread, and the way out.

``log`` appends to a buffer in memory and nothing else. Points reach the journal (the kernel, so they
survive ``kill -9``) within 50 ms: by the recording thread, or by the call itself when the last write
is longer ago, so that whoever logs less than 20 times a second never has a point only in memory.
Every other event is written before its call returns, the points before it first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lineage_server.client import process
from lineage_server.client.adopting import Adopter
from lineage_server.client.delivery import HttpDeliverer
from lineage_server.client.ending import Ending
from lineage_server.client.journal import Journal
from lineage_server.client.openings import Openings
from lineage_server.client.sender import Sender
from lineage_server.client.wire import Point, line_of, lines_of_points

if TYPE_CHECKING:
    from lineage_server.client.config import Config
    from lineage_server.client.run import Run
    from lineage_server.client.transfer.uploader import Uploads
    from lineage_server.domain.events import Event, RunReported

logger = logging.getLogger("lineage_server.client")

FLUSH_MICROS = 50_000
_SMALL = 256
"""A call writes so many points itself; more are left to the recording thread."""
_MOST_POINTS = 2_000_000
_IDLE_ROUNDS = 40


class PointBuffer:
    """Points of one run that are not in the journal yet."""

    __slots__ = ("points", "project", "run")

    def __init__(self, run: str, project: str) -> None:
        self.run = run
        self.project = project
        self.points: deque[Point] = deque()


class Outbox:
    """What a client records, on its way to journal and server."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.journal = Journal(config.journal_dir)
        self.openings = Openings(self.journal.path, config)
        self.dropped_points = 0
        self.closed = False
        self.told_of_rest = False
        self.open_runs: list[process.OpenRun] = []
        self._lock = threading.Lock()
        self._holder = 0
        self._after: Callable[[], None] | None = None
        self._buffers: list[PointBuffer] = []
        self._ended: list[str] = []
        self._awake = threading.Event()
        self._recorder: threading.Thread | None = None
        self._sender: Sender | None = self._new_sender()
        self._uploads: Uploads | None = None
        self.next_flush = 0
        process.guard(self)

    def _new_sender(self) -> Sender | None:
        self.adopter = Adopter(self.config)
        if self.config.mode != "online" or not self.config.url:
            return None
        return Sender(self.journal, HttpDeliverer(self.config), answered=self.adopter.set_off)

    @property
    def sender(self) -> Sender | None:
        """None while only the journal is written."""
        return self._sender

    @property
    def uploads(self) -> Uploads:
        """Imported with the first look at it: a run that uploads nothing begins without."""
        if self._uploads is not None:
            return self._uploads
        with process.importing():
            if self._uploads is None:
                from lineage_server.client.transfer.uploader import Uploads

                self._uploads = Uploads(self.config, self.journal.path)
                self._uploads.go_online(self._sender is not None)
            return self._uploads

    def buffer(self, run: str, project: str) -> PointBuffer:
        """A place for the points of a run; the recording thread looks after it from now on."""
        buffer = PointBuffer(run, project)
        with self._held():
            self._buffers.append(buffer)
        return buffer

    def release(self, buffer: PointBuffer) -> None:
        """No more points will come."""
        self.flush_points()
        with self._held():
            if buffer in self._buffers and not buffer.points:
                self._buffers.remove(buffer)

    # --- writing -----------------------------------------------------------------------

    def put(self, *events: Event) -> None:
        """Write events to the journal before returning; points logged before them go first."""
        if self.config.reproduces:
            from lineage_server.client.withholding import records_of

            events = tuple(records_of(self, events))
        lines = [line_of(event) for event in events]
        with self._held():
            self.journal.append(self._drained() + lines)
        self._set_off()

    def begin(self, event: RunReported) -> None:
        """A run begins, which this process will end; if it is killed, others do."""
        self.put(event)
        with self._held():
            self.openings.add(event.run, event.project)

    def stand_for(self, run: Run, command: int) -> None:
        """The run goes on as long as this process or ``command``."""
        with self._held():
            self.openings.add(run.id, run.project, command)

    def end(self, event: RunReported) -> None:
        """A run of this process ends."""
        self.put(event)
        self._ended.append(event.run)
        self._settle_ends()

    def _settle_ends(self) -> None:
        """While only memory holds its end, a run is open: should this process lose it, others end the run."""
        if self._ended and not self.journal.waiting:
            with self._held():
                while self._ended:
                    self.openings.remove(self._ended.pop())

    def flush_points(self) -> None:
        """Write the points that only memory has."""
        if not any(buffer.points for buffer in self._buffers):
            return
        with self._held():
            lines = self._drained()
            self.journal.append(lines)
        if lines and self._sender is not None:
            self._sender.wake()

    def point_added(self, buffer: PointBuffer, now: int) -> None:
        """Called by ``log`` once ``next_flush`` has come: write now, or see that it is done."""
        self.next_flush = now + FLUSH_MICROS
        waiting = len(buffer.points)
        if waiting > _MOST_POINTS:
            self._drop(buffer)
        if waiting <= _SMALL and self._lock.acquire(blocking=False):
            self._holder = threading.get_ident()
            try:
                self.journal.append(self._drained())
            finally:
                self._let_go()
            if self._sender is not None:
                self._sender.wake()
        self._set_off(send=False)

    def _drop(self, buffer: PointBuffer) -> None:
        # Only when the disk has not taken a byte for long: memory must not grow without end.
        for _ in range(_MOST_POINTS // 2):
            with suppress(IndexError):
                buffer.points.popleft()
                self.dropped_points += 1

    def _drained(self) -> list[bytes]:
        lines: list[bytes] = []
        for buffer in self._buffers:
            count = len(buffer.points)
            if count:
                take = buffer.points.popleft
                lines += lines_of_points(buffer.run, buffer.project, [take() for _ in range(count)])
        if lines:
            self.next_flush = time.time_ns() // 1000 + FLUSH_MICROS
        return lines

    @contextmanager
    def _held(self) -> Generator[None]:
        self._lock.acquire()
        self._holder = threading.get_ident()
        try:
            yield
        finally:
            self._let_go()

    def _let_go(self) -> None:
        self._holder = 0
        self._lock.release()
        if self._after is not None:
            after, self._after = self._after, None
            after()

    def after_writing(self, action: Callable[[], None]) -> bool:
        """For signal handlers: True if this thread is in the middle of a write, and will act after it."""
        if self._holder != threading.get_ident():
            return False
        self._after = action
        return True

    # --- threads -----------------------------------------------------------------------

    def _set_off(self, *, send: bool = True) -> None:
        if self._recorder is None and not self.closed:
            self._recorder = threading.Thread(target=self._record, name="lineage-recorder", daemon=True)
            with suppress(RuntimeError):  # the interpreter is ending: what is written is written
                self._recorder.start()
        if not self._awake.is_set():
            self._awake.set()
        if send and self._sender is not None:
            self._sender.wake()

    def _record(self) -> None:
        # The call that began recording returns first: imports would hold it up.
        time.sleep(FLUSH_MICROS / 1e6)
        with suppress(ImportError), process.importing():
            import msgspec.json  # noqa: F401  # pyright: ignore[reportUnusedImport]  wire uses it once it is loaded
        idle = 0
        while not self.closed:
            if idle > _IDLE_ROUNDS:
                self._sleep_until_needed()
                idle = 0
            time.sleep(FLUSH_MICROS / 1e6)
            idle = 0 if any(buffer.points for buffer in self._buffers) else idle + 1
            try:
                self.flush_points()
                self.journal.retry()
                self._settle_ends()
                idle = 0 if self.journal.waiting else idle
            except Exception as error:  # noqa: BLE001 - the guard of this thread: recording goes on
                logger.warning("lineage: recording stumbled: %s: %s", type(error).__name__, error)
                time.sleep(1)

    def _sleep_until_needed(self) -> None:
        self._awake.clear()
        # Whoever logs looks here after adding its point: it is seen now, or it wakes this thread.
        self.next_flush = 0
        if not self.closed and not any(buffer.points for buffer in self._buffers):
            self._awake.wait()

    def flush(self, timeout: float) -> bool:
        """Everything to disk, then to the server within ``timeout`` seconds; True if all arrived."""
        self.flush_points()
        self.journal.settle()
        if self._sender is None:
            return False
        return self._sender.drain(timeout) and not self.journal.pending

    def finish(self, seconds: float, timeout: float | None = None) -> bool:
        """``flush``, then wait for uploads, both within ``timeout`` where there is one, else for events
        ``seconds`` and for uploads as long as they move on; True if all arrived."""
        began = time.monotonic()
        arrived = self.flush(seconds if timeout is None else timeout)
        if not arrived:
            return False
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - began))
        return self._uploads is None or self._uploads.drain(left)

    def go_offline(self) -> None:
        """Stop sending; the journal goes on."""
        if self._uploads is not None:
            self._uploads.go_online(False)
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.stop()
            self.adopter.stop()

    def go_online(self) -> None:
        """Send again, what was kept first."""
        if self._sender is None:
            self._sender = self._new_sender()
            if self._sender is not None and self.journal.pending:
                self._sender.wake()
        if self._uploads is not None:
            self._uploads.go_online(self._sender is not None)

    def close(self, timeout: float = 5.0, ending: Ending | None = None) -> bool:
        """Runs that are still open get this ``ending``, what can be sent within ``timeout`` is sent."""
        if self.closed:
            return not (self.journal.pending or (self._uploads is not None and self._uploads.pending))
        for run in list(self.open_runs):
            run.end_with(ending or Ending())
        done = self.finish(timeout, timeout)
        self.closed = True
        self._awake.set()
        if self._uploads is not None:
            self._uploads.stop()
        if self._sender is not None:
            self._sender.stop()
            self.adopter.stop()
        self._tell_of_loss()
        self.journal.close()
        process.unguard(self)
        return done

    def _tell_of_loss(self) -> None:
        """What memory alone holds ends with the process: one more try, then its user is told."""
        self.journal.append([])
        self._settle_ends()
        lost = self.journal.waiting + self.journal.dropped + self.dropped_points
        if lost:
            logger.warning(
                "lineage: %d events could be neither written to %s nor sent, and are lost",
                lost,
                self.journal.path,
            )

    def renew_after_fork(self) -> None:
        """In a forked child: own locks, own journal, own threads; the parent's points are the parent's."""
        self._lock = threading.Lock()
        self._holder = 0
        self._after = None
        self._awake = threading.Event()
        self._recorder = None
        self.journal.abandon()
        self.journal = Journal(self.config.journal_dir)
        self.openings = Openings(self.journal.path, self.config)
        self.dropped_points = 0
        self._ended.clear()
        for buffer in self._buffers:
            buffer.points.clear()
        self._sender = self._new_sender()
        self._uploads = None
