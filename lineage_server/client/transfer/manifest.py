"""A version's manifest as this side makes and reads it; what leads out of a folder is refused here, too.

Entries are those of ``hashing``. A manifest that comes from a server is followed on this machine, so it
is believed no more than one that comes to the server.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from lineage_server.client.hashing import PART, Entry, FolderDigest
from lineage_server.client.walking import stays_inside
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

_HEX = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(rb"(?:^|/)\.{0,2}(?:/|\Z)|\0")
"""An empty segment (a leading, trailing or double slash), ``.`` or ``..``; a NUL."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An object, and where in a file it belongs."""

    sha256: str
    start: int
    size: int


def pieces(entry: Entry) -> Iterator[Piece]:
    """What a file is stored as, in order; nothing for a link."""
    if entry.link:
        return
    for at, sha256 in enumerate(entry.parts or (entry.digest,)):
        start = at * PART
        yield Piece(sha256, start, min(PART, entry.size - start))


def told(kind: str, digest: str, entries: Iterable[Entry]) -> dict[str, Any]:
    """The manifest as JSON has it; ``kind``: file, folder or value."""
    listed = [_entry_told(entry) for entry in entries]
    size = sum(entry.get("size", 0) for entry in listed)
    return {"v": 1, "kind": kind, "digest": digest, "size": size, "entries": listed}


def _entry_told(entry: Entry) -> dict[str, Any]:
    try:
        out: dict[str, Any] = {"path": entry.path.decode()}
    except UnicodeDecodeError:
        out = {
            "path": entry.path.decode("utf-8", "replace"),
            "path_bytes": base64.b64encode(entry.path).decode(),
        }
    if entry.link:
        # What is no text is replaced, and refused by the server with its name.
        return {**out, "link": entry.link.decode("utf-8", "replace")}
    out |= {"size": entry.size, "sha256": entry.digest}
    return {**out, "parts": list(entry.parts)} if entry.parts else out


def entries_from(told: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Read back and checked; raises InvalidInputError."""
    try:
        entries = [_entry_from(one) for one in told]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        _refuse(f"it cannot be read ({type(error).__name__})")
    names = {entry.path for entry in entries}
    for entry in entries:
        folder = entry.path.rpartition(b"/")[0]
        while folder:
            if folder in names:
                _refuse(f"{shown(folder)} is both a file and a folder")
            folder = folder.rpartition(b"/")[0]
    return entries


class Listing:
    """A version's entries as they come, page by page: in order, each once, nothing below a file or a link."""

    def __init__(self, size: int) -> None:
        self._folder = FolderDigest()
        self._left = size
        self._last = b""
        self._within: list[bytes] = []

    def add(self, entries: Iterable[Entry]) -> None:
        """Raises InvalidInputError."""
        for entry in entries:
            if entry.path <= self._last:
                _refuse(f"{shown(entry.path)} stands in it twice, or in no order")
            # In this order, whatever begins with a name follows it at once.
            while self._within and not entry.path.startswith(self._within[-1]):
                self._within.pop()
            for name in self._within:
                if entry.path.startswith(name + b"/"):
                    _refuse(f"{shown(name)} is both a file and a folder")
            self._within.append(entry.path)
            self._left -= entry.size
            if self._left < 0:
                _refuse("its files have more bytes than it says")
            self._last = entry.path
            self._folder.add(entry)

    def check(self, kind: str, digest: str) -> None:
        """Once all are there; raises InvalidInputError unless they are what the version's digest says."""
        if self._left or (kind == "folder" and self._folder.digest() != digest):
            _refuse(f"its files are not those of {digest}")


def one_of(kind: str, digest: str, entries: list[Entry]) -> Entry:
    """The file that a version of this kind is; raises InvalidInputError."""
    if len(entries) != 1 or entries[0].link or b"/" in entries[0].path:
        _refuse(f"a version of kind {shorten(kind)!r} is one file with a plain name")
    if kind == "file" and digest != f"sha256:{entries[0].digest}":
        _refuse(f"its file is not that of {shorten(digest)}")
    return entries[0]


def _entry_from(one: Mapping[str, Any]) -> Entry:
    text: str = one["path"]
    try:
        name = base64.b64decode(one["path_bytes"], validate=True) if "path_bytes" in one else text.encode()
    except (UnicodeEncodeError, binascii.Error):
        _refuse(f"the path {shorten(ascii(text))} is neither text nor base64")
    if not name or _UNSAFE.search(name):
        _refuse(f"the path {shown(name)} leads out of its folder, or may do so")
    if "link" in one:
        link = str(one["link"]).encode()
        _check_link(name, link)
        return Entry(name, 0, "link:" + hashlib.sha256(link).hexdigest(), link=link)
    size, sha256, parts = int(one["size"]), str(one["sha256"]), tuple(map(str, one.get("parts") or ()))
    if size < 0 or not all(_HEX.fullmatch(digest) for digest in (sha256, *parts)):
        _refuse(f"{shown(name)} has no size or digest")
    if len(parts or (sha256,)) != max(1, -(-size // PART)):
        _refuse(f"{shown(name)} is not told in parts of {PART} bytes")
    if len(parts) == 1:
        _refuse(f"{shown(name)} is told in one part")
    return Entry(name, size, sha256, parts)


def _check_link(name: bytes, target: bytes) -> None:
    if not stays_inside(name, target):
        _refuse(f"the link {shown(name)} leads out of its folder, or may do so")


def check_links(entries: Iterable[Entry]) -> None:
    """Raises InvalidInputError for one that leads out."""
    for entry in entries:
        if entry.link:
            _check_link(entry.path, entry.link)


def shown(name: bytes) -> str:
    """A path for people."""
    return shorten(name.decode("utf-8", "backslashreplace"), 200)


def _refuse(why: str) -> NoReturn:
    raise InvalidInputError(f"the version's manifest is refused: {why}", field="manifest")
