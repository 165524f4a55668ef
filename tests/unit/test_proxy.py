"""The proxy of fault tests leaves nothing behind."""

from __future__ import annotations

import gc
import socket

from tests.support.proxy import Proxy


def test_connections_accepted_just_before_the_end_are_closed() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as far:
        for _ in range(20):
            with Proxy(f"bolt://127.0.0.1:{far.getsockname()[1]}") as proxy:
                near = ("127.0.0.1", int(proxy.uri.rpartition(":")[2]))
                clients = [socket.create_connection(near) for _ in range(4)]
            for client in clients:
                client.close()
        gc.collect()  # a socket that nobody closed says so now, and fails this test
