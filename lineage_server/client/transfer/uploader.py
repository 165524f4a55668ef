"""Uploads in the background: one thread a client, one upload after the other, each in several threads.

Nothing here raises into the caller's code, and no call waits but ``drain``. What cannot be sent now stays
as a file (``jobs``) and is tried again; what never can be is told once.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_server.client.hashing import Entry
from lineage_server.client.progress import Report, waited
from lineage_server.client.transfer import jobs
from lineage_server.client.transfer.exchange import Exchange, is_final
from lineage_server.client.transfer.jobs import Job
from lineage_server.domain.errors import LineageError, NotSupportedError, UnavailableError

if TYPE_CHECKING:
    from lineage_server.client.config import Config
    from lineage_server.client.contents import Content

logger = logging.getLogger("lineage_server.client")

_LINGER_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_STALLED_SECONDS = 60.0
_FIRST_WORD_SECONDS = 10.0
_WORD_SECONDS = 30.0


class _StoppedError(Exception):
    """The process ends; the upload stays for the next one."""


class Uploads:
    """Of one client. ``journal``: whose uploads these are."""

    def __init__(self, config: Config, journal: Path) -> None:
        self.failed = 0
        self.failure = ""
        self.trouble = ""
        self._config = config
        self._journal = journal
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Path, int]] = deque()
        self._own = 0
        self._own_bytes = self._own_done = 0
        self._seen: set[str] = set()
        self._thread: threading.Thread | None = None
        self._is_online = config.mode == "online" and bool(config.url)
        self._stopping = False
        self._unsupported = False
        self._hurry = False
        self._row = 0
        self._tries = 0
        self._moved = 0.0
        self._is_own = False
        self._sent = self._total = 0

    @property
    def wanted(self) -> bool:
        """Whether what is produced now is to be uploaded."""
        return self._config.upload != "never" and not self._unsupported

    @property
    def pending(self) -> int:
        """How many of this process are not done."""
        return self._own

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes that are there and that there will be, of all that was offered since none was left."""
        with self._changed:
            done = self._own_done + (self._sent if self._is_own else 0)
            return min(done, self._own_bytes), self._own_bytes

    @property
    def sending(self) -> bool:
        """Whether it is of any use to wait: not done, not stopped by anything."""
        return bool(self._own) and self._is_online and not self.trouble

    def offer(self, content: Content, *, project: str, type: str, name: str) -> None:
        """Upload a version, some time soon; a value that lies in no file is written to one first."""
        uid = f"{project}/{type}/{name}@{content.digest}"
        if uid in self._seen or not (content.held or content.hashed):
            return
        path = self._journal.parent / jobs.FOLDER / f"{self._journal.stem}.{next(self._numbers):06d}.json"
        try:
            job = _job(content, path, project, type, name)
            jobs.write(path, job)
        except (OSError, LineageError, ValueError, TypeError, ImportError) as error:
            what = Job(
                project=project, type=type, name=name, kind="", digest=content.digest,
                source=content.path or path.with_suffix(jobs.DATA), entries=(),
            )  # fmt: skip
            self._fail(path, what, str(error))
            return
        with self._changed:
            self._seen.add(uid)
            self._waiting.append((path, job.size))
            self._own += 1
            self._own_bytes += job.size
        self._set_off()

    def go_online(self, online: bool) -> None:
        """Whether to send at all."""
        self._is_online = online
        if online and self._own:
            self._set_off()

    def _set_off(self) -> None:
        with self._changed:
            if self._is_online and self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._work, name="lineage-uploader", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    # --- the thread --------------------------------------------------------------------

    def _work(self) -> None:
        with self._changed:
            # The call that began it returns first, since imports would hold it up, unless somebody waits.
            self._changed.wait_for(lambda: self._hurry or self._stopping, _LINGER_SECONDS)
        exchange = Exchange(self._config)
        adopted = False
        try:
            while not self._stopping:
                waiting = self._next(wait=adopted)
                if waiting is not None:
                    self._try(exchange, *waiting)
                elif not adopted:
                    adopted = True
                    self._adopt(exchange)
        finally:
            exchange.close()

    def _next(self, *, wait: bool) -> tuple[Path, int] | None:
        with self._changed:
            while wait and not self._stopping and not (self._waiting and self._is_online):
                self._changed.wait()
            return self._waiting[0] if self._waiting and self._is_online else None

    def _adopt(self, exchange: Exchange) -> None:
        """What processes that are gone have left."""
        for path in jobs.listed(self._journal.parent):
            if self._waiting or self._stopping:
                return
            if not jobs.is_owned(path):
                self._attempt(exchange, path)

    def _try(self, exchange: Exchange, path: Path, size: int) -> None:
        self._sent, self._is_own = 0, True
        error = self._attempt(exchange, path)
        with self._changed:
            self._tries += 1
            self._is_own = False
            if error is None:
                self._waiting.popleft()
                self._own -= 1
                self._own_done += size
                if not self._own:
                    self._own_bytes = self._own_done = 0
                self._row, self.trouble = 0, ""
            elif not self._stopping:
                self.trouble = error.message
                self._pause(error)
            self._changed.notify_all()

    def _pause(self, error: LineageError) -> None:
        seconds = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(self._row, 10))
        if not isinstance(error, UnavailableError):
            seconds = _LONGEST_PAUSE_SECONDS
        self._row += 1
        # Jitter, so that a thousand clients do not come back in the same moment.
        until = time.monotonic() + seconds * random.uniform(0.5, 1.0)
        self._changed.notify_all()
        while not self._stopping and not self._hurry and time.monotonic() < until:
            self._changed.wait(until - time.monotonic())
        self._hurry = False

    def _attempt(self, exchange: Exchange, path: Path) -> LineageError | None:
        """None where it is done with, for good or bad."""
        with jobs.claimed(path) as ours:
            if not ours:
                return None
            job = None
            try:
                job = jobs.read(path)
                self._send(exchange, job)
                jobs.remove(path)
            except _StoppedError:
                return UnavailableError("the process ends")
            except NotSupportedError as error:
                return self._refused(path, error)
            except LineageError as error:
                if not is_final(error):
                    return error
                self._fail(path, job, error.message)
            except Exception as error:  # noqa: BLE001 - the guard of this thread: a defect must not end uploads
                logger.warning("lineage: an upload failed: %s: %s", type(error).__name__, error)
                return UnavailableError(f"{type(error).__name__}: {error}")
        return None

    def _send(self, exchange: Exchange, job: Job) -> None:
        from lineage_server.client.transfer.send import send

        self._sent, self._total = 0, job.size
        self._moved = time.monotonic()
        lock = threading.Lock()

        def report(count: int) -> None:
            if self._stopping:
                raise _StoppedError
            with lock:
                self._sent += count
                self._moved = time.monotonic()

        send(job, exchange, report)

    def _refused(self, path: Path, error: NotSupportedError) -> LineageError | None:
        """The server has no store: by default that is as it should be."""
        if self._config.upload == "always":
            return error
        self._unsupported = True
        jobs.remove(path)
        return None

    def _fail(self, path: Path, job: Job | None, why: str) -> None:
        with self._changed:
            self.failed += 1
            self.failure = why
        jobs.keep_failed(path, job, why)
        what = job.title if job is not None else path.name
        logger.warning("lineage: %s is recorded and not uploaded: %s", what, why)

    # --- waiting -----------------------------------------------------------------------

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until all are done; False at the time-out, at once when nobody answers.

        Without a ``timeout`` as long as they move on, at most as long as LINEAGE_UPLOAD_WAIT says.
        """
        if not self._own:
            return True
        if not self._is_online:
            return False
        title = f"{self._own} upload{'s' if self._own > 1 else ''}"
        with waited(title, silent=not self._config.show_progress) as report:
            return self._wait(timeout, report)

    def _wait(self, timeout: float | None, report: Report | None) -> bool:
        began = time.monotonic()
        deadline = began + (self._config.upload_wait if timeout is None else timeout)
        word = began + _FIRST_WORD_SECONDS
        with self._changed:
            # What is on its way now may fail for a reason that is mended: the next try counts.
            tries = self._tries
            self._hurry = True
            self._moved = max(self._moved, began)
            self._changed.notify_all()
            while self._own and not self._stopping:
                now = time.monotonic()
                if now >= deadline or (self.trouble and self._tries > tries):
                    return False
                if timeout is None and now - self._moved > _STALLED_SECONDS and self._sent < self._total:
                    return False
                if report is not None:
                    report(*self.progress)
                elif now > word:
                    word = now + _WORD_SECONDS
                    self._say()
                self._changed.wait(min(0.2, max(0.01, deadline - now)))
        return not self._own

    def _say(self) -> None:
        sent, total = self.progress
        logger.warning(
            "lineage: waiting for %d upload(s), %d of %d MiB are there; if you stop it, 'lineage sync' sends "
            "the rest",
            self._own,
            sent >> 20,
            total >> 20,
        )

    def stop(self) -> None:
        """No more; what is not done stays."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()


def _job(content: Content, path: Path, project: str, type: str, name: str) -> Job:
    """What to send; a value is written beside it."""
    kind, held, hashed = "file", content.held, content.hashed
    if held is not None:
        from lineage_server.client.transfer.spool import spooled

        source = path.with_suffix(jobs.DATA)
        entries = (spooled(source, held.write, held.name),)
        kind = "value" if held.as_value else "file"
    else:
        if hashed is None or content.path is None:
            raise ValueError("there are no bytes")
        source = content.path
        if hashed.entries is not None:
            kind, entries = "folder", hashed.entries
        else:
            digest = hashed.digest.removeprefix("sha256:")
            entries = (Entry(os.fsencode(source.name), hashed.size, digest, hashed.parts),)
    job = Job(
        project=project,
        type=type,
        name=name,
        kind=kind,
        digest=content.digest,
        source=source,
        entries=entries,
    )
    job.check()
    return job
