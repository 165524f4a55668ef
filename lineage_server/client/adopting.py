"""Once the server answers, what killed processes left for it is sent, and their runs are ended.

Only what was on its way to the same server, as the same user. Everything else waits for ``lineage
sync``, as do events that the server refused.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from lineage_server.client import process

if TYPE_CHECKING:
    from lineage_server.client.config import Config

logger = logging.getLogger("lineage_server.client")


class Adopter:
    """One look through the journal folder, in a thread of its own."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def set_off(self) -> None:
        """Once; later calls change nothing."""
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(target=self.look, name="lineage-adopter", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """Send what is there, journal by journal; what cannot be sent now stays."""
        try:
            self._send()
        except Exception as error:  # noqa: BLE001 - the guard of this thread: others' journals can wait
            logger.debug("lineage: journals of other processes were left: %s", error)

    def _send(self) -> None:
        with process.importing():  # raises where the interpreter is ending already
            from lineage_server.client.delivery import HttpDeliverer
            from lineage_server.client.openings import server_mark
            from lineage_server.client.syncing import sync_left_for

        deliverer = HttpDeliverer(self._config)
        try:
            report = sync_left_for(
                server_mark(self._config), self._config.journal_dir, deliverer, self._stopping.is_set
            )
            if report.ended:
                logger.info("lineage: %d run(s) of processes that are gone were ended", report.ended)
        finally:
            deliverer.close()

    def stop(self, timeout: float = 1.0) -> None:
        """No more; a request on its way is given ``timeout`` seconds."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
