"""A look at a file of a version without fetching it: first rows, an image, the beginning of a text.

The server reads just that much of it. How a look is shown is in ``render.preview``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lineage_server.client.checking import checked
from lineage_server.client.downloads import asking_of, send_own
from lineage_server.client.transfer.exchange import Exchange
from lineage_server.domain.errors import UnavailableError

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``kind``: table (``columns``, ``rows``), text, image, or none with its ``reason``. ``whole``: there is
    no more than this; ``verified``: all that it was read from is known to be as it was kept; ``size`` of the
    file, in bytes."""

    path: str
    size: int
    kind: str
    whole: bool = False
    verified: bool = True
    reason: str = ""
    columns: tuple[Mapping[str, str], ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    text: str = ""
    media_type: str = ""
    image: bytes = field(default=b"", repr=False)

    @checked
    def to_text(self, *, width: int = 100) -> str:
        """For a terminal of so many columns; of an image what it is."""
        from lineage_server.client.render.preview import text_of

        return text_of(self, width)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; an image in base64."""
        return {
            "path": self.path, "size": self.size, "kind": self.kind, "whole": self.whole,
            "verified": self.verified, "reason": self.reason, "columns": [dict(one) for one in self.columns],
            "rows": [list(row) for row in self.rows], "text": self.text, "mediaType": self.media_type,
            "image": base64.b64encode(self.image).decode(),
        }  # fmt: skip

    def __str__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """A table as one that scrolls, an image as it is, else text."""
        from lineage_server.client.render.bundle import bundle
        from lineage_server.client.render.preview import html_of

        makers: dict[str, Callable[[], str]] = {"text/plain": self.to_text}
        if self.kind == "image":
            makers[self.media_type] = lambda: base64.b64encode(self.image).decode()
        elif self.kind == "table":
            makers["text/html"] = lambda: html_of(self)
        return bundle(makers, include, exclude)


def preview_of(client: Client, artifact: Artifact, path: str = "") -> Preview:
    """Of the file at ``path``, else of the first one; raises a domain error."""
    send_own(client)
    exchange = Exchange(client.config)
    try:
        headers, body = exchange.preview({**asking_of(artifact), "path": path})
    finally:
        exchange.close()
    return preview_from(headers, body, path)


def preview_from(headers: Mapping[str, str], body: bytes, path: str) -> Preview:
    """The answer as it came; raises UnavailableError for what is none."""
    media_type = headers.get("content-type", "")
    if media_type.startswith("image/"):
        told = unquote(headers.get("x-lineage-path", "")) or path
        return Preview(path=told, size=len(body), kind="image", whole=True, media_type=media_type, image=body)
    try:
        told = json.loads(body)
        return Preview(
            path=str(told["path"]), size=int(told["size"]), kind=str(told["kind"]),
            whole=bool(told["whole"]), verified=bool(told["verified"]), reason=str(told["reason"]),
            columns=tuple({"name": str(c["name"]), "type": str(c["type"])} for c in told["columns"]),
            rows=tuple(map(tuple, told["rows"])), text=str(told["text"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        raise UnavailableError("the answer is not as a lineage server's", part="server") from None
