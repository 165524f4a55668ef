"""Values that lie in no file, written to one, so that they can be uploaded later, and read back.

Bytes and JSON as they are (their digest is that of the file); frames as Arrow files and arrays in numpy's
format, which give back exactly what was there: their digest is of what the file holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from lineage_server.client.hashing import Entry, hash_path

_ROWS_AT_ONCE = 65_536
FRAME = "table.arrow"
ARRAY = "array.npy"
SPARSE = "array.npz"


def bytes_into(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)


def frame_into(path: Path, table: Any) -> None:
    """An Arrow file (Feather 2): quick to write, exact, and read by ranges."""
    import pyarrow as pa

    untyped: Any = pa
    lz4 = untyped.ipc.IpcWriteOptions(compression="lz4")
    with untyped.ipc.new_file(str(path), table.schema, options=lz4) as file:
        file.write_table(table, max_chunksize=_ROWS_AT_ONCE)


def array_into(path: Path, array: Any) -> None:
    # Whoever has an array has numpy; that this package does without it.
    numpy: Any = import_module("numpy")
    with path.open("wb") as file:
        numpy.save(file, array, allow_pickle=False)


def sparse_into(path: Path, matrix: Any) -> None:
    sparse: Any = import_module("scipy.sparse")
    with path.open("wb") as file:
        sparse.save_npz(file, matrix, compressed=False)


def spooled(path: Path, write: Callable[[Path], None], name: str) -> Entry:
    """Write a value there; raises OSError, and leaves nothing behind then."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        write(path)
        os.chmod(path, 0o600)
        hashed = hash_path(path, in_parts=True)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    return Entry(name.encode(), hashed.size, hashed.digest.removeprefix("sha256:"), hashed.parts)


def digest_of_value(path: Path) -> str:
    """Of what a file holds that was written here; empty where nothing here can read it."""
    from lineage_server.client.arrays import digest_of_array
    from lineage_server.client.frames import digest_of

    try:
        if path.name == FRAME:
            import pyarrow as pa

            with pa.memory_map(str(path)) as source:
                return digest_of(cast(Any, pa).ipc.open_file(source).read_all())[0]
        if path.name == ARRAY:
            return digest_of_array(import_module("numpy").load(path, mmap_mode="r", allow_pickle=False))[0]
        if path.name == SPARSE:
            return digest_of_array(import_module("scipy.sparse").load_npz(path))[0]
    except ImportError:
        pass
    return ""
