"""Where a version's bytes can be had on this machine: where it was recorded, in the cache, else fetched.

What is handed out has the recorded content, or there is an error that says where it lies. Not here: how
bytes are fetched (``transfer``).
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_server.client import resolve
from lineage_server.client.artifact import Artifact
from lineage_server.client.contents import local_place
from lineage_server.client.documents import STORED
from lineage_server.client.hashing import Hashed, hash_path
from lineage_server.client.progress import Report, shown
from lineage_server.client.remembered import Known, Remembered, is_settled, key_of
from lineage_server.client.transfer import spool
from lineage_server.client.transfer.bringing import SpoiltError
from lineage_server.client.transfer.cache import Cache, Cached, Kept
from lineage_server.client.transfer.chosen import Chosen
from lineage_server.client.transfer.exchange import Exchange
from lineage_server.client.transfer.folder import Folder
from lineage_server.client.transfer.originals import copy_original
from lineage_server.client.transfer.page import Page
from lineage_server.client.transfer.receive import Download, NothingChosenError, Received, Wanted
from lineage_server.domain.errors import (
    ConflictError,
    LineageError,
    NotFoundError,
    NotSupportedError,
    UnavailableError,
)
from lineage_server.domain.ids import shorten
from lineage_server.domain.secrets import scrub_uri

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.config import Config

logger = logging.getLogger("lineage_server.client")

_UPLOAD_SECONDS = 60.0
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_READ_ONLY = 0o444


def get(client: Client, ref: str) -> Artifact:
    """The handle of a version; raises a domain error where there is none."""
    named = resolve.reference_of_uid(ref)
    asked = resolve.reference_of(named or ref, client.config.project)
    client.send_own()
    found = client.graphql.run(STORED, {"ref": ref if named else str(asked)})["version"]
    resolve.tombstone_in(found, asked)
    return resolve.artifact_from(client, found, asked)


def path_of(client: Client, artifact: Artifact, progress: Report | None = None) -> Path:
    """A file or folder with its content: the original, or what is in the cache (read-only)."""
    original = original_of(client, artifact)
    if original is not None:
        return original[0]
    cache = Cache(client.config.cache_dir, client.config.cache_bytes, shares=True)
    kept = cache.kept(artifact.digest) if _DIGEST.fullmatch(artifact.digest) else None
    if kept is not None and is_whole(kept, artifact.digest, _remembered(client)):
        return kept.path
    return _into_cache(client, artifact, cache, progress)


def download(
    client: Client,
    artifact: Artifact,
    to: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Report | None = None,
    paths: str | Sequence[str] | None = None,
) -> Path:
    """The file that is then in the folder ``to``, or ``to`` itself for a version that is a folder."""
    target, chosen = Path(to).expanduser().absolute(), Chosen(paths)
    original = original_of(client, artifact)
    if original is not None:
        place, hashed = original
        if hashed is None:  # nobody said what was there: what is there now is all there is of it
            hashed = hash_path(place, _remembered(client), in_parts=True)
        with _shown(client, f"copy {artifact.ref}", progress) as report, Folder(target) as folder:
            name = copy_original(place, hashed, folder, report=report, overwrite=overwrite, chosen=chosen)
        return target / os.fsdecode(name) if name else target
    cache = Cache(client.config.cache_dir, client.config.cache_bytes)
    got = _fetched(
        client, artifact, cache, lambda page: Folder(target), progress, overwrite=overwrite, chosen=chosen
    )
    return target / os.fsdecode(got.name) if got.name else target


def is_whole(kept: Kept, digest: str, remembered: Remembered | None) -> bool:
    """Whether what is in the cache has this digest."""
    try:
        if kept.kind == "value":
            return _value_digest(kept.path, remembered) == digest
        return hash_path(kept.path, remembered, follow=False).digest == digest
    except (LineageError, OSError, ValueError):
        return False


def verify_cache(config: Config) -> tuple[int, list[Cached]]:
    """How many downloads are right, and those that are not: they went, unless somebody uses them now."""
    cache = Cache(config.cache_dir, config.cache_bytes)
    right, wrong = 0, list[Cached]()
    for one in cache.listed():
        kept = cache.kept(one.digest) if one.uid else Kept("file", one.path)
        if kept is not None and is_right(kept, one.digest, None):
            right += 1
            continue
        wrong.append(one)
        if not one.uid:
            cache.drop(one.path.name)
        elif not one.in_use:
            cache.forget(one.digest)
    return right, wrong


def original_of(client: Client, artifact: Artifact) -> tuple[Path, Hashed | None] | None:
    """Where it was recorded, if that is still there and the same; of what has no digest only where it is."""
    place = local_place(artifact.uri, client.config.volumes)
    if place is None or not place.exists():
        return None
    if not artifact.digest:
        return place, None
    try:
        found = hash_path(place, _remembered(client), in_parts=True)
    except LineageError:
        return None
    return (place, found) if found.digest == artifact.digest else None


def _into_cache(client: Client, artifact: Artifact, cache: Cache, progress: Report | None) -> Path:
    def place(page: Page) -> Folder:
        if not _DIGEST.fullmatch(page.digest):
            raise SpoiltError(f"the server does not say which version {artifact.ref} is")
        cache.take_turn(page.digest)
        folder = cache.version(page.digest) / page.kind
        cache.name(page.digest, page.uid)
        return Folder(folder, mode=_READ_ONLY)

    def fetched() -> Received:
        while True:
            try:
                return _fetched(client, artifact, cache, place, progress, overwrite=True)
            except UnavailableError as error:
                # The disk is full: older downloads are of less use than this one.
                if error.part != "disk" or not cache.make_room(artifact.size or 0):
                    raise

    for last in (False, True):
        try:
            got = fetched()
            top = cache.version(got.digest) / got.kind
            path = top / os.fsdecode(got.name) if got.name else top
            if is_right(Kept(got.kind, path), got.digest, _remembered(client)):
                break
            # Somebody put files beside those that belong there; or the value's bytes hold another one.
            cache.forget(got.digest)
        finally:
            cache.end_turn()
        if last:
            raise SpoiltError(f"what the server keeps of {artifact.ref} has not the digest {got.digest}")
    cache.trim()
    return path


def is_right(kept: Kept, digest: str, remembered: Remembered | None) -> bool:
    """The same for what has arrived, each file as its manifest says: a value that nothing here can read is
    taken at that word."""
    if kept.kind == "value" and not _value_digest(kept.path, remembered):
        logger.info("lineage: what %s holds cannot be read here; its bytes are those kept", kept.path)
        return True
    return is_whole(kept, digest, remembered)


def _fetched(
    client: Client,
    artifact: Artifact,
    cache: Cache,
    place: Callable[[Page], Folder],
    progress: Report | None,
    *,
    overwrite: bool = False,
    chosen: Chosen | None = None,
) -> Received:
    """From the server; an error says where else it may lie."""
    try:
        wanted = Wanted(asked=asking_of(artifact), digest=artifact.digest, overwrite=overwrite)
        send_own(client)
        with _shown(client, f"get {artifact.ref}", progress) as report:
            exchange = Exchange(client.config)
            try:
                return Download(
                    exchange,
                    place,
                    wanted,
                    copies=cache,
                    remembered=_remembered(client),
                    report=report,
                    chosen=chosen,
                ).run()
            finally:
                exchange.close()
    except (SpoiltError, NothingChosenError):
        raise
    except (NotFoundError, NotSupportedError) as error:
        raise _elsewhere(client, artifact, error.message) from None


def _shown(client: Client, title: str, progress: Report | None) -> AbstractContextManager[Report]:
    return shown(title, progress, silent=not client.config.show_progress)


def asking_of(artifact: Artifact) -> dict[str, str]:
    """What names it to the server; raises NotFoundError for a place of which no version is known: the
    newest one of that name is another."""
    if artifact.uid:
        return {"uid": artifact.uid}
    if artifact.uri and artifact.ordinal is None and not artifact.registered:
        where = shorten(scrub_uri(artifact.uri), 200)
        raise NotFoundError(f"which version of {artifact.ref} is at {where} is not known to the server")
    return {"ref": artifact.ref, "project": artifact.project}


def send_own(client: Client) -> None:
    """What this process has just made can be asked for, too."""
    if client.config.mode == "disabled" or not client.config.url:
        raise NotSupportedError("the client is told to work without a server")
    if client.outbox is not None and client.outbox.uploads.pending:
        client.flush(_UPLOAD_SECONDS)
    else:
        client.send_own()


def _elsewhere(client: Client, artifact: Artifact, why: str) -> LineageError:
    """What to say of bytes that the server does not have."""
    place = local_place(artifact.uri, client.config.volumes)
    if place is None and artifact.uri:
        return NotSupportedError(
            f"the bytes of {artifact.ref} are at {shorten(artifact.uri, 200)}; only where they are was "
            "recorded: read them with a tool for that place"
        )
    if place is None:
        return NotFoundError(
            f"the bytes of {artifact.ref} are not to be had: it was recorded without a place, and {why}"
        )
    if place.exists():
        return ConflictError(
            f"{place} is not what {artifact.ref} was: its content has changed since it was recorded; "
            f"and {why}"
        )
    return NotFoundError(
        f"the bytes of {artifact.ref} were at {place}, and are not there (any more); was it recorded on "
        f"another machine? And {why}"
    )


def _value_digest(path: Path, remembered: Remembered | None) -> str:
    """Of what a file holds; empty where nothing here can read it."""
    if remembered is None:
        return spool.digest_of_value(path)
    state = path.stat()
    key = f"value:{key_of(state)}"
    known = remembered.find([key])
    if key in known:
        return known[key].digest
    digest = spool.digest_of_value(path)
    if digest and is_settled(state):
        remembered.keep({key: Known(digest)})
    return digest


def _remembered(client: Client) -> Remembered:
    return Remembered(client.config.cache_dir)
