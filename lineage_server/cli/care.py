"""Looking after things: send what waits, rebuild, print settings and completion scripts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lineage_server.cli.options import AsJson
from lineage_server.cli.output import bold, cut, note, say, say_json, terminal_width


class Shell(StrEnum):
    """Shells that completion exists for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(sync)
    app.command()(rebuild)
    app.command()(settings)
    app.command()(completion)
