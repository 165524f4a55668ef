"""What capture finds, looked at once and told of each of many short runs (tracked functions).

A process runs the code it has loaded: its later runs ran the same. Who captures one long run: ``run``.
"""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lineage_server.client import builders, process
from lineage_server.client.place import this_program
from lineage_server.client.quietly import Quietly
from lineage_server.domain.edges import Basis

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.ending import Ending
    from lineage_server.client.run import Run

_EXIT_SECONDS = 3.0

_known: WeakKeyDictionary[Client, dict[tuple[int, frozenset[str]], Surroundings]] = WeakKeyDictionary()
_finding = threading.Lock()


def tell_surroundings(client: Client, run: Run, wanted: frozenset[str]) -> None:
    """Tell of ``run`` where it runs, now or as soon as that is known."""
    if client.outbox is None or not (wanted or client.config.capture_env):
        return
    with _finding:
        # Of each process its own: a fork takes no threads along.
        mine = _known.setdefault(client, {}).setdefault((os.getpid(), wanted), Surroundings(client, wanted))
    mine.tell(run.id, run.project)


class Surroundings:
    """Code, packages and machine of this process."""

    def __init__(self, client: Client, wanted: frozenset[str]) -> None:
        self._report = client.report
        self._outbox = client.outbox
        self._config = replace(client.config, capture=wanted)
        # The next call may be another cell's.
        self._program = replace(this_program(client.config.environ), cell=None)
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, str]] = []
        self._found: dict[str, Any] | None = None
        self._told_to: set[str] = set()
        self._thread: threading.Thread | None = None

    def tell(self, run: str, project: str) -> None:
        with self._lock:
            if self._found is not None:
                self._send(run, project, self._found)
                return
            self._waiting.append((run, project))
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="lineage-capture", daemon=True)
                self._thread.start()
                if self._outbox is not None:
                    # The end of the process waits a moment for what is being looked at.
                    self._outbox.open_runs.append(self)

    def end_with(self, ending: Ending) -> None:
        """The process ends."""
        if self._thread is not None:
            self._thread.join(_EXIT_SECONDS)

    def _look(self) -> None:
        with Quietly("the surroundings of tracked functions"):
            with process.importing():
                from lineage_server.client.capture import capture

            found = capture(self._config, self._program).told()
            with self._lock:
                self._found = found
                for run, project in self._waiting:
                    self._send(run, project, found)
                self._waiting.clear()
        if self._outbox is not None:
            self._outbox.open_runs.remove(self)

    def _send(self, run: str, project: str, found: dict[str, Any]) -> None:
        if not found:
            return
        if project in self._told_to:
            found = _lean(found)
        self._told_to.add(project)
        self._report(builders.run_told(run, project=project, basis=Basis.OBSERVED, **found))


def _lean(found: dict[str, Any]) -> dict[str, Any]:
    """Without what is long and was told with the same code and environment before."""
    lean = dict(found)
    if "code" in lean:
        lean["code"] = replace(lean["code"], diff="")
    if "environment" in lean:
        lean["environment"] = replace(lean["environment"], packages={})
    return lean
