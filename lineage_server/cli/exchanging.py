"""Everything that is stored, out of a server and into one: ``export`` and ``import``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Exit

from lineage_server.cli.options import AsJson, Project, project_to_list
from lineage_server.cli.output import counted, note, say, say_json, size
from lineage_server.domain.errors import InvalidInputError

_SECONDS_A_LINE = 5.0
Folder = Annotated[Path, typer.Argument(help="The folder of the export.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("export")(export)
    app.command("import")(import_)


def export(folder: Folder, project: Project = "", as_json: AsJson = False) -> None:
    """Write all stored events, or those of one project, into a new folder.

    Such as: lineage export backup-2026-05-01

    The server goes on meanwhile: the folder holds what was stored when it began. From it 'lineage import'
    makes the same graph again, elsewhere.
    """
    from dataclasses import asdict

    from lineage_server.client.exchanging import export_to

    made = export_to(folder, project=project_to_list(project) or "", progress=_telling("exported"))
    if as_json:
        say_json(asdict(made))
        return
    what = f"of project {made.project}" if made.project else "of all projects"
    total = sum(file.bytes for file in made.files)
    say(f"{counted(made.events, 'event')} {what}, {size(total)}, in {folder}")


def import_(folder: Folder, as_json: AsJson = False) -> None:
    """Store the events of an export in this server, with who sent them and when they came.

    What is there already stays as it is, so an import that was cut off is simply done again.
    """
    from dataclasses import asdict

    from lineage_server.client.exchanging import import_from

    report = import_from(folder, progress=_telling("imported"))
    if as_json:
        say_json(asdict(report))
    else:
        say(f"{counted(report.accepted, 'event')} imported, {report.duplicate} were there already")
    if report.refused:
        for reason in report.reasons:
            note(f"refused: {reason}")
        note(f"{counted(report.refused, 'event')} refused; the server keeps them, see refusedEvents")
        raise Exit(InvalidInputError.exit_code)


def _telling(done: str) -> Callable[[int], None]:
    """A line now and then, since large graphs take a while."""
    total, told = 0, time.monotonic()

    def tell(events: int) -> None:
        nonlocal total, told
        total += events
        if time.monotonic() - told > _SECONDS_A_LINE:
            told = time.monotonic()
            note(f"{counted(total, 'event')} {done} so far")

    return tell
