"""``Looking``: what a client tells of a version's files without fetching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lineage_server.client.checking import checked

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client
    from lineage_server.client.listings import Files
    from lineage_server.client.previews import Preview
    from lineage_server.client.registered import ModelVersion


class Looking:
    """The part of ``Client`` that looks into versions; each call raises a domain error."""

    @checked
    def preview(self, ref: str | Artifact | ModelVersion, path: str = "") -> Preview:
        """A look at the file at ``path`` of a version, else at its first one, without fetching it: first rows
        of a table, an image, or the beginning of a text; raises a domain error."""
        from lineage_server.client.previews import preview_of

        client = cast("Client", self)
        return preview_of(client, client.handle_of(ref), path)

    @checked
    def files(self, ref: str | Artifact | ModelVersion) -> Files:
        """The files of a version (path, size, SHA-256), to be walked over: page by page, 100,000 of them in
        little memory. Raises a domain error, some only at the first step."""
        from lineage_server.client.listings import Files

        client = cast("Client", self)
        return Files(client, client.handle_of(ref))
