"""``Seen``: what a place tells of its content, and the digest that makes a version of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from lineage_server.domain.nodes import Scalar
from lineage_server.domain.secrets import scrub_uri

PREFIX = "etag:"
"""Of digests that are not of bytes: over an address and what its place calls their version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """``mark`` changes when the content does; ``told`` is for people (etag, version, modified, objects),
    ``size`` in bytes, where the place says it."""

    mark: str
    told: Mapping[str, Scalar]
    size: int | None = None


def digest_of(uri: str, seen: Seen) -> str:
    """Of what lies at an address: the same address with the same content has the same one."""
    return PREFIX + hashlib.sha256(f"{scrub_uri(uri)}\n{seen.mark}".encode()).hexdigest()


def told(**words: str | int | None) -> dict[str, Scalar]:
    """Of these what is known."""
    return {name: one for name, one in words.items() if one not in (None, "")}  # type: ignore[misc]


def size_in(headers: Mapping[str, str], name: str = "content-length") -> int | None:
    """Bytes that a header tells."""
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def tag_in(text: str) -> str:
    """An ETag without its quotes; a weak one (``W/``) is of the same content for us."""
    return text.strip().removeprefix("W/").strip('"')
