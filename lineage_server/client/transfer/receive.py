"""One download: page by page what a version consists of and where it is, then what is not there yet.

May be cut off anywhere and begun again: what is there already is found by its digest. Links come last, so
that no file is ever written through one. Not here: one file of it (``bringing``), writing below a folder
without leaving it (``folder``).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lineage_server.client.hashing import Entry
from lineage_server.client.remembered import Remembered, key_of
from lineage_server.client.transfer.bringing import (
    SEVERAL_PARTS,
    Bringer,
    Copies,
    NoFileError,
    SpoiltError,
    again,
)
from lineage_server.client.transfer.chosen import Chosen
from lineage_server.client.transfer.exchange import Exchange, ExpiredError
from lineage_server.client.transfer.folder import Folder
from lineage_server.client.transfer.manifest import Listing
from lineage_server.client.transfer.page import METHODS, Page, page_from
from lineage_server.client.transfer.together import each
from lineage_server.domain.errors import NotFoundError, UnavailableError
from lineage_server.domain.ids import listed

logger = logging.getLogger("lineage_server.client")

Report = Callable[[int, int], None]
"""Told of how many bytes are there, and of how many there will be; may raise to stop."""

_ROUNDS = 5
"""Without anything new arriving: of many files, URLs may end more often than that."""
_REMEMBERED_FROM_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What has arrived; ``name``: of the one file, empty for a folder."""

    uid: str
    kind: str
    digest: str
    size: int
    files: int
    name: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A version: ``asked`` names it to the server (ref and project, or uid); ``digest``: which it must be,
    where that is known."""

    asked: Mapping[str, str]
    digest: str = ""
    overwrite: bool = False


class NothingChosenError(NotFoundError):
    """Patterns that match no file: its bytes may well be there."""

    def __init__(self, chosen: Chosen) -> None:
        super().__init__(f"no file of this version is called {listed(chosen.words)}; nothing was fetched")


class Download:
    """Of one version into the folder that ``place`` makes, once it is known what it is."""

    def __init__(
        self,
        exchange: Exchange,
        place: Callable[[Page], Folder],
        wanted: Wanted,
        *,
        copies: Copies,
        remembered: Remembered,
        report: Report,
        chosen: Chosen | None = None,
    ) -> None:
        self._chosen = chosen if chosen is not None else Chosen()
        self._exchange = exchange
        self._place = place
        self._wanted = wanted
        self._copies = copies
        self._remembered = remembered
        self._tell = report
        self._ending = threading.Event()
        self._methods = METHODS
        self._counting = threading.Lock()
        self._done = self._total = self._files = self._arrived = 0
        self._links: dict[bytes, bytes] = {}

    def run(self) -> Received:
        """All of it; raises a domain error."""
        page = self._page("")
        self._total = 0 if self._chosen else page.size
        with self._place(page) as folder:
            bringer = Bringer(
                self._get, folder, self._copies, self._report, self._wanted.overwrite, self._ending
            )
            self._bring_all(bringer, page)
            for path, text in self._links.items():
                folder.link(path, text, overwrite=self._wanted.overwrite)
            if self._chosen and not self._files:
                raise NothingChosenError(self._chosen)
        name = b"" if page.kind == "folder" else page.entries[0].path
        return Received(
            uid=page.uid, kind=page.kind, digest=page.digest, size=page.size, files=self._files, name=name
        )

    def _bring_all(self, bringer: Bringer, page: Page) -> None:
        after = ""
        listing = Listing(page.size)
        while True:
            listing.add(page.entries)
            if not page.after:
                listing.check(page.kind, page.digest)
            self._bring(bringer, self._narrowed(page), after)
            if not page.after:
                return
            after, page = page.after, self._page(page.after, page)

    def _narrowed(self, page: Page) -> Page:
        """The same with the files that are wanted."""
        if not self._chosen:
            return page
        entries = tuple(entry for entry in page.entries if self._chosen(entry.path))
        return replace(page, entries=entries)

    def _page(self, after: str, before: Page | None = None) -> Page:
        """All pages are of the version that the first one was of."""
        named: Mapping[str, Any] = {"uid": before.uid} if before is not None else self._wanted.asked
        body = {**named, "after": after, "methods": list(self._methods)}
        page = page_from(again(lambda: self._exchange.page(body), self._ending))
        wanted = before.digest if before is not None else self._wanted.digest
        if wanted and page.digest != wanted:
            raise SpoiltError(f"the server answers with another version than {wanted}: {page.digest}")
        return page

    def _bring(self, bringer: Bringer, page: Page, after: str) -> None:
        """Once more, with other places, where the ones that were told do not serve."""
        known, done = self._known(bringer.folder, page), self._done
        if self._chosen:
            self._total += sum(entry.size for entry in page.entries)
        arrived, idle = self._arrived, 0
        while idle < _ROUNDS:
            try:
                self._bring_from(bringer, page, known)
                self._files += len(page.entries)
                return
            except NoFileError:
                self._methods = tuple(method for method in self._methods if method != "file")
            except ExpiredError as error:
                logger.info("lineage: %s", error)
            self._ending.clear()
            # By what came from the store: what is there already is not read again where a round ends early.
            idle = 0 if self._arrived > arrived else idle + 1
            arrived, self._done = self._arrived, done
            page = self._narrowed(self._page(after, page))
        raise UnavailableError(f"the store refuses the signed URLs of {page.uid}", part="artifacts")

    def _bring_from(self, bringer: Bringer, page: Page, known: Mapping[bytes, str]) -> None:
        large: list[Entry] = []
        small: list[Entry] = []
        for entry in page.entries:
            if entry.link:
                self._links[entry.path] = entry.link
            else:
                (large if len(entry.parts) >= SEVERAL_PARTS else small).append(entry)
        each(lambda entry: bringer.bring(entry, page, known), small, bringer.end_for)
        for entry in large:
            bringer.bring(entry, page, known)

    def _known(self, folder: Folder, page: Page) -> dict[bytes, str]:
        """Digests of what lies there, where somebody has read it in this very state."""
        keys: dict[bytes, str] = {}
        for entry in page.entries:
            if entry.size >= _REMEMBERED_FROM_BYTES:
                with folder.opened(entry.path) as fd:
                    if fd is not None:
                        keys[entry.path] = key_of(os.fstat(fd))
        known = self._remembered.find(keys.values()) if keys else {}
        return {path: known[key].digest for path, key in keys.items() if key in known}

    def _get(self, url: str) -> Generator[bytes]:
        yield from self._exchange.get(url)
        with self._counting:
            self._arrived += 1

    def _report(self, count: int) -> None:
        with self._counting:
            self._done += count
            self._tell(self._done, self._total)
