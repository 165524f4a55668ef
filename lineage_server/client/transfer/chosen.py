"""Which files of a version are wanted, by patterns as shells and ``.gitignore`` have them.

``*.json`` is any file of such a name, however deep it lies; ``data/*.json`` lies in ``data`` itself,
``data/**/*.json`` or ``data/`` anywhere below. What they match are paths within the version: they say what is
left out, never where anything is written to. In time that grows with pattern times path, whatever they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fnmatch import translate

from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.domain.ids import shorten

MAX_PATTERNS = 100
MAX_PATTERN = 1_000
_Pattern = tuple[re.Pattern[str] | None, ...]
"""None: any number of folders."""


class Chosen:
    """All of them, where there are no patterns. Raises InvalidInputError or LimitError."""

    def __init__(self, patterns: str | Sequence[str] | None = None) -> None:
        told = (patterns,) if isinstance(patterns, str) else tuple(patterns or ())
        if len(told) > MAX_PATTERNS:
            raise LimitError(f"more than {MAX_PATTERNS} patterns", limit=MAX_PATTERNS, actual=len(told))
        self.words = told
        self._patterns = tuple(_pattern(text) for text in told)

    def __bool__(self) -> bool:
        """Whether anything may be left out."""
        return bool(self._patterns)

    def __call__(self, path: bytes) -> bool:
        """Whether the file at this path is wanted."""
        parts = os.fsdecode(path).split("/")
        return not self._patterns or any(_fits(pattern, parts) for pattern in self._patterns)


def _pattern(text: str) -> _Pattern:
    parts = text.split("/")
    if len(text) > MAX_PATTERN or not text.strip() or "\0" in text or not parts[0] or {"..", "."} & {*parts}:
        raise InvalidInputError(
            f"the pattern {shorten(text, 60)!r} matches no path within a version",
            field="paths",
            allowed="such as '*.json', 'data/*.parquet', 'data/**/*.txt' or 'data/'",
        )
    if len(parts) == 1:
        parts = ["**", *parts]
    elif not parts[-1]:
        parts[-1] = "**"
    return tuple(None if part == "**" else re.compile(translate(part)) for part in parts)


def _fits(pattern: _Pattern, parts: Sequence[str]) -> bool:
    """``reached``: how many parts of the path may be behind what was matched so far."""
    reached = {0}
    for one in pattern:
        if one is None:
            reached = set(range(min(reached), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and one.match(parts[at])}
        if not reached:
            return False
    return len(parts) in reached
