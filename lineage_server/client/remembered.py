"""Digests by inode, size and times, in one small SQLite file; without it everything still works."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

logger = logging.getLogger("lineage_server.client")

_TABLE = "CREATE TABLE IF NOT EXISTS digests (key TEXT PRIMARY KEY, digest TEXT, used INT)"
_KEEP = "INSERT OR REPLACE INTO digests VALUES (?, ?, ?)"
_AT_ONCE = 500
_HEX = 64
_SETTLED_SECONDS = 2.0
_SETTLED_FINE_SECONDS = 0.1
"""Where times are finer than a millisecond: the clock behind them ticks every 10 ms at least."""


class Known(NamedTuple):
    """Of a file: its digest, and those of its parts, where it has several and somebody wanted them."""

    digest: str
    parts: tuple[str, ...] = ()


def key_of(told: os.stat_result) -> str:
    """Another one whenever the file was written."""
    # The change time too: modification times can be set back, it can't.
    return f"{told.st_dev}:{told.st_ino}:{told.st_size}:{told.st_mtime_ns}:{told.st_ctime_ns}"


def is_settled(told: os.stat_result) -> bool:
    """Whether a file is old enough to be remembered: a younger one could change within the clock's tick."""
    is_fine = told.st_mtime_ns % 1_000_000 and told.st_ctime_ns % 1_000_000
    age = time.time() - max(told.st_mtime, told.st_ctime)
    return age > (_SETTLED_FINE_SECONDS if is_fine else _SETTLED_SECONDS)


class Remembered:
    """The digests last computed for very states of files."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "digests.sqlite"
        self._broken = False

    def find(self, keys: Iterable[str]) -> dict[str, Known]:
        """Those that are known."""
        asked = list(keys)
        rows: list[Any] = []
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows += self._run(f"SELECT key, digest FROM digests WHERE key IN ({marks})", [some])
        return {str(key): _known(str(text)) for key, text in rows}

    def keep(self, found: Mapping[str, Known]) -> None:
        """Remember; what was not used for long is dropped one day."""
        now = int(time.time())
        if found:
            self._run(_KEEP, [(key, one.digest + "".join(one.parts), now) for key, one in found.items()])

    def _run(self, statement: str, rows: list[Any]) -> list[Any]:
        if self._broken:
            return []
        import sqlite3

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A connection a call: any thread, any process, nothing to close after a fork.
            connection = sqlite3.connect(self._path, timeout=2.0)
            try:
                with connection:
                    connection.execute(_TABLE)
                    if statement is _KEEP:
                        connection.executemany(statement, rows)
                        return []
                    return connection.execute(statement, rows[0]).fetchall()
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            logger.info("lineage: digests are not remembered: %s", error)
            self._broken = True
            return []


def _known(text: str) -> Known:
    """The digests of the parts follow that of the whole."""
    end = text.index(":") + 1 + _HEX if ":" in text else len(text)
    rest = text[end:]
    return Known(text[:end], tuple(rest[at : at + _HEX] for at in range(0, len(rest), _HEX)))
