"""``lineage run -- CMD``: any command as a recorded run.

Whoever stops us means the command: it gets the time it needs to end, and how it ended is recorded.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from lineage_server.cli.environment import child_environment
from lineage_server.cli.output import fail, note
from lineage_server.client.process import FATAL
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import clean_run_id, new_run_id
from lineage_server.domain.nodes import RunState

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.run import Run

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
_STOPS = {signal.SIGINT: "stopped by Ctrl+C (SIGINT)", **FATAL}
_KILLED = 128
"""Shells add it to the signal that ended a process."""
_MISSING, _NOT_EXECUTABLE = 127, 126
"""What shells answer for a command that could not be run."""


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
        # The command must know the run that it is part of, and the run is told once there is a command.
        chosen = clean_run_id(client.config.run_id) if client.config.run_id else new_run_id()
        told = {
            "LINEAGE_RUN_ID": None,
            "LINEAGE_PARENT_RUN": chosen,
            "LINEAGE_PROJECT": client.config.project,
        }
        try:
            process = subprocess.Popen(command, env=child_environment(told))
        except OSError as error:
            return _not_run(command[0], error)
        with process, _handing_on(process) as stops:
            recorded = _begun(client, chosen, command, process.pid, name)
            ended = process.wait()
        code = ended if ended >= 0 else _KILLED - ended
        if code and client.outbox is not None and client.outbox.sender is not None:
            client.outbox.adopter.look()  # what was killed has left runs of its own open
        recorded.end_with(Ending(*_judged(ended, stops), exit_code=code), FINISH_SECONDS)
        note(f"recorded as run:{recorded.id}")
    return code


def _begun(client: Client, chosen: str, command: list[str], pid: int, name: str) -> Run:
    """The run of a command, with what is seen of the command and not of us."""
    from lineage_server.client.builders import name_of_file
    from lineage_server.client.command import program_of
    from lineage_server.client.place import default_name
    from lineage_server.client.scrub import scrub_argv

    program = program_of(command, client.config.environ, pid)
    recorded = client.start_run(
        name or name_of_file(default_name(program.entry) if program.entry else command[0]),
        run_id=None if client.config.run_id else chosen,
        tags={"command": shlex.join(scrub_argv(command))[:500]},
        capture="none",
    )
    recorded.stand_for(pid)
    recorded.capture_in_background(client.config.capture, program)
    return recorded


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
