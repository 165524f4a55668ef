"""A command as a recorded run: what it is told of the run that it is part of, and how it ended.

Who reads the command line, and who is asked to stop, is up to the caller (``lineage run``, reproducing).
"""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_server.client import builders
from lineage_server.client.command import program_of
from lineage_server.client.ending import Ending
from lineage_server.client.place import default_name
from lineage_server.client.process import FATAL
from lineage_server.client.run import FINISH_SECONDS, Run
from lineage_server.client.scrub import scrub_argv
from lineage_server.domain.event_parts import ReproductionFact
from lineage_server.domain.ids import new_run_id
from lineage_server.domain.nodes import ArtifactType, RunState

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.console import Console

STOPS = {signal.SIGINT: "stopped by Ctrl+C (SIGINT)", **FATAL}
_KILLED = 128
"""Shells add it to the signal that ended a process."""

Watch = Callable[["subprocess.Popen[bytes]"], AbstractContextManager[list[signal.Signals]]]
"""Around the time that a command runs; answers the signals that came meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A command that has ended; ``code`` as a shell would answer it."""

    run: Run
    state: RunState
    reason: str
    code: int


@contextmanager
def waiting(process: subprocess.Popen[bytes]) -> Generator[list[signal.Signals]]:
    """Only wait; whoever gives up waiting stops the command."""
    try:
        yield []
    finally:
        if process.poll() is None:
            process.terminate()


def launch(
    client: Client,
    command: Sequence[str],
    *,
    watch: Watch = waiting,
    name: str = "",
    job: str = "",
    folder: Path | None = None,
    scratch: Path | None = None,
    reproduces: str = "",
    console: Console | None = None,
) -> Launched:
    """Run it to its end; raises OSError where it cannot be run, and then records nothing.

    ``reproduces``: id of the run that it does again; then it is a run of its own, whatever runs us.
    ``console`` keeps what the command writes, which becomes the log of the run, an output of type ``log``.
    ``scratch``: a folder that goes again, so that nothing is said to lie there.
    """
    given = "" if reproduces else client.run_ids.next()
    # The command must know the run that it is part of, and the run is told once there is a command.
    chosen = given or new_run_id()
    told = {**client.config.environ, "LINEAGE_PARENT_RUN": chosen, "LINEAGE_PROJECT": client.config.project}
    for taken in ("LINEAGE_RUN_ID", "LINEAGE_WORKLOAD_UID"):
        told.pop(taken, None)
    if scratch is not None:
        told["LINEAGE_SCRATCH"] = str(scratch)
    if reproduces:
        told["LINEAGE_REPRODUCES"] = reproduces
    with _started(command, told, folder, console) as process, watch(process) as stops:
        program = program_of(command, client.config.environ, process.pid, folder)
        recorded = client.start_run(
            name or builders.name_of_file(default_name(program.entry) if program.entry else command[0]),
            job=job or None,
            run_id=None if given else chosen,
            tags={"command": shlex.join(scrub_argv(command))[:500]},
            capture="none",
        )
        again = ReproductionFact(of=reproduces) if reproduces else None
        facts = {"launcher": builders.LAUNCHER}
        client.report(
            builders.run_told(recorded.id, project=recorded.project, facts=facts, reproduction=again)
        )
        recorded.stand_for(process.pid)
        recorded.capture_in_background(client.config.capture, program)
        ended = process.wait()
    if console is not None and (written := console.text()):
        recorded.log_text(f"{recorded.name}.log", written, type=ArtifactType.LOG, role="log")
    code = ended if ended >= 0 else _KILLED - ended
    if code and client.outbox is not None and client.outbox.sender is not None:
        client.outbox.adopter.look()  # what was killed has left runs of its own open
    state, reason = _judged(ended, stops)
    recorded.end_with(Ending(state, reason, exit_code=code), FINISH_SECONDS)
    return Launched(run=recorded, state=state, reason=reason, code=code)


@contextmanager
def _started(
    command: Sequence[str], environ: dict[str, str], folder: Path | None, console: Console | None
) -> Generator[subprocess.Popen[bytes]]:
    """Its process; what it writes goes where we write, by way of the ``console`` if there is one."""
    if console is None:
        with subprocess.Popen(command, env=environ, cwd=folder) as process:
            yield process
        return
    with console.streams() as (out, err):
        process = subprocess.Popen(command, env=environ, cwd=folder, stdout=out, stderr=err)
        with process:
            yield process


def _judged(ended: int, stops: list[signal.Signals]) -> tuple[RunState, str]:
    """State and reason of a run whose command ended so: stopped is stopped, whatever it made of it."""
    if ended < 0 and not stops:
        if -ended not in STOPS:
            return RunState.FAILED, f"killed by signal {-ended} ({signal.strsignal(-ended)})"
        stops = [signal.Signals(-ended)]
    if stops:
        return RunState.ABORTED, STOPS[stops[0]]
    return (RunState.FAILED, f"exit code {ended}") if ended else (RunState.COMPLETE, "")
