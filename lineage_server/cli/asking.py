"""Commands that ask: ``show``, ``ls``, ``lineage``, ``diff``. Each speaks to a server through the client."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import typer

from lineage_server.cli.options import AsJson, AsOf, Project, moment, project_of, project_to_list
from lineage_server.cli.output import bold, say, say_json, say_table, terminal_width

_LIST = "first: $first) { edges { node { uid name kind project createdAt description } } hasMore }"
_LISTS = {
    "jobs": f"query($project: String, $first: Int!) {{ jobs(project: $project, {_LIST} }}",
    "artifacts": f"query($project: String, $first: Int!) {{ artifacts(project: $project, {_LIST} }}",
    "runs": (
        "query($project: String, $first: Int!) { runs(project: $project, first: $first) "
        "{ edges { node { uid name jobName kind project state startedAt } } hasMore } }"
    ),
    "projects": "query($first: Int!) { projects(first: $first) { edges { node { uid name } } hasMore } }",
}
_VERSIONS = (
    "query($of: String!, $project: String!, $first: Int!) { versions(artifact: $of, project: $project, "
    "first: $first) { edges { node { uid name kind ordinal digest size sealedAt } } hasMore } }"
)
_SHOW = """
query($start: [String!]!, $project: String!) {
  lineage(start: $start, project: $project, direction: BOTH, maxDepth: 1) {
    nodes { depth side node { uid label name kind project state ordinal version digest size
      createdAt at endedAt deletedAt stub aliases } }
    edges { from to type role basis }
  }
}
"""
_DIFF = """
query($a: String!, $b: String!, $project: String!) {
  lineageDiff(a: $a, b: $b, project: $project) {
    a b same isPartial reason
    differences { kind depth at before { uid name kind } after { uid name kind }
      changes { field before after } }
    firstByDependency { kind before { uid name kind } after { uid name kind }
      changes { field before after } }
  }
}
"""


class Listed(StrEnum):
    """What ``ls`` lists."""

    RUNS = "runs"
    JOBS = "jobs"
    ARTIFACTS = "artifacts"
    VERSIONS = "versions"
    PROJECTS = "projects"


class Format(StrEnum):
    """How ``lineage`` draws."""

    TREE = "tree"
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"
    SVG = "svg"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(show)
    app.command()(ls)
    app.command()(lineage)
    app.command()(diff)


def _ask(query: str, variables: dict[str, Any]) -> dict[str, Any]:
    from lineage_server.client.shortcuts import gql

    return gql(query, variables)


def show(
    ref: Annotated[str, typer.Argument(help="A reference (dataset:iris@3, run:<id>) or a uid.")],
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """One thing: what it is, and what touches it."""
    answer = _ask(_SHOW, {"start": [ref], "project": project_of(project)})["lineage"]
    nodes, edges = answer["nodes"], answer["edges"]
    node = nodes[0]["node"]
    if as_json:
        say_json({"node": node, "neighbours": [n["node"] for n in nodes[1:]], "edges": edges})
        return
    say(bold(f"{node['kind'] or node['label']} {node['name']}"))
    for key, value in node.items():
        if value not in (None, "", [], False) and key not in ("name", "kind"):
            say(f"  {key:<10} {', '.join(map(str, value)) if key == 'aliases' else value}")
    if len(nodes) > 1:
        say()
        rows = [
            (n["side"].lower(), n["node"]["kind"], n["node"]["name"], n["node"]["uid"]) for n in nodes[1:]
        ]
        say_table(["side", "kind", "name", "uid"], rows)


def ls(
    what: Annotated[Listed, typer.Argument(help="What to list.")] = Listed.RUNS,
    of: Annotated[str, typer.Argument(help="For versions: the artifact, such as dataset:iris.")] = "",
    project: Project = "",
    first: Annotated[int, typer.Option("--first", "-n", min=1, max=500, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Runs, jobs, artifacts, versions or projects; the newest first."""
    if what is Listed.VERSIONS:
        if not of:
            raise typer.BadParameter("say of which artifact: lineage ls versions dataset:iris")
        query, variables = _VERSIONS, {"of": of, "project": project_of(project), "first": first}
    else:
        query, variables = _LISTS[what], {"project": project_to_list(project), "first": first}
        if what is Listed.PROJECTS:
            del variables["project"]
    page = _ask(query, variables)[what]
    rows = [edge["node"] for edge in page["edges"]]
    if as_json:
        say_json({what.value: rows, "hasMore": page["hasMore"]})
        return
    if not rows:
        within = variables.get("project")
        say(f"no {what.value} yet" + (f" in project {within}" if within else ""))
        return
    head = [key for key in rows[0] if key not in ("description", "digest")]
    say_table(head, [["" if row[key] is None else row[key] for key in head] for row in rows])
    if page["hasMore"]:
        say(f"there are more than these {len(rows)}; ask for more with --first")


def lineage(
    ref: Annotated[str, typer.Argument(help="A reference (model:churn@prod) or a uid.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="How to draw it.")] = Format.TREE,
    up: Annotated[bool, typer.Option("--up", help="Only what made it.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what came of it.")] = False,
    depth: Annotated[int, typer.Option("--depth", "-d", min=0, help="Steps from artifact to artifact.")] = 5,
    as_of: AsOf = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """What made this, and what came of it."""
    from lineage_server.client.client import Client

    direction: Literal["upstream", "downstream", "both"] = "both"
    if up != down:
        direction = "upstream" if up else "downstream"
    with Client(project=project or None) as client:
        view = client.lineage(ref, direction, depth=depth, as_of=moment(as_of))
    if as_json or form is Format.JSON:
        say(view.to_json())
    elif form is Format.TREE:
        say(view.to_text(width=terminal_width() or 200))
    else:
        say({Format.MERMAID: view.to_mermaid, Format.DOT: view.to_dot, Format.SVG: view.to_svg}[form]())


def diff(
    a: Annotated[str, typer.Argument(help="One thing, such as model:churn@1.")],
    b: Annotated[str, typer.Argument(help="The other, such as model:churn@2.")],
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Why two things differ, the first cause at the top."""
    answer = _ask(_DIFF, {"a": a, "b": b, "project": project_of(project)})["lineageDiff"]
    if as_json:
        say_json(answer)
        return
    if answer["firstByDependency"]:
        say(bold("first cause: ") + _difference(answer["firstByDependency"]))
    rows = [
        (d["kind"].lower(), _name(d), change["field"], change["before"], change["after"])
        for d in answer["differences"]
        for change in d["changes"] or [{"field": "", "before": "", "after": ""}]
    ]
    if rows:
        say_table(["what", "where", "field", "before", "after"], rows)
    say(f"{answer['same']} things are the same in both")
    if answer["isPartial"]:
        say(f"incomplete: {answer['reason']}")


def _name(difference: dict[str, Any]) -> str:
    node = difference["after"] or difference["before"]
    return f"{node['kind']} {node['name']}"


def _difference(difference: dict[str, Any]) -> str:
    told = ", ".join(f"{c['field']}: {c['before']} → {c['after']}" for c in difference["changes"][:3])
    return f"{_name(difference)} {difference['kind'].lower()}" + (f" ({told})" if told else "")
