"""The background sender: takes the journal's oldest lines to the server until none is left.

One daemon thread a client. An iteration is ``step``; the thread only repeats it. Nothing raises into
the caller's code: troubles are one warning line, then numbers in ``SenderState``.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lineage_server.client.delivery import BYTES_A_BATCH, EVENTS_A_BATCH, Deliverer, Fate, Result
from lineage_server.client.journal import Batch, Journal, keep_refused, refused_path
from lineage_server.client.wire import Refusal

logger = logging.getLogger("lineage_server.client")

_LINGER_SECONDS = 0.02
_FIRST_LINGER_SECONDS = 0.1
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_DENIED_PAUSE_SECONDS = 60.0
_TRIES_OF_RETRIABLE = 4


@dataclass(slots=True)
class SenderState:
    """Counters and the last trouble; ``trouble`` is empty while all goes well. ``refusal``: the first."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    refusal: Refusal | None = None
    failures: int = 0
    fate: Fate | None = None
    trouble: str = ""


class Sender:
    """Sends one journal; ``answered`` is called whenever the server has taken some of it."""

    def __init__(
        self, journal: Journal, deliverer: Deliverer, *, answered: Callable[[], None] | None = None
    ) -> None:
        self.state = SenderState()
        self._answered = answered
        self._journal = journal
        self._deliverer = deliverer
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._woken = False
        self._hurry = False
        self._pause_until = 0.0
        self._row = 0
        self._retries = 0
        self._begun = 0
        self._ended = 0
        self._told: set[str] = set()

    def wake(self) -> None:
        """There is something to send; starts the thread when it is not there."""
        with self._changed:
            if self._stopping:
                return
            self._woken = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="lineage-sender", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        try:
            self._repeat()
        finally:
            # Here, since whoever stops us does not wait for long.
            self._deliverer.close()

    def _repeat(self) -> None:
        linger = _FIRST_LINGER_SECONDS  # the call that began recording returns before we import HTTP
        while True:
            with self._changed:
                wait = self._seconds_to_wait()
                while not self._stopping and wait != 0:
                    self._changed.wait(wait if wait > 0 else None)
                    wait = self._seconds_to_wait()
                if self._stopping:
                    return
                self._woken = False
                hurried, self._hurry = self._hurry, False
            if not hurried:
                time.sleep(linger)  # what is logged together is sent together
                linger = _LINGER_SECONDS
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - the guard of this thread: a defect must not end sending
                self._failed(Result(Fate.AWAY, message=f"the sender failed: {type(error).__name__}: {error}"))

    def _seconds_to_wait(self) -> float:
        """0: go on; -1: until woken."""
        if self._hurry:
            return 0
        if self.state.fate not in (None, Fate.DONE):
            left = self._pause_until - time.monotonic()
            return left if left > 0 else 0
        return 0 if self._woken or self._journal.pending else -1

    def step(self) -> bool:
        """Send one batch; True when it was dealt with, False when there was none or it must wait."""
        self._journal.retry()
        batch = self._journal.next_batch(most_events=EVENTS_A_BATCH, most_bytes=BYTES_A_BATCH)
        if batch is None:
            self._worked(Result(Fate.DONE))
            return False
        if not batch.lines:
            self._journal.acknowledge(batch)
            return True
        with self._changed:
            self._begun += 1
        result = self._deliverer.deliver(batch.lines)
        if result.fate is not Fate.DONE:
            self._failed(result)
            return False
        if any(r.retriable for r in result.refusals) and self._retries < _TRIES_OF_RETRIABLE:
            # The others are known when the batch comes again.
            self._retries += 1
            self._failed(Result(Fate.BUSY, message=result.refusals[0].message))
            return False
        self._retries = 0
        self._refused(batch, result.refusals)
        self._journal.acknowledge(batch)
        self._worked(result)
        if self._answered is not None:
            self._answered()
        return True

    def _refused(self, batch: Batch, refusals: list[Refusal]) -> None:
        if not refusals:
            return
        keep_refused(self._journal.path, [refusal_entry(r, batch.lines[r.index]) for r in refusals])
        first = refusals[0]
        self._warn(
            "refused",
            f"the server refused {len(refusals)} event(s), the first because: {first.message} "
            f"({first.code}); they are kept in {refused_path(self._journal.path)}",
        )

    def _worked(self, result: Result) -> None:
        with self._changed:
            state = self.state
            self._ended = self._begun
            state.accepted += result.accepted
            state.duplicate += result.duplicate
            state.refused += len(result.refusals)
            state.refusal = state.refusal or next(iter(result.refusals), None)
            if state.trouble and "refused" not in state.trouble:
                logger.info("lineage: the server answers again; what was kept is sent")
            state.fate, state.trouble = Fate.DONE, ""
            self._row = 0
            self._told.discard("trouble")
            self._changed.notify_all()

    def _failed(self, result: Result) -> None:
        with self._changed:
            self._ended = self._begun
            self.state.failures += 1
            self.state.fate, self.state.trouble = result.fate, result.message
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(self._row, 10))
            if result.fate is Fate.DENIED:
                pause = _DENIED_PAUSE_SECONDS
            # Jitter, so that a thousand clients do not come back in the same moment.
            self._pause_until = time.monotonic() + max(result.wait_seconds, pause * random.uniform(0.5, 1.0))
            self._row += 1
            if result.fate is Fate.BUSY:
                self._hurry = False  # who hurries waits, too, when the server asks for it
            self._changed.notify_all()
        if result.fate is not Fate.BUSY:
            self._warn(
                "trouble",
                f"{result.message}; nothing is lost: recording goes on in {self._journal.path} and is sent "
                "once the server takes it",
            )

    def _warn(self, subject: str, text: str) -> None:
        if subject not in self._told:
            self._told.add(subject)
            logger.warning("lineage: %s", text)

    def drain(self, timeout: float) -> bool:
        """Wait until all is acknowledged; False at the time-out, or at once when nobody answers."""
        if not self._journal.pending:
            return True
        deadline = time.monotonic() + timeout
        with self._changed:
            # What is on its way now may have been sent before its cause was mended: the next one counts.
            ours = self._begun + 1
            if self.state.fate is not Fate.BUSY:
                self._hurry = True
        self.wake()
        with self._changed:
            while self._journal.pending:
                left = deadline - time.monotonic()
                if left <= 0 or self._stopping:
                    return False
                if self._ended >= ours and self.state.fate in (Fate.AWAY, Fate.DENIED):
                    return False
                self._changed.wait(min(left, 0.5))
        return True

    def stop(self, timeout: float = 1.0) -> None:
        """End the thread; a request on its way is given ``timeout`` seconds."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        if thread is None:
            self._deliverer.close()


def refusal_entry(refusal: Refusal, line: bytes) -> dict[str, object]:
    """A refused event with the reason, as it is kept."""
    try:
        event: object = json.loads(line)
    except ValueError:
        event = line.decode("utf-8", "replace")
    return {
        "code": refusal.code,
        "message": refusal.message,
        "retriable": refusal.retriable,
        "event": event,
    }
