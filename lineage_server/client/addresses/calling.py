"""One request to a place elsewhere: bounded in time and size, and its refusals as domain errors.

It is this machine that asks, with this user's credentials and only at the place they are for: the server
never asks an address that somebody recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lineage_server.client.connection import outside_client, reason_of, unlogged
from lineage_server.domain.errors import (
    ForbiddenError,
    LimitError,
    NotFoundError,
    NotSupportedError,
    UnavailableError,
)

if TYPE_CHECKING:
    import httpx2

SECONDS = 5.0
_MOST_BYTES = 16 << 20
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


def call(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    body: bool = False,
    form: Mapping[str, str] | None = None,
) -> Said:
    """One request (with a ``form``, if there is one), redirects are not followed; without ``body`` none is
    read. Raises UnavailableError or LimitError."""
    import httpx2

    try:
        with (
            unlogged(),
            _client().stream(method, url, headers=dict(headers or {}), data=form) as answer,
        ):
            return Said(answer.status_code, dict(answer.headers), _read(answer) if body else b"")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        why = f"{host_of(url)} was not reached: {reason_of(error)}"
        raise UnavailableError(why, part="address") from None


@cache
def _client() -> httpx2.Client:
    """One for all: making it reads all certificates. It keeps no connection, so that a fork shares none."""
    return outside_client(SECONDS, keeps=False)


def _read(answer: object) -> bytes:
    import httpx2

    assert isinstance(answer, httpx2.Response)
    data = bytearray()
    for some in answer.iter_bytes():
        data += some
        if len(data) > _MOST_BYTES:
            raise LimitError("the place answers with too much", limit=_MOST_BYTES, actual=len(data))
    return bytes(data)


def follow(method: str, url: str, headers: Mapping[str, str] | None = None, *, within: bool = False) -> Said:
    """The same with redirects, of which those to another host get no headers of ours but ``accept…``;
    ``within``: only those that stay at the host."""
    import httpx2

    for _ in range(_MOST_REDIRECTS):
        said = call(method, url, headers)
        place = said.headers.get("location", "")
        if said.status not in _REDIRECTS or not place:
            return said
        try:
            after = str(httpx2.URL(url).join(place))
        except (httpx2.InvalidURL, ValueError):
            raise NotSupportedError(f"{host_of(url)} leads to what is no address") from None
        if host_of(after) != host_of(url):
            if within:
                return said
            headers = {name: one for name, one in (headers or {}).items() if name.startswith("accept")}
        if urlsplit(after).scheme not in ("http", "https"):
            raise NotSupportedError(f"{host_of(url)} leads to another protocol, which is not followed")
        url = after
    raise NotSupportedError(f"{host_of(url)} leads on and on, which is not followed further")


def check(said: Said, url: str) -> None:
    """Raises the domain error that a status stands for."""
    status, host = said.status, host_of(url)
    if 200 <= status < 300:
        return
    if status in (404, 410):
        raise NotFoundError(f"{host} has nothing there ({status})")
    if status in (401, 403, 407):
        raise ForbiddenError(f"{host} does not let this user look ({status})")
    if status in (408, 429) or status >= 500:
        raise UnavailableError(f"{host} answers {status}", part="address")
    raise NotSupportedError(f"{host} answers {status}")


def host_of(url: str) -> str:
    """Host and port, for messages: the rest may hold secrets."""
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
