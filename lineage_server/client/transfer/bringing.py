"""One file of a download: is it there, is a copy at hand, else its objects from where the server says.

Every object is hashed while it arrives, a file of several parts as a whole; only then it gets its name.
What a download that was cut off has left of a large file is hashed and used.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

from lineage_server.client.hashing import Entry
from lineage_server.client.transfer.copying import copy_bytes, copy_range, digest_of_range, write_all
from lineage_server.client.transfer.exchange import ExpiredError
from lineage_server.client.transfer.folder import Draft, Folder
from lineage_server.client.transfer.manifest import Piece, pieces, shown
from lineage_server.client.transfer.page import Page
from lineage_server.client.transfer.together import each
from lineage_server.client.transfer.whole import Whole
from lineage_server.domain.errors import ConflictError, NotFoundError, UnavailableError

T = TypeVar("T")

logger = logging.getLogger("lineage_server.client")

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds; a server that is started again is back within them."""
SEVERAL_PARTS = 8
"""A file of fewer is one of several that arrive at once, each part after part."""
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class SpoiltError(NotFoundError):
    """What arrived is not what was kept."""


class NoFileError(Exception):
    """The server's store is not on this machine."""


class Copies(Protocol):
    """Whole files that are at hand without asking a server."""

    def find(self, sha256: str) -> Path | None: ...

    def share(self, folder: Folder, entry: Entry) -> bool:
        """Put it there without copying, where that goes."""
        ...

    def keep(self, folder: Folder, entry: Entry) -> None:
        """It is there now, and right."""
        ...

    def drop(self, sha256: str) -> None:
        """The copy was not what its name says."""
        ...


class NoCopies:
    """Nothing is at hand, and nothing is kept."""

    def find(self, sha256: str) -> Path | None:
        return None

    def share(self, folder: Folder, entry: Entry) -> bool:
        return False

    def keep(self, folder: Folder, entry: Entry) -> None:
        pass

    def drop(self, sha256: str) -> None:
        pass


@dataclass(frozen=True)
class Bringer:
    """Of one download. ``get`` gets what an address of a page names, ``report`` is told of bytes that are
    there."""

    get: Callable[[str], Iterable[bytes]]
    folder: Folder
    copies: Copies
    report: Callable[[int], None]
    overwrite: bool = False
    ending: threading.Event = field(default_factory=threading.Event)

    def bring(self, entry: Entry, page: Page, known: Mapping[bytes, str]) -> None:
        """It is there at the end, and right; raises a domain error, ExpiredError or NoFileError."""
        if self._is_there(entry, known.get(entry.path, "")):
            self.report(entry.size)
            return
        if self.copies.share(self.folder, entry):
            if self._is_there(entry, "", refuse=False):
                self.report(entry.size)
                return
            self.copies.drop(entry.digest)
            self.folder.remove(entry.path)
        with self.folder.draft(entry.path, entry.digest) as draft:
            if draft.waited and self._is_there(entry, ""):
                draft.discard()
                self.report(entry.size)
                return
            self._fill(draft, entry, page)
            self.folder.finish(draft, entry.size)
        self.copies.keep(self.folder, entry)

    def end_for(self, failure: BaseException) -> None:
        """What is on its way ends with any failure but that of a place: what has one already arrives."""
        if not isinstance(failure, ExpiredError | NoFileError):
            self.ending.set()

    def _is_there(self, entry: Entry, known: str, *, refuse: bool = True) -> bool:
        """Raises ConflictError where something else is, unless that may be overwritten."""
        state = self.folder.state(entry.path)
        if state is None:
            return False
        if stat.S_ISREG(state.st_mode):
            if known == f"sha256:{entry.digest}":
                return True
            with self.folder.opened(entry.path) as fd:
                same = fd is not None and state.st_size == entry.size
                if same and fd is not None and digest_of_range(fd, 0, entry.size) == entry.digest:
                    return True
            if self.overwrite or not refuse:
                return False
        raise ConflictError(
            f"{self.folder.shown(entry.path)} is there already, with other content, and was not "
            "overwritten: name another folder, or allow that files are overwritten"
        )

    def _fill(self, draft: Draft, entry: Entry, page: Page) -> None:
        try:
            if not self._copied(draft, entry):
                if entry.parts:
                    self._in_parts(draft, entry, page)
                else:
                    self._piece(draft.fd, next(pieces(entry)), page)
        except BaseException:
            if not entry.parts:
                draft.discard()  # too little to go on from
            raise

    def _copied(self, draft: Draft, entry: Entry) -> bool:
        found = self.copies.find(entry.digest)
        try:
            source = _opened(found, entry.size) if found is not None else None
        except OSError:
            source = None
        if source is None:
            return False
        try:
            if copy_range(source, 0, draft.fd, 0, entry.size) != entry.digest:
                self.copies.drop(entry.digest)
                return False
        finally:
            os.close(source)
        self.report(entry.size)
        return True

    def _in_parts(self, draft: Draft, entry: Entry, page: Page) -> None:
        parts = list(pieces(entry))
        whole = Whole(draft.fd, parts)
        # Of files the whole digest says all; of what comes by wire each part is asked for again alone.
        checked = page.method != "file"

        def part(piece: Piece) -> None:
            if not self._was_left(draft, piece):
                self._piece(draft.fd, piece, page, checked=checked)
            else:
                self.report(piece.size)
            whole.arrived(piece)

        try:
            if len(parts) < SEVERAL_PARTS:
                for piece in parts:
                    part(piece)
            else:
                each(part, parts, self.end_for)
            if whole.digest() != entry.digest:
                draft.discard()
                self._spoilt(draft, entry, parts)
        finally:
            whole.stop()

    def _was_left(self, draft: Draft, piece: Piece) -> bool:
        end = piece.start + piece.size
        return end <= draft.had and digest_of_range(draft.fd, piece.start, piece.size) == piece.sha256

    def _spoilt(self, draft: Draft, entry: Entry, parts: list[Piece]) -> NoReturn:
        for piece in parts:
            if digest_of_range(draft.fd, piece.start, piece.size) != piece.sha256:
                _wrong(piece)
        raise SpoiltError(
            f"the parts of {shown(entry.path)} do not make the file that was kept; it is not written"
        )

    # --- one object --------------------------------------------------------------------

    def _piece(self, fd: int, piece: Piece, page: Page, *, checked: bool = True) -> None:
        place = page.place_of(piece.sha256)
        if page.method == "file":
            self._from_file(fd, piece, place, checked=checked)
            self.report(piece.size)
            return
        for last in (False, True):  # once more: it may have been the wire
            if again(lambda: self._from_wire(fd, piece, place), self.ending) == piece.sha256:
                return
            self.report(-piece.size)
            if last:
                _wrong(piece)

    def _from_file(self, fd: int, piece: Piece, place: str, *, checked: bool) -> None:
        try:
            source = _opened(place, piece.size)
        except OSError:
            raise NoFileError from None
        if source is None:
            _wrong(piece)
        try:
            if not checked:
                copy_bytes(source, 0, fd, piece.start, piece.size)
            elif copy_range(source, 0, fd, piece.start, piece.size) != piece.sha256:
                _wrong(piece)
        finally:
            os.close(source)

    def _from_wire(self, fd: int, piece: Piece, url: str) -> str:
        """Its digest; another one where there are too few bytes or too many."""
        digest = hashlib.sha256()
        done = 0
        try:
            for data in self.get(url):
                if self.ending.is_set():
                    raise UnavailableError("the download was stopped")
                digest.update(data)
                if done + len(data) > piece.size:
                    break
                write_all(fd, data, piece.start + done)
                done += len(data)
                self.report(len(data))
        except BaseException:
            self.report(-done)
            raise
        self.report(piece.size - done)
        return digest.hexdigest()


def again(ask: Callable[[], T], ending: threading.Event) -> T:
    """What it answers; asked again for a while where nobody answers."""
    for pause in _PAUSES:
        try:
            return ask()
        except ExpiredError:
            raise
        except UnavailableError as error:
            logger.info("lineage: asked again in %s s: %s", pause, error)
            if ending.wait(pause):
                raise
    return ask()


def _opened(place: str | Path, size: int) -> int | None:
    """A regular file of this size; None for anything else. Raises OSError."""
    fd = os.open(place, _OPEN)
    state = os.fstat(fd)
    if stat.S_ISREG(state.st_mode) and state.st_size == size:
        return fd
    os.close(fd)
    return None


def _wrong(piece: Piece) -> NoReturn:
    raise SpoiltError(
        f"object {piece.sha256} is not what was kept: its bytes in the store are lost or spoilt; the file "
        "they belong to is not written. Upload the version again from where its bytes still are"
    )
