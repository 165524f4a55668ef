"""``Run``: what a program tells about one execution while it runs; what it reads and makes is in
``inputs_outputs``.

Every call but ``use`` and ``produce`` (which read what they record) returns at once; nothing waits
for the server before ``finish``. Runs are thread-safe. A forked child may go on telling; only the
process that began a run ends it.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import replace
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lineage_server.client import builders, process
from lineage_server.client.checking import check, checked
from lineage_server.client.ending import Ending, ending_of
from lineage_server.client.logged import Logged
from lineage_server.domain.edges import Basis
from lineage_server.domain.nodes import RunState

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.outbox import Outbox
    from lineage_server.client.place import Program

logger = logging.getLogger("lineage_server.client")

FINISH_SECONDS = 10.0
_CAPTURE_SECONDS = 3.0
_CAPTURE_LATER_SECONDS = 0.05
_MOST_STEP = 1 << 53

_current: ContextVar[Run | None] = ContextVar("lineage_current_run", default=None)
_latest: list[Run] = []


class Run(Logged):
    """One execution. Use it in a ``with`` block: an exception makes it failed, its end complete."""

    def __init__(
        self,
        client: Client,
        run_id: str,
        project: str,
        *,
        name: str = "",
        job: str = "",
        owned: bool = True,
        points: bool = True,
        unknown: bool = False,
        shared: bool = True,
    ) -> None:
        self.id = run_id
        self.project = project
        self.name = name
        self.job = job or name
        self.client = client
        self._unknown = unknown
        self._outbox = None if unknown else client.outbox
        self._owner = os.getpid() if owned else 0
        self._points = points
        self._ended = threading.Event()
        self._notes: list[str] = []
        self._captured: threading.Thread | None = None
        self._steps = itertools.count()
        self._keys: set[str] = set()
        self._warned: set[str] = set()
        self._token: Token[Run | None] | None = None
        self._buffer = self._outbox.buffer(run_id, project) if self._outbox and points else None
        if self._outbox is not None and owned:
            self._outbox.open_runs.append(self)
            if shared:
                _latest.append(self)

    def __repr__(self) -> str:
        which = "that is not recorded," if self._unknown else f"{self.name or ''} {self.id}"
        return f"<Run {which} of project {self.project}>"

    def __str__(self) -> str:
        """Which one it is: ``run train  0198…``."""
        from lineage_server.client.render.words import safe

        if self._unknown:
            return "run that is not recorded"
        return safe(f"run {self.name}  {self.id}" if self.name else f"run {self.id}")

    def _repr_html_(self) -> str:
        """For what knows no bundles: Marimo, documentation builders."""
        from lineage_server.client.render.handles import run_html

        return run_html(self)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """For notebooks."""
        from lineage_server.client.render.handles import forms

        return forms(self, self._repr_html_, include, exclude)

    @property
    def uid(self) -> str:
        """Its uid in the graph."""
        return f"run:{self.id}"

    # --- telling -----------------------------------------------------------------------

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Points of metrics. Never waits, and raises only where the call itself is wrong (no mapping, or a
        ``step`` that is none): a value that is no number is left out, with one warning, and so are all once
        the run has ended; NaN and the infinities are numbers. Without ``step`` the calls are counted."""
        try:
            items = values.items()
        except (AttributeError, TypeError):
            check("values", values)
            raise
        if step is not None and type(step) is not int:
            check("step", step)
        buffer = self._buffer
        if buffer is None or self._outbox is None:
            return
        if step is None:
            step = next(self._steps)
        elif type(step) is not int or not -_MOST_STEP < step < _MOST_STEP:
            step = self._step(step)
        now = time_ns() // 1000
        keys, append = self._keys, buffer.points.append
        for key, value in items:
            if type(value) is not float or key not in keys:
                number = self._number(key, value)
                if number is None:
                    continue
                value = number
            append((key, step, now, value))
        if now >= self._outbox.next_flush:
            self._outbox.point_added(buffer, now)

    def _step(self, step: Any) -> int:
        try:
            return max(1 - _MOST_STEP, min(_MOST_STEP - 1, int(step)))
        except (TypeError, ValueError, OverflowError):
            self._warn(f"step {type(step).__name__}", "a step is no whole number; calls are counted instead")
            return next(self._steps)

    def _number(self, key: Any, value: Any) -> float | None:
        """The value as a float, once key and value are fit; None and a warning if not."""
        if key not in self._keys:
            # The end forgets all keys, so that those who log within pay nothing.
            if self._ended.is_set():
                self._warn("ended", self._over("log"))
                return None
            if not isinstance(key, str) or not 0 < len(key) <= builders.MAX_KEY or not key.isprintable():
                self._warn(f"key {key!r:.60}", "a metric's name has 1 to 250 printable characters")
                return None
            self._keys.add(key)
        try:
            item = getattr(value, "item", None)
            return float(item() if item is not None else value)
        except (TypeError, ValueError, OverflowError, RuntimeError):
            self._warn(f"value {key}", f"its value is no number but a {type(value).__name__}")
            return None

    def _warn(self, subject: str, why: str) -> None:
        if subject not in self._warned:
            self._warned.add(subject)
            logger.warning("lineage: left out of run %s: %s: %s", self.id, subject, why)

    @checked
    def log_params(self, params: Mapping[str, Any]) -> None:
        """Parameters; nested mappings get dotted keys. May be called again, later values win; once the run
        has ended they are left out, with one warning."""
        if self._ended.is_set():
            self._warn("ended", self._over("log_params"))
            return
        self._tell(params=builders.clean_params(params))

    @checked
    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Tags; None takes one away."""
        self._tell(tags=builders.clean_tags(tags))

    @checked
    def note(self, text: str) -> None:
        """A remark; remarks make up the run's description, in their order."""
        self._notes.append(text)
        self._tell(description="\n".join(self._notes)[: builders.MAX_TEXT])

    def _tell(self, **told: Any) -> None:
        self._put(builders.run_told(self.id, project=self.project, **told))

    # --- parts ------------------------------------------------------------------------

    @checked
    def child(
        self,
        name: str,
        *,
        job: str | None = None,
        kind: str = "step",
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        run_id: str | None = None,
        retry_of: str | Run | None = None,
        resumed_from: str | Run | None = None,
        capture: str = "none",
    ) -> Run:
        """Begin a run that is part of this one; nothing is captured anew, since it runs where this does."""
        return self.client.start_run(
            name, job=job, kind=kind, project=self.project, params=params, tags=tags, description=description,
            parent=self.id, run_id=run_id, retry_of=retry_of, resumed_from=resumed_from, capture=capture,
        )  # fmt: skip

    # --- capture -----------------------------------------------------------------------

    def capture_in_background(self, wanted: frozenset[str], program: Program) -> None:
        """Look at code, packages and machine beside the program; told in one event once it is known.
        Only who began a run does so."""
        config = replace(self.client.config, capture=wanted)
        if self._outbox is None or not self._owner or not (wanted or config.capture_env):
            return

        def look() -> None:
            time.sleep(_CAPTURE_LATER_SECONDS)
            with process.importing():
                from lineage_server.client.capture import capture

            told = capture(config, program).told()
            if told:
                self._tell(basis=Basis.OBSERVED, **told)

        self._captured = threading.Thread(target=look, name="lineage-capture", daemon=True)
        self._captured.start()

    # --- the end -----------------------------------------------------------------------

    @checked
    def fail(self, reason: str, *, timeout: float | None = None) -> bool:
        """End as failed."""
        return self.end_with(Ending(RunState.FAILED, reason), timeout)

    @checked
    def finish(self, timeout: float | None = None) -> bool:
        """End as complete, and wait at most ``timeout`` seconds until all is sent; True if it is. False of a
        rank's run that is not known, and so is not recorded.

        Not sent is not lost: it stays in the journal. Where nobody answers it does not wait. Without a
        ``timeout`` it waits ten seconds, but for uploads as long as they move on (LINEAGE_UPLOAD_WAIT).
        """
        return self.end_with(Ending(), timeout)

    def end_with(self, ending: Ending, timeout: float | None = 0) -> bool:
        """End as ``ending`` says; with a ``timeout`` of 0 the process ends, and nobody waits."""
        box = self._outbox
        self.leave()
        if self._ended.is_set() or box is None:
            return not self._unknown if box is None else not (box.journal.pending or box.uploads.pending)
        self._ended.set()
        self._keys.clear()
        if self._captured is not None and self._owner == os.getpid():
            patience = FINISH_SECONDS if timeout is None else timeout
            self._captured.join(min(patience, _CAPTURE_SECONDS) if patience else 0.5)
        self._close(box, ending)
        if timeout is not None and timeout <= 0:
            box.journal.settle()
            return False
        return self._sent(box.finish(FINISH_SECONDS, timeout))

    def stand_for(self, command: int) -> None:
        """As long as the process ``command`` is there, it has not ended, even when this process is killed.
        Said by who began it: how another's ends is not for us to say."""
        if self._outbox is not None and self._owner:
            self._outbox.stand_for(self, command)

    def end_now(self, ending: Ending) -> None:
        """End as ``ending`` says, and wait for nothing: not for the disk, not for the server."""
        self.leave()
        if self._outbox is not None and not self._ended.is_set():
            self._ended.set()
            self._keys.clear()
            self._close(self._outbox, ending)

    def _close(self, box: Outbox, ending: Ending) -> None:
        if self._owner == os.getpid():
            box.end(builders.ended(self.id, project=self.project, ending=ending))
            box.open_runs.remove(self)
            if self in _latest:
                _latest.remove(self)
        if self._buffer is not None:
            box.release(self._buffer)

    def _sent(self, done: bool) -> bool:
        box = self._outbox
        if done or box is None:
            return True
        # Once a process is enough: the journal and the command stay the same.
        level = logging.INFO if box.sender is None or box.told_of_rest else logging.WARNING
        box.told_of_rest = True
        trouble = (box.sender.state.trouble if box.sender else "") or box.uploads.trouble
        why = f" ({trouble})" if trouble else ""
        logger.log(
            level,
            "lineage: run %s is recorded in %s and not sent yet%s; send it later with: %s",
            self.id,
            box.journal.path,
            why,
            self.client.sync_command(),
        )
        return False

    def enter(self) -> None:
        """From here on this is the current run."""
        self._token = _current.set(self)

    def leave(self) -> None:
        """No longer the current run."""
        if self._token is not None:
            token, self._token = self._token, None
            with suppress(ValueError):  # ended in another task or thread than it was entered in
                _current.reset(token)

    def end_after(self, error: BaseException | None) -> None:
        """End as a block that was left by ``error`` (None: regularly)."""
        self.end_with(ending_of(error), None)

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end_after(exc)


def current_run() -> Run | None:
    """The run of the ``with`` block around this, else the only run this process has open."""
    inner = _current.get()
    if inner is not None:
        return inner
    return _latest[0] if len(_latest) == 1 else None
