"""Bytes read as they were kept: what a store has lost or spoilt is told, and never handed out as good."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.storage.keys import manifest_key, object_key
from lineage_server.storage.manifest import Manifest, parse, parse_checked
from lineage_server.storage.store import NoSuchObjectError, Store

_REMEMBERED = 20_000


class SpoiltError(NotFoundError):
    """The store has other bytes than it was given, or none any more."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the store has lost or spoilt {what}; nothing of it was handed out as good, "
            "upload it again from where its bytes still are"
        )


class Verified:
    """Reads and hashes; remembers what was right, for as long as the store shows the same sign for it."""

    def __init__(self) -> None:
        self._right: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def manifest(self, store: Store, project: str, digest: str) -> Manifest:
        """All entries of a version; raises SpoiltError."""
        key = manifest_key(project, digest.removeprefix("sha256:"))
        try:
            raw = await store.get(key)
        except NoSuchObjectError:
            raise SpoiltError(f"the manifest of {digest}") from None
        place = (store.url, key)
        found = await asyncio.to_thread(_manifest, raw, digest, self._right.get(place, ""))
        self._remember(place, _sha256(raw))
        return found

    async def check(self, store: Store, sha256: str) -> None:
        """Raises SpoiltError unless the object is what its name says."""
        key = object_key(sha256)
        there = await store.find(key)
        place = (store.url, key)
        tag = there.tag if there is not None else ""
        if tag and self._right.get(place) == tag:
            return
        async for _ in self.whole(store, sha256):
            pass
        self._remember(place, tag)

    async def whole(self, store: Store, sha256: str) -> AsyncGenerator[bytes]:
        """The object in pieces; raises SpoiltError before the last one, if it is another."""
        digest = hashlib.sha256()
        held = b""
        try:
            async for piece in store.stream(object_key(sha256), 0, 0):
                if held:
                    yield held
                await asyncio.to_thread(digest.update, piece)
                held = piece
        except NoSuchObjectError:
            raise SpoiltError(f"object {sha256}") from None
        if digest.hexdigest() != sha256:
            raise SpoiltError(f"object {sha256}")
        yield held

    def _remember(self, place: tuple[str, str], sign: str) -> None:
        self._right[place] = sign
        self._right.move_to_end(place)
        if len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)


def _manifest(raw: bytes, digest: str, right: str) -> Manifest:
    try:
        found = parse(raw) if _sha256(raw) == right else parse_checked(raw)
    except InvalidInputError as error:
        raise SpoiltError(f"the manifest of {digest}") from error
    if found.digest != digest:
        raise SpoiltError(f"the manifest of {digest}")
    return found


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
