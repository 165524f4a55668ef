"""WebSockets of the real server: who never begins, who vanishes, and many at once."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.e2e.conftest import client_environment
from tests.support.faults import ask, event, send, until
from tests.support.streaming import (
    FOLLOW,
    ME,
    PROTOCOL,
    SECONDS,
    close_code,
    dialled,
    heard,
    number,
    open_streams,
    opened,
    subscribe,
)

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer, StartServer

pytestmark = pytest.mark.e2e


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
