"""``lineage run -- CMD``: any command as a recorded run.

Whoever stops us means the command: it gets the time it needs to end, and how it ended is recorded.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from lineage_server.cli.output import fail, note
from lineage_server.client.process import FATAL
from lineage_server.domain.errors import InvalidInputError

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
_STOPS = (signal.SIGINT, *FATAL)
_MISSING, _NOT_EXECUTABLE = 127, 126
"""What shells answer for a command that could not be run."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(context_settings=_PASS_ON)(run)


def run(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="Name of the run; by default the command's.")] = "",
    project: Annotated[str, typer.Option("--project", "-p", help="Project of the run.")] = "",
    log: Annotated[
        bool, typer.Option("--log", help="Keep what the command writes, as an output of the run.")
    ] = False,
) -> int:
    """Run any command as a recorded run.

    Such as: lineage run -- python train.py --lr 0.1

    A ``start_run`` inside the command becomes a child of this run. Answers the command's exit code.
    """
    from lineage_server.client.client import Client
    from lineage_server.client.console import Console
    from lineage_server.client.launching import launch

    command = list(context.args)
    if not command:
        raise InvalidInputError("say what to run: lineage run -- python train.py", field="CMD")
    with Client(project=project or None) as client:
        try:
            done = launch(client, command, watch=handing_on, name=name, console=Console() if log else None)
        except OSError as error:
            return _not_run(command[0], error)
        note(f"recorded as run:{done.run.id}")
    return done.code


def _not_run(command: str, error: OSError) -> int:
    """Says why, with the exit code that shells answer then."""
    missing = isinstance(error, FileNotFoundError)
    why = "is there, but not the interpreter that it names" if missing else f"cannot be run: {error.strerror}"
    if missing and shutil.which(command) is None:
        fail(f"there is no command {command!r}; nothing was run or recorded")
    else:
        fail(f"{command!r} {why}; nothing was run or recorded")
    return _MISSING if missing else _NOT_EXECUTABLE


@contextmanager
def handing_on(process: subprocess.Popen[bytes]) -> Generator[list[signal.Signals]]:
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
