"""Whether the sample stands on a server; taking it out, and bringing it back.

Through GraphQL alone and without the sample's own libraries, so that taking it out works everywhere.
Only what lies in its project is touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lineage_server.client.client import Client
from lineage_server.domain.errors import ConflictError, NotFoundError

PROJECT = "demo"
CHOSEN = "model:tumour"
_ROUNDS = 2
_PAGE = "first: 200, after: $after) { edges { node { uid deletedAt } } pageInfo { hasNextPage endCursor } }"
_NODES = 'query($after: String!) { %s(project: "demo", filter: {includeDeleted: true}, ' + _PAGE + " }"
_VERSIONS = (
    "query($of: String!, $after: String!) "
    '{ versions(artifact: $of, project: "demo", filter: {includeDeleted: true}, ' + _PAGE + " }"
)
_CHANGE = (
    "mutation($uid: String!, $reason: String!) "
    "{ %s(input: {uid: $uid, reason: $reason}) { problems { message } } }"
)


def is_there(client: Client) -> bool:
    """Both rounds were recorded and nobody took them out."""
    try:
        versions = list(_pages(client, "versions", _VERSIONS, of=CHOSEN))
    except NotFoundError:
        return False
    return sum(not version["deletedAt"] for version in versions) >= _ROUNDS


def take_out(client: Client) -> int:
    """A tombstone for every run, version, artifact and job of the project; answers how many."""
    return _change(client, "deleteNode", "demo removed", deleted=False)


def bring_back(client: Client) -> int:
    """Lift the tombstones again; answers how many."""
    return _change(client, "restoreNode", "demo again", deleted=True)


def _change(client: Client, field: str, reason: str, *, deleted: bool) -> int:
    uids = [node["uid"] for node in list(_everything(client)) if bool(node["deletedAt"]) is deleted]
    for uid in uids:
        answer = client.gql(_CHANGE % field, {"uid": uid, "reason": reason})[field]
        if answer["problems"]:
            raise ConflictError(f"{uid}: {answer['problems'][0]['message']}")
    return len(uids)


def _everything(client: Client) -> Iterator[dict[str, Any]]:
    """Parts before what they are part of."""
    artifacts = list(_pages(client, "artifacts", _NODES % "artifacts"))
    for artifact in artifacts:
        yield from _pages(client, "versions", _VERSIONS, of=artifact["uid"])
    yield from _pages(client, "runs", _NODES % "runs")
    yield from artifacts
    yield from _pages(client, "jobs", _NODES % "jobs")


def _pages(client: Client, field: str, query: str, **variables: str) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        page = client.gql(query, {**variables, "after": after})[field]
        yield from (edge["node"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
