"""Bytes from file to file, with their digest: by the kernel where it can, which shares them if the file
system knows how (reflinks), else through our hands."""

from __future__ import annotations

import hashlib
import os

_CHUNK = 1024 * 1024
_BY_KERNEL_FROM_BYTES = 1024 * 1024


def copy_range(source: int, start: int, target: int, at: int, size: int) -> str:
    """``size`` bytes from ``start`` to ``at``; the SHA-256 of what the target has there now.

    A source that is shorter makes the digest another one. Raises OSError.
    """
    if size >= _BY_KERNEL_FROM_BYTES and _copied_by_kernel(source, start, target, at, size):
        return digest_of_range(target, at, size)
    digest = hashlib.sha256()
    done = 0
    while done < size:
        data = os.pread(source, min(_CHUNK, size - done), start + done)
        if not data:
            break
        digest.update(data)
        write_all(target, data, at + done)
        done += len(data)
    return digest.hexdigest()


def copy_bytes(source: int, start: int, target: int, at: int, size: int) -> None:
    """The same for whoever hashes them later. Raises OSError."""
    if size >= _BY_KERNEL_FROM_BYTES and _copied_by_kernel(source, start, target, at, size):
        return
    done = 0
    while done < size and (data := os.pread(source, min(_CHUNK, size - done), start + done)):
        write_all(target, data, at + done)
        done += len(data)


def _copied_by_kernel(source: int, start: int, target: int, at: int, size: int) -> bool:
    if not hasattr(os, "copy_file_range"):
        return False
    done = 0
    try:
        while done < size:
            copied = os.copy_file_range(source, target, size - done, start + done, at + done)
            if not copied:
                break
            done += copied
    except OSError:
        return False  # another file system, or one that cannot: what is wrong will show again
    return True


def write_all(fd: int, data: bytes | memoryview, at: int) -> None:
    """All of it, from ``at`` on."""
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, at)
        view = view[done:]
        at += done


def digest_of_range(fd: int, start: int, size: int) -> str:
    """The SHA-256 of what is there."""
    digest = hashlib.sha256()
    end = start + size
    while start < end:
        data = os.pread(fd, min(_CHUNK, end - start), start)
        if not data:
            break
        digest.update(data)
        start += len(data)
    return digest.hexdigest()
