"""Sends what dead processes left: journals nobody holds any more, and refusals worth another try.

A journal whose process lives is left to it (its lock says so). Runs that a dead one left open are ended.
Sending twice is harmless: the server knows the events by their ids.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lineage_server.client import openings
from lineage_server.client.delivery import BYTES_A_BATCH, EVENTS_A_BATCH, Deliverer, Fate, Result
from lineage_server.client.gone import ends_of
from lineage_server.client.journal import (
    SUFFIX,
    delete,
    keep_refused,
    keep_torn,
    read_ack,
    read_lines,
    write_ack,
)
from lineage_server.client.locks import try_lock
from lineage_server.client.sender import refusal_entry
from lineage_server.client.transfer.jobs import FOLDER as UPLOADS
from lineage_server.domain.errors import (
    ForbiddenError,
    NotAuthenticatedError,
    NotFoundError,
    UnavailableError,
)

_MOST_REASONS = 3
_MENDED_ELSEWHERE = {NotFoundError.code, ForbiddenError.code}


@dataclass(frozen=True, slots=True)
class Left:
    """A journal with something to send. ``busy``: its process lives and sends it by itself."""

    path: Path
    bytes: int
    busy: bool = False


@dataclass(slots=True)
class SyncReport:
    """What ``sync`` did. ``ended``: runs whose process was killed. ``refused``: events the server did not
    take, for ``reasons``, the first few. ``left``: journals and uploads it could not finish, with
    ``trouble`` saying why. ``done_bytes`` of ``total_bytes`` that waited are dealt with;
    they are known where somebody is told of progress."""

    journals: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list[str])
    torn: int = 0
    ended: int = 0
    busy: int = 0
    uploads: int = 0
    uploads_failed: int = 0
    uploading: str = ""
    sent_bytes: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    left: list[str] = field(default_factory=list[str])
    trouble: str = ""
    fate: str = ""

    def check(self) -> None:
        """Raise what kept ``sync`` from finishing, if anything did."""
        if self.fate == Fate.DENIED:
            denied = ForbiddenError if " 403" in self.trouble else NotAuthenticatedError
            raise denied(f"{self.trouble}; nothing is lost, {self._what_waits()}")
        if self.left:
            raise UnavailableError(
                f"{self.trouble}; nothing is lost, {self._what_waits()}: try again later", part="server"
            )

    def _what_waits(self) -> str:
        uploads = sum(f"{os.sep}{UPLOADS}{os.sep}" in path for path in self.left)
        words = [_counted(len(self.left) - uploads, "journal"), _counted(uploads, "upload")]
        return f"{' and '.join(filter(None, words))} {'wait' if len(self.left) > 1 else 'waits'}"


Tell = Callable[[SyncReport], None]
"""Told of progress."""


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'s' if count > 1 else ''}" if count else ""


def leftovers(folder: Path) -> list[Left]:
    """Journals in a folder that have something to send, oldest first."""
    found: list[Left] = []
    for path in _journals(folder):
        with suppress(OSError):
            size = path.stat().st_size
            left = size - read_ack(path, size)
            fd = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
            try:
                busy = not try_lock(fd) or openings.read(path).lives
            finally:
                os.close(fd)
            if left or not busy:
                found.append(Left(path, left, busy))
    return found


def _journals(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix == SUFFIX and p.is_file())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise NotFoundError(f"the journal folder {folder} cannot be read: {error.strerror}") from None


def sync_folder(
    folder: Path,
    deliverer: Deliverer,
    *,
    progress: Tell | None = None,
    report: SyncReport | None = None,
) -> SyncReport:
    """Send every journal of ``folder`` that no living process holds."""
    report = report or SyncReport()
    tell = progress or _nobody
    for path in sorted(folder.glob("*.refused")):
        if not report.trouble:
            _try_refused_again(path, deliverer, report)
    for path in _journals(folder):
        if report.trouble:
            report.left.append(str(path))
            continue
        if _sync_one(path, deliverer, report, tell):
            report.journals += 1
    return report


def sync_left_for(server: str, folder: Path, deliverer: Deliverer, stopped: Callable[[], bool]) -> SyncReport:
    """The same for journals that were on their way to ``server`` (``openings.server_mark``), until
    something speaks against it."""
    report = SyncReport()
    for path in _journals(folder):
        if report.trouble or stopped():
            break
        if openings.read(path).server == server:
            _sync_one(path, deliverer, report, _nobody)
    return report


def _nobody(report: SyncReport) -> None:
    """Who is told of progress where nobody asked."""


def _sync_one(path: Path, deliverer: Deliverer, report: SyncReport, tell: Tell) -> bool:
    try:
        fd = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return False  # another sync was quicker
    except OSError as error:
        report.left.append(str(path))
        report.trouble = f"{path} cannot be read: {error.strerror}"
        return False
    try:
        # Only behind the lock is it what the process left.
        opened = openings.read(path) if try_lock(fd) else None
        if opened is None or opened.lives:
            report.busy += 1
            return False
        if not path.exists():
            return False  # deleted by who held the lock until now
        ends = ends_of(path, fd, opened)
        before = read_ack(path, os.fstat(fd).st_size)
        for lines, end in _batches(path, fd, report, ends):
            result = deliverer.deliver(lines) if lines else Result(Fate.DONE)
            if result.fate is not Fate.DONE:
                report.left.append(str(path))
                report.trouble, report.fate = result.message, result.fate
                return False
            _account(path, lines, result, report)
            write_ack(path, end)
            report.done_bytes += end - before
            before = end
            tell(report)
        report.ended += len(ends)
        delete(path)
        return True
    finally:
        os.close(fd)


def _batches(path: Path, fd: int, report: SyncReport, ends: list[bytes]) -> Iterator[tuple[list[bytes], int]]:
    """What is not acknowledged, then ``ends``."""
    size = os.fstat(fd).st_size
    start = read_ack(path, size)
    while start < size:
        lines, end = read_lines(fd, start, size, most_events=EVENTS_A_BATCH, most_bytes=BYTES_A_BATCH)
        whole = [line for line in lines if _is_event(line)]
        torn = [line for line in lines if not _is_event(line)]
        if torn:
            keep_torn(path, b"".join(torn))
            report.torn += len(torn)
        yield whole, end
        start = end
    for at in range(0, len(ends), EVENTS_A_BATCH):
        yield ends[at : at + EVENTS_A_BATCH], size


def _is_event(line: bytes) -> bool:
    if line.startswith(b"{") and line.endswith(b"}\n"):
        return True  # what is wrong inside, the server says
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _account(path: Path, lines: list[bytes], result: Result, report: SyncReport) -> None:
    _count(result, report)
    if result.refusals:
        keep_refused(path, [refusal_entry(r, lines[r.index]) for r in result.refusals])


def _count(result: Result, report: SyncReport) -> None:
    report.accepted += result.accepted
    report.duplicate += result.duplicate
    report.refused += len(result.refusals)
    told = dict.fromkeys([*report.reasons, *(refusal.message for refusal in result.refusals)])
    report.reasons = list(told)[:_MOST_REASONS]


def _may_pass(entry: dict[str, Any]) -> bool:
    """What the server called temporary (a producer's clock ahead, say), and what lacked a project, a right
    or what it speaks of, which somebody else may have given by now."""
    return "event" in entry and (bool(entry.get("retriable")) or entry.get("code") in _MENDED_ELSEWHERE)


def _try_refused_again(path: Path, deliverer: Deliverer, report: SyncReport) -> None:
    try:
        entries = [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    except (OSError, ValueError):
        return
    again = [entry for entry in cast("list[dict[str, Any]]", entries) if _may_pass(entry)]
    if not again:
        return
    rest = [e for e in entries if e not in again]
    for start in range(0, len(again), EVENTS_A_BATCH):
        part = again[start : start + EVENTS_A_BATCH]
        lines = [json.dumps(e["event"], ensure_ascii=False).encode("utf-8", "replace") + b"\n" for e in part]
        result = deliverer.deliver(lines)
        if result.fate is not Fate.DONE:  # the file is as it was; events that passed are known next time
            report.trouble, report.fate = result.message, result.fate
            report.left.append(str(path))
            return
        _count(result, report)
        rest += [refusal_entry(r, lines[r.index]) for r in result.refusals]
    new = path.with_suffix(".refused.new")
    new.write_bytes(
        b"".join(json.dumps(e, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for e in rest)
    )
    if rest:
        new.replace(path)
    else:
        new.unlink()
        path.unlink(missing_ok=True)
