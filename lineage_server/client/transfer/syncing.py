"""Sends the uploads that dead processes left, as ``lineage sync`` does with their journals."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_server.client.delivery import Fate
from lineage_server.client.transfer import jobs
from lineage_server.client.transfer.exchange import Exchange, is_final
from lineage_server.client.transfer.send import send
from lineage_server.domain.errors import LineageError, NotSupportedError, UnavailableError

if TYPE_CHECKING:
    from lineage_server.client.config import Config
    from lineage_server.client.syncing import SyncReport, Tell


def sync_uploads(folder: Path, config: Config, report: SyncReport, tell: Tell) -> None:
    """Each that no living process will send; what cannot be sent now is ``left`` in the report."""
    waiting = jobs.waiting_uploads(folder)
    if not waiting:
        return
    exchange = Exchange(config)
    try:
        for path in waiting:
            if report.trouble:
                report.left.append(str(path))
                continue
            with jobs.claimed(path) as ours:
                if ours:
                    _sync_one(path, exchange, config, report, tell)
    finally:
        exchange.close()


def _sync_one(path: Path, exchange: Exchange, config: Config, report: SyncReport, tell: Tell) -> None:
    lock, before, job = threading.Lock(), report.done_bytes, None

    def count(sent: int) -> None:
        with lock:
            report.sent_bytes += sent
            report.done_bytes += sent
            tell(report)

    try:
        job = jobs.read(path)
        report.uploading = job.title
        send(job, exchange, count)
    except NotSupportedError as error:
        if config.upload != "always":
            jobs.remove(path)
            return
        _leave(path, report, error)
    except LineageError as error:
        if is_final(error):
            jobs.keep_failed(path, job, error.message)
            report.uploads_failed += 1
        else:
            _leave(path, report, error)
    else:
        jobs.remove(path)
        report.uploads += 1
    finally:
        # What had to be sent twice, or was there already, counts once.
        report.done_bytes = before + (job.size if job is not None else 0)


def _leave(path: Path, report: SyncReport, error: LineageError) -> None:
    report.left.append(str(path))
    report.trouble = error.message
    report.fate = Fate.AWAY if isinstance(error, UnavailableError) else Fate.DENIED
