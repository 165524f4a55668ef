"""What makes a local folder a store that can be trusted: its mark, its sync, its unfinished files.

Without the mark, the mount point of a disk that is away would be taken for an empty store: what is kept
would seem lost, and new bytes would go where nobody finds them again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from pathlib import Path

from lineage_server.domain.errors import InvalidInputError

MARK = ".lineage-artifacts"
_UNFINISHED = re.compile(r".+#\d+")
"""How obstore names a file until it is whole; it does not list them."""


def make(root: Path) -> None:
    """The folder with its mark; raises InvalidInputError."""
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_there(root):
            (root / MARK).write_text("bytes of artifacts, kept by a lineage server\n", "ascii")
    except OSError as error:
        raise InvalidInputError(
            f"the artifact store {root} cannot be made: {error.strerror}; name another folder",
            field="LINEAGE_ARTIFACTS__URL",
        ) from None


def is_there(root: Path) -> bool:
    return (root / MARK).exists()


def sync(root: Path) -> None:
    """One call for everything in its file system: a call a file would take ages. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        return os.sync()
    descriptor = os.open(root, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


def unfinished(root: Path) -> list[tuple[str, os.stat_result]]:
    """What a killed server left of writing, by key."""
    found: list[tuple[str, os.stat_result]] = []
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names if _UNFINISHED.fullmatch(name)):
            with contextlib.suppress(FileNotFoundError):  # finished meanwhile
                found.append((str(path.relative_to(root)), path.stat()))
    return found
