"""``diff`` and ``compare``: why two things differ, and what distinguishes runs.

In a ``diff`` each thing stands once, with what changed of it below; how a comparison reads is up to the
client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from lineage_server.cli.looking import say_file_changes
from lineage_server.cli.options import AsJson, AsOf, KnownAt, Project, project_of
from lineage_server.cli.output import bold, one_line, padded, say, say_json, short, terminal_width
from lineage_server.client.render.words import cut, width_of
from lineage_server.domain.errors import InvalidInputError

DIFF = """
query Diff($a: String!, $b: String!, $project: String!, $asOf: DateTime, $knownAt: DateTime) {
  lineageDiff(a: $a, b: $b, project: $project, asOf: $asOf, knownAt: $knownAt) {
    a b same isPartial reason
    differences { kind depth at before { uid name kind } after { uid name kind }
      changes { field before after } }
    firstByDependency { kind before { uid name kind } after { uid name kind }
      changes { field before after } }
  }
}
"""
_INDENT = " " * 9
_ARROW = " → "
_NOTHING = "–"


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
    """What distinguishes runs: parameters, metrics, what they read and wrote, code, environment."""
    from lineage_server.client.client import Client

    with Client(project=project or None) as client:
        answer = client.compare(refs, everything=everything)
    say(answer.to_json() if as_json else answer.to_text(width=terminal_width() or 200))


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
    from lineage_server.client.answers import MOST_TITLES, TITLES, titles_in, variables

    asked = variables({"a": a, "b": b}, project=project_of(project), as_of=as_of, known_at=known_at)
    answer = _ask(DIFF, asked)["lineageDiff"]
    if as_json:
        say_json(answer)
        return
    uids = list(dict.fromkeys(_versions(answer["differences"])))[:MOST_TITLES]
    titles = titles_in(_ask(TITLES, {"uids": uids})) if uids else {}
    if answer["firstByDependency"]:
        say(bold("first cause: ") + _in_words(answer["firstByDependency"], titles))
        say()
    for line in differences(answer["differences"], titles, terminal_width()):
        say(line)
    same = answer["same"]
    if not answer["differences"]:
        say("nothing differs")
    say("1 thing is the same in both" if same == 1 else f"{same} things are the same in both")
    if answer["isPartial"]:
        say(f"incomplete: {answer['reason']}")


def _say_files(a: str, b: str, project: str, *, as_json: bool, timed: bool) -> None:
    from lineage_server.client.client import Client

    if timed:
        raise InvalidInputError(
            "files of versions do not change with time", field="as_of", allowed="without --files"
        )
    with Client(project=project_of(project)) as client:
        say_file_changes(client.get(a), client.get(b), as_json=as_json)


def _ask(query: str, variables: dict[str, Any]) -> dict[str, Any]:
    from lineage_server.client.shortcuts import gql

    return gql(query, variables)


def differences(
    found: Sequence[Mapping[str, Any]], titles: Mapping[str, str], width: int | None
) -> Iterator[str]:
    """The lines, at most ``width`` columns wide; ``titles`` are the short names of versions."""
    for one in found:
        yield cut(f"{one['kind'].lower():<7}  {_name(one, titles)}", width or 10_000)
        changes = [[one_line(c["field"]), *_sides(c, titles)] for c in one["changes"]]
        column = max((width_of(change[0]) for change in changes), default=0)
        if width is not None:
            column = min(column, width // 3)
        for field, before, after in changes:
            line = f"{_INDENT}{padded(field, column)}  {before}{_ARROW}{after}"
            if width is None or width_of(line) <= width:
                yield line
            else:
                for text in (field, f"  {before}", f"{_ARROW[1:]}{after}"):
                    yield cut(_INDENT + text, width)


def _versions(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Those that differ, and those that runs read, as the changes name them."""
    for one in found:
        for node in (one["before"], one["after"]):
            if node and node["uid"].startswith("version:"):
                yield node["uid"]
        for change in one["changes"]:
            for value in (change["before"], change["after"]):
                yield from (uid for uid in value.split(", ") if uid.startswith("version:"))


def _sides(change: Mapping[str, str], titles: Mapping[str, str]) -> tuple[str, str]:
    before, after = (
        one_line(", ".join(titles.get(word) or short(word) for word in change[side].split(", ")))
        for side in ("before", "after")
    )
    return before or _NOTHING, after or _NOTHING


def _name(difference: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """A name alone would not tell a version that was added from one that is the same in both."""
    nodes = [node for node in (difference["before"], difference["after"]) if node]
    versions = [titles[node["uid"]] for node in nodes if node["uid"] in titles]
    if len(versions) == len(nodes):
        return one_line(_ARROW.join(dict.fromkeys(versions)))
    node = nodes[-1]
    return one_line(f"{node['kind']} {node['name']}")


def _in_words(difference: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    changes = [(one_line(c["field"]), *_sides(c, titles)) for c in difference["changes"][:3]]
    told = ", ".join(f"{field}: {before}{_ARROW}{after}" for field, before, after in changes)
    return f"{_name(difference, titles)} {difference['kind'].lower()}" + (f" ({told})" if told else "")
