"""``lineage run -- CMD``: any command as a recorded run."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from lineage_server.cli.environment import child_environment
from lineage_server.cli.output import note
from lineage_server.domain.errors import InvalidInputError, NotFoundError

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


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

    command = list(context.args)
    if not command:
        raise InvalidInputError("say what to run: lineage run -- python train.py", field="CMD")
    with Client(project=project or None) as client:
        recorded = client.start_run(
            name or Path(command[0]).name, tags={"command": shlex.join(command)[:500]}
        )
        told = {"LINEAGE_PARENT_RUN": recorded.id, "LINEAGE_PROJECT": recorded.project}
        try:
            code = subprocess.run(command, env=child_environment(told), check=False).returncode
        except FileNotFoundError:
            recorded.fail(f"there is no command {command[0]!r}")
            recorded.finish()
            raise NotFoundError(f"there is no command {command[0]!r}; nothing was run") from None
        if code:
            recorded.fail(f"exit code {code}")
        recorded.finish()
        note(f"recorded as run:{recorded.id}")
    return code
