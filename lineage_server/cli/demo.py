"""``lineage demo``: run the sample project against a running server, or take it out again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lineage_server.cli.output import say
from lineage_server.domain.errors import UnavailableError

PROJECT = "demo"
_NODES = (
    'query($after: String!) { %s(project: "demo", first: 200, after: $after) '
    "{ edges { node { uid } } pageInfo { hasNextPage endCursor } } }"
)
_VERSIONS = (
    "query($of: String!, $after: String!) { versions(artifact: $of, first: 200, after: $after) "
    "{ edges { node { uid } } pageInfo { hasNextPage endCursor } } }"
)
_DELETE = (
    "mutation($uid: String!) "
    '{ deleteNode(input: {uid: $uid, reason: "demo removed"}) { problems { message } } }'
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(demo)


def sample_command(folder: Path | None = None, *, parent: int = 0) -> list[str]:
    """The sample as a process of its own; with ``parent`` it ends when that process has ended."""
    command = [sys.executable, "-m", "lineage_server.sample"]
    if folder is not None:
        command += ["--folder", str(folder)]
    return [*command, "--parent", str(parent)] if parent else command


def demo(
    remove: Annotated[bool, typer.Option("--remove", help="Take the sample out again.")] = False,
) -> None:
    """Run the sample project: real training, recorded as project demo."""
    if remove:
        say(f"{_remove()} nodes of project {PROJECT} are tombstones now; restoreNode brings one back")
        return
    code = subprocess.run(sample_command(), check=False).returncode
    if code:
        raise UnavailableError(f"the sample ended with code {code}; its messages stand above", part="sample")


def _remove() -> int:
    """Tombstone every run, version, artifact and job of the project."""
    from lineage_server.client.shortcuts import gql

    artifacts = _uids("artifacts", _NODES % "artifacts", {})
    versions = [uid for of in artifacts for uid in _uids("versions", _VERSIONS, {"of": of})]
    runs, jobs = (_uids(what, _NODES % what, {}) for what in ("runs", "jobs"))
    everything = [*versions, *runs, *artifacts, *jobs]
    for uid in everything:
        gql(_DELETE, {"uid": uid})
    return len(everything)


def _uids(what: str, query: str, variables: dict[str, Any]) -> list[str]:
    from lineage_server.client.shortcuts import gql

    found: list[str] = []
    after = ""
    while True:
        page = gql(query, {**variables, "after": after})[what]
        found += [edge["node"]["uid"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
