"""Options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")]
Project = Annotated[
    str, typer.Option("--project", "-p", help="Project; by default LINEAGE_PROJECT, else all you may see.")
]
AsOf = Annotated[
    str, typer.Option("--as-of", help="As it had happened by then: 2026-05-01, 2026-05-01T12:00:00Z.")
]
