"""Commands that ask: ``ls``, ``lineage``, and ``show`` (``showing``). Each speaks to a server through the
client."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from operator import itemgetter
from typing import Annotated, Any, Literal

import typer

from lineage_server.cli import finding
from lineage_server.cli.of_models import deployments_of, registered, served
from lineage_server.cli.options import AsJson, AsOf, KnownAt, Project, project_of, project_to_list
from lineage_server.cli.output import (
    duration,
    note,
    one_line,
    say,
    say_json,
    say_table,
    short_time,
    size,
    terminal_width,
)
from lineage_server.cli.showing import show
from lineage_server.cli.showing_models import OF_VERSION, VERSION_COLUMNS, version_row
from lineage_server.client.render.words import short
from lineage_server.domain.ids import project_uid
from lineage_server.domain.nodes import JobKind

_NODES = "edges { node { uid name kind project createdAt %s } } hasMore pageInfo { endCursor }"


def _named(
    name: str,
    fields: str,
    kind: str = "ListFilterInput",
    order: str = "ListOrder",
    *,
    declared: str = "$project: String",
    given: str = "project: $project",
) -> str:
    """The document of a list that is narrowed and sorted."""
    return (
        f"query({declared}, $first: Int!, $filter: {kind}, $orderBy: {order}) "
        f"{{ {name}({given}, first: $first, filter: $filter, orderBy: $orderBy) {{ {_NODES % fields} }} }}"
    )


_THERE = "query($uids: [String!]!) { nodes(uids: $uids) { uid } }"
_LISTS = {
    "runs": _named("runs", "jobName state by startedAt endedAt", "RunFilter", "RunOrder"),
    "jobs": _named("jobs", "description"),
    "artifacts": _named("artifacts", "description versionCount latestAt"),
    "models": _named("models", "description state highest newest aliases { name version }"),
    "approvals": (
        "query($project: String, $first: Int!, $states: [ApprovalState!]) "
        "{ approvals(project: $project, first: $first, states: $states) { "
        + _NODES % "model version alias state asker question by comment requestedAt"
        + " } }"
    ),
    "deployments": _named(
        "deployments", "revision state traffic fromAt toAt serves",
        declared='$project: String, $after: String! = ""', given="project: $project, after: $after",
    ),
    "projects": "query($first: Int!) { projects(first: $first) { " + _NODES % "description owner" + " } }",
    "versions of a model": _named(
        "modelVersions", f"description {OF_VERSION} run {{ uid name }}", "ModelVersionFilter",
        "ModelVersionOrder", declared="$model: String!", given="model: $model",
    ),
    "versions": _named(
        "versions", "ordinal digest size sealedAt run { uid name }", "VersionFilter", "VersionOrder",
        declared="$of: String!, $project: String!", given="artifact: $of, project: $project",
    ),
}  # fmt: skip
_COLUMNS: dict[str, dict[str, Callable[[dict[str, Any]], object]]] = {
    "runs": {
        "uid": itemgetter("uid"),
        "name": itemgetter("name"),
        "job": itemgetter("jobName"),
        "kind": itemgetter("kind"),
        "project": itemgetter("project"),
        "state": lambda run: str(run["state"] or "").lower(),
        "started": lambda run: short_time(run["startedAt"]),
        "took": lambda run: duration(run["startedAt"], run["endedAt"]),
    },
    "jobs": {
        "uid": itemgetter("uid"),
        "name": itemgetter("name"),
        "kind": itemgetter("kind"),
        "project": itemgetter("project"),
        "since": lambda job: short_time(job["createdAt"]),
    },
    "artifacts": {
        "uid": itemgetter("uid"),
        "name": itemgetter("name"),
        "kind": itemgetter("kind"),
        "project": itemgetter("project"),
        "versions": itemgetter("versionCount"),
        "latest": lambda artifact: short_time(artifact["latestAt"]),
    },
    "versions": {
        "version": lambda one: f"{one['kind']}:{one['name']}@{one['ordinal']}",
        "sealed": lambda one: short_time(one["sealedAt"]),
        "size": lambda one: size(None if one["size"] is None else int(one["size"])),
        "digest": lambda one: short(one["digest"]),
        "made by": lambda one: f"run {one['run']['name']}" if one["run"] else "",
    },
    "versions of a model": {
        **{
            column: lambda one, place=place: version_row(one)[place]
            for place, column in enumerate(VERSION_COLUMNS)
        },
        "made by": lambda one: f"run {one['run']['name']}" if one["run"] else "",
    },
    "models": {
        "uid": itemgetter("uid"),
        "name": itemgetter("name"),
        "project": itemgetter("project"),
        "newest": itemgetter("newest"),
        "aliases": lambda model: ", ".join(f"{a['name']}={a['version'] or '–'}" for a in model["aliases"]),
        "description": itemgetter("description"),
    },
    "approvals": {
        "version": lambda one: f"model:{one['version'].partition('/')[2]}",
        "alias": itemgetter("alias"),
        "state": itemgetter("state"),
        "asked by": itemgetter("asker"),
        "question": itemgetter("question"),
        "decided by": itemgetter("by"),
        "comment": itemgetter("comment"),
        "asked": lambda one: short_time(one["requestedAt"]),
        "uid": itemgetter("uid"),
    },
    "deployments": {
        "uid": itemgetter("uid"),
        "name": itemgetter("name"),
        "revision": itemgetter("revision"),
        "serves": lambda one: ", ".join(uid.partition("/")[2] for uid in one["serves"]),
        "project": itemgetter("project"),
        "state": itemgetter("state"),
        "traffic %": itemgetter("traffic"),
        "from": lambda one: short_time(one["fromAt"]),
        "to": lambda one: short_time(one["toAt"]),
    },
    "projects": {
        "uid": itemgetter("uid"),
        "name": itemgetter("name"),
        "owner": itemgetter("owner"),
        "description": itemgetter("description"),
    },
}
_SPARE: dict[str, tuple[str, ...]] = {
    "runs": ("kind", "job", "took", "project", "started"),
    "jobs": ("kind", "project", "name", "since"),
    "artifacts": ("kind", "project", "name", "latest", "versions"),
    "versions": ("digest", "size", "sealed", "made by"),
    "versions of a model": ("made by", "metrics", "made", "description"),
    "models": ("project", "name", "description"),
    "approvals": ("uid", "asked", "question", "comment", "decided by"),
    "deployments": ("project", "name", "revision", "from", "to", "traffic %"),
    "projects": ("name",),
}
"""What a narrow terminal can do without, the least useful first; most of it stands in the uid, too."""
_WHOLE = ("uid", "version")
_OF_MODEL = "versions of a model"
_MOST_METRICS = 4


class Listed(StrEnum):
    """What ``ls`` lists."""

    RUNS = "runs"
    JOBS = "jobs"
    ARTIFACTS = "artifacts"
    VERSIONS = "versions"
    MODELS = "models"
    APPROVALS = "approvals"
    DEPLOYMENTS = "deployments"
    PROJECTS = "projects"


class Format(StrEnum):
    """How ``lineage`` draws."""

    TREE = "tree"
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"
    SVG = "svg"


class View(StrEnum):
    """What ``lineage`` walks."""

    VERSION = "version"
    LOGICAL = "logical"
    FIELD = "field"


_WITHOUT_VERSIONS = frozenset({"job", "artifact", *JobKind})


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(show)
    app.command()(ls)
    app.command()(lineage)


def _ask(query: str, variables: dict[str, Any]) -> dict[str, Any]:
    from lineage_server.client.shortcuts import gql

    return gql(query, variables)


def ls(
    what: Annotated[Listed, typer.Argument(help="What to list.")] = Listed.RUNS,
    of: Annotated[
        str,
        typer.Argument(
            help="Of versions and deployments: a model (churn, team-a/churn, model:churn); of versions also "
            "an artifact (dataset:iris), of deployments a version (model:churn@3)."
        ),
    ] = "",
    text: finding.Text = "",
    state: finding.States = None,
    kind: finding.Kinds = None,
    tag: finding.Tags = None,
    param: finding.Params = None,
    metric: finding.Metrics = None,
    by: finding.People = None,
    since: finding.Since = None,
    until: finding.Until = None,
    sort: finding.Sort = None,
    project: Project = "",
    first: Annotated[int, typer.Option("--first", "-n", min=1, max=500, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List runs, artifacts, versions, models and more.

    Runs, versions and approvals come the newest first, all else by name, unless --sort says otherwise.
    Versions of a model are those of the registered one, where there is one of that name.
    """
    wanted = finding.wanted(
        text=text, state=state, kind=kind, tag=tag, param=param, metric=metric, by=by, since=since,
        until=until, sort=sort,
    )  # fmt: skip
    asked, variables = _list_of(what, of, project)
    variables |= {"first": first, **finding.narrowed(asked, wanted)}
    if what is Listed.DEPLOYMENTS and of:
        page = deployments_of(_ask, _LISTS[asked], variables, served(_ask, of, project_of(project)))
    else:
        page = _ask(_LISTS[asked], variables)["modelVersions" if asked == _OF_MODEL else what]
    rows = [edge["node"] for edge in page["edges"]]
    if as_json:
        say_json({what.value: rows, "hasMore": page["hasMore"]})
        return
    if not rows:
        within, listed = variables.get("project"), f"{what.value} of {of}" if of else what.value
        found = "like this" if variables.get("filter") else "yet"
        say(f"no {listed} {found}" + (f" in project {within}{_unless_there(within)}" if within else ""))
        return
    columns = _columns_of(asked, rows)
    say_table(
        list(columns),
        [[column(row) for column in columns.values()] for row in rows],
        whole=_WHOLE,
        spare=_SPARE[asked],
    )
    if page["hasMore"]:
        say(f"there are more than these {len(rows)}; ask for more with --first")


def _unless_there(project: str) -> str:
    """What to say of a project that may be mistyped."""
    there = _ask(_THERE, {"uids": [project_uid(project)]})["nodes"]
    return "" if there[0] else ", which is not there, or not yours to see; 'lineage ls projects' lists them"


def _columns_of(asked: str, rows: list[dict[str, Any]]) -> dict[str, Callable[[dict[str, Any]], object]]:
    """Of versions of a model, a column for each of the first few metrics; further ones in one column."""
    columns = _COLUMNS[asked]
    keys = list(dict.fromkeys(one["key"] for row in rows for one in row.get("metrics") or ()))
    shown = [key for key in keys if key not in columns][:_MOST_METRICS]
    if asked != _OF_MODEL or not shown:
        return columns

    def value_of(row: dict[str, Any], key: str) -> object:
        return next((one["value"] for one in row["metrics"] if one["key"] == key), "")

    def further(row: dict[str, Any]) -> str:
        left = (one for one in row["metrics"] if one["key"] not in shown)
        return ", ".join(f"{one['key']}={one_line(one['value'])}" for one in left)

    out: dict[str, Callable[[dict[str, Any]], object]] = {}
    for name, column in columns.items():
        if name != "metrics":
            out[name] = column
            continue
        out |= {key: lambda row, key=key: value_of(row, key) for key in shown}
        out |= {"metrics": further} if len(shown) < len(keys) else {}
    return out


def _list_of(what: Listed, of: str, project: str) -> tuple[str, dict[str, Any]]:
    """Which list is meant, and what of; raises what its user did wrong."""
    if what is Listed.VERSIONS:
        if not of:
            raise typer.BadParameter(
                "say of which model or artifact: lineage ls versions churn, lineage ls versions dataset:iris"
            )
        if model := registered(_ask, of, project_of(project)):
            return _OF_MODEL, {"model": model}
        return what.value, {"of": of, "project": project_of(project)}
    if of and what is not Listed.DEPLOYMENTS:
        raise typer.BadParameter(f"only versions and deployments are listed of something, not {what}")
    return what.value, {} if what is Listed.PROJECTS else {"project": project_to_list(project)}


def lineage(
    ref: Annotated[str, typer.Argument(help="A reference (model:churn@prod) or a uid.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="How to draw it.")] = Format.TREE,
    up: Annotated[bool, typer.Option("--up", help="Only what made it.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what came of it.")] = False,
    depth: Annotated[int, typer.Option("--depth", "-d", min=0, help="Steps from artifact to artifact.")] = 5,
    view: Annotated[
        View | None, typer.Option("--view", help="By default logical for jobs and artifacts, else version.")
    ] = None,
    column: Annotated[str, typer.Option("--column", help="Of this column alone; the view is field.")] = "",
    as_of: AsOf = None,
    known_at: KnownAt = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """What made this, and what came of it."""
    from lineage_server.client.client import Client

    direction: Literal["upstream", "downstream", "both"] = "both"
    if up != down:
        direction = "upstream" if up else "downstream"
    with Client(project=project or None) as client:
        found = client.lineage(
            ref, direction, depth=depth, view=view or (View.FIELD if column else _usual_view(ref)),
            as_of=as_of, known_at=known_at, column=column or None,
        )  # fmt: skip
        if not found.edges and not found.hidden:
            note(_why_nothing(found.reason, as_of or known_at or ""))
    if as_json or form is Format.JSON:
        say(found.to_json())
    elif form is Format.TREE:
        say(found.to_text(width=terminal_width() or 200))
    else:
        say({Format.MERMAID: found.to_mermaid, Format.DOT: found.to_dot, Format.SVG: found.to_svg}[form]())


def _why_nothing(reason: str, when: str) -> str:
    """What to say where nothing lies around it."""
    if reason == "no_columns":
        return "no columns of it are known"
    return f"nothing is recorded that made it or came of it{f', by {when}' if when else ''}"


def _usual_view(ref: str) -> View:
    """Jobs and artifacts have no versions to walk."""
    kind = ref.partition(":")[0].rpartition("/")[2]
    return View.LOGICAL if kind in _WITHOUT_VERSIONS else View.VERSION
