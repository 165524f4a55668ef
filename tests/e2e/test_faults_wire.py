"""Bytes on the wire that no HTTP library sends: refused, and nothing of them is stored."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.faults import event, lines, send, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import RunningServer

pytestmark = pytest.mark.e2e

POST = b"POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
GET = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
NAME = "wire"


def body(*numbers: int) -> bytes:
    return lines(event(NAME, number) for number in numbers)


def whole(*numbers: int, more: bytes = b"") -> bytes:
    content = body(*numbers)
    return POST + more + b"Content-Length: %d\r\n\r\n" % len(content) + content


def chunked(content: bytes, *, end: bytes = b"0\r\n\r\n", more: bytes = b"") -> bytes:
    head = POST + more + b"Transfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(content) + content + b"\r\n" + end


BAD: dict[str, bytes] = {
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 400\r\n\r\n" + body(900),
    "a list of lengths": POST + b"Content-Length: 5, 400\r\n\r\n" + body(900),
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + body(900),
    "a length with a sign": POST + b"Content-Length: +400\r\n\r\n" + body(900),
    "a length beyond integers": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + body(900),
    "a length in hexadecimal": POST + b"Content-Length: 0x10\r\n\r\n" + body(900),
    "length and chunks": POST
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + whole(900),
    "chunks that are no chunks": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + body(900),
    "a chunk without a size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body(900),
    "a chunk of a negative size": POST + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + body(900),
    "a chunk beyond integers": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n" + body(900),
    "a chunk longer than it says": POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\n" + body(900),
    "a space before a colon": POST + b"Content-Length : 4\r\n\r\n" + body(900),
    "a folded header": POST + b"X-A: b\r\n c\r\nContent-Length: 3\r\n\r\n{}\n" + b"\0",
    "a NUL in a header": POST + b"X-A: b\0c\r\nContent-Length: 0\r\n\r\n",
    "no version": b"POST /api/v1/events\r\n\r\n",
    "another version": POST.replace(b"1.1", b"9.9") + b"Content-Length: 0\r\n\r\n",
    "no method": b"/api/v1/events HTTP/1.1\r\n\r\n",
    "an unknown method": POST.replace(b"POST", b"STORE") + b"Content-Length: 0\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}
"""Refused by the head or in the middle; ``900`` must not be stored."""
TOLD: dict[str, tuple[bytes, int]] = {
    "gzip and rubbish behind it": (gzip.compress(body(901)) + b"rubbish", 400),
    "gzip cut off": (gzip.compress(body(901))[:-9], 400),
    "gzip without its checksum": (gzip.compress(body(901))[:-8] + b"\0" * 8, 400),
    "gzip of another kind": (b"\x1f\x8b\x09" + gzip.compress(body(901))[3:], 400),
}


class Wire:
    """A connection, byte by byte."""

    def __init__(self, server: RunningServer) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=20)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes, *, pieces: int = 1) -> None:
        step = max(1, len(data) // pieces)
        for start in range(0, len(data), step):
            self._socket.sendall(data[start : start + step])
            if pieces > 1:
                time.sleep(0.001)

    def answers(self, number: int) -> list[tuple[int, Any]]:
        """So many, as status and JSON (or text); fewer if the server hangs up."""
        found = b""
        with contextlib.suppress(ConnectionError):
            while len(list(answers(found))) < number and (piece := self._socket.recv(65_536)):
                found += piece
        return list(answers(found))


def answers(found: bytes) -> Iterator[tuple[int, Any]]:
    """Those that are whole."""
    while b"\r\n\r\n" in found:
        head, _, rest = found.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        size = int(length[1]) if length else len(rest)
        if len(rest) < size:
            return
        content, found = rest[:size], rest[size:]
        yield int(head.split()[1]), json.loads(content) if b"application/json" in head else content


def test_what_is_no_http_is_refused_and_stores_nothing(running_server: RunningServer) -> None:
    wrong: list[Any] = []
    for name, said in BAD.items():
        for pieces in (1, 40):
            with Wire(running_server) as wire:
                wire.send(whole(pieces), pieces=pieces)
                told = wire.answers(1)
                with contextlib.suppress(ConnectionError):  # it may hang up before it has heard all
                    wire.send(said, pieces=pieces)
                told += wire.answers(1)
            if [status for status, _ in told] not in ([200], [200, 400], [200, 403]):
                wrong.append((name, pieces, told))
    assert not wrong, "\n".join(map(str, wrong))
    stored(running_server.graph, NAME).check(NAME, [1, 40])
    assert f"event:{NAME}/{NAME}-900" not in stored(running_server.graph, NAME).events
    assert "Traceback" not in running_server.output()


def test_bodies_that_are_broken_are_told_and_the_connection_goes_on(running_server: RunningServer) -> None:
    for name, (content, code) in TOLD.items():
        for form in (
            POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(content) + content,
            chunked(content, more=b"Content-Encoding: gzip\r\n"),
        ):
            with Wire(running_server) as wire:
                wire.send(form + whole(902), pieces=9)
                told = wire.answers(2)
            assert [status for status, _ in told] == [code, 200], (name, told)
            assert told[0][1]["error"] == "BAD_INPUT", told
    found = stored(running_server.graph, NAME)
    assert not [uid for uid in found.events if uid.endswith("-901")]
    assert found.events[f"event:{NAME}/{NAME}-902"] == 1


def test_chunks_that_end_early_store_nothing(running_server: RunningServer) -> None:
    said = chunked(body(903, 904), end=b"")
    for cut in (len(said), len(said) - 1, len(said) - 200, said.find(b"\n{") + 1):
        with Wire(running_server) as wire:
            wire.send(said[:cut])
    assert send(running_server.url, [event(NAME, 905)])["accepted"] == 1
    found = stored(running_server.graph, NAME)
    assert not [uid for uid in found.events if uid.endswith(("-903", "-904"))]


def test_requests_in_a_row_are_answered_in_order_errors_too(running_server: RunningServer) -> None:
    row = [
        (whole(910), 200),
        (GET + b"\r\n", 200),
        (POST + b"Content-Length: 3\r\n\r\n{}\n", 200),
        (GET.replace(b"livez", b"nowhere") + b"\r\n", 404),
        (POST + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", 501),
        (GET.replace(b"GET", b"DELETE") + b"\r\n", 405),
        (chunked(body(911)), 200),
        (GET.replace(b"127.0.0.1", b"evil.example") + b"\r\n", 403),
        (whole(912), 200),
    ]
    for pieces in (1, 300):
        with Wire(running_server) as wire:
            wire.send(b"".join(said for said, _ in row), pieces=pieces)
            told = wire.answers(len(row))
        assert [status for status, _ in told] == [status for _, status in row], told
    found = stored(running_server.graph, NAME)
    for number in (910, 911, 912):
        assert found.events[f"event:{NAME}/{NAME}-{number}"] == 1
