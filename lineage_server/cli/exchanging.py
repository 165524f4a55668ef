"""Everything that is stored, out of a server and into one: ``export`` and ``import``."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Exit

from lineage_server.cli.options import AsJson, Project, project_to_list
from lineage_server.cli.output import counted, note, say, say_json, size
from lineage_server.client.render.words import safe
from lineage_server.domain.errors import InvalidInputError

_SECONDS_A_LINE = 5.0


class Format(StrEnum):
    """What an export may be."""

    PARQUET = "parquet"
    PROV = "prov"
    OPENLINEAGE = "openlineage"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("export")(export)
    app.command("import")(import_)


def export(
    path: Annotated[Path, typer.Argument(help="The new folder, or file, of the export.")],
    project: Project = "",
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="parquet: a folder; prov: a file of PROV-JSON; openlineage: a file of OpenLineage events.",
        ),
    ] = Format.PARQUET,
    as_json: AsJson = False,
) -> None:
    """Write all stored events, or those of one project.

    Such as: lineage export backup-2026-05-01

    The server goes on meanwhile: the export holds what was stored when it began. From each of the formats
    'lineage import' makes the same graph again, elsewhere; PROV-JSON and OpenLineage others read, too.
    """
    from lineage_server.client.exchanging import export_to
    from lineage_server.client.interchange.files import export_file

    told, progress = project_to_list(project) or "", _telling("exported")
    if form is Format.PARQUET:
        made = export_to(path, project=told, progress=progress)
        events, total = made.events, sum(file.bytes for file in made.files)
    else:
        events, total = export_file(path, form, project=told, progress=progress), path.stat().st_size
    if as_json:
        say_json({"path": str(path), "format": form, "project": told, "events": events, "bytes": total})
        return
    what = f"of project {told}" if told else "of all projects"
    say(f"{counted(events, 'event')} {what}, {size(total)}, in {safe(str(path))}")
    if told and not events:
        note(f"nothing is stored in project {told}; 'lineage ls projects' lists those there are")


def import_(
    path: Annotated[Path, typer.Argument(help="An export, or a file of PROV-JSON or OpenLineage events.")],
    project: Annotated[
        str, typer.Option("--project", "-p", help="Where to put what a file by others tells (default).")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Store the events of an export in this server.

    Who sent them and when they came stays with them. Which format it is shows itself. PROV-JSON and
    OpenLineage files that others wrote are stored as what they tell. What is there already stays as it is,
    so an import that was cut off is simply done again.
    """
    from dataclasses import asdict

    from lineage_server.client.exchanging import import_from

    report = import_from(path, project=project, progress=_telling("imported"))
    if as_json:
        say_json(asdict(report))
    else:
        say(f"{counted(report.accepted, 'event')} imported, {report.duplicate} were there already")
        for kind, count in report.left_out.items():
            note(f"left out: {count} {kind}, which has no counterpart here")
    if report.refused:
        for reason in report.reasons:
            note(f"refused: {reason}")
        if more := report.refused - len(report.reasons):
            note(f"and {more} more refused")
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
