"""Subscriptions as other programs open them on the real server: server-sent events and WebSockets, from the
first message to every way in which they end. Nothing is told to who may not see it."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import re
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.e2e.conftest import client_environment
from tests.support.faults import ask, event, run_id, send, until

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.e2e.conftest import RunningServer, StartServer
    from tests.support.neo4j_server import Address

pytestmark = pytest.mark.e2e

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


# --- server-sent events ------------------------------------------------------------------------


def test_events_come_as_they_happen_and_the_line_may_break(
    start_server: StartServer, outer: Address | None
) -> None:
    server = start_server(outer=outer)
    name = "over-sse"
    for turn in range(2):  # the second after a line that was cut
        with streamed(server, FOLLOW, project=name) as (answer, events):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert "no-cache" in answer.headers["cache-control"]
            open_streams(server, 1)
            send(server.url, [event("elsewhere", turn), event(name, turn)])
            kind, told = events.next()
            assert (kind, told_runs(told)) == ("next", [f"run:{run_id(name, turn)}"])
        open_streams(server, 0)
    with streamed(server, FOLLOW, project=name) as (_, events):
        open_streams(server, 1)
        begun = time.monotonic()
        thread = threading.Thread(target=server.stop)
        thread.start()
        last = events.rest()
        assert [kind for kind, _ in last] == ["next", "complete"]
        assert last[0][1]["data"]["runsChanged"]["kind"] == "RECONNECT"
        assert time.monotonic() - begun < 5
        thread.join(40)
    assert server.process.poll() == 0, server.output()
    assert "Traceback" not in server.output()


def test_every_stream_ends_clearly_with_the_server(start_server: StartServer) -> None:
    server = start_server()
    with contextlib.ExitStack() as stack:
        _, events = stack.enter_context(streamed(server, STATUS))
        assert events.next()[0] == "next"
        ws = stack.enter_context(opened(server))
        subscribe(ws, "1", STATUS)
        assert heard(ws)["type"] == "next"
        begun = time.monotonic()
        thread = threading.Thread(target=server.stop)
        thread.start()
        assert events.rest()[-1] == ("complete", None)
        assert time.monotonic() - begun < 5
        assert close_code(ws) == 1012
        thread.join(40)
    assert "Traceback" not in server.output()


DEEP = 'subscription { runsChanged(project: "x") { ' + "changes { " * 40 + "uid" + " }" * 40 + " } }"
ALIASED = (
    'subscription { runsChanged(project: "x") { ' + " ".join(f"a{n}: seq" for n in range(10_000)) + " } }"
)
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "no document": ("subscription {", {}, "BAD_INPUT"),
    "an unknown field": ("subscription { nothing }", {}, "BAD_INPUT"),
    "a variable that is missing": (FOLLOW, {}, "BAD_INPUT"),
    "deep": (DEEP, {}, "LIMIT"),
    "10,000 aliases": (ALIASED, {}, "LIMIT"),
    "brackets": ("{" * 100_000, {}, "LIMIT"),
    "no uid": ('subscription { runChanged(uid: "what") { seq } }', {}, "BAD_INPUT"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_document_has_one_error_on_every_transport(running_server: RunningServer, name: str) -> None:
    query, variables, code = WRONG[name]
    body = {"query": query, "variables": variables}
    with streamed(running_server, query, **variables) as (answer, events):
        assert answer.status_code == 200
        (kind, told), *rest = events.rest()
        assert (kind, rest) == ("next", [("complete", None)])
    with opened(running_server) as ws:
        subscribe(ws, "1", query, **variables)
        message = heard(ws)
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        subscribe(ws, "2", ME)
        while (later := heard(ws))["id"] != "2":
            assert later == {"type": "complete", "id": "1"}
        assert later["payload"]["data"]["me"]
    posted = httpx2.post(running_server.url + "/graphql", json=body, timeout=SECONDS).json()
    for told_errors in (told["errors"], errors):
        assert [one["extensions"]["code"] for one in told_errors] == [code]
        assert told_errors[0]["message"]
    if "subscription {" not in query or code == "LIMIT":
        assert [one["extensions"]["code"] for one in posted["errors"]] == [code]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"x"', b"null"])
def test_a_body_that_is_none_has_the_shape_of_an_error(running_server: RunningServer, body: bytes) -> None:
    for accept in ("text/event-stream", "application/json"):
        headers = {"accept": accept, "content-type": "application/json"}
        answer = httpx2.post(running_server.url + "/graphql", content=body, headers=headers, timeout=SECONDS)
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "BAD_INPUT"


# --- who may hear it ---------------------------------------------------------------------------

CREATE = (
    "mutation ($input: CreateTokenInput!) "
    "{ createToken(input: $input) { text token { uid } problems { field } } }"
)
REVOKE = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { problems { field } } }"


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


@pytest.fixture
def guarded(start_server: StartServer, tmp_path: Path) -> Iterator[Guarded]:
    told = client_environment(tmp_path / "user", LINEAGE_AUTH__MODE="token")
    server = start_server(environment=told)
    yield Guarded(server)
    open_streams(server, 0)
    assert "Traceback" not in server.output()


ONE = {"uid": f"run:{run_id('mine', 0)}"}
FOREIGN: dict[str, tuple[str, dict[str, Any], str]] = {
    "runsChanged": (FOLLOW, {"project": "mine"}, "NOT_FOUND"),
    "runChanged": (
        "subscription ($uid: String!) { runChanged(uid: $uid) { seq run { uid } } }", ONE, "NOT_FOUND",
    ),
    "metricPoints": ("subscription ($uid: String!) { metricPoints(run: $uid) { seq } }", ONE, "NOT_FOUND"),
    "lineageChanged": (
        "subscription ($uid: String!) { lineageChanged(uid: $uid) { changes { uid } } }", ONE, "NOT_FOUND",
    ),
    "ingestStatus": (STATUS, {}, "FORBIDDEN"),
}  # fmt: skip


def code_of(answer: dict[str, Any]) -> str:
    """Of the only error there is; nothing else is told."""
    assert not any((answer.get("data") or {}).values())
    (error,) = answer["errors"]
    return error["extensions"]["code"]


@pytest.mark.parametrize("said", ["", "lin_nonsense", "x" * 10_000])
def test_nobody_without_a_token_hears_anything(guarded: Guarded, said: str) -> None:
    with streamed(guarded.server, STATUS, token=said) as (answer, _):
        assert answer.status_code == 401
        assert code_of(json.loads(answer.read())) == "UNAUTHENTICATED"
    with dialled(guarded.server) as one:
        begin(one, said)
        assert close_code(one) == 4403


def test_a_stranger_hears_nothing_while_a_member_does(guarded: Guarded) -> None:
    _, member = guarded.token("mine", "VIEWER")
    _, stranger = guarded.token("other", "ADMIN")
    with contextlib.ExitStack() as stack:
        _, own = stack.enter_context(streamed(guarded.server, FOLLOW, token=member, project="mine"))
        theirs = {
            name: stack.enter_context(streamed(guarded.server, query, token=stranger, **variables))[1]
            for name, (query, variables, _) in FOREIGN.items()
        }
        ws = stack.enter_context(opened(guarded.server, stranger))
        for name, (query, variables, _) in FOREIGN.items():
            subscribe(ws, name, query, **variables)
        refused: dict[str, str] = {}
        while len(refused) < len(FOREIGN):
            message = heard(ws)
            if message["type"] != "complete":
                told = message["payload"]
                answer = {"errors": told} if message["type"] == "error" else told
                refused[message["id"]] = code_of(answer)
        assert refused == {name: code for name, (_, _, code) in FOREIGN.items()}
        uid = guarded.record(1)
        assert told_runs(own.next()[1]) == [uid]
        for name, events in theirs.items():
            (_, answer), last = events.rest()
            assert (code_of(answer), last) == (FOREIGN[name][2], ("complete", None))


def test_a_stream_ends_with_its_token(guarded: Guarded) -> None:
    """Revoked, and expired; and it does not begin again."""
    revoked, text = guarded.token("mine", "VIEWER")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
    _, short = guarded.token("mine", "VIEWER", name="short", expiresAt=soon)
    with (
        streamed(guarded.server, FOLLOW, token=text, project="mine") as (_, first),
        streamed(guarded.server, FOLLOW, token=short, project="mine") as (_, second),
    ):
        open_streams(guarded.server, 2)
        guarded.ask(REVOKE, {"input": {"token": revoked}})
        for events in (first, second):
            (_, answer), last = events.rest()
            assert (code_of(answer), last) == ("UNAUTHENTICATED", ("complete", None))
    for said in (text, short):
        with streamed(guarded.server, FOLLOW, token=said, project="mine") as (answer, _):
            assert answer.status_code == 401


# --- WebSockets ----------------------------------------------------------------------------------


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


def test_who_never_begins_is_closed_in_time(start_server: StartServer, tmp_path: Path) -> None:
    """However many pings it answers and sends; who has begun may stay without asking anything."""
    settings = {"LINEAGE_HTTP__REQUEST_TIMEOUT_SECONDS": "2"}
    server = start_server(environment=client_environment(tmp_path / "user", **settings))
    with opened(server) as stays, dialled(server) as idle:
        begun = time.monotonic()
        with contextlib.suppress(ConnectionClosed):
            while time.monotonic() - begun < SECONDS:
                idle.send('{"type": "ping"}')
                assert heard(idle) == {"type": "pong"}
                time.sleep(0.1)
        assert (close_code(idle), time.monotonic() - begun < 6) == (4408, True)
        assert number(server, "lineage_sockets") == 1
        subscribe(stays, "1", ME)
        assert heard(stays)["payload"]["data"]["me"]
    until(lambda: number(server, "lineage_sockets") == 0, SECONDS, "the end of all sockets")
    assert "Traceback" not in server.output()


def test_a_connection_takes_so_many_operations(running_server: RunningServer) -> None:
    with opened(running_server) as one:
        for index in range(100):
            subscribe(one, str(index), FOLLOW, project="crowd")
        subscribe(one, "more", ME)
        message = heard(one)
        assert (message["type"], message["id"]) == ("error", "more")
        assert [error["extensions"]["code"] for error in message["payload"]] == ["LIMIT"]
        one.send('{"type": "complete", "id": "7"}')
        subscribe(one, "again", ME)
        assert heard(one)["payload"]["data"]["me"]


NAMES = "{ __schema { types { name description fields { name description } } } }"


def vanishing(url: str, ready: Any) -> None:
    """A client that is killed while it follows things, with answers on their way that it does not read."""
    with connect(url, subprotocols=PROTOCOL, ping_interval=None, max_queue=1) as one:
        one.send('{"type": "connection_init"}')
        one.recv(SECONDS)
        for index in range(100):
            query, variables = (NAMES, {}) if index % 2 else (FOLLOW, {"project": "gone"})
            subscribe(one, str(index), query, **variables)
        ready.set()
        time.sleep(600)


def test_a_client_that_is_killed_leaves_nothing_behind(start_server: StartServer) -> None:
    server = start_server()
    url = server.url.replace("http", "ws", 1) + "/graphql"
    several = multiprocessing.get_context("spawn")
    for _ in range(2):
        ready = several.Event()
        client = several.Process(target=vanishing, args=(url, ready))
        client.start()
        assert ready.wait(SECONDS * 2)
        open_streams(server, 50)
        said = len(server.lines)
        begun = threading.Event()
        writing = threading.Thread(target=floods, args=(server, begun))
        writing.start()
        begun.wait(SECONDS)
        client.kill()
        client.join(SECONDS)
        writing.join(SECONDS * 4)
        open_streams(server, 0)
        until(lambda: number(server, "lineage_sockets") == 0, SECONDS, "the end of the socket")
        about = [line for line in server.lines[said:] if "POST" not in line and "GET" not in line]
        assert len(about) <= 1, about
    with opened(server) as one:
        for index in range(100):
            subscribe(one, str(index), FOLLOW, project="gone")
        open_streams(server, 100)
    open_streams(server, 0)


def floods(server: RunningServer, begun: threading.Event) -> None:
    for index in range(20):
        send(server.url, [event("gone", index)])
        begun.set()


def test_sockets_beyond_the_limit_are_refused_and_cost_nothing(
    start_server: StartServer, tmp_path: Path
) -> None:
    settings = {"LINEAGE_HTTP__MAX_SOCKETS": "20"}
    server = start_server(environment=client_environment(tmp_path / "user", **settings))
    with contextlib.ExitStack() as stack:
        first = [stack.enter_context(opened(server)) for _ in range(20)]
        for _ in range(3):
            with pytest.raises(InvalidStatus) as refused, opened(server):
                pass
            answer = refused.value.response
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
            (error,) = json.loads(answer.body or b"")["errors"]
            assert (error["extensions"]["code"], error["extensions"]["part"]) == ("UNAVAILABLE", "sockets")
        assert ask(server.url, ME, {})["me"]
        first[0].close()
        until(lambda: number(server, "lineage_sockets") == 19, SECONDS, "one place less taken")
        stack.enter_context(opened(server))
    assert "Traceback" not in server.output()


MANY = 2_000
MOST_BYTES = 60_000
"""Of memory for a socket that only waits; its share of the kernel's is not in it."""


def test_thousands_of_idle_sockets_are_cheap(start_server: StartServer) -> None:
    server = start_server()
    process = server.family()[0]
    host, port = server.url.removeprefix("http://").split(":")
    hello = (
        f"GET /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    ).encode()
    init = b'{"type":"connection_init"}'
    frame = bytes((0x81, 0x80 | len(init), 0, 0, 0, 0)) + init
    with contextlib.ExitStack() as stack:

        def dial() -> socket.socket:
            one = stack.enter_context(socket.create_connection((host, int(port)), timeout=SECONDS))
            one.sendall(hello)
            assert b" 101 " in one.recv(4096)
            one.sendall(frame)
            assert one.recv(4096)[0] in (0x81, 0xC1)  # a text, plain or deflated: the acknowledgement
            return one

        for _ in range(200):
            dial()
        before = process.memory_info().rss
        for _ in range(MANY - 200):
            dial()
        assert number(server, "lineage_sockets") == MANY
        each = (process.memory_info().rss - before) / (MANY - 200)
        assert each < MOST_BYTES, f"{each:.0f} bytes each"
        begun = time.monotonic()
        assert ask(server.url, ME, {})["me"]
        assert time.monotonic() - begun < 2
    until(lambda: number(server, "lineage_sockets") == 0, SECONDS * 2, "the end of all sockets")
