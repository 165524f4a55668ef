"""What a folder holds, file by file, and what its symbolic links are read as.

A link to a regular file is that file, wherever it lies: a snapshot of a hub is such links, into a cache
beside it. A link to a folder, or to nothing, stays a link where its text stays in the folder, and means the
same wherever that is brought; a folder elsewhere is read as if it were here. What leads out and is none of
these is an error, since nobody who gets the folder would have it. So is a folder that very many links lead
to: a few that lead to each other would be read more often than there is time for.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lineage_server.client.drafts import is_draft
from lineage_server.domain.errors import InvalidInputError, LineageError, NotFoundError
from lineage_server.domain.ids import shorten

MOST_TIMES = 1_000
"""How often one folder is read, by different links to it."""
_SEPARATORS = os.fsencode(os.sep + (os.altsep or ""))


class Found(NamedTuple):
    """A file, or a link that stays one and has a text. ``name``: below the folder, with slashes."""

    name: bytes
    path: bytes
    link: bytes = b""


class _Top(NamedTuple):
    """A folder that is walked: the one asked for, or one that a link leads to, which is called ``name`` in
    it. ``held``: folders that hold the links which led here."""

    path: bytes
    real: bytes
    name: bytes = b""
    held: tuple[bytes, ...] = ()


def walk(root: bytes, *, follow: bool = True) -> Iterator[Found]:
    """All files below, and the links that stay links: every one, unless they are followed. Raises a domain
    error, also for what is neither: a pipe, a socket, a device."""
    tops = [_Top(root, os.path.realpath(root))]
    times: Counter[bytes] = Counter()
    while tops:
        top = tops.pop()
        for one in _inside(top.path):
            name = one.path[len(top.path) :].lstrip(_SEPARATORS).replace(os.fsencode(os.sep), b"/")
            if not one.is_symlink():
                if not one.is_file(follow_symlinks=False):
                    raise _no_file(one.path)
                met = Found(name, one.path)
            elif follow:
                met = _led(top, name, one.path)
            else:
                met = Found(name, one.path, os.readlink(one.path))
            if isinstance(met, _Top):
                times[met.real] += 1
                if times[met.real] > MOST_TIMES:
                    raise _too_often(met)
                tops.append(met)
            else:
                yield met._replace(name=top.name + met.name)


def _inside(root: bytes) -> Iterator[os.DirEntry[bytes]]:
    """Everything but folders and hidden parts of downloads."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as inside:
                for one in inside:
                    if one.is_dir(follow_symlinks=False):
                        folders.append(one.path)
                    elif not is_draft(one.name):
                        yield one
        except OSError as error:
            raise _unreadable(folder, error) from None


def stays_inside(name: bytes, text: bytes) -> bool:
    """Whether a link of this name leads nowhere out, whatever else is a link: it climbs only at its
    beginning, and not above the folder."""
    steps = text.split(b"/")
    up = 0
    while up < len(steps) and steps[up] == b"..":
        up += 1
    return bool(steps[0]) and b"\0" not in text and up <= name.count(b"/") and b".." not in steps[up:]


def _led(top: _Top, name: bytes, path: bytes) -> Found | _Top:
    """What a link is read as."""
    try:
        text = os.readlink(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    stays = stays_inside(name, text)
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if stays:
            return Found(name, path, text)
        raise _leads_nowhere(path, text, error) from None
    if stat.S_ISREG(mode):
        return Found(name, path)
    target = os.path.realpath(path)
    if not stat.S_ISDIR(mode):
        if stays:
            return Found(name, path, text)
        raise _refused(
            path,
            f"to {_told(target)}, which is neither a file nor a folder and has no content that could be "
            "recorded; take the link out of the folder",
        )
    if stays and _is_within(target, top.real):
        return Found(name, path, text)
    held = (*top.held, os.path.dirname(os.path.join(top.real, name)))
    if any(_is_within(folder, target) for folder in held):
        raise _refused(
            path,
            f"to {_told(target)}, a folder that it lies in itself, and would be read without end; take it "
            "out, or let it lead to the files that are meant",
        )
    return _Top(path, target, top.name + name + b"/", held)


def _is_within(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(os.path.join(folder, b""))


def _leads_nowhere(path: bytes, text: bytes, error: OSError) -> LineageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return NotFoundError(
            f"the link {os.fsdecode(path)} leads to {_told(text)}, and nothing is there; bring the file "
            "there, or take the link out of the folder: nothing was recorded"
        )
    return _refused(path, f"to {_told(text)}, which cannot be read ({error.strerror}); take it out")


def _no_file(path: bytes) -> InvalidInputError:
    return InvalidInputError(
        f"{os.fsdecode(path)} is a pipe, a socket or a device, and has no content that could be recorded; "
        "take it out of the folder, or record the files beside it one by one: nothing was recorded",
        field="path",
    )


def _too_often(top: _Top) -> InvalidInputError:
    return _refused(
        top.path,
        f"to {_told(top.real)}, as more than {MOST_TIMES} others do, directly or by links in folders that "
        "they lead to, and it would be read each time; take links out, or record that folder by itself",
    )


def _refused(path: bytes, why: str) -> InvalidInputError:
    return InvalidInputError(f"the link {os.fsdecode(path)} leads {why}: nothing was recorded", field="path")


def _unreadable(path: bytes, error: OSError) -> InvalidInputError:
    return InvalidInputError(f"{os.fsdecode(path)} cannot be read: {error.strerror}", field="path")


def _told(place: bytes) -> str:
    return shorten(os.fsdecode(place), 200)
