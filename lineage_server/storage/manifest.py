"""What a stored version consists of: its files, checked, in one canonical form. Pure.

A manifest comes from outside and is followed by whoever downloads, so whatever could lead out of the
folder it is unpacked in is refused here: absolute paths, ``..``, a file that is also a folder, a link
that climbs out. Files of more than ``PART`` bytes are lists of parts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NoReturn

import msgspec

from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

PART = 16 * 1024 * 1024
"""Bytes of the largest object; a larger file is kept in parts of exactly this size, the last one less."""
MAX_PATH = 4_096
_HEX = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_UNSAFE = re.compile(rb"(?:^|/)\.{0,2}(?:/|\Z)|\0")
"""An empty segment (a leading, trailing or double slash), ``.`` or ``..``; a NUL."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file (``size``, ``sha256``, and ``parts`` where there are several), or a link's text.

    ``path_bytes``: the name in base64 where it is not UTF-8; ``path`` is then only for people.
    """

    path: str
    size: int | None = None
    sha256: str | None = None
    parts: tuple[str, ...] | None = None
    link: str | None = None
    path_bytes: str | None = None

    @property
    def name(self) -> bytes:
        """The path as the file system has it."""
        return base64.b64decode(self.path_bytes) if self.path_bytes else self.path.encode()

    def objects(self) -> Iterator[tuple[str, int]]:
        """The objects it is made of, in order, with their sizes; none for a link."""
        if self.sha256 is None or self.size is None:
            return
        if self.parts is None:
            yield self.sha256, self.size
            return
        for at, part in enumerate(self.parts):
            yield part, min(PART, self.size - at * PART)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All entries of a version, sorted by name.

    ``value``: one file that holds a frame or an array, whose digest is of what it holds, not of its bytes;
    whoever reads it can check that.
    """

    v: Literal[1]
    kind: Literal["file", "folder", "value"]
    digest: str
    size: int
    entries: tuple[Entry, ...]

    @property
    def key(self) -> str:
        """The hex digits of the version's digest."""
        return self.digest.removeprefix("sha256:")

    def objects(self) -> dict[str, int]:
        """Sizes of all objects; raises InvalidInputError where one has two."""
        found: dict[str, int] = {}
        for entry in self.entries:
            for digest, size in entry.objects():
                if found.setdefault(digest, size) != size:
                    _refuse(f"object {digest} has two sizes")
        return found


_decoder = msgspec.json.Decoder(Manifest)
_encoder = msgspec.json.Encoder(order="sorted")


def parse(raw: bytes) -> Manifest:
    """A manifest as it was stored: it was checked then. Raises InvalidInputError."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(f"it cannot be read: {shorten(str(error), 200)}")


def parse_checked(raw: bytes) -> Manifest:
    """A manifest from outside, in canonical order; raises InvalidInputError, whatever is wrong with it."""
    return check(parse(raw))


def canonical(manifest: Manifest) -> bytes:
    """Its one form: sorted keys, no white space, UTF-8."""
    return _encoder.encode(manifest)


def check(manifest: Manifest) -> Manifest:
    """The manifest with its entries sorted; raises InvalidInputError."""
    named = [(_checked_name(entry), entry) for entry in manifest.entries]
    if wrong := clash(name for name, _ in named):
        _refuse(wrong)
    for name, entry in named:
        _check_entry(name, entry)
    named.sort(key=lambda pair: pair[0])
    size = sum(entry.size or 0 for _, entry in named)
    if manifest.size != size:
        _refuse(f"size is {manifest.size}, but its files have {size} bytes")
    made = _digest(manifest.kind, named)
    if manifest.kind == "value" and not _DIGEST.fullmatch(manifest.digest):
        _refuse("its digest is not 'sha256:' and 64 hex digits in lower case")
    if manifest.kind != "value" and manifest.digest != made:
        _refuse("its digest is not that of its entries")
    done = Manifest(1, manifest.kind, manifest.digest, size, tuple(entry for _, entry in named))
    done.objects()
    return done


def folder_digest(entries: Sequence[tuple[bytes, Entry]]) -> str:
    """As clients compute it: over every entry in turn: digest, size, path."""
    digest = hashlib.sha256(b"lineage-folder-v1\n")
    for name, entry in entries:
        told = entry.sha256
        if entry.link is not None:
            told = "link:" + hashlib.sha256(entry.link.encode()).hexdigest()
        digest.update(f"{told} {entry.size or 0} ".encode() + name + b"\0")
    return "sha256:" + digest.hexdigest()


def _digest(kind: str, named: Sequence[tuple[bytes, Entry]]) -> str:
    if kind == "folder":
        return folder_digest(named)
    if len(named) != 1 or named[0][1].sha256 is None or b"/" in named[0][0]:
        _refuse(f"of kind {kind!r} it has one entry, a file with a plain name")
    return f"sha256:{named[0][1].sha256}"


def _checked_name(entry: Entry) -> bytes:
    try:
        shown = entry.path.encode()
        name = base64.b64decode(entry.path_bytes, validate=True) if entry.path_bytes is not None else shown
    except (UnicodeEncodeError, binascii.Error, ValueError):
        _refuse(f"the path {shorten(ascii(entry.path))} is neither text nor base64")
    for one in (shown, name):
        if not one or len(one) > MAX_PATH or _UNSAFE.search(one):
            _refuse(
                f"the path {shorten(ascii(entry.path))} is not allowed: paths are relative, of at most "
                f"{MAX_PATH} bytes, without '.', '..' or empty parts and without NUL"
            )
    if entry.path_bytes is not None and _is_text(name):
        _refuse(f"path_bytes of {shorten(ascii(entry.path))} are for names that are not UTF-8")
    if entry.path_bytes is not None and entry.path != name.decode(errors="replace"):
        _refuse(f"the path {shorten(ascii(entry.path))} is not what its path_bytes say")
    return name


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def clash(names: Iterable[bytes]) -> str:
    """What is wrong with names side by side: each is there once, and none is below a file or a link."""
    listed = list(names)
    known = set(listed)
    if len(known) < len(listed):
        return "a path stands in it twice"
    folders: set[bytes] = set()
    for name in listed:
        folder = name.rpartition(b"/")[0]
        while folder and folder not in folders:
            if folder in known:
                return f"{shorten(ascii(folder.decode(errors='replace')))} is both a file and a folder"
            folders.add(folder)
            folder = folder.rpartition(b"/")[0]
    return ""


def _check_entry(name: bytes, entry: Entry) -> None:
    if entry.link is not None:
        if entry.size is not None or entry.sha256 is not None or entry.parts is not None:
            _refuse(f"{shorten(ascii(entry.path))} is both a file and a link")
        return _check_link(name, entry.link)
    if entry.size is None or entry.size < 0 or entry.sha256 is None:
        _refuse(f"{shorten(ascii(entry.path))} needs a size and a sha256")
    if not all(_HEX.fullmatch(digest) for digest in (entry.sha256, *(entry.parts or ()))):
        _refuse(f"{shorten(ascii(entry.path))} has a digest that is not 64 hex digits in lower case")
    parts = len(entry.parts) if entry.parts is not None else 1
    if parts != max(1, -(-entry.size // PART)) or (entry.parts is not None and parts == 1):
        _refuse(f"{shorten(ascii(entry.path))} is not told in parts of {PART} bytes")


def _check_link(name: bytes, target: str) -> None:
    """Inside, whatever else is a link: it climbs only at its beginning, and not above the folder."""
    try:
        steps = target.encode().split(b"/")
    except UnicodeEncodeError:
        steps = [b""]
    up = 0
    while up < len(steps) and steps[up] == b"..":
        up += 1
    down = [step for step in steps[up:] if step not in (b"", b".")]
    if not target or not steps[0] or b"\0" in target.encode(errors="replace"):
        _refuse(f"the link {shorten(ascii(name.decode(errors='replace')))} is empty, absolute or no text")
    if up > name.count(b"/") or b".." in down:
        _refuse(f"the link {shorten(ascii(name.decode(errors='replace')))} leads outside, or may do so")


def _refuse(why: str) -> NoReturn:
    raise InvalidInputError(f"the manifest was refused, nothing was stored: {why}", field="manifest")
