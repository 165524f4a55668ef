"""``lineage run -- CMD``: any command as a recorded run.

Whoever stops us means the command: it gets the time it needs to end, and how it ended is recorded.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from lineage_server.cli.environment import child_environment
from lineage_server.cli.output import note
from lineage_server.client.process import FATAL
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.nodes import RunState

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
_STOPS = {signal.SIGINT: "stopped by Ctrl+C (SIGINT)", **FATAL}
_KILLED = 128
"""Shells add it to the signal that ended a process."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(context_settings=_PASS_ON)(run)


def run(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="Name of the run; by default the command's.")] = "",
    project: Annotated[str, typer.Option("--project", "-p", help="Project of the run.")] = "",
) -> int:
    """Run any command as a recorded run.

    Such as: lineage run -- python train.py --lr 0.1

    A ``start_run`` inside the command becomes a child of this run. Answers the command's exit code.
    """
    from lineage_server.client.client import Client
    from lineage_server.client.ending import Ending
    from lineage_server.client.run import FINISH_SECONDS

    command = list(context.args)
    if not command:
        raise InvalidInputError("say what to run: lineage run -- python train.py", field="CMD")
    with Client(project=project or None) as client:
        recorded = client.start_run(
            name or Path(command[0]).name, tags={"command": shlex.join(command)[:500]}
        )
        told = {"LINEAGE_PARENT_RUN": recorded.id, "LINEAGE_PROJECT": recorded.project}
        with _started(command, child_environment(told)) as process, _handing_on(process) as stops:
            ended = process.wait()
        code = ended if ended >= 0 else _KILLED - ended
        recorded.end_with(Ending(*_judged(ended, stops), exit_code=code), FINISH_SECONDS)
        note(f"recorded as run:{recorded.id}")
    return code


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=environment)
    except FileNotFoundError:
        raise NotFoundError(f"there is no command {command[0]!r}; nothing was run") from None
    except OSError as error:
        raise InvalidInputError(f"{command[0]!r} cannot be run: {error.strerror}", field="CMD") from None


@contextmanager
def _handing_on(process: subprocess.Popen[bytes]) -> Generator[list[signal.Signals]]:
    """The command is stopped instead of us; answers the signals that have come."""
    # A terminal sends Ctrl+C to both; a second one would disturb the command while it tidies up.
    shared = any(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    stops: list[signal.Signals] = []

    def hand_on(number: int, _: FrameType | None) -> None:
        stops.append(signal.Signals(number))
        if not (shared and number == signal.SIGINT):
            process.send_signal(number)

    # What we ignore (nohup, a shell's background job), the command ignores, too.
    heard = [number for number in _STOPS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, hand_on) for number in heard}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _judged(ended: int, stops: list[signal.Signals]) -> tuple[RunState, str]:
    """State and reason of a run whose command ended so: stopped is stopped, whatever it made of it."""
    if ended < 0 and not stops:
        if -ended not in _STOPS:
            return RunState.FAILED, f"killed by signal {-ended} ({signal.strsignal(-ended)})"
        stops = [signal.Signals(-ended)]
    if stops:
        return RunState.ABORTED, _STOPS[stops[0]]
    return (RunState.FAILED, f"exit code {ended}") if ended else (RunState.COMPLETE, "")
