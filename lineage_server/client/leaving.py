"""How the program was left: regularly, by an error, or by an exit and with which code.

The interpreter does not tell its exit handlers. What it leaves behind: the frame that the program began
in stands where it was left, and an error that nobody caught is kept in ``sys``. Of an exit nothing is
kept, so ``sys.exit`` and ``exit`` are listened to.
"""

from __future__ import annotations

import builtins
import functools
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from lineage_server.client.ending import Ending, ending_of
from lineage_server.domain.nodes import RunState

_exits: list[SystemExit] = []
"""The last exit that the main thread asked for; somebody may have caught it."""
_began: list[FrameType] = []
_RETURNS = ("RETURN_VALUE", "RETURN_CONST")
_BETWEEN = ("CACHE", "PRECALL", "PUSH_NULL", "CALL")
_LITERALS = ("LOAD_CONST", "LOAD_SMALL_INT")


def listen() -> None:
    """From now on exits are noticed; once a process."""
    frames = sys._current_frames()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]  no other way
    frame = frames.get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    if frame is not None:
        _began.append(frame)
    leave = sys.exit

    @functools.wraps(leave)
    def noticed(status: Any = None, /) -> NoReturn:
        _notice(status)
        leave(status)

    sys.exit = noticed
    at_prompt: object = getattr(builtins, "exit", None)
    kind: Any = type(at_prompt)
    if kind.__module__ == "_sitebuiltins":  # ``exit`` and ``quit``, for people at a prompt and in scripts
        quits: Callable[..., NoReturn] = kind.__call__

        @functools.wraps(quits)
        def noticed_too(self: object, code: Any = None) -> NoReturn:
            _notice(code)
            quits(self, code)

        kind.__call__ = noticed_too


def _notice(status: Any) -> None:
    if threading.current_thread() is threading.main_thread():
        _exits[:] = [SystemExit(status)]


def ending_of_program() -> Ending:
    """In an exit handler: how the program ended; a prompt or notebook survives whatever happens in it."""
    if _survives() or (_began and _returned(_began[0])):
        return Ending()
    error = getattr(sys, "last_value", None)
    if isinstance(error, BaseException):
        return ending_of(error)
    if _exits:
        return ending_of(_exits[0])
    return _unheard(_began[0]) if _began else Ending()


def keep_exit_code() -> None:
    """At the end of an exit handler: what an interrupt ended dies of SIGINT, as if we had not been there.

    The interpreter forgets the interrupt once more code is run from text, and modules that are imported
    only now do that (``dataclass``); so it is told again, in the same way.
    """
    if not _survives() and isinstance(getattr(sys, "last_value", None), KeyboardInterrupt):
        with suppress(KeyboardInterrupt):
            exec("raise KeyboardInterrupt")


def _survives() -> bool:
    return hasattr(sys, "ps1") or "ipykernel" in sys.modules


def _operation(frame: FrameType) -> int:
    return frame.f_code.co_code[frame.f_lasti] if frame.f_lasti >= 0 else -1


def _returned(frame: FrameType) -> bool:
    from opcode import opname

    return opname[_operation(frame)] in _RETURNS


def _unheard(frame: FrameType) -> Ending:
    """The end by ``raise SystemExit``: its code is known only where it is written there."""
    from dis import get_instructions

    steps = [step for step in get_instructions(frame.f_code) if step.opname not in _BETWEEN]
    words = [step for step in steps if step.offset <= frame.f_lasti][-3:]
    if len(words) == 3 and words[-1].opname == "RAISE_VARARGS":
        if words[1].argval == SystemExit.__name__:
            return ending_of(SystemExit())
        if words[0].argval == SystemExit.__name__ and words[1].opname in _LITERALS:
            return ending_of(SystemExit(words[1].argval))
    return Ending(RunState.FAILED, "left by SystemExit with a code that is not known: only sys.exit tells it")
