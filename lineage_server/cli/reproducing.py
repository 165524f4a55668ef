"""``reproduce``: what it takes to do a run again, and doing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lineage_server.cli.options import AsJson, Project
from lineage_server.cli.output import say, terminal_width
from lineage_server.cli.running import handing_on

_NOT_THE_SAME = 1


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(reproduce)


def reproduce(
    ref: Annotated[
        str, typer.Argument(help="A run (run:<id>), or a version, which means the run that made it.")
    ],
    do_it: Annotated[
        bool, typer.Option("--run", help="Do it: run the recorded command, as you, on this machine.")
    ] = False,
    repo: Annotated[Path, typer.Option("--repo", help="A checkout that has the commit.")] = Path(),
    folder: Annotated[
        Path | None, typer.Option("--in", help="A new folder to do it in, which stays; else one that goes.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="How far metrics may lie apart, relative to the larger.")
    ] = 0.0,
    project: Project = "",
    as_json: AsJson = False,
) -> int:
    """What it takes to do a run again, and what of it is missing.

    With --run it is done, if 'lineage run' began it: the commit with its uncommitted changes
    in a folder of its own, inputs as they were, then the recorded command. Outputs and
    metrics are compared; the verdict is attached to both runs. Exit code 1: not the same.
    """
    from lineage_server.client.client import Client
    from lineage_server.client.reproducing.reproduction import reproduce as again

    with Client(project=project or None) as client:
        found = again(
            client, ref, perform=do_it, repo=repo, folder=folder, tolerance=tolerance, watch=handing_on
        )
    say(found.to_json() if as_json else found.to_text(width=terminal_width() or 200))
    if found.verdict is None:
        return 0
    return 0 if found.verdict.verdict == "same" else _NOT_THE_SAME
