"""Sending one delivery: to a checked address, signed, bounded in time, without following redirects.

Of the answer only the status is taken: whoever may make a webhook must not read other servers' words by it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from lineage_server.domain.signatures import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature
from lineage_server.registry.targets import Network, NotAllowedError, resolved, target_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` 0: there was no answer, and ``error`` says why."""

    status: int
    error: str = ""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class Sender:
    """One HTTP client for all deliveries of a server."""

    def __init__(self, *, allowed: Sequence[Network], timeout_seconds: float, version: str) -> None:
        self._allowed = allowed
        self.timeout_seconds = timeout_seconds
        self._agent = f"lineage-server/{version}"
        self._made: httpx2.AsyncClient | None = None

    @property
    def _client(self) -> httpx2.AsyncClient:
        """Made for the first delivery: reading the certificates takes a tenth of a server's start."""
        if self._made is None:
            # A connection is to an address, for one host: it is not kept for another host there.
            self._made = httpx2.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                timeout=self.timeout_seconds,
                limits=httpx2.Limits(max_keepalive_connections=0),
            )
        return self._made

    async def send(self, url: str, *, delivery: str, kind: str, body: bytes, secret: str) -> Outcome:
        """Send it; whatever goes wrong is told, not raised."""
        stamp = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "user-agent": self._agent,
            "x-lineage-delivery": delivery,
            "x-lineage-event": kind,
            TIMESTAMP_HEADER: stamp,
            SIGNATURE_HEADER: signature(secret, stamp, body),
        }
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Outcome(0, f"no answer within {self.timeout_seconds:g} s")
        except NotAllowedError as error:
            return Outcome(0, str(error))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return Outcome(0, f"no connection, or no answer that can be read ({type(error).__name__})")

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        target = target_of(url)
        address = await resolved(target, self._allowed)
        host = f"[{target.host}]" if ":" in target.host else target.host
        pinned = f"[{address}]" if address.version == 6 else str(address)
        extensions: dict[str, Any] = {"sni_hostname": target.host}
        async with self._client.stream(
            "POST",
            f"{target.scheme}://{pinned}:{target.port}{target.path}",
            headers={**headers, "host": f"{host}:{target.port}"},
            content=body,
            extensions=extensions,
        ) as answer:
            status = answer.status_code
        return Outcome(status, "" if 200 <= status < 300 else f"the target answered {status}")

    async def close(self) -> None:
        if self._made is not None:
            await self._made.aclose()
