"""Hidden parts beside the files of a download: how they are called, whose they are, and when they go.

A download that was killed leaves the part of each file that it had begun, for the next one of the same
content to go on with. It is of no use once that file is there with other content, or after ``KEPT_SECONDS``:
whoever downloads into that folder then removes it. A part that somebody writes is locked, and stays.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from contextlib import suppress

from lineage_server.client.locks import try_lock

KEPT_SECONDS = 7 * 24 * 3600.0
_NAME = re.compile(rb"\.lineage-[0-9a-f]{16}-[0-9a-f]{16}\.part(\.\d+\.\d+)?")
_OPEN = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def name_of(name: bytes, digest: str) -> bytes:
    """Of the part of a file of this name, in the same folder, that is to have this digest."""
    return b".lineage-%s-%s.part" % (_short(name), _short(digest.encode()))


def is_draft(name: bytes) -> bool:
    """Whether a file of this name is one, and none of the folder that it lies in."""
    return _NAME.fullmatch(name) is not None


def is_at(parent: int, name: bytes, inode: int) -> bool:
    """Whether that is what has the name now."""
    with suppress(FileNotFoundError):
        return os.stat(name, dir_fd=parent, follow_symlinks=False).st_ino == inode
    return False


def remove_old(parent: int) -> list[bytes]:
    """Those of a folder that have had their time go; answers the others."""
    left: list[bytes] = []
    for name in filter(is_draft, map(os.fsencode, os.listdir(parent))):
        with suppress(OSError):
            written = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mtime
            if time.time() - written < KEPT_SECONDS:
                left.append(name)
            elif name.endswith(b".part"):
                _remove(parent, name)
            else:  # of a file system without locks: its age says all
                os.unlink(name, dir_fd=parent)
    return left


def remove_others(parent: int, name: bytes, left: list[bytes]) -> None:
    """Of a file that is there now: what was to become another content of it."""
    mine = re.compile(rb"\.lineage-%s-[0-9a-f]{16}\.part" % _short(name))
    for one in filter(mine.fullmatch, left):
        with suppress(OSError):
            _remove(parent, one)


def _remove(parent: int, name: bytes) -> None:
    """Unless somebody has it; raises OSError."""
    fd = os.open(name, _OPEN, dir_fd=parent)
    try:
        state = os.fstat(fd)
        if stat.S_ISREG(state.st_mode) and try_lock(fd) and is_at(parent, name, state.st_ino):
            os.unlink(name, dir_fd=parent)
    finally:
        os.close(fd)


def _short(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()
