"""Subscriptions as other programs open them: over server-sent events and over WebSockets; and a server
with tokens, of which some may hear a thing and others not."""

from __future__ import annotations

import contextlib
import json
import re
import time
from typing import TYPE_CHECKING, Any

import httpx2
from neo4j import GraphDatabase
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from lineage_server.domain.ids import now_micros
from tests.support.faults import ask, event, run_id, until

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.e2e.conftest import RunningServer

SECONDS = 15.0
FOLLOW = "subscription ($project: String!) { runsChanged(project: $project) { kind seq changes { uid } } }"
STATUS = "subscription { ingestStatus { accepted } }"
ME = "{ me { subject } }"
PROTOCOL = [Subprotocol("graphql-transport-ws")]
ADMIN = "admin-token"


class Events:
    """The reader's side of one stream of server-sent events."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self) -> tuple[str, Any]:
        """Name and data of the next event; comments keep the line open only."""
        name = ""
        for line in self._lines:
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                told = line.removeprefix("data:").strip()
                return name, json.loads(told) if told else None
        return "", None

    def rest(self) -> list[tuple[str, Any]]:
        """Everything until the stream ends."""
        return [one for one in iter(self.next, ("", None))]


@contextlib.contextmanager
def streamed(
    server: RunningServer, query: str, *, token: str = "", **variables: Any
) -> Generator[tuple[httpx2.Response, Events]]:
    headers = {"accept": "text/event-stream"} | ({"authorization": f"Bearer {token}"} if token else {})
    body = {"query": query, "variables": variables}
    with (
        httpx2.Client(base_url=server.url, timeout=SECONDS) as http,
        http.stream("POST", "/graphql", json=body, headers=headers) as answer,
    ):
        yield answer, Events(answer.iter_lines())


def number(server: RunningServer, name: str) -> float:
    """One of the server's own numbers."""
    text = httpx2.get(server.url + "/metrics", timeout=SECONDS).text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


def open_streams(server: RunningServer, count: int) -> None:
    until(lambda: number(server, "lineage_subscribers") == count, SECONDS, f"{count} open streams")


def told_runs(change: Any) -> list[str]:
    return [one["uid"] for one in change["data"]["runsChanged"]["changes"]]


@contextlib.contextmanager
def dialled(server: RunningServer) -> Generator[ClientConnection]:
    address = server.url.replace("http", "ws", 1) + "/graphql"
    with connect(address, subprotocols=PROTOCOL, ping_interval=None, close_timeout=1) as one:
        yield one


@contextlib.contextmanager
def opened(server: RunningServer, token: str | None = None) -> Generator[ClientConnection]:
    with dialled(server) as one:
        begin(one, token)
        assert heard(one)["type"] == "connection_ack"
        yield one


def begin(one: ClientConnection, token: str | None) -> None:
    payload = {} if token is None else {"authorization": f"Bearer {token}"}
    one.send(json.dumps({"type": "connection_init", "payload": payload}))


def close_code(one: ClientConnection) -> int:
    """With which the server ends the connection, whatever it says before."""
    with contextlib.suppress(ConnectionClosed):
        for _ in iter(lambda: one.recv(SECONDS), None):
            pass
    assert one.protocol.close_rcvd is not None
    return one.protocol.close_rcvd.code


def subscribe(one: ClientConnection, number: str, query: str, **variables: Any) -> None:
    payload = {"query": query, "variables": variables}
    one.send(json.dumps({"type": "subscribe", "id": number, "payload": payload}))


def heard(one: ClientConnection) -> dict[str, Any]:
    return json.loads(one.recv(SECONDS))


CREATE = (
    "mutation ($input: CreateTokenInput!) "
    "{ createToken(input: $input) { text token { uid } problems { field } } }"
)
REVOKE = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { problems { field } } }"


EXPIRE = "MATCH (t:Token {uid: $uid}) SET t.expires_at = $now RETURN t.uid AS uid"


def in_an_hour() -> str:
    """As the end of a token is told."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3_600))


def expire(server: RunningServer, uid: str) -> None:
    """The time of a token is over now, however long the machine took to get here with it."""
    graph = server.graph
    with GraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
        found = driver.execute_query(EXPIRE, uid=uid, now=now_micros(), database_=graph.database)
    assert [row["uid"] for row in found.records] == [uid]


class Guarded:
    """A server that asks for tokens, with one of each kind, and a run in the project ``mine``."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self._root = (server.data_dir / ADMIN).read_text("utf-8").strip()
        self._writer = self.token("mine", "EDITOR")[1]
        self.record(0)

    def token(self, project: str, role: str, **more: Any) -> tuple[str, str]:
        """Uid and text of a new one."""
        wanted = {
            "name": f"{project} {role}",
            "service": True,
            "subject": f"robot-{project}-{role}",
            "scopes": [{"project": project, "role": role}],
            **more,
        }
        made = self.ask(CREATE, {"input": wanted})["createToken"]
        assert not made["problems"], made
        return made["token"]["uid"], made["text"]

    def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        return ask(self.server.url, query, variables, token=self._root)

    def record(self, index: int) -> str:
        """The uid of a run that was just told of."""
        answer = httpx2.post(
            self.server.url + "/api/v1/events",
            content=json.dumps(event("mine", index)).encode(),
            headers={"authorization": f"Bearer {self._writer}"},
            timeout=SECONDS,
        )
        assert answer.json()["accepted"] == 1, answer.text
        return f"run:{run_id('mine', index)}"
