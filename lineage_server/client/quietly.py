"""Around code that records beside a user's: what goes wrong there is one warning, never the user's error."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

logger = logging.getLogger("lineage_server.client")

_told: set[tuple[str, str]] = set()


class Quietly:
    """``with Quietly("the model of run 1"):`` – an ``Exception`` inside ends the block and is told once.

    What is meant for the program itself (Ctrl+C, exit, cancellation) passes.
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(exc, Exception):
            return False
        warn_once(self._what, f"{type(exc).__name__}: {exc}")
        return True


def warn_once(what: str, why: str) -> None:
    """One line for each thing and reason in the life of the process."""
    if (what, why) not in _told and len(_told) < 1000:
        _told.add((what, why))
        logger.warning("lineage: not recorded: %s: %s", what, why)
