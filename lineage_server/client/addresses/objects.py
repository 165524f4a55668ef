"""What lies below an address of an object store: all objects there, as one version.

Also how stores that speak S3's XML list them, which Google's does, too.
"""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from lineage_server.client.addresses.calling import Said, check
from lineage_server.client.addresses.seen import Seen, tag_in, told
from lineage_server.domain.errors import LimitError, NotFoundError, UnavailableError

PAGES = 10
PAGE = 1_000

Listed = tuple[str, str, int]
"""Name, ETag and bytes of an object."""


class Bucket(Protocol):
    """Asked by keys, which it signs."""

    def call(self, method: str, key: str, query: Mapping[str, str], *, body: bool = False) -> Said: ...


def below(objects: Iterable[Listed], prefix: str, place: str) -> Seen:
    """All of them, by key, ETag and size; raises NotFoundError where there is none at this ``place``."""
    digest, count, size = hashlib.sha256(), 0, 0
    for name, etag, length in objects:
        digest.update(f"{etag} {length} {name.removeprefix(prefix)}\0".encode())
        count, size = count + 1, size + length
    if not count:
        raise NotFoundError(f"there is no object at that address in {place}")
    return Seen(mark=f"objects {digest.hexdigest()}", told=told(objects=count), size=size)


def prefix_of(key: str) -> str:
    """What the keys below one begin with."""
    return f"{key}/" if key and not key.endswith("/") else key


def listed(bucket: Bucket, prefix: str, uri: str) -> Iterator[Listed]:
    """Page by page, as S3 lists them (its second version of that)."""
    query = {"list-type": "2", "prefix": prefix}
    for _ in range(PAGES):
        said = bucket.call("GET", "", query, body=True)
        check(said, uri)
        top = parsed(said)
        for one in top.iterfind("{*}Contents"):
            words = {name: one.findtext(f"{{*}}{name}") or "" for name in ("Key", "ETag", "Size")}
            yield words["Key"], tag_in(words["ETag"]), int(words["Size"] or 0)
        after = top.findtext("{*}NextContinuationToken")
        if not after:
            return
        query["continuation-token"] = after
    raise too_many()


def parsed(said: Said) -> ElementTree.Element:
    """A list of objects; raises UnavailableError for what is none."""
    try:
        return ElementTree.fromstring(said.body)
    except ElementTree.ParseError:
        raise UnavailableError("the list of objects cannot be read", part="address") from None


def too_many() -> LimitError:
    """More than are looked at."""
    most = PAGES * PAGE
    return LimitError(f"there are more than {most} objects there", limit=most, actual=most + 1)
