"""What a value that a run reads or writes consists of: digest, size, schema, statistics, address.

Files, folders, frames, bytes, JSON values, and addresses of elsewhere, whose bytes are not read: what lies
there is known by the version that its place tells.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, cast
from urllib.parse import quote, unquote, urlsplit

from lineage_server.client import table_files
from lineage_server.client.addresses.seen import Seen
from lineage_server.client.addresses.seen import digest_of as digest_of_address
from lineage_server.client.arrays import (
    are_arrays,
    are_keepable,
    columns_of_array,
    columns_of_arrays,
    digest_of_array,
    digest_of_arrays,
    is_array,
    is_sparse,
    values_of,
)
from lineage_server.client.builders import is_address, name_of_file
from lineage_server.client.frames import (
    are_frames,
    columns_of,
    digest_of,
    digest_of_frames,
    is_frame,
    table_of,
)
from lineage_server.client.hashing import Hashed, hash_path
from lineage_server.client.remembered import Remembered
from lineage_server.client.transfer import spool
from lineage_server.domain.errors import (
    InvalidInputError,
    NotFoundError,
)
from lineage_server.domain.ids import shorten

_CLAIM = "pvc://"


class Held(NamedTuple):
    """Bytes that lie in no file: how to ``write`` one, and its name. ``as_value``: the digest is of what
    the file holds, not of its bytes."""

    write: Callable[[Path], None]
    name: str
    as_value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """``digest`` is empty for an address of which nobody tells the version. ``kind``: the artifact type
    where nobody said one. Where the bytes are: at ``path``, as ``hashed`` says, or ``held``."""

    digest: str = ""
    uri: str = ""
    size: int | None = None
    columns: list[dict[str, Any]] | None = None
    stats: dict[str, Any] | None = None
    kind: str = "dataset"
    name: str = ""
    path: Path | None = None
    hashed: Hashed | None = field(default=None, repr=False)
    held: Held | None = field(default=None, repr=False)


def content_of(
    value: object,
    *,
    cache: Remembered | None = None,
    with_stats: bool = True,
    in_parts: bool = False,
    seen_at: Callable[[str], Seen | None] | None = None,
) -> Content:
    """Look at a value; raises a LineageError that says what would do. ``in_parts``: it may be uploaded;
    ``seen_at`` tells what lies at an address."""
    if isinstance(value, Content):
        return value
    if isinstance(value, str):
        if is_address(value):
            return _address(value, seen_at(value) if seen_at is not None else None)
        path = path_of_uri(value) or Path(value)
        if not _is_there(path):
            raise NotFoundError(
                f"there is no file or folder {shorten(value, 200)}; nothing was recorded. "
                "If the text itself is meant: run.log_text(name, text)"
            )
        return _file(path, cache, with_stats=with_stats, in_parts=in_parts)
    if isinstance(value, os.PathLike):
        path = Path(cast("os.PathLike[str]", value))
        return _file(path, cache, with_stats=with_stats, in_parts=in_parts)
    if are_arrays(value):
        return _arrays(cast("Mapping[str, Any]", value))
    if are_frames(value):
        return _frames(cast("Mapping[str, Any]", value))
    if is_frame(value):
        return _frame(value, with_stats=with_stats)
    if is_array(value) or is_sparse(value):
        return _array(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return content_of_bytes(bytes(cast("bytes", value)), "value.bin")
    return _json(value)


def _is_there(path: Path) -> bool:
    """What looks like no path at all (a long text, a NUL in it) is none."""
    try:
        path.expanduser().stat()
    except ValueError:
        return False
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENAMETOOLONG, errno.ENOTDIR)
    return True


def _address(uri: str, seen: Seen | None) -> Content:
    path = re.split(r"[?#]", uri.partition("://")[2], maxsplit=1)[0].partition("/")[2]
    found = Content(uri=uri, name=name_of_file(path or uri))
    if seen is None:
        return found
    return replace(found, digest=digest_of_address(uri, seen), size=seen.size, stats=dict(seen.told) or None)


def _file(path: Path, cache: Remembered | None, *, with_stats: bool, in_parts: bool) -> Content:
    path = path.expanduser().absolute()
    hashed = hash_path(path, cache, in_parts=in_parts)
    columns, stats = None, hashed.stats()
    if with_stats and (inside := table_files.look(path, hashed)) is not None:
        columns, stats = inside.columns, {**(stats or {}), **inside.stats}
    return Content(
        digest=hashed.digest,
        uri=_uri(path),
        size=hashed.size,
        columns=columns,
        stats=stats,
        name=name_of_file(path.name),
        path=path,
        hashed=hashed,
    )


def content_of_bytes(data: bytes, name: str) -> Content:
    """Of bytes that lie in no file, with the name that their file gets."""
    return Content(
        digest="sha256:" + hashlib.sha256(data).hexdigest(),
        size=len(data),
        kind="other",
        held=Held(partial(spool.bytes_into, data=data), name),
    )


def _uri(path: Path) -> str:
    try:
        return path.as_uri()
    except UnicodeError:  # a name that is no text: the bytes that are none are replaced
        return Path(os.fsencode(path).decode("utf-8", "replace")).as_uri()


def path_of_uri(uri: str) -> Path | None:
    """The local path of a ``file://`` URI; None for any other."""
    if not uri.startswith("file://"):
        return None
    parts = urlsplit(uri)
    path = unquote(parts.path)
    # file:///C:/data on Windows
    return Path(path.lstrip("/")) if path[2:3] == ":" else Path(path)


def local_place(uri: str, volumes: Mapping[str, Path] | None = None) -> Path | None:
    """A path of this machine; None for an address elsewhere, and for none. ``volumes``: where claims are
    mounted here (``pvc://claim/path``)."""
    if uri.startswith(_CLAIM):
        claim, _, rest = uri.removeprefix(_CLAIM).partition("/")
        mounted, parts = (volumes or {}).get(claim), PurePosixPath(unquote(rest)).parts
        return mounted.joinpath(*parts) if mounted is not None and ".." not in parts else None
    return path_of_uri(uri) if "://" in uri else Path(uri) if uri else None


def place_told(uri: str, volumes: Mapping[str, Path]) -> str:
    """The same place as all see it who mount the claim, wherever they do: ``pvc://claim/path``."""
    place = path_of_uri(uri)
    if place is not None:
        for claim, mounted in volumes.items():
            if place.is_relative_to(mounted):
                below = place.relative_to(mounted)
                return _CLAIM + claim + ("/" + quote(os.fsencode(below)) if below.parts else "")
    return uri


def _frame(value: Any, *, with_stats: bool) -> Content:
    table = table_of(value)
    stats = None
    if with_stats:
        from lineage_server.client.stats import stats_of

        stats = stats_of(table)
    digest, size = digest_of(table)
    held = Held(partial(spool.frame_into, table=table), spool.FRAME, as_value=True)
    return Content(digest=digest, size=size, columns=columns_of(table), stats=stats, held=held)


def _array(value: Any) -> Content:
    digest, size = digest_of_array(value)
    rows = int(value.shape[0]) if value.shape else 1
    held = None  # no file holds objects of any kind
    if is_sparse(value):
        held = Held(partial(spool.sparse_into, matrix=value), spool.SPARSE, as_value=True)
    elif not getattr(value.dtype, "hasobject", False):
        values = values_of(value)
        if values.own:
            held = Held(partial(spool.array_into, array=values.array), spool.ARRAY, as_value=True)
        else:
            held = Held(partial(spool.tensor_into, tensor=values), spool.TENSOR, as_value=True)
    columns = columns_of_array(value)
    return Content(digest=digest, size=size, columns=columns, stats={"rows": rows}, held=held)


def _arrays(value: Mapping[str, Any]) -> Content:
    digest, size = digest_of_arrays(value)
    held = None
    if are_keepable(value):
        held = Held(partial(spool.arrays_into, arrays=dict(value)), spool.ARRAYS, as_value=True)
    return Content(digest=digest, size=size, columns=columns_of_arrays(value), held=held)


def _frames(value: Mapping[str, Any]) -> Content:
    tables = {name: table_of(each) for name, each in value.items()}
    digest, size = digest_of_frames(tables)
    columns = [
        {**column, "name": f"{name}.{column['name']}"}
        for name, table in tables.items()
        for column in columns_of(table)
    ]
    held = None
    if all(name.isprintable() for name in tables):
        held = Held(partial(spool.frames_into, tables=tables), spool.FRAMES, as_value=True)
    return Content(digest=digest, size=size, columns=columns, stats={"tables": len(tables)}, held=held)


def _json(value: object) -> Content:
    plain = cast("type | tuple[type, ...]", (Mapping, list, tuple, int, float, bool, type(None)))
    if isinstance(value, plain):
        try:
            text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            data = text.encode("utf-8", "surrogatepass")
        except (TypeError, ValueError) as error:
            raise _no_content(value, str(error)) from None
        return content_of_bytes(data, "value.json")
    raise _no_content(value, "its content is not known to be always the same for the same value")


def _no_content(value: object, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"a value of type {type(value).__name__} cannot be recorded by its content: {why}",
        field="value",
        allowed="a path, a folder, a frame, bytes, JSON values or an address such as s3://…; "
        "save other objects to a file and pass its path",
    )
