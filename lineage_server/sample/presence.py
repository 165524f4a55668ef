"""Whether the sample stands on a server; taking it out, and bringing it back.

Only what is the sample's is touched, also where its project holds other runs. The ids of its runs end
in a mark: an id outlives a tombstone, a tag does not. What these runs wrote is the sample's too; the
jobs and artifacts go where nothing of somebody else is left in them, and so does the project.

Without the sample's own libraries, so that taking it out works everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage_server.client.client import Client
from lineage_server.client.contents import path_of_uri
from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, NotFoundError

PROJECT = "demo"
CHOSEN = "model:tumour"
MODEL = "diagnosis"
ALIAS = "prod"
SERVICE = "tumour-clinic"
ROUNDS = ("1", "2")
LAST_JOB = "predict"
NOTE = "ABOUT.txt"
_MARK = b"sample".hex()

_PAGE = "pageInfo { hasNextPage endCursor }"
_RUNS = (
    'query($after: String!) { runs(project: "demo", filter: {includeDeleted: true}, first: 200, '
    "after: $after) { edges { node { uid job jobName state startedAt deletedAt "
    "outputs(first: 10) { edges { node { version { uid artifact uri deletedAt } } } } } } " + _PAGE + " } }"
)
_KNOWN = "query($uids: [String!]!) { nodes(uids: $uids) { uid deletedAt } }"
_IN_ARTIFACT = "query($of: String!) { versions(artifact: $of, first: 1) { edges { node { uid } } } }"
_IN_JOB = (
    'query($of: String!) { runs(project: "demo", filter: {jobs: [$of]}, first: 1) '
    "{ edges { node { uid } } } }"
)
_IN_PROJECT = '{ %s(project: "demo", first: 1) { edges { node { uid } } } }'
_RIGHTS = "{ me { platformAdmin everywhere } }"
_CHANGE = (
    "mutation($uid: String!, $reason: String!) "
    "{ changed: %s(input: {uid: $uid, reason: $reason%s}) { problems { message } } }"
)
# Its parts depend on each other: all of them go.
_DELETE, _RESTORE = _CHANGE % ("deleteNode", ", override: true"), _CHANGE % ("restoreNode", "")


def new_run_id() -> str:
    """An id for a run of the sample."""
    return ids.new_run_id()[: -len(_MARK)] + _MARK


@dataclass
class Found:
    """The sample's nodes on a server, living and dead, each kind as uid → whether it is dead."""

    runs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    parts: dict[str, bool] = field(default_factory=dict[str, bool])
    wholes: dict[str, bool] = field(default_factory=dict[str, bool])
    files: list[str] = field(default_factory=list[str])

    @property
    def stands(self) -> bool:
        """All rounds were recorded to their end, and nobody took them out."""
        ends = [run for run in self.runs if run["jobName"] == LAST_JOB and run["state"] == "COMPLETE"]
        return sum(not run["deletedAt"] for run in ends) >= len(ROUNDS)

    def corrected_at(self) -> str:
        """When the second round began: RFC 3339."""
        return max((run["startedAt"] for run in self.runs if run["jobName"] == "correct"), default="")


def find(client: Client) -> Found:
    """Look for it; nothing is found in a project that is not there."""
    found = Found()
    with suppress(NotFoundError):
        found.runs = [run for run in _pages(client, "runs", _RUNS) if run["uid"].endswith(_MARK)]
    wholes: dict[str, None] = {}
    for run in found.runs:
        found.parts[run["uid"]] = bool(run["deletedAt"])
        wholes[run["job"]] = None
        for version in (link["node"]["version"] for link in run["outputs"]["edges"]):
            found.parts[version["uid"]] = bool(version["deletedAt"])
            found.files.append(version["uri"])
            wholes[version["artifact"]] = None
    if found.runs:
        found.parts |= _dead_or_alive(client, _registered())
        found.wholes = _dead_or_alive(client, [*wholes, ids.project_uid(PROJECT)])
    return found


def take_out(client: Client) -> tuple[int, int]:
    """A tombstone for each of its nodes, and its files removed; answers how many of both."""
    found = find(client)
    parts = [uid for uid, dead in found.parts.items() if not dead]
    gone = _change(client, _DELETE, "demo removed", parts)
    # One by one, the project last: it is empty only once the others are gone.
    empty = (uid for uid, dead in found.wholes.items() if not dead and _is_empty(client, uid))
    gone += _change(client, _DELETE, "demo removed", empty)
    return gone, _remove_files(found.files)


def bring_back(client: Client, found: Found) -> int:
    """Lift the tombstones again; answers how many."""
    dead = (uid for uid, dead in {**found.wholes, **found.parts}.items() if dead)
    return _change(client, _RESTORE, "demo again", dead)


def _registered() -> Iterator[str]:
    """What the sample registers and deploys: its names are its own."""
    yield ids.model_uid(PROJECT, MODEL)
    yield ids.alias_uid(PROJECT, MODEL, ALIAS)
    for number in ROUNDS:
        yield ids.model_version_uid(PROJECT, MODEL, number)
        yield ids.deployment_uid(PROJECT, "local", SERVICE, number)


def _dead_or_alive(client: Client, uids: Iterable[str]) -> dict[str, bool]:
    nodes = client.gql(_KNOWN, {"uids": list(uids)})["nodes"]
    return {node["uid"]: bool(node["deletedAt"]) for node in nodes if node}


def _is_empty(client: Client, uid: str) -> bool:
    if uid.startswith("artifact:"):
        return not client.gql(_IN_ARTIFACT, {"of": uid})["versions"]["edges"]
    if uid.startswith("job:"):
        return not client.gql(_IN_JOB, {"of": uid})["runs"]["edges"]
    me = client.gql(_RIGHTS)["me"]
    if not me["platformAdmin"] and not me["everywhere"]:
        return False  # a membership would go with the project, and with it the way back
    lists = ("runs", "artifacts", "jobs", "models", "deployments")
    return not any(client.gql(_IN_PROJECT % name)[name]["edges"] for name in lists)


def _change(client: Client, document: str, reason: str, uids: Iterable[str]) -> int:
    changed = 0
    for uid in uids:
        answer = client.gql(document, {"uid": uid, "reason": reason})["changed"]
        if answer["problems"]:
            raise ConflictError(f"{uid}: {answer['problems'][0]['message']}")
        changed += 1
    return changed


def _remove_files(uris: Iterable[str]) -> int:
    """Those on this machine, from folders that the sample's note says are its own; answers how many."""
    recorded = {path for uri in uris if (path := path_of_uri(uri)) and (path.parent.parent / NOTE).is_file()}
    removed = 0
    for home in {path.parent.parent for path in recorded}:
        names = {path.name for path in recorded if path.parent.parent == home}
        for folder in (round_folder(home, number) for number in ROUNDS):
            # By name: content that both rounds wrote alike is one version, with one address.
            for path in (folder / name for name in names):
                removed += path.is_file()
                path.unlink(missing_ok=True)
            _remove_if_empty(folder)
        (home / NOTE).unlink()
        _remove_if_empty(home)
    return removed


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # somebody else put something there
        folder.rmdir()


def round_folder(home: Path, number: str) -> Path:
    """Where a round's files are: each in a folder of its own, so that a version's address stays true."""
    return home / f"round-{number}"


def _pages(client: Client, name: str, query: str) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        page = client.gql(query, {"after": after})[name]
        yield from (edge["node"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def write_note(folder: Path) -> None:
    """Says whose folder this is, to people and to ``take_out``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTE).write_text(
        "Written by 'lineage demo': the data and models of its sample project.\n"
        "'lineage demo --remove' removes them.\n"
    )
