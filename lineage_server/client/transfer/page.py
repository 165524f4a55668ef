"""A page of a version's files and where their objects are, as the server tells it: checked before it is
followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage_server.client.hashing import Entry
from lineage_server.client.transfer.manifest import entries_from, one_of
from lineage_server.domain.errors import InvalidInputError, UnavailableError
from lineage_server.domain.ids import shorten

KINDS = ("file", "folder", "value")
METHODS = ("file", "url", "server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``places``: of each object its file (method file) or its URL. ``after`` asks for the next page."""

    uid: str
    kind: str
    digest: str
    size: int
    method: str
    after: str
    entries: Sequence[Entry] = field(repr=False)
    places: Mapping[str, str] = field(repr=False)

    def place_of(self, sha256: str) -> str:
        """Raises UnavailableError where the server has not told it."""
        found = self.places.get(sha256)
        if not found:
            raise UnavailableError(f"the server does not say where object {sha256} is", part="server")
        return found


def page_from(told: Mapping[str, Any]) -> Page:
    """Raises InvalidInputError for what must not be followed, UnavailableError for what is no answer."""
    try:
        manifest = told["manifest"]
        method = str(told["method"])
        page = Page(
            uid=str(told["version"]["uid"]),
            kind=str(manifest["kind"]),
            digest=str(manifest["digest"]),
            size=int(manifest["size"]),
            method=method,
            after=str(told.get("after") or ""),
            entries=entries_from(manifest["entries"]),
            places={
                str(one["sha256"]): str(one["path" if method == "file" else "url"]) for one in told["objects"]
            },
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise UnavailableError("the answer is not as a lineage server's", part="server") from None
    if page.kind not in KINDS or page.method not in METHODS:
        words = shorten(f"{page.kind}, {page.method}")
        raise InvalidInputError(f"a version of this kind, or sent in this way, is not known: {words}")
    if page.kind != "folder":
        one_of(page.kind, page.digest, list(page.entries))
    return page
