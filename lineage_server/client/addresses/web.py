"""What lies at an ``https://`` (or ``http://``) address: its ETag, else when it was changed."""

from __future__ import annotations

from lineage_server.client.addresses.calling import check, follow, host_of
from lineage_server.client.addresses.seen import Seen, size_in, tag_in, told
from lineage_server.domain.errors import NotSupportedError

_PLAIN = {"accept-encoding": "identity"}  # compressed, it has another ETag
_NO_HEAD = (400, 403, 405, 501)


def ask(uri: str) -> Seen:
    """Raises a domain error where nothing is there, or nothing tells its version."""
    said = follow("HEAD", uri, _PLAIN)
    if said.status in _NO_HEAD:  # signed for GET alone, or not offered: one byte tells the same
        said = follow("GET", uri, {**_PLAIN, "range": "bytes=0-0"})
    check(said, uri)
    etag, modified = tag_in(said.headers.get("etag", "")), said.headers.get("last-modified", "")
    whole = said.headers.get("content-range", "").rpartition("/")[2]
    size = size_in({"size": whole}, "size") if whole else size_in(said.headers)
    if not etag and not modified:
        raise NotSupportedError(f"{host_of(uri)} tells neither ETag nor Last-Modified of it")
    mark = f"etag {etag}" if etag else f"modified {modified} size {size}"
    return Seen(mark=mark, told=told(etag=etag, modified=modified), size=size)
