"""Bytes coming in: what is missing, single objects, and the commit that makes them a stored version.

A commit may be repeated at any time, and goes on where the last one was cut off: each object, and the
manifest, is claimed for the project; the objects are brought to their places, then kept, before the manifest
and the graph speak of the version.
Bytes that another project has are kept once, but only who has sent them gets them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from lineage_server.domain import ids
from lineage_server.domain.edges import Basis, Source
from lineage_server.domain.errors import ConflictError, Detail, InvalidInputError, LimitError
from lineage_server.domain.events import Event, VersionReported
from lineage_server.domain.ids import now_micros
from lineage_server.storage import keys
from lineage_server.storage.claims import Claims
from lineage_server.storage.manifest import PART, Manifest, canonical, parse, parse_checked
from lineage_server.storage.proving import Proving
from lineage_server.storage.store import NoSuchObjectError, Store, Stores

Method: TypeAlias = Literal["file", "url", "server"]
METHODS: tuple[Method, ...] = ("file", "url", "server")
MOST_ASKED = 10_000
"""Objects in one question."""
_MOST_TOLD = 100
_AT_ONCE = 8
_GROUP = 2_000
_GROUP_VERIFIED = 64
"""Objects that are kept together: what a commit that is cut off need not do again."""
_T = TypeVar("_T")

Record: TypeAlias = Callable[[Event, str], Awaitable[None]]
"""Commits an event of an actor; raises what refused it."""


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """``direct``: clients share this machine's files and are trusted with them."""

    direct: bool = False
    presign_seconds: float = 3600.0
    max_version_bytes: int = 1 << 40


@dataclass(frozen=True, slots=True)
class Missing:
    """An object to send; ``url`` where the store itself takes it, with these headers."""

    sha256: str
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How to send what is missing; ``folder`` for method ``file``."""

    method: Method
    missing: list[Missing]
    present: int
    folder: str = ""
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """A version whose bytes are kept."""

    uid: str
    digest: str
    stored_at: int


class MissingObjectsError(ConflictError):
    """A commit names objects that did not arrive, or arrived as something else."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"{len(missing)} objects are missing in the store; what has arrived is kept: "
            "ask for an upload again, send what is missing, then commit again"
        )
        self.missing = list(missing[:_MOST_TOLD])

    def details(self) -> dict[str, Detail]:
        return {"missing": self.missing}


def method_of(store: Store, limits: TransferLimits, accepted: Sequence[str]) -> Method:
    """The shortest way that the client takes, too."""
    if store.root is not None and limits.direct and "file" in accepted:
        return "file"
    return "url" if store.signs and "url" in accepted else "server"


@dataclass
class Uploads:
    """One per server. ``record`` is the ingest writer's."""

    stores: Stores
    claims: Claims
    record: Record
    limits: TransferLimits
    proving: Proving
    _busy: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def ask(
        self, project: str, objects: Mapping[str, int], *, methods: Sequence[str] = METHODS
    ) -> Upload:
        """What the project does not have yet, and how to send it. Raises InvalidInputError."""
        _check_sizes(objects)
        store = self.stores.of(project)
        there = await self.claims.kept(project, list(objects))
        if len(there) < len(objects):
            # What an upload that was cut off has sent already.
            sent = await self._sent(store, project)
            there |= {sha256: size for sha256, size in objects.items() if sent.get(sha256) == size}
        missing = [sha256 for sha256 in objects if sha256 not in there]
        present = len(objects) - len(missing)
        method = method_of(store, self.limits, methods)
        if method == "url":
            expires = now_micros() + int(self.limits.presign_seconds * 1_000_000)
            told = await self._signed(store, project, missing)
            return Upload(method=method, missing=told, present=present, expires_at=expires)
        folder = await store.make_folder(keys.incoming_folder(project)) if method == "file" else None
        told = [Missing(sha256) for sha256 in missing]
        return Upload(method=method, missing=told, present=present, folder=str(folder or ""))

    async def receive(self, project: str, sha256: str, data: bytes) -> None:
        """One object, sent to this server; raises InvalidInputError if it is other content.

        One that the project has already is written again: that mends what a store has lost or spoilt.
        """
        keys.clean_sha256(sha256)
        found = await asyncio.to_thread(_digest, data)
        if found != sha256:
            raise InvalidInputError(
                f"what came has the SHA-256 {found}, not {sha256}; nothing was stored, send it again",
                field="sha256",
            )
        known = await self.claims.kept(project, [sha256])
        key = keys.object_key(sha256) if known else keys.incoming_key(project, sha256)
        await self.stores.of(project).put(key, data)

    async def commit(self, project: str, *, kind: str, name: str, manifest: bytes, actor: str) -> Committed:
        """Make what was sent a stored version.

        Raises InvalidInputError (the manifest), LimitError, MissingObjectsError.
        """
        ids.clean_artifact_type(kind)
        name = ids.clean_name(name, "name")
        told = await asyncio.to_thread(parse_checked, manifest)
        self._check_size(told)
        uid = ids.version_uid(project, kind, name, told.digest)
        stored_at = 0

        async def tell(at: int) -> None:
            event = VersionReported(
                project=project,
                id=ids.new_run_id(),
                at=now_micros(),
                source=Source.SYSTEM,
                basis=Basis.OBSERVED,
                artifact=name,
                kind=kind,
                digest=told.digest,
                # Of a value the recorded size is that of its content, not of the file that holds it.
                size=None if told.kind == "value" else told.size,
                stored_at=at,
            )
            await self.record(event, actor)

        while True:
            collection = await self.claims.last_collection()
            try:
                await self._store(project, told)
            except MissingObjectsError:
                if stored_at:
                    await tell(0)
                raise
            known = await self.claims.version(uid, None)
            earlier = known.stored_at if known is not None else None
            stored_at = earlier or now_micros()
            if earlier is None:
                await tell(stored_at)
            if await self.claims.last_collection() == collection:
                return Committed(uid, told.digest, stored_at)
            # One that began meanwhile may have taken what was not yet told to be needed.

    async def adopt(self, project: str, key: str, manifest: bytes) -> None:
        """A manifest of which events tell already, with the objects that were sent; ``key`` is its own.

        Raises InvalidInputError, MissingObjectsError.
        """
        told = await asyncio.to_thread(parse_checked, manifest)
        if told.key != key:
            raise InvalidInputError(f"the manifest's key is {told.key}, not {key}", field="key")
        while True:
            collection = await self.claims.last_collection()
            await self._store(project, told)
            if await self.claims.last_collection() == collection:
                return

    async def _store(self, project: str, told: Manifest) -> None:
        """All objects and the manifest; raises MissingObjectsError."""
        store, objects = self.stores.of(project), told.objects()
        manifest = keys.manifest_key(project, told.key)
        async with self._busy[project]:
            pending = await self.claims.claim(project, {**objects, manifest: 0}) - {manifest}
            await self._bring(store, project, {sha256: objects[sha256] for sha256 in pending})
            await self.claims.outwait_collection([manifest])
            await _check_replaced(store, manifest, told)
            await store.put(manifest, canonical(told))
            await store.settle()

    def _check_size(self, manifest: Manifest) -> None:
        if manifest.size > self.limits.max_version_bytes:
            raise LimitError(
                f"a version may have {self.limits.max_version_bytes} bytes here, this one has "
                f"{manifest.size}; nothing was stored, record it by its address instead",
                limit=self.limits.max_version_bytes,
                actual=manifest.size,
            )

    async def _signed(self, store: Store, project: str, missing: Sequence[str]) -> list[Missing]:
        seconds = self.limits.presign_seconds
        if await self.proving.is_done_by(store):
            wanted = {keys.proven_key(project, sha256): sha256 for sha256 in missing}
            signed = await self.proving.sign(store, wanted, seconds=seconds)
            return [Missing(sha256, url, told) for sha256, (url, told) in zip(missing, signed, strict=True)]
        urls = await store.sign("PUT", [keys.incoming_key(project, one) for one in missing], seconds=seconds)
        told = store.put_headers
        return [Missing(sha256, url, told) for sha256, url in zip(missing, urls, strict=True)]

    async def _sent(self, store: Store, project: str) -> dict[str, int]:
        """Sizes of what the project has sent, but not committed."""
        return {**await _listed(store, keys.incoming_folder(project)), **await self._proven(store, project)}

    async def _proven(self, store: Store, project: str) -> dict[str, int]:
        """Of it, what the store has proved to be what its name says."""
        if not await self.proving.is_done_by(store):
            return {}
        return await _listed(store, keys.proven_folder(project))

    async def _bring(self, store: Store, project: str, pending: Mapping[str, int]) -> None:
        """To its place, what is pending; raises MissingObjectsError once all that is there is kept."""
        if not pending:
            return
        proven = await self._proven(store, project)
        sent = {**await _listed(store, keys.incoming_folder(project)), **proven}
        missing = [sha256 for sha256 in pending if sent.get(sha256) != pending[sha256]]
        there = sorted(pending.keys() - set(missing))
        await self.claims.outwait_collection(there)
        size = _GROUP_VERIFIED if store.signs else _GROUP
        for start in range(0, len(there), size):
            kept: dict[str, int] = {}

            async def one(sha256: str, kept: dict[str, int] = kept) -> None:
                if await self._place(store, project, sha256, proven=sha256 in proven):
                    kept[sha256] = pending[sha256]
                else:
                    missing.append(sha256)

            await each(one, there[start : start + size], at_once=_AT_ONCE)
            await store.settle()
            await self.claims.keep(project, kept)
            # Not before: who commits the same meanwhile finds it there, or kept.
            await store.delete([keys.proven_key(project, sha256) for sha256 in kept if sha256 in proven])
        if missing:
            # Another server may have brought some of them to their place meanwhile.
            others = await self.claims.kept(project, missing)
            missing = sorted(set(missing) - others.keys())
        if missing:
            raise MissingObjectsError(missing)

    async def _place(self, store: Store, project: str, sha256: str, *, proven: bool) -> bool:
        """Whether it has its name now."""
        if store.signs and not proven:
            return await self._verify(store, project, sha256)
        try:
            if proven:
                await store.copy(keys.proven_key(project, sha256), keys.object_key(sha256))
            else:
                # What this server has hashed when it came, or who owns the folder has put there.
                await store.move(keys.incoming_key(project, sha256), keys.object_key(sha256))
        except NoSuchObjectError:
            return False
        return True

    async def _verify(self, store: Store, project: str, sha256: str) -> bool:
        """What a signed URL may still write over: a copy that nobody else can is hashed and taken."""
        incoming, private = keys.incoming_key(project, sha256), keys.checking_key()
        try:
            await store.copy(incoming, private)
            right = await self._hashed(store, private) == sha256
            if right:
                await store.copy(private, keys.object_key(sha256))
        except NoSuchObjectError:
            return False  # never there, or taken by another commit or a collection
        await store.delete([private, incoming])
        return right

    async def _hashed(self, store: Store, key: str) -> str:
        digest = hashlib.sha256()
        async for piece in store.stream(key, 0, 0):
            await asyncio.to_thread(digest.update, piece)
        return digest.hexdigest()


async def _check_replaced(store: Store, key: str, told: Manifest) -> None:
    """Raises ConflictError for a value in place of files: its digest is its sender's word, theirs proves what
    they are."""
    if told.kind != "value":
        return
    try:
        kept = parse(await store.get(key))
    except (NoSuchObjectError, InvalidInputError):
        return
    if kept.kind != "value":
        raise ConflictError(
            f"{told.digest} is the digest of files that are kept here, not of a value; nothing was changed",
            current=kept.kind,
        )


async def _listed(store: Store, folder: str) -> dict[str, int]:
    """Sizes by SHA-256."""
    return {one.key.rpartition("/")[2]: one.size async for one in store.list_below(folder)}


async def each(work: Callable[[_T], Awaitable[None]], items: Iterable[_T], *, at_once: int) -> None:
    """Do it for each, several at a time; after a failure no more are begun, and it is raised."""
    waiting = iter(items)
    failed: list[BaseException] = []

    async def worker() -> None:
        for item in waiting:
            if failed:
                return
            try:
                await work(item)
            except BaseException as error:
                failed.append(error)
                raise

    await asyncio.gather(*(worker() for _ in range(at_once)), return_exceptions=True)
    if failed:
        raise failed[0]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _check_sizes(objects: Mapping[str, int]) -> None:
    if len(objects) > MOST_ASKED:
        raise LimitError(
            f"{len(objects)} objects in one question, at most {MOST_ASKED} are allowed; ask several times",
            limit=MOST_ASKED,
            actual=len(objects),
        )
    for sha256, size in objects.items():
        keys.clean_sha256(sha256)
        if not 0 <= size <= PART:
            raise InvalidInputError(
                f"object {sha256} cannot have {size} bytes", field="size", allowed=f"0 to {PART}"
            )
