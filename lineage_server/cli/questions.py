"""Commands that ask what is more than a lineage: ``impact``, ``path``, ``cost``, ``completeness``. The
client puts their answers into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lineage_server.cli.options import AsJson, AsOf, KnownAt, Project
from lineage_server.cli.output import say, terminal_width

if TYPE_CHECKING:
    from lineage_server.client.answers import Answer
    from lineage_server.client.client import Client

Ref = Annotated[str, typer.Argument(help="A reference (model:churn@prod, run:<id>) or a uid.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (impact, path, cost, completeness):
        app.command()(command)


def impact(
    ref: Ref,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """What is touched if this is bad, and whom to tell."""
    with _client(project) as client:
        _say(client.impact(ref, as_of=as_of, known_at=known_at), as_json=as_json)


def path(
    start: Annotated[str, typer.Argument(help="One thing, such as dataset:iris@1.")],
    end: Annotated[str, typer.Argument(help="The other, such as model:churn@2.")],
    most: Annotated[int, typer.Option("--most", "-n", min=1, max=50, help="At most so many ways.")] = 3,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """How two things are connected, the shortest way first."""
    with _client(project) as client:
        _say(client.path(start, end, k=most, as_of=as_of, known_at=known_at), as_json=as_json)


def cost(
    ref: Ref,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """What this and all it was made from cost, each run once."""
    with _client(project) as client:
        _say(client.cost(ref, as_of=as_of, known_at=known_at), as_json=as_json)


def completeness(
    ref: Ref,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """How far what is known of the making of this can be trusted."""
    with _client(project) as client:
        _say(client.completeness(ref, as_of=as_of, known_at=known_at), as_json=as_json)


def _client(project: str) -> Client:
    from lineage_server.client.client import Client

    return Client(project=project or None)


def _say(answer: Answer, *, as_json: bool) -> None:
    say(answer.to_json() if as_json else answer.to_text(width=terminal_width() or 200))
