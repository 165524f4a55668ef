"""``lineage demo``: run the sample project against a running server, or take it out again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from lineage_server.cli.output import say
from lineage_server.domain.errors import InvalidInputError

PROJECT = "demo"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(demo)


def sample_command(folder: Path | None = None, *, parent: int = 0) -> list[str]:
    """The sample as a process of its own; with ``parent`` it ends when that process has ended."""
    command = [sys.executable, "-m", "lineage_server.sample"]
    if folder is not None:
        command += ["--folder", str(folder)]
    return [*command, "--parent", str(parent)] if parent else command
