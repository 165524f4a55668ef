"""An object store by its URL: a local folder, S3, Google, Azure, or memory; the only user of obstore.

Whatever a store does wrong becomes one of two errors: the object is not there (``NoSuchObjectError``), or
the store is away (``UnavailableError``), also when it refuses us: that is for its operator to mend, and
what was asked may then be asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, ObjectStore, S3Store, from_url

from lineage_server.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from lineage_server.domain.ids import shorten
from lineage_server.storage import folder

if TYPE_CHECKING:
    from obstore import ListStream, ObjectMeta

logger = logging.getLogger(__name__)

CHUNK = 1024 * 1024
_LISTED_AT_ONCE = 1_000
_ASKED_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")


class NoSuchObjectError(NotFoundError):
    """The store has nothing under that key."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object in a listing; ``at`` in microseconds since the epoch."""

    key: str
    size: int
    at: int
    tag: str = ""
    """The store's own sign for these bytes: another one, other bytes."""


class Store:
    """One store. ``root`` is its folder where it is local, ``signs`` whether it can be given to others
    by signed URLs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.root = _folder(url)
        self._store = _open(url, self.root)
        self.signs = isinstance(self._store, S3Store | GCSStore | AzureStore)

    # --- one object --------------------------------------------------------------------------

    async def put(self, key: str, data: bytes) -> None:
        """Write, or write over; whole or not at all."""
        with self._told("write", missing=False):
            if self.root is None:
                await obstore.put_async(self._store, key, data, use_multipart=False)
            else:
                await asyncio.to_thread(folder.write, self.root, self.root / key, data)

    async def get(self, key: str) -> bytes:
        with self._told("read"):
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        with self._told("read"):
            return bytes(await obstore.get_range_async(self._store, key, start=start, end=end))

    async def stream(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` to before ``end``, in pieces."""
        with self._told("read"):
            options = {"range": (start, end)} if end > start else {}
            found = await obstore.get_async(self._store, key, options=options)  # pyright: ignore[reportArgumentType]
            async for piece in found.stream(CHUNK):
                yield bytes(piece)

    async def find(self, key: str) -> Stored | None:
        """What is there, without its bytes."""
        try:
            with self._told("read"):
                return _stored(await obstore.head_async(self._store, key))
        except NoSuchObjectError:
            return None

    async def move(self, key: str, to: str) -> None:
        """To where the same content may stand already: then that stays, and this one goes."""
        with self._told("move"):
            if self.root is not None:
                return await asyncio.to_thread(folder.move, self.root, self.root / key, self.root / to)
            try:
                await obstore.rename_async(self._store, key, to, overwrite=False)
            except AlreadyExistsError:
                await obstore.delete_async(self._store, key)

    async def copy(self, key: str, to: str) -> None:
        """Inside the store, over what is there."""
        with self._told("copy"):
            await obstore.copy_async(self._store, key, to)

    # --- many --------------------------------------------------------------------------------

    async def delete(self, keys: Sequence[str]) -> None:
        """Those that are gone already are no fault."""
        with self._told("delete"):
            if self.root is None:
                try:
                    await obstore.delete_async(self._store, keys)
                    return
                except FileNotFoundError as error:
                    # Azure and Google stop at what is gone already, S3 does not.
                    if _is_of_bucket(error):
                        raise
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, key)

    async def list_below(self, prefix: str) -> AsyncGenerator[Stored]:
        with self._told("list"):
            listed: ListStream[Sequence[ObjectMeta]] = obstore.list(  # pyright: ignore[reportUnknownMemberType]
                self._store, prefix, chunk_size=_LISTED_AT_ONCE
            )
            async for page in listed:
                for meta in page:
                    yield _stored(meta)

    async def list_unfinished(self) -> list[Stored]:
        """What was left of writing by a server that was killed, in a local store."""
        if self.root is None:
            return []
        with self._told("list"):
            found = await asyncio.to_thread(folder.unfinished, self.root)
        return [Stored(key, told.st_size, int(told.st_mtime * 1_000_000)) for key, told in found]

    async def delete_unfinished(self, keys: Sequence[str]) -> None:
        if self.root is not None:
            with self._told("delete"):
                for key in keys:
                    (self.root / key).unlink(missing_ok=True)

    async def sign(self, method: Literal["GET", "PUT"], keys: Sequence[str], *, seconds: float) -> list[str]:
        """URLs that do this and nothing else, for so long."""
        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            raise TypeError(f"{type(self._store).__name__} cannot sign")
        if not keys:
            return []
        with self._told("sign"):
            signed = await obstore.sign_async(self._store, method, list(keys), timedelta(seconds=seconds))
            return list(signed)

    @property
    def put_headers(self) -> dict[str, str]:
        """What goes with a PUT by a signed URL: Azure takes none without the kind of blob."""
        return {"x-ms-blob-type": "BlockBlob"} if isinstance(self._store, AzureStore) else {}

    # --- local folders -----------------------------------------------------------------------

    def path(self, key: str) -> Path | None:
        """Where it lies, in a local store."""
        return None if self.root is None else self.root / key

    async def make_folder(self, key: str) -> Path | None:
        """A folder where others may write, in a local store."""
        path = self.path(key)
        if path is not None and self.root is not None:
            with self._told("write", missing=False):
                folder.make_below(self.root, path, 0o700)
        return path

    async def settle(self) -> None:
        """What was written and moved is there after a power cut, too; other stores promise that anyway."""
        if self.root is not None:
            with self._told("write"):
                await asyncio.to_thread(folder.sync, self.root)

    @contextlib.contextmanager
    def _told(self, doing: str, *, missing: bool = True) -> Generator[None]:
        """``missing``: whether "not found" speaks of the object, not of the bucket."""
        if self.root is not None and not folder.is_there(self.root):
            raise _away(doing, "its folder is not there, or without its mark")
        try:
            yield
        except (BaseError, OSError) as error:
            if missing and isinstance(error, FileNotFoundError) and not _is_of_bucket(error):
                raise NoSuchObjectError("the store has no such object") from error
            raise _away(doing, _first_line(str(error))) from error


class Stores:
    """The store of each project; projects with the same URL share one, and with it equal content."""

    def __init__(self, url: str, by_project: Mapping[str, str] | None = None) -> None:
        opened: dict[str, Store] = {}
        for each in (url, *(by_project or {}).values()):
            if each not in opened:
                opened[each] = Store(each)
        self._default = opened[url]
        self._by_project = {project: opened[each] for project, each in (by_project or {}).items()}
        self.all = tuple(opened.values())

    def of(self, project: str) -> Store:
        return self._by_project.get(project, self._default)


def _folder(url: str) -> Path | None:
    if url.startswith("file://"):
        url = url.removeprefix("file://")
    return None if "://" in url else Path(url).expanduser().absolute()


def _open(url: str, root: Path | None) -> ObjectStore:
    if root is not None:
        folder.make(root)
        return LocalStore(root)
    if url.startswith("memory://"):
        return MemoryStore()
    try:
        return from_url(
            url,
            # A store at an http:// address is its operator's choice.
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
                "timeout": timedelta(seconds=_ASKED_SECONDS),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=_CONNECT_SECONDS)},
        )
    except (BaseError, ValueError) as error:
        raise InvalidInputError(
            f"the artifact store {shorten(url)!r} cannot be opened: {_first_line(str(error))}",
            field="LINEAGE_ARTIFACTS__URL",
            allowed="a folder, or a URL that begins with s3://, gs://, az:// or memory://",
        ) from None


def _is_of_bucket(error: BaseException) -> bool:
    """Whether it is the bucket that was not found."""
    return any(sign in str(error) for sign in _NO_BUCKET)


def _away(doing: str, why: str) -> UnavailableError:
    logger.warning("the artifact store failed to %s: %s", doing, why)
    return UnavailableError(
        f"the artifact store failed to {doing}; nothing is lost, try again in a moment "
        "(the server's log says more)",
        part="artifacts",
    )


def _stored(meta: ObjectMeta) -> Stored:
    at = int(meta["last_modified"].timestamp() * 1_000_000)
    return Stored(meta["path"], meta["size"], at, meta["e_tag"] or "")


def _first_line(said: str) -> str:
    """Without the debugging text that follows."""
    return shorten((said.splitlines() or [""])[0], 300)
