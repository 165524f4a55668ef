"""The end of runs whose process is gone without a word: killed, or its machine stopped.

What is known of it stands in the journal: when the process last told something of its runs. Told again,
it is the same event. Not here: whether the process is gone (the journal's lock says that).
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lineage_server.client import openings
from lineage_server.client.journal import SUFFIX, read_lines
from lineage_server.client.locks import try_lock
from lineage_server.client.openings import Opened
from lineage_server.client.wire import line_of
from lineage_server.domain.edges import Basis
from lineage_server.domain.events import RunReported
from lineage_server.domain.nodes import STATE_RANK, TERMINAL_RANK, RunState
from lineage_server.domain.untyped import as_mapping

_SPACE = uuid.UUID("5d0b4b0e-6f0a-5b53-9c8e-0f1c5a8e9b11")
_POINTS = re.compile(rb'\{"type":"metrics",.{1,2000}?"at":(\d{1,18}),"run":"([^"]{1,64})"')
"""The head of a line of points, which may be long."""
_AT_ONCE_LINES, _AT_ONCE_BYTES = 1_000, 1 << 20


def ends_of(journal: Path, fd: int, opened: Opened) -> list[bytes]:
    """Lines that end the runs which the process of this journal left open; ``fd`` reads the journal."""
    left = opened.runs
    if not left:
        return []
    last, ended = 0, set[str]()
    for at, run, over in _told(fd):
        if run in opened.projects:
            last = max(last, at)
            if over:
                ended.add(run)
    left -= ended
    left -= _living_elsewhere(journal) if left else set()
    at = last or os.fstat(fd).st_mtime_ns // 1000
    return [_end(run, opened.projects[run], journal, at) for run in sorted(left)]


def _end(run: str, project: str, journal: Path, at: int) -> bytes:
    number = journal.stem.split("-")[1:2]
    return line_of(
        RunReported(
            id=str(uuid.uuid5(_SPACE, f"{journal.stem} {run}")),
            project=project,
            at=at,
            run=run,
            state=RunState.ABORTED,
            ended_at=at,
            reason=f"process {''.join(number)} is gone without a word on how it ended: "
            "it was killed, or its machine stopped",
            basis=Basis.INFERRED,
        )
    )


def _told(fd: int) -> Iterator[tuple[int, str, bool]]:
    """Of each line on a run: when, which, and whether it ends it."""
    start, size = 0, os.fstat(fd).st_size
    while start < size:
        lines, start = read_lines(fd, start, size, most_events=_AT_ONCE_LINES, most_bytes=_AT_ONCE_BYTES)
        for line in lines:
            points = _POINTS.match(line)
            if points is not None:
                yield int(points[1]), points[2].decode("ascii", "replace"), False
                continue
            with suppress(ValueError, RecursionError):
                yield from _of_run(as_mapping(json.loads(line)))


def _of_run(told: dict[str, Any]) -> Iterator[tuple[int, str, bool]]:
    at, run, state = told.get("at"), told.get("run"), told.get("state")
    if isinstance(at, int) and isinstance(run, str):
        over = isinstance(state, str) and STATE_RANK.get(state) == TERMINAL_RANK
        yield at, run, over and told.get("type") == RunReported.type


def _living_elsewhere(journal: Path) -> set[str]:
    """Runs that another process of this folder goes on with: begun again after a restart, say."""
    living: set[str] = set()
    for other in journal.parent.glob(f"*{openings.SUFFIX}"):
        path = other.with_suffix(SUFFIX)
        if path != journal and _is_held(path):
            living |= openings.read(path).runs
    return living


def _is_held(journal: Path) -> bool:
    try:
        fd = os.open(journal, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not try_lock(fd)
    finally:
        os.close(fd)
