"""Bytes going out: the pages of a version's manifest, where its objects lie, single objects by range."""

from __future__ import annotations

import asyncio
import fnmatch
import re
import urllib.parse
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field

from lineage_server.domain.errors import InvalidInputError, LimitError, NotFoundError
from lineage_server.domain.ids import label_of, now_micros, shorten
from lineage_server.domain.nodes import Label
from lineage_server.storage import keys
from lineage_server.storage.claims import Claims, Scope, StoredVersion
from lineage_server.storage.manifest import Entry, Manifest
from lineage_server.storage.reading_apart import TableReader
from lineage_server.storage.store import Store, Stores
from lineage_server.storage.uploads import METHODS, Method, TransferLimits, method_of
from lineage_server.storage.verified import Verified

PAGE_ENTRIES = 5_000
PAGE_OBJECTS = 10_000
MAX_PATTERNS = 100
MAX_PATTERN = 1_000
OBJECTS = "/api/v1/artifacts/objects"
"""Where this server hands out single objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where to get an object: a URL, or a file."""

    sha256: str
    size: int
    url: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A page; ``after`` asks for the next one, empty where this is the last."""

    version: StoredVersion
    manifest: Manifest
    method: Method
    objects: list[Located]
    after: str = ""
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Downloads:
    """One per server."""

    stores: Stores
    claims: Claims
    limits: TransferLimits
    verified: Verified = field(default_factory=Verified)
    tables: TableReader = field(default_factory=TableReader)

    async def stored_version(self, uid: str, scope: Scope) -> StoredVersion:
        """A version, or the one behind a model version, whose bytes are kept; raises NotFoundError."""
        label = label_of(uid)
        if label is Label.ARTIFACT_VERSION:
            found = await self.claims.version(uid, scope)
        elif label is Label.MODEL_VERSION:
            found = await self.claims.origin(uid, scope)
        else:
            raise InvalidInputError(
                f"{shorten(uid)!r} is not a version",
                field="ref",
                allowed="a version of an artifact or of a model",
            )
        if found is None and label is Label.MODEL_VERSION:
            raise NotFoundError(
                f"no bytes are kept here of {shorten(uid, 200)}: it was registered by where it lies, or "
                "is not there, or not yours to see"
            )
        if found is None:
            raise NotFoundError(f"{shorten(uid)!r} is not there, or not yours to see")
        if found.stored_at is None or found.deleted_at is not None:
            raise NotFoundError(
                f"the bytes of {shorten(found.uid, 200)} are not kept here; its uri, if it has one, says "
                "where they were when it was recorded"
            )
        return found

    async def manifest(self, version: StoredVersion) -> Manifest:
        """All its entries; raises NotFoundError."""
        store = self.stores.of(version.project)
        return await self.verified.manifest(store, version.project, version.digest)

    async def page(
        self,
        version: StoredVersion,
        *,
        paths: Sequence[str] = (),
        after: str = "",
        methods: Sequence[str] = METHODS,
        locate: bool = True,
    ) -> Download:
        """Some entries and, unless not to ``locate``, where their objects are; ``paths`` are patterns, of
        which one must match."""
        if after and not (after.isdecimal() and len(after) < 10):
            raise InvalidInputError("after is no cursor of a download", field="after")
        manifest = await self.manifest(version)
        store = self.stores.of(version.project)
        # Many names by many patterns: others get their turn meanwhile.
        chosen, objects, following = await asyncio.to_thread(_chosen, manifest, paths, int(after or 0))
        if paths and not chosen and not after:
            raise NotFoundError(f"no file of {shorten(version.uid, 200)} matches {shorten(', '.join(paths))}")
        method = method_of(store, self.limits, methods)
        expires = None
        if method == "url":
            expires = now_micros() + int(self.limits.presign_seconds * 1_000_000)
        return Download(
            version=version,
            manifest=Manifest(1, manifest.kind, manifest.digest, manifest.size, tuple(chosen)),
            method=method,
            objects=await self._located(store, version.project, method, objects if locate else {}),
            after=str(following) if following < len(manifest.entries) else "",
            expires_at=expires,
        )

    async def _located(
        self, store: Store, project: str, method: Method, objects: dict[str, int]
    ) -> list[Located]:
        if method == "url":
            places = [keys.object_key(sha256) for sha256 in objects]
            urls = await store.sign("GET", places, seconds=self.limits.presign_seconds)
            told = zip(objects.items(), urls, strict=True)
            return [Located(sha256=sha256, size=size, url=url) for (sha256, size), url in told]
        if method == "file":
            return [
                Located(sha256=sha256, size=size, path=str(store.path(keys.object_key(sha256))))
                for sha256, size in objects.items()
            ]
        where = f"{OBJECTS}/{urllib.parse.quote(project)}"
        return [
            Located(sha256=sha256, size=size, url=f"{where}/{sha256}") for sha256, size in objects.items()
        ]

    async def object_size(self, project: str, sha256: str) -> int:
        """Of an object that the project has; raises NotFoundError."""
        found = await self.claims.kept(project, [keys.clean_sha256(sha256)])
        if sha256 not in found:
            raise NotFoundError(f"project {shorten(project)!r} has no object {sha256}")
        return found[sha256]

    async def read(self, project: str, sha256: str, start: int, end: int, size: int) -> AsyncGenerator[bytes]:
        """Bytes of an object of ``size``, from ``start`` to before ``end``; raises NotFoundError, at the
        latest before the last of them, if the store has others than were kept."""
        store = self.stores.of(project)
        if end - start < size:
            await self.verified.check(store, sha256)
            pieces = store.stream(keys.object_key(sha256), start, end)
        else:
            pieces = self.verified.whole(store, sha256)
        async for piece in pieces:
            yield piece


def _chosen(manifest: Manifest, paths: Sequence[str], start: int) -> tuple[list[Entry], dict[str, int], int]:
    """A page from ``start`` on: entries, their objects, and where the next page begins. Raises LimitError."""
    wanted = _wanted(paths)
    chosen: list[Entry] = []
    objects: dict[str, int] = {}
    at = start
    for at, entry in _from(manifest, start):
        if len(chosen) >= PAGE_ENTRIES or len(objects) >= PAGE_OBJECTS:
            return chosen, objects, at
        if wanted is None or wanted.match(entry.path):
            chosen.append(entry)
            objects.update(entry.objects())
    return chosen, objects, len(manifest.entries)


def _wanted(patterns: Sequence[str]) -> re.Pattern[str] | None:
    """What matches any of them; raises LimitError."""
    longest = max(map(len, patterns), default=0)
    if len(patterns) > MAX_PATTERNS:
        raise LimitError(f"more than {MAX_PATTERNS} patterns", limit=MAX_PATTERNS, actual=len(patterns))
    if longest > MAX_PATTERN:
        raise LimitError(
            f"a pattern of more than {MAX_PATTERN} characters", limit=MAX_PATTERN, actual=longest
        )
    return re.compile("|".join(map(fnmatch.translate, patterns))) if patterns else None


def _from(manifest: Manifest, start: int) -> Iterator[tuple[int, Entry]]:
    for at in range(start, len(manifest.entries)):
        yield at, manifest.entries[at]


def file_of(version: StoredVersion, manifest: Manifest, path: str | None) -> Entry:
    """The file at a path, else the first one; raises NotFoundError, also for a link."""
    files = (entry for entry in manifest.entries if entry.sha256 is not None)
    entry = next((entry for entry in files if path is None or entry.path == path), None)
    if entry is None:
        raise NotFoundError(f"{shorten(version.uid, 200)} has no file {shorten(path or '')!r}")
    return entry
