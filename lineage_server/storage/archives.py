"""A version as one stream of bytes: a file whole from its parts, or all files in a ZIP archive.

For people with a browser; clients take objects, which go on where they broke off. Nothing is put together
in memory or on disk: members are stored as they are, their sizes and sums follow them (ZIP64 throughout).
An archive is unpacked by programs that may follow its links: its names are as apart as those of the version.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections.abc import AsyncGenerator

from lineage_server.domain.errors import ConflictError
from lineage_server.domain.ids import shorten
from lineage_server.storage.downloads import Downloads
from lineage_server.storage.manifest import Entry, Manifest, clash

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that ZIP knows; manifests keep none, so that equal files make equal archives."""
_LINK = (stat.S_IFLNK | 0o777) << 16
_FILE = (stat.S_IFREG | 0o644) << 16
_CLIMBS = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|\Z)")
_DRIVE = re.compile(r"\\|[A-Za-z]:\\")


async def file_bytes(downloads: Downloads, project: str, entry: Entry) -> AsyncGenerator[bytes]:
    """All of a file, in order; raises NotFoundError where the store has lost or spoilt a part."""
    for sha256, size in entry.objects():
        async for piece in downloads.read(project, sha256, 0, size, size):
            yield piece


async def archive_bytes(downloads: Downloads, project: str, manifest: Manifest) -> AsyncGenerator[bytes]:
    """All entries as one ZIP archive; errors as in ``file_bytes``, which leave it without its end.

    Raises ConflictError for names that an archive cannot hold."""
    names = _names(manifest)
    out = _Pending()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, entry in zip(names, manifest.entries, strict=True):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = _FILE if entry.link is None else _LINK
            if entry.link is not None:
                archive.writestr(member, entry.link)
                continue
            with archive.open(member, "w", force_zip64=True) as target:
                async for piece in file_bytes(downloads, project, entry):
                    target.write(piece)
                    yield out.take()
            yield out.take()
    yield out.take()


def _names(manifest: Manifest) -> list[str]:
    names = [_name(entry) for entry in manifest.entries]
    wrong = clash(name.encode() for name in names)
    for name, entry in zip(names, manifest.entries, strict=True):
        told = (name, entry.link or "")
        # Where a backslash parts folders, it could lead out as a slash could.
        if any("\\" in one and (_CLIMBS.search(one) or _DRIVE.match(one)) for one in told):
            wrong = f"{shorten(ascii(name))} leads out of its folder on some systems"
    if wrong:
        raise ConflictError(
            f"no archive can hold its files side by side ({wrong}); get it with the client ('lineage get')"
        )
    return names


def _name(entry: Entry) -> str:
    """What is no text is told apart by its digest: programs would read such names each in its own way."""
    if entry.path_bytes is None:
        return entry.path
    return "/".join(map(_readable, entry.name.split(b"/")))


def _readable(step: bytes) -> str:
    try:
        return step.decode()
    except UnicodeDecodeError:
        return f"{step.decode(errors='replace')}~{hashlib.sha256(step).hexdigest()[:12]}"


class _Pending:
    """Takes what is written and hands it on; has no place to go back to."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._held.append(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is held open."""

    def take(self) -> bytes:
        """What came since the last time."""
        held = b"".join(self._held)
        self._held.clear()
        return held
