"""``lineage demo``: run the sample project against a running server, or take it out again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from lineage_server.cli.output import say
from lineage_server.domain.errors import UnavailableError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(demo)


def sample_command(folder: Path | None = None, *, parent: int = 0) -> list[str]:
    """The sample as a process of its own; with ``parent`` it ends when that process has ended."""
    command = [sys.executable, "-m", "lineage_server.sample"]
    if folder is not None:
        command += ["--folder", str(folder)]
    return [*command, "--parent", str(parent)] if parent else command


def demo(
    remove: Annotated[bool, typer.Option("--remove", help="Take the sample out again.")] = False,
) -> None:
    """Run the sample project, or take it out again.

    Real training, recorded as project demo; once is enough.
    """
    if remove:
        from lineage_server.client.client import Client
        from lineage_server.sample import presence

        with Client(project=presence.PROJECT) as client:
            gone, files = presence.take_out(client)
        if not gone:
            say("the sample is not there; 'lineage demo' runs it")
            return
        say(f"the sample's {gone} nodes are tombstones now; 'lineage demo' brings them back")
        say(f"{files} files of it were removed; what else is in project {presence.PROJECT} stays")
        return
    code = subprocess.run(sample_command(), check=False).returncode
    if code:
        raise UnavailableError(f"the sample ended with code {code}; its messages stand above", part="sample")
