"""How a run ends, and what is told of the error that ended it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lineage_server.client.scrub import scrub_text
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import RunState

_MOST_CODE = 0xFF


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends, and why."""

    state: RunState = RunState.COMPLETE
    reason: str = ""
    exit_code: int | None = None


def ending_of(error: BaseException | None) -> Ending:
    """The end of what was left by ``error`` (None: regularly)."""
    if error is None:
        return Ending()
    if isinstance(error, SystemExit):
        code = _exit_code(error.code)
        return Ending(RunState.FAILED, _reason_of(error), code) if code else Ending(exit_code=0)
    if isinstance(error, KeyboardInterrupt | GeneratorExit) or type(error).__name__ == "CancelledError":
        return Ending(RunState.ABORTED, _reason_of(error))
    return Ending(RunState.FAILED, _reason_of(error))


def _exit_code(told: object) -> int:
    """What the process's parent sees, of which POSIX keeps eight bits; a message is 1."""
    if not isinstance(told, int):
        return 0 if told is None else 1
    return told & _MOST_CODE if os.name == "posix" else told


def _reason_of(error: BaseException) -> str:
    """Type and message of an exception, without secrets, in one line."""
    message = " ".join(scrub_text(str(error)).split())
    kind = type(error).__name__
    return shorten(f"{kind}: {message}" if message else kind, 2000)
