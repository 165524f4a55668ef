"""``diff`` and ``compare``: why two things differ, and what distinguishes runs."""

from __future__ import annotations

from typing import Annotated

import typer

from lineage_server.cli.looking import say_file_changes
from lineage_server.cli.options import AsJson, AsOf, KnownAt, Project, project_of
from lineage_server.cli.output import say, terminal_width
from lineage_server.domain.errors import InvalidInputError

WIDE = 10_000
"""Columns in a pipe, where nothing is to be cut."""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(diff)
    app.command()(compare)


def compare(
    refs: Annotated[
        list[str],
        typer.Argument(
            help="2 to 200 runs (run:<id>), or versions, each of which means the run that made it.",
            metavar="RUN RUN...",
        ),
    ],
    everything: Annotated[bool, typer.Option("--all", help="What is the same in all runs, too.")] = False,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """What distinguishes runs.

    Parameters, metrics, what they read and wrote, code, environment.
    """
    from lineage_server.client.client import Client

    with Client(project=project or None) as client:
        answer = client.compare(refs, everything=everything)
    say(answer.to_json() if as_json else answer.to_text(width=terminal_width() or WIDE))


def diff(
    a: Annotated[str, typer.Argument(help="One thing, such as model:churn@1.")],
    b: Annotated[str, typer.Argument(help="The other, such as model:churn@2.")],
    files: Annotated[
        bool, typer.Option("--files", help="Of two versions: which files were added, removed and changed.")
    ] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Why two things differ, the first cause at the top."""
    if files:
        _say_files(a, b, project, as_json=as_json, timed=bool(as_of or known_at))
        return
    from lineage_server.client.client import Client

    with Client(project=project or None) as client:
        answer = client.diff(a, b, as_of=as_of, known_at=known_at)
    say(answer.to_json() if as_json else answer.to_text(width=terminal_width() or WIDE))


def _say_files(a: str, b: str, project: str, *, as_json: bool, timed: bool) -> None:
    from lineage_server.client.client import Client

    if timed:
        raise InvalidInputError(
            "files of versions do not change with time", field="as_of", allowed="without --files"
        )
    with Client(project=project_of(project)) as client:
        say_file_changes(client.get(a), client.get(b), as_json=as_json)
