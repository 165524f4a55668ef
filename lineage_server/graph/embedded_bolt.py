"""The address of a Bolt server, and the smallest Bolt client that can ask it a question.

The supervisor must know when its engine answers, not merely when the port is open: ArcadeDB
listens before its database exists. A driver would be a heavy and noisy way to poll for that, so
this speaks the few messages by hand (Bolt 4.4: HELLO, RUN, PULL). It never reads a value. All real
queries go through ``graph/bolt.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

# Magic, then four proposals, newest first; we want 4.4, in which HELLO carries the login.
_HANDSHAKE = bytes.fromhex("6060b017 00000404 00000000 00000000 00000000")
_VERSION_4_4 = bytes.fromhex("00000404")
_HELLO, _RUN, _PULL, _GOODBYE = 0x01, 0x10, 0x3F, 0x02
_SUCCESS, _RECORD = 0x70, 0x71

# What this client can encode. A map is always text to value.
PackValue = str | int | dict[str, "PackValue"]


class BoltRefusedError(Exception):
    """The server answers, but not (yet) as asked."""


@dataclass(frozen=True)
class BoltAddress:
    """All that a driver needs to connect; safe to print."""

    uri: str
    user: str
    password: str = field(repr=False)
    database: str


async def ask(
    *, host: str, port: int, address: BoltAddress, statements: Sequence[str], timeout_seconds: float
) -> None:
    """Log in and run the statements in order.

    Raises ``BoltRefusedError`` or ``OSError`` unless all of them succeed.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                await _converse(reader, writer, address, statements)
            finally:
                writer.close()
    except asyncio.IncompleteReadError as error:
        raise BoltRefusedError("the connection was closed") from error


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    address: BoltAddress,
    statements: Sequence[str],
) -> None:
    writer.write(_HANDSHAKE)
    if await reader.readexactly(4) != _VERSION_4_4:
        raise BoltRefusedError("the server does not speak Bolt 4.4")
    login: dict[str, PackValue] = {
        "user_agent": "lineage-supervisor/1",
        "scheme": "basic",
        "principal": address.user,
        "credentials": address.password,
    }
    writer.write(_message(_HELLO, login))
    await _expect_success(reader, "login")
    for statement in statements:
        writer.write(_message(_RUN, statement, {}, {"db": address.database}))
        await _expect_success(reader, statement)
        writer.write(_message(_PULL, {"n": -1}))
        await _expect_success(reader, statement)
    writer.write(_message(_GOODBYE))
    await writer.drain()


async def _expect_success(reader: asyncio.StreamReader, what: str) -> None:
    while True:
        tag, body = await _read_message(reader)
        if tag == _SUCCESS:
            return
        if tag != _RECORD:
            raise BoltRefusedError(f"{what}: refused ({body[:300].decode('utf-8', 'replace')!r})")


async def _read_message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One message: chunks of at most 64 KiB, closed by an empty one; byte 1 is its kind."""
    whole = bytearray()
    while True:
        size = int.from_bytes(await reader.readexactly(2), "big")
        if size == 0 and whole:
            return whole[1], bytes(whole[2:])
        # An empty chunk before any content is a keep-alive.
        whole += await reader.readexactly(size)


def _message(tag: int, *fields: PackValue) -> bytes:
    body = bytes([0xB0 | len(fields), tag]) + b"".join(map(_pack, fields))
    return len(body).to_bytes(2, "big") + body + b"\x00\x00"


def _pack(value: PackValue) -> bytes:
    """PackStream, as far as the messages above need it."""
    if isinstance(value, str):
        raw = value.encode()
        return b"\xd1" + len(raw).to_bytes(2, "big") + raw
    if isinstance(value, int):
        return value.to_bytes(1, "big", signed=True)
    pairs = (_pack(key) + _pack(item) for key, item in value.items())
    return bytes([0xA0 | len(value)]) + b"".join(pairs)
