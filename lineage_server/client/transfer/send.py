"""One upload: ask what is missing, send that, commit. May be cut off anywhere, and begun again.

An object's bytes are hashed while they are sent, by us or by the store, so a file that is not what it was
when it was recorded is found out by its first part that differs, whatever its times say. What the server has
is not read.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from lineage_server.client.transfer.copying import copy_range
from lineage_server.client.transfer.exchange import Asked, Exchange, ExpiredError, MissingError
from lineage_server.client.transfer.jobs import Job
from lineage_server.client.transfer.manifest import Piece, pieces
from lineage_server.client.transfer.together import each
from lineage_server.domain.errors import ConflictError, NotFoundError, UnavailableError

logger = logging.getLogger("lineage_server.client")

METHODS = ("file", "url", "server")
CHECKSUM = "x-amz-checksum-sha256"
"""A store that is told this with a signed URL has shown that it refuses other bytes (docs/decisions/0018)."""
_ASKED_AT_ONCE = 10_000
_SIGNED_AT_ONCE = 1_000
"""Fewer, where each answer holds a URL that ends."""
_CHUNK = 1024 * 1024
_ROUNDS = 5
"""Without anything new arriving: of many files, URLs may end more often than that."""

Report = Callable[[int], None]
"""Told of bytes as they arrive; may raise to stop."""


class ChangedError(ConflictError):
    """What lies there is not what was recorded."""


class _Source(NamedTuple):
    """Where an object's bytes are."""

    path: bytes
    piece: Piece


class _NoFolderError(Exception):
    """The server's folder is not one of this machine."""


def send(job: Job, exchange: Exchange, report: Report) -> dict[str, Any]:
    """All that is missing, then the commit; answers what it said. Raises a domain error."""
    sources = _sources(job)
    methods: Sequence[str] = METHODS
    sent: set[str] = set()
    before, idle = 0, 0
    while idle < _ROUNDS:
        try:
            for some in _pages(sources):
                _send_some(job, exchange, some, methods, report, sent)
            return exchange.commit(job.project, job.type, job.name, job.manifest())
        except (_NoFolderError, MissingError):
            # A server behind a forwarded port believes that it shares a folder with us.
            methods = [method for method in methods if method != "file"]
        except ExpiredError as error:
            logger.info("lineage: %s", error)
        idle = 0 if len(sent) > before else idle + 1
        before = len(sent)
    raise UnavailableError(
        f"the server still lacks bytes of {job.title} after they were sent {_ROUNDS} times", part="artifacts"
    )


def _sources(job: Job) -> dict[str, _Source]:
    return {
        piece.sha256: _Source(job.place_of(entry), piece) for entry in job.entries for piece in pieces(entry)
    }


def _pages(sources: dict[str, _Source]) -> Iterator[dict[str, _Source]]:
    names = list(sources)
    for start in range(0, len(names), _ASKED_AT_ONCE):
        yield {name: sources[name] for name in names[start : start + _ASKED_AT_ONCE]}


def _send_some(
    job: Job,
    exchange: Exchange,
    some: dict[str, _Source],
    methods: Sequence[str],
    report: Report,
    sent: set[str],
) -> None:
    asked = exchange.ask(job.project, {name: one.piece.size for name, one in some.items()}, methods)
    missing = asked.missing
    if asked.method == "file" and missing and not os.path.isdir(asked.folder):
        raise _NoFolderError
    there = sum(one.piece.size for one in some.values()) - sum(some[name].piece.size for name in missing)
    report(there)
    for start in range(0, len(missing), _SIGNED_AT_ONCE):
        names = missing[start : start + _SIGNED_AT_ONCE]
        if asked.method == "url" and start:
            asked = exchange.ask(job.project, {name: some[name].piece.size for name in names}, methods)

        def one(name: str, asked: Asked = asked) -> None:
            if name in asked.missing or asked.method != "url":
                _send_one(job, exchange, asked, some[name], report)
                sent.add(name)

        each(one, names)


def _send_one(job: Job, exchange: Exchange, asked: Asked, source: _Source, report: Report) -> None:
    sha256, size = source.piece.sha256, source.piece.size
    if asked.method == "file":
        _put_in_folder(asked.folder, source, report)
        return
    headers = asked.headers.get(sha256, {})
    by_store = CHECKSUM in headers
    for last in (False, False, True):
        data = _bytes_of(source, report, hashed=not by_store)
        try:
            if asked.method == "url":
                exchange.put_url(asked.urls[sha256], headers, size, data)
            else:
                exchange.put_object(job.project, sha256, size, data)
            return
        except UnavailableError as error:
            if by_store:
                _check(source)  # that may be why it was refused
            if last or isinstance(error, ExpiredError):
                raise
            logger.info("lineage: an object is sent again: %s", error)
        finally:
            data.close()


def _check(source: _Source) -> None:
    """Raises ChangedError, NotFoundError."""
    for _ in _bytes_of(source, lambda count: None):
        pass


def _bytes_of(source: _Source, report: Report, *, hashed: bool = True) -> Generator[bytes]:
    """Of an object, hashed on their way where nobody else does that; raises ChangedError, NotFoundError."""
    digest = hashlib.sha256()
    left = source.piece.size
    with _opened(source) as file:
        file.seek(source.piece.start)
        while left:
            data = file.read(min(_CHUNK, left))
            if not data:
                _changed(source)
            left -= len(data)
            if hashed:
                digest.update(data)
                if not left and digest.hexdigest() != source.piece.sha256:
                    _changed(source)  # before the last bytes are out
            yield data
            report(len(data))
    if not source.piece.size and digest.hexdigest() != source.piece.sha256:
        _changed(source)


def _opened(source: _Source) -> Any:
    try:
        return open(source.path, "rb", buffering=0)
    except FileNotFoundError:
        raise NotFoundError(
            f"{os.fsdecode(source.path)} is not there any more: what was recorded of it cannot be uploaded"
        ) from None
    except OSError as error:
        raise NotFoundError(f"{os.fsdecode(source.path)} cannot be read: {error.strerror}") from None


def _changed(source: _Source) -> NoReturn:
    raise ChangedError(
        f"{os.fsdecode(source.path)} changed since it was recorded, and is not uploaded as what it was; "
        "produce it again to record what it is now"
    )


def _put_in_folder(folder: str, source: _Source, report: Report) -> None:
    """Aside first: what has its name there is whole. The server brings all of it to disk when it commits."""
    sha256, start, size = source.piece.sha256, source.piece.start, source.piece.size
    place = os.path.join(folder, sha256)
    aside = f"{place}.{os.getpid()}.{threading.get_ident()}"
    with _opened(source) as file:
        try:
            fd = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o600)
        except (FileNotFoundError, PermissionError):
            raise _NoFolderError from None
        except OSError as error:
            raise _full(folder, error) from None
        try:
            found = copy_range(file.fileno(), start, fd, 0, size)
            if found != sha256:
                _changed(source)
            os.replace(aside, place)
        except OSError as error:
            raise _full(folder, error) from None
        finally:
            os.close(fd)
            with suppress(OSError):
                os.unlink(aside)
    report(size)


def _full(folder: str, error: OSError) -> UnavailableError:
    why = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
    return UnavailableError(f"the server's folder {folder} cannot be written: {why}", part="artifacts")
