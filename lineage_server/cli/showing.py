"""``show``: all that is known of one thing, whatever kind of thing it is.

Three questions: which thing is meant, what it is, and what lies around it. ``--json`` gives the answers
as they came; for people they are put into facts and small tables, times in their own clock.
"""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from lineage_server.cli.looking import say_files, say_preview
from lineage_server.cli.options import AsJson, AsOf, KnownAt, Project, project_of
from lineage_server.cli.output import (
    bold,
    counted,
    duration,
    local_time,
    one_line,
    say,
    say_facts,
    say_json,
    say_table,
    short_time,
    size,
)
from lineage_server.cli.showing_around import say_links, say_neighbours, say_part
from lineage_server.cli.showing_models import OF_MODEL, OF_VERSION, VERSIONS, model_facts, say_model
from lineage_server.cli.surroundings import (
    OF_CONTEXT,
    OF_MAKER,
    OF_RUN,
    REPEATS,
    facts_of,
    long_parts,
    maker_facts,
    say_long_parts,
    say_repeats,
    say_reproductions,
)
from lineage_server.client.render.words import short
from lineage_server.client.view import LineageView
from lineage_server.domain.errors import InvalidInputError, LineageError, NotFoundError
from lineage_server.domain.nodes import LABEL_OF
from lineage_server.domain.untyped import as_mapping

_LINKED = (
    "edges { node { role basis version { uid label name kind project ordinal digest size } } } hasMore hidden"
)
NODE = f"""
query Show($uid: String!) {{
  node(uid: $uid) {{
    uid label name kind project description createdAt updatedAt deletedAt stub tags {{ key value }} properties
    ... on Run {{
      runState: state job jobName requestedAt queuedAt startedAt endedAt reason exitCode attempt
      gpuProduct gpuCount gpuSeconds paramMap metricMap
      inputs(first: 50) {{ {_LINKED} }} outputs(first: 50) {{ {_LINKED} }}
      children(first: 20) {{ edges {{ node {{ uid name state startedAt endedAt }} }} hasMore }}
      {OF_RUN}
    }}
    ... on ArtifactVersion {{
      artifact ordinal digest uri size sealedAt partial hold ttlAt columns {{ name type nullable }} stats
      run {{ {OF_MAKER} }}
    }}
    ... on Artifact {{
      versionCount latestAt
      versions(first: 20) {{
        edges {{ node {{ uid ordinal size sealedAt digest run {{ uid name }} }} }} hasMore
      }}
    }}
    ... on Project {{ owner }}
    ... on RegisteredModel {{ {OF_MODEL} }}
    ... on ModelVersion {{ {OF_VERSION} run {{ {OF_MAKER} }} }}
    ... on Alias {{ model target protected }}
    ... on Approval {{ model verdict approver comment }}
    ... on Deployment {{ cluster revision endpoint state traffic fromAt toAt }}
    {OF_CONTEXT}
  }}
}}
"""
KNOWN = "query Known($uid: String!) { nodes(uids: [$uid]) { uid } }"
RESOLVE = """
query Resolve($ref: String!, $project: String!, $asOf: DateTime, $knownAt: DateTime) {
  resolve(ref: $ref, project: $project, asOf: $asOf, knownAt: $knownAt)
}
"""
RUNS = """
query RunsOfJob($job: String!, $project: String!) {
  runs(project: $project, filter: {jobs: [$job]}, first: 10) {
    edges { node { uid name state startedAt endedAt } } hasMore
  }
}
"""
MEMBERS = """
query Members($project: String!) {
  members(project: $project) { edges { node { subject role } } hasMore }
}
"""
TELLER = "query Teller($event: String!, $project: String!) { event(id: $event, project: $project) { actor } }"
_VIEWS = {
    **dict.fromkeys(("Run", "ArtifactVersion", "ModelVersion", "Deployment"), "version"),
    **dict.fromkeys(("Job", "Artifact"), "logical"),
}
_TIMES = {
    "requested": "requestedAt",
    "queued": "queuedAt",
    "started": "startedAt",
    "ended": "endedAt",
    "sealed": "sealedAt",
    "latest": "latestAt",
    "from": "fromAt",
    "to": "toAt",
    "until": "ttlAt",
    "deleted": "deletedAt",
}
_WORDS = {
    "verdict": "verdict", "approver": "approver", "comment": "comment", "reason": "reason",
    "exit code": "exitCode", "attempt": "attempt", "model": "model", "points to": "target",
    "cluster": "cluster", "endpoint": "endpoint", "traffic %": "traffic", "job": "job",
    "versions": "versionCount", "owner": "owner", "artifact": "artifact", "place": "uri",
    "digest": "digest", "gpu": "gpuProduct", "gpus": "gpuCount", "gpu seconds": "gpuSeconds",
}  # fmt: skip
_MOST_COLUMNS = 50


def show(
    ref: Annotated[str, typer.Argument(help="A reference (dataset:iris@3, run:<id>) or a uid.")],
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="With --preview: which file; with --files: patterns such as '*.csv'."),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="A look at one file of a version, without fetching it."),
    ] = False,
    files: Annotated[bool, typer.Option("--files", help="The files of a version.")] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    project: Project = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Every package and the uncommitted changes, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """All about one thing, whatever kind of thing it is.

    With a time: what the reference meant then, and what lay around it; the rest is as it is today.
    """
    from lineage_server.client.client import Client

    if (preview and files) or (paths and not (preview or files)):
        raise InvalidInputError(
            "what is to be shown is not clear", field="path", allowed="a path with --preview or with --files"
        )
    with Client(project=project_of(project)) as client:
        asked = _Asked(client, as_of, known_at)
        if preview or files:
            say_part_of = say_preview if preview else say_files
            say_part_of(client.get(asked.uid_of(ref)), paths or (), as_json=as_json)
            return
        told = asked.all_about(asked.uid_of(ref), everything=everything or as_json)
    if as_json:
        say_json(told)
    else:
        _say_all(told)


class _Asked:
    """The questions to one server."""

    def __init__(self, client: Any, as_of: str | None = None, known_at: str | None = None) -> None:
        self._client = client
        self._when = {"as_of": as_of, "known_at": known_at}

    def uid_of(self, ref: str) -> str:
        """Raises the server's error, unless it is a uid of something that has no lineage."""
        from lineage_server.client.answers import variables

        asked = variables({"ref": ref}, project=self._client.config.project, **self._when)
        try:
            return str(self._client.gql(RESOLVE, asked)["resolve"])
        except (NotFoundError, InvalidInputError):
            if ref.partition(":")[0] not in LABEL_OF or not any(
                self._client.gql(KNOWN, {"uid": ref})["nodes"]
            ):
                raise
            return ref

    def all_about(self, uid: str, *, everything: bool) -> dict[str, Any]:
        """Everything, in one document for programs."""
        node = cast("dict[str, Any]", self._client.gql(NODE, {"uid": uid})["node"])
        if "runState" in node:
            node["state"] = str(node.pop("runState") or "").lower()  # as its neighbours say it
        told: dict[str, Any] = {"node": node}
        view = _VIEWS.get(node["label"])
        if view is not None:
            around = cast("LineageView", self._client.lineage(uid, depth=1, view=view, **self._when))
            own = around.node(uid)
            if own is not None and any(self._when.values()) and "aliases" in node:
                node["aliases"] = list(own.aliases)
            drawn = around.to_dict()
            told["neighbours"] = [one for one in drawn["nodes"] if one["uid"] != uid]
            told["edges"] = drawn["edges"]
            told["recordedBy"] = self._teller(around, uid, node["project"])
        if everything:
            told |= long_parts(self._client, node)
        if node["label"] == "Run":
            told["repeats"] = self._client.gql(REPEATS, {"of": uid})["repeats"]
        if node["label"] == "Job":
            told["runs"] = self._client.gql(RUNS, {"job": uid, "project": node["project"]})["runs"]
        if node["label"] == "RegisteredModel":
            told["modelVersions"] = self._client.gql(VERSIONS, {"model": uid})["modelVersions"]
        if node["label"] == "Project":
            told["members"] = self._client.gql(MEMBERS, {"project": node["name"]})["members"]
        return told

    def _teller(self, around: LineageView, uid: str, project: str) -> str:
        """Who sent the event that tells of an edge of this; empty where that cannot be said."""
        events = [edge.event for edge in around.edges if edge.event and uid in (edge.start, edge.end)]
        if not events:
            return ""
        try:
            return str(self._client.gql(TELLER, {"event": events[0], "project": project})["event"]["actor"])
        except LineageError:  # archived, or told in a project that one may not see
            return ""


# --- for people --------------------------------------------------------------------------------


def _say_all(told: dict[str, Any]) -> None:
    node = told["node"]
    say(bold(one_line(f"{_kind(node)} {node['name']}{_number(node)}")))
    say_facts(_facts(node) | {"told by": told.get("recordedBy")})
    for title, values in (("parameters", node.get("paramMap")), ("metrics, latest", node.get("metricMap"))):
        if values:
            say_part(title)
            say_facts(values)
    _say_columns(node)
    say_model(told)
    for title in ("inputs", "outputs"):
        say_links(title, node.get(title))
    for title in ("versions", "children", "retries", "boards"):
        _say_page(title, node.get(title))
    _say_page("newest runs", told.get("runs") or node.get("runs"))
    _say_members(told.get("members"))
    say_reproductions(node.get("reproductions"))
    say_repeats(told.get("repeats"))
    if node["label"] != "Run":
        say_neighbours(told.get("neighbours") or ())
    say_long_parts(told)


def _kind(node: dict[str, Any]) -> str:
    """``training run``, ``dataset version``, ``registered model`` …"""
    spaced = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in node["label"]).strip()
    if node["label"] == "ArtifactVersion":
        return f"{node['kind']} version"
    if node["label"] in ("Artifact", "Job", "Run") and node["kind"]:
        return f"{node['kind']} {spaced}"
    return f"registered {spaced}" if node["label"] == "ModelVersion" else spaced


def _number(node: dict[str, Any]) -> str:
    number = node.get("ordinal") or node.get("version") or node.get("revision")
    return f"@{number}" if number else ""


def _facts(node: dict[str, Any]) -> dict[str, object]:
    facts: dict[str, object] = {"uid": node["uid"], "project": node["project"]}
    if node["deletedAt"]:
        facts["state"] = "deleted"
    elif node["stub"] and node["label"] != "Project":  # a project needs no words to be one
        facts["state"] = "only referred to, never described"
    else:
        facts["state"] = node.get("state")
    facts["description"] = node["description"]
    facts["tags"] = ", ".join(f"{tag['key']}={tag['value']}" for tag in node["tags"])
    facts |= {word: node.get(key) for word, key in _WORDS.items()}
    facts["aliases"] = ", ".join(node.get("aliases") or ())
    facts |= maker_facts(node.get("run"))
    facts["size"] = size(int(node["size"])) if node.get("size") is not None else ""
    facts["marks"] = ", ".join(word for word in ("partial", "hold", "protected") if node.get(word))
    facts |= {word: local_time(node.get(key)) for word, key in _TIMES.items()}
    facts["took"] = duration(node.get("startedAt"), node.get("endedAt"))
    if not any(facts[word] for word in _TIMES):
        facts["since"] = local_time(node["createdAt"])
    return facts | model_facts(node) | facts_of(node)


def _say_columns(node: dict[str, Any]) -> None:
    stats = as_mapping(node.get("stats"))
    known = as_mapping(stats.get("columns"))
    rows = stats.get("rows")
    columns: list[dict[str, Any]] = node.get("columns") or []
    if rows is not None or columns:
        sampled = f", statistics from {stats.get('looked_at')} of them" if stats.get("looked_at") else ""
        of_rows = f", {counted(rows, 'row')}{sampled}" if rows is not None else ""
        say_part(counted(len(columns), "column") + of_rows)
    words = ("nulls", "distinct", "min", "max", "mean")
    if columns:
        say_table(
            ["column", "type", *words],
            [
                (c["name"], c["type"], *(as_mapping(known.get(c["name"])).get(word) for word in words))
                for c in columns[:_MOST_COLUMNS]
            ],
        )
    if len(columns) > _MOST_COLUMNS:
        say(f"and {len(columns) - _MOST_COLUMNS} more; --json has all")
    others = {
        key: value for key, value in stats.items() if key not in ("columns", "rows", "sampled", "looked_at")
    }
    if others:
        say_part("statistics")
        say_facts(others)


def _say_page(title: str, page: dict[str, Any] | None) -> None:
    """Runs or versions, the newest first."""
    nodes = [edge["node"] for edge in page["edges"]] if page else []
    if not nodes:
        return
    say_part(title)
    if "ordinal" in nodes[0]:
        head = ["version", "sealed", "size", "digest", "made by"]
        rows = [
            (
                f"@{n['ordinal']}",
                short_time(n["sealedAt"]),
                size(n["size"]),
                short(n["digest"]),
                f"run {n['run']['name']}" if n["run"] else "",
            )
            for n in nodes
        ]
    else:
        head = ["run", "state", "started", "took", "uid"]
        rows = [
            (
                n["name"],
                str(n["state"] or "").lower(),
                short_time(n["startedAt"]),
                duration(n["startedAt"], n["endedAt"]),
                n["uid"],
            )
            for n in nodes
        ]
    say_table(head, rows, whole=("version", "uid"), spare=("digest", "size", "took", "started", "sealed"))
    if page and page["hasMore"]:
        say(f"and more than these {len(nodes)}")


def _say_members(page: dict[str, Any] | None) -> None:
    members = [edge["node"] for edge in page["edges"]] if page else []
    if members:
        say_part("members")
        say_table(["who", "role"], [(one["subject"], one["role"].lower()) for one in members])
    if page and page["hasMore"]:
        say(f"and more than these {len(members)}")
