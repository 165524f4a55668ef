"""What ``lineage sync`` does: it sends the journals that dead processes left, then their uploads."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lineage_server.client.config import Config
from lineage_server.client.delivery import HttpDeliverer
from lineage_server.client.progress import waited
from lineage_server.client.syncing import SyncReport, Tell, leftovers, sync_folder
from lineage_server.client.transfer import jobs
from lineage_server.client.transfer.syncing import sync_uploads
from lineage_server.domain.errors import LineageError


def catch_up(folder: Path, config: Config, progress: Tell | None = None) -> SyncReport:
    """Of all that is left in ``folder``. A bar tells how far it is, unless ``progress`` is told."""
    with waited("sync", silent=progress is not None or not config.show_progress) as draw:

        def drawn(report: SyncReport) -> None:
            if draw is not None:
                draw(report.done_bytes, report.total_bytes)

        is_told = progress is not None or draw is not None
        tell = progress or drawn
        report = SyncReport(total_bytes=_waiting_bytes(folder) if is_told else 0)
        deliverer = HttpDeliverer(config)
        try:
            sync_folder(folder, deliverer, progress=tell, report=report)
        finally:
            deliverer.close()
        if not report.trouble:
            sync_uploads(folder, config, report, tell)
    return report


def _waiting_bytes(folder: Path) -> int:
    """Of journals and uploads that are to be sent here."""
    size = sum(left.bytes for left in leftovers(folder) if not left.busy)
    for path in jobs.waiting_uploads(folder):
        with suppress(LineageError):
            size += jobs.read(path).size
    return size
