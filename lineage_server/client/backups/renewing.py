"""Telling the server now and then that a backup or a restore goes on, beside the work."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lineage_server.domain.errors import LineageError

_SECONDS = 20.0
"""A sixth of the time after which the server believes that nobody goes on."""


class Renewing:
    """Within ``with``, ``renew`` is called every so often; ``check`` raises what it met."""

    def __init__(self, renew: Callable[[], object]) -> None:
        self._renew = renew
        self._done = threading.Event()
        self._error: LineageError | None = None

    def __enter__(self) -> Renewing:
        self._thread = threading.Thread(target=self._work, name="renews the lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while not self._done.wait(_SECONDS):
            try:
                self._renew()
            except LineageError as error:
                self._error = error
                return
