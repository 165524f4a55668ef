"""Connections of hostile clients to the real server: nobody else notices, and each is ended in time."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import psutil
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.e2e.conftest import client_environment
from tests.support.faults import event, send, stored, until

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.e2e.conftest import RunningServer, StartServer

pytestmark = pytest.mark.e2e

MANY = 300
SECONDS = 2.0
"""What the server of this test gives a request."""
OTHERS_SECONDS = 5.0
HEAD = b"POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SLOW: dict[str, bytes] = {
    "nothing": b"",
    "half a head": HEAD + b"X-Slow: ",
    "half a second head": b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + HEAD,
    "half a body": HEAD + b"Content-Length: 1000000\r\n\r\n{",
    "chunks without end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{    \r\n",
    "half a gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n\x1f\x8b",
}


def test_slow_senders_are_hung_up_on_and_disturb_nobody(start_server: StartServer, tmp_path: Path) -> None:
    settings = {"LINEAGE_HTTP__REQUEST_TIMEOUT_SECONDS": str(SECONDS)}
    server = start_server(environment=client_environment(tmp_path / "user", **settings))
    own, most = psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE)
    assert own == most
    host, port = server.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        slow: list[socket.socket] = []
        for _ in range(MANY // len(SLOW)):
            for said in SLOW.values():
                one = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
                one.sendall(said)
                slow.append(one)
        for said in SLOW.values():  # and these leave in the middle
            with socket.create_connection((host, int(port))) as one:
                one.sendall(said)
        began = time.monotonic()
        assert send(server.url, (event("beside", n) for n in range(20)))["accepted"] == 20
        assert time.monotonic() - began < OTHERS_SECONDS
        for name, one in zip(list(SLOW) * MANY, slow, strict=False):
            assert hung_up(one), name
    stored(server.graph, "beside").check("beside", range(20))
    assert "Traceback" not in server.output()


def hung_up(one: socket.socket) -> bool:
    """Whether the other end closes, whatever it says before."""
    with contextlib.suppress(ConnectionError):
        while one.recv(65_536):
            pass
    return True


GET = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
QUIET: dict[str, tuple[bytes, bytes]] = {
    "an empty line after an answer": (GET, b"\r\n"),
    "the rest of what was refused": (
        HEAD.replace(b"api/v1/events", b"nowhere") + b"Content-Length: 3\r\n\r\n{", b"}}"
    ),
}  # fmt: skip
ENDLESS: dict[str, bytes] = {
    "a header": HEAD + b"X-Long: ",
    "an address": b"GET /",
    "a trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Long: ",
}
LINES = b"a: b\r\n" * 10_000
NAMES = f"{{ __schema {{ {' '.join(f'a{n}: types {{ name description }}' for n in range(20))} }} }}"
"""An answer of some 300 kB. Thirty of them fill what the kernel holds back of a connection."""


def test_who_sends_no_request_or_reads_no_answer_is_hung_up_on(
    start_server: StartServer, tmp_path: Path
) -> None:
    settings = {"LINEAGE_HTTP__REQUEST_TIMEOUT_SECONDS": str(SECONDS)}
    server = start_server(environment=client_environment(tmp_path / "user", **settings))
    host, port = server.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:

        def dial() -> socket.socket:
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(30)
            one.connect((host, int(port)))
            return stack.enter_context(one)

        unread = dial()
        unread.sendall(GET * 900)
        deaf = stack.enter_context(opened(server, sock=dial(), max_queue=1, compression=None))
        stack.callback(deaf.socket.shutdown, socket.SHUT_RDWR)
        for number in range(30):
            told = {"type": "subscribe", "id": str(number), "payload": {"query": NAMES}}
            # One after the other: at once, a busy machine would not get done with any of them in time.
            deaf.send(json.dumps(told))
            assert httpx2.get(f"{server.url}/livez", timeout=30).status_code == 200
        for name, (said, later) in QUIET.items():
            one = dial()
            one.sendall(said)
            assert one.recv(100).startswith(b"HTTP/1.1 "), name
            one.sendall(later)
            assert hung_up(one), name
        for said in ENDLESS.values():
            for more in (LINES, b"a" * len(LINES)):
                one = dial()
                one.sendall(said)
                with pytest.raises(ConnectionError):
                    one.sendall(more * 1_000)
        one = dial()
        with contextlib.suppress(ConnectionError):  # it hangs up before it has got all, or after
            one.sendall(GET * 5_000)
        assert hung_up(one)
        until(
            lambda: not held(server, unread, deaf.socket), OTHERS_SECONDS * 4, "the end of who reads nothing"
        )
    assert "unexpected error" not in server.output()


def held(server: RunningServer, *mine: socket.socket) -> set[int]:
    """Which of these connections, by their port here, the server still holds."""
    others = {one.raddr.port for one in server.family()[0].net_connections("tcp") if one.raddr}
    return others & {one.getsockname()[1] for one in mine}


# --- WebSockets ------------------------------------------------------------------------------

PROTOCOL = [Subprotocol("graphql-transport-ws")]
WRONG: dict[str, tuple[Any, int]] = {
    "no JSON": ("{", 4400),
    "a list": ([], 4400),
    "null": (None, 4400),
    "a number": (1, 4400),
    "no type": ({}, 4400),
    "type of a wrong type": ({"type": ["subscribe"]}, 4400),
    "unknown type": ({"type": "no such"}, 4400),
    "id of a wrong type": ({"type": "subscribe", "id": ["1"], "payload": {"query": "{ __typename }"}}, 4400),
    "complete with a wrong id": ({"type": "complete", "id": {}}, 4400),
    "no payload": ({"type": "subscribe", "id": "1"}, 4400),
    "payload of null": ({"type": "subscribe", "id": "1", "payload": None}, 4400),
    "query of a number": ({"type": "subscribe", "id": "1", "payload": {"query": 1}}, 4400),
    "variables of a list": (
        {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": [1]}}, 4400
    ),
    "name of an object": (
        {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": {}}}, 4400
    ),
    "lone surrogate": (r'{"type":"ping","payload":{"a":"\ud800"}}', 4400),
    "deep": ("[" * 100_000, 4400),
    "bytes": (b"\xff", 4400),
    "init again": ({"type": "connection_init"}, 4429),
    "larger than a body may be": ("x" * (2 << 20) + "x", 1009),
}  # fmt: skip


@contextlib.contextmanager
def opened(server: RunningServer, **options: Any) -> Generator[ClientConnection]:
    """A WebSocket whose other end knows who is asking."""
    address = server.url.replace("http", "ws", 1) + "/graphql"
    with connect(address, subprotocols=PROTOCOL, ping_interval=None, close_timeout=1, **options) as one:
        one.send('{"type": "connection_init"}')
        assert json.loads(one.recv(10))["type"] == "connection_ack"
        yield one


def ending(server: RunningServer, message: str | bytes) -> int | None:
    """The code with which the server ends a connection for a message; None where none came through."""
    with opened(server) as one:
        try:
            one.send(message)
            said = one.recv(10)
        except ConnectionClosedError as ended:
            return ended.rcvd.code if ended.rcvd is not None else None
    raise AssertionError(f"it was answered: {said!r}")


def test_messages_that_are_none_close_their_connection_with_a_reason(running_server: RunningServer) -> None:
    for name, (message, code) in WRONG.items():
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        # Of a message that is cut off while it comes, TCP may drop the reason, too.
        tries = 10 if len(text) > 1 << 20 else 1
        told = {ending(running_server, text) for _ in range(tries)}
        assert (told - {None} if tries > 1 else told) == {code}, name
    for origin in ("http://evil.example", "null", "http://[", "\xff", running_server.url + ".evil.example"):
        with pytest.raises(InvalidStatus) as refused, opened(running_server, origin=Origin(origin)):
            pass
        assert refused.value.response.status_code == 403
    with opened(running_server, origin=Origin(running_server.url)):
        pass
    assert "Traceback" not in running_server.output()


def test_flood_of_subscriptions_that_nobody_reads(running_server: RunningServer) -> None:
    """So many are served as memory is meant for; the intake and everybody else go on."""
    follow = {"query": 'subscription { runsChanged(project: "flood") { seq changes { uid } } }'}
    with (
        contextlib.ExitStack() as stack,
        httpx2.Client(base_url=running_server.url, timeout=20) as http,
    ):
        for _ in range(21):
            one = stack.enter_context(opened(running_server, max_queue=1))
            stack.callback(one.socket.shutdown, socket.SHUT_RDWR)  # no farewell, which would be waited for
            for n in range(100):
                one.send(json.dumps({"type": "subscribe", "id": str(n), "payload": follow}))
        until(lambda: subscribers(http) >= 2000, 30, "all that are served")
        last = stack.enter_context(opened(running_server))
        last.send(json.dumps({"type": "subscribe", "id": "last", "payload": follow}))
        (error,) = json.loads(last.recv(10))["payload"]
        assert (error["extensions"]["code"], error["extensions"]["retriable"]) == ("UNAVAILABLE", True)
        assert subscribers(http) == 2000
        assert send(running_server.url, (event("flood", n) for n in range(128)))["accepted"] == 128
        began = time.monotonic()
        assert http.get("/livez").status_code == 200
        assert time.monotonic() - began < OTHERS_SECONDS
    stored(running_server.graph, "flood").check("flood", range(128))
    with httpx2.Client(base_url=running_server.url, timeout=20) as http:
        until(lambda: subscribers(http) == 0, 30, "the end of all")


def subscribers(http: httpx2.Client) -> float:
    found = re.search(r"^lineage_subscribers (\S+)$", http.get("/metrics").text, re.MULTILINE)
    assert found
    return float(found[1])
