"""What makes a local folder a store that can be trusted: its mark, its sync, its unfinished files.

Without the mark, the mount point of a disk that is away would be taken for an empty store: what is kept
would seem lost, and new bytes would go where nobody finds them again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import secrets
from pathlib import Path

from lineage_server.domain.errors import InvalidInputError

MARK = ".lineage-artifacts"
_UNFINISHED = re.compile(r".+#\d+")
"""How a file is named until it is whole, as obstore does: it does not list them."""


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


def make_below(root: Path, folder: Path, mode: int = 0o777) -> None:
    """A folder of the store, never the store itself: it may have gone away this moment. Raises OSError."""
    path = root
    for part in folder.relative_to(root).parts:
        path /= part
        path.mkdir(exist_ok=True, mode=mode)


def write(root: Path, path: Path, data: bytes) -> None:
    """A file of the store, whole or not at all. Raises OSError."""
    make_below(root, path.parent)
    unfinished = path.with_name(f"{path.name}#{secrets.randbits(63)}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def move(root: Path, path: Path, to: Path) -> None:
    """To where the same content may stand already: then that stays. Raises OSError."""
    make_below(root, to.parent)
    with contextlib.suppress(FileExistsError):
        to.hardlink_to(path)
    path.unlink()


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
