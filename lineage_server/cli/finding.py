"""What lists are narrowed and sorted by on the command line, and ``search``. What the words mean is the
client's (``client/finding``)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_server.cli.options import AsJson, Project, project_to_list
from lineage_server.cli.output import say, say_json, say_table

if TYPE_CHECKING:
    from lineage_server.client.finding import Wanted

Several = list[str] | None
Text = Annotated[str, typer.Option("--text", help="With these words in name, description or tags.")]
States = Annotated[Several, typer.Option("--state", help="complete, failed, …; repeatable: one of them.")]
Kinds = Annotated[Several, typer.Option("--kind", help="training, dataset, …; repeatable: one of them.")]
Tags = Annotated[Several, typer.Option("--tag", help="team=vision, or team alone; repeatable: all of them.")]
Params = Annotated[Several, typer.Option("--param", help="Such as 'lr<0.1' or optimizer=adam; repeatable.")]
Metrics = Annotated[Several, typer.Option("--metric", help="Such as 'auc>0.9'; repeatable: all of them.")]
People = Annotated[Several, typer.Option("--by", help="Who ran it, as 'show' says; repeatable: one of them.")]
Since = Annotated[str | None, typer.Option("--since", help="Begun (versions: sealed) then or later.")]
Until = Annotated[str | None, typer.Option("--until", help="Begun (versions: sealed) before then.")]
Sort = Annotated[
    str | None,
    typer.Option("--sort", help="By name, started, …, a metric, param:lr; -auc is the greatest first."),
]
_COLUMNS = ("uid", "what", "name", "kind", "project", "description")
_SPARE = ("description", "project", "kind", "name")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(search)


def wanted(**given: Any) -> Wanted:
    """What the options say; those that nobody gave are no conditions."""
    from lineage_server.client.finding import Wanted

    return Wanted(**{name: value or None for name, value in given.items()})


def narrowed(what: str, wanted: Wanted) -> dict[str, Any]:
    """Variables for the document of a list; raises InvalidInputError."""
    from lineage_server.client import finding

    listing = finding.LISTINGS[what]
    narrow, order = finding.filter_of(listing, wanted), finding.order_of(listing, wanted)
    if what == "approvals":
        return {"states": narrow.get("states")}
    return {} if what == "projects" else {"filter": narrow or None, "orderBy": order}


def search(
    words: Annotated[list[str], typer.Argument(help="Words, or the first digits of a digest.")],
    what: Annotated[
        Several, typer.Option("--what", "-w", help="run, artifact, version, model, …; repeatable.")
    ] = None,
    project: Project = "",
    first: Annotated[int, typer.Option("--first", "-n", min=1, max=500, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find anything by words, or by digits of its digest.

    The words are those of its name, kind, description and tags; the digits the first ones.
    """
    from lineage_server.client.client import Client

    with Client() as client:
        found = client.search(
            " ".join(words), what=what, limit=first, project=project_to_list(project) or "*"
        )
    if as_json:
        say_json({"found": [asdict(one) for one in found]})
    elif not found:
        say("nothing of this is found")
    else:
        rows = [[getattr(one, column) for column in _COLUMNS] for one in found]
        say_table(_COLUMNS, rows, whole=("uid",), spare=_SPARE)
