"""Whether a store itself refuses wrong bytes: tried with some before it is believed.

Where it does, a signed URL that names the SHA-256 writes these bytes or none, and what lies in ``proven/``
was written by such URLs alone: it need not be read again. A store that ignores what it cannot do, as many do
that speak S3, takes the wrong bytes of the trial, and is not believed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping
from enum import Enum

import httpx2

from lineage_server.domain.errors import LineageError
from lineage_server.storage import keys
from lineage_server.storage.signing import checksum_headers, with_headers
from lineage_server.storage.store import Store

logger = logging.getLogger(__name__)

_SECONDS = 10.0
_AGAIN_SECONDS = 300.0
"""After a trial that nobody answered."""
_RIGHT, _WRONG = b"what is said to come", b"what came instead..."


class Proving:
    """One per server. ``secret``: what URLs of S3 are signed with, empty where it is not known here."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._known: dict[str, bool] = {}
        self._not_before: dict[str, float] = {}
        self._trying = asyncio.Lock()

    async def is_done_by(self, store: Store) -> bool:
        """Whether the store proves what comes by the URLs of ``sign``."""
        if not self._secret or not store.signs:
            return False
        async with self._trying:
            known = self._known.get(store.url)
            if known is None and time.monotonic() >= self._not_before.get(store.url, 0.0):
                known = await self._tried(store)
                if known is None:
                    self._not_before[store.url] = time.monotonic() + _AGAIN_SECONDS
                else:
                    self._known[store.url] = known
        return bool(known)

    async def sign(
        self, store: Store, wanted: Mapping[str, str], *, seconds: float
    ) -> list[tuple[str, dict[str, str]]]:
        """A URL for each key and the SHA-256 of what it takes, with the headers to send; an empty URL where
        the store's are signed with another secret."""
        urls = await store.sign("PUT", list(wanted), seconds=seconds)
        headers = [checksum_headers(sha256) for sha256 in wanted.values()]
        return [
            (with_headers("PUT", url, told, self._secret), told)
            for url, told in zip(urls, headers, strict=True)
        ]

    async def _tried(self, store: Store) -> bool | None:
        """None where it could not be found out."""
        key = keys.checking_key()
        try:
            ((url, headers),) = await self.sign(store, {key: _sha256(_RIGHT)}, seconds=_SECONDS * 6)
            if not url:
                logger.info("URLs of %s name no checksum: its secret is not known here", store.url)
                return False
            found = await _taken(url, headers)
            if found is _Taken.RIGHT and await store.get(key) != _RIGHT:
                found = _Taken.WRONG
        except (httpx2.HTTPError, LineageError) as error:
            logger.info("whether %s refuses wrong bytes could not be tried: %s", store.url, error)
            return None
        finally:
            await _forget(store, key)
        logger.info("of wrong and right bytes %s takes: %s", store.url, found.value)
        return None if found is _Taken.UNKNOWN else found is _Taken.RIGHT


class _Taken(Enum):
    RIGHT = "the right ones alone"
    WRONG = "wrong ones too, so everything is read again"
    NONE = "none, so URLs name no checksum"
    UNKNOWN = "it has failed, and is asked again later"


async def _taken(url: str, headers: Mapping[str, str]) -> _Taken:
    """What the store takes by a URL that is signed for the right bytes."""
    unsigned: dict[str, str] = {}
    wrong = (headers, unsigned, checksum_headers(_sha256(_WRONG)))
    async with httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
        for told in wrong:
            status = (await client.put(url, content=_WRONG, headers=dict(told))).status_code
            if status >= 500 or status == 429:
                return _Taken.UNKNOWN
            if status < 400:
                return _Taken.WRONG
        status = (await client.put(url, content=_RIGHT, headers=dict(headers))).status_code
    if status >= 500 or status == 429:
        return _Taken.UNKNOWN
    return _Taken.RIGHT if status < 300 else _Taken.NONE


async def _forget(store: Store, key: str) -> None:
    try:
        await store.delete([key])
    except LineageError as error:
        logger.info("the trial object %s is left to the next collection: %s", key, error)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
