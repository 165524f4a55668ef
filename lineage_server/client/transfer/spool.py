"""Values that lie in no file, written to one, so that they can be uploaded later, and read back.

Bytes and JSON as they are (their digest is that of the file); frames as Arrow files and arrays in numpy's
format, several by their names in one archive, which give back exactly what was there: their digest is of what
the file holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from lineage_server.client.hashing import Entry, hash_path

_ROWS_AT_ONCE = 65_536
FRAME = "table.arrow"
ARRAY = "array.npy"
SPARSE = "array.npz"
ARRAYS = "arrays.npz"
FRAMES = "tables.zip"
_VALUES = "values"
"""Name of the one array of a tensor."""
TENSOR = "tensor.npz"
_KINDS = "lineage.json"


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


def arrays_into(path: Path, arrays: Mapping[str, Any]) -> None:
    """As numpy writes several (``numpy.load(path)["name"]``), of any types: of those that numpy has not
    (bfloat16) their bits, and beside them which they are."""
    from lineage_server.client.arrays import values_of

    numpy_format: Any = import_module("numpy.lib.format")
    kinds: dict[str, str] = {}
    with ZipFile(path, "w", ZIP_STORED) as file:
        for name in sorted(arrays):
            values = values_of(arrays[name])
            if not values.own:
                kinds[name] = values.kind
            with file.open(ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                numpy_format.write_array(member, values.array, allow_pickle=False)
        if kinds:
            file.writestr(ZipInfo(_KINDS), json.dumps({"kinds": kinds}))


def tensor_into(path: Path, tensor: Any) -> None:
    """One array of a library that is not numpy."""
    arrays_into(path, {_VALUES: tensor})


def frames_into(path: Path, tables: Mapping[str, Any]) -> None:
    """Each as an Arrow file, in one archive."""
    import pyarrow as pa

    untyped: Any = pa
    lz4 = untyped.ipc.IpcWriteOptions(compression="lz4")
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for name in sorted(tables):
            sink = untyped.BufferOutputStream()
            with untyped.ipc.new_file(sink, tables[name].schema, options=lz4) as file:
                file.write_table(tables[name], max_chunksize=_ROWS_AT_ONCE)
            archive.writestr(ZipInfo(f"{name}.arrow"), memoryview(sink.getvalue()))


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
    from lineage_server.client.arrays import digest_of_array, digest_of_arrays
    from lineage_server.client.frames import digest_of, digest_of_frames

    try:
        if path.name == FRAME:
            import pyarrow as pa

            with pa.memory_map(str(path)) as source:
                return digest_of(cast(Any, pa).ipc.open_file(source).read_all())[0]
        if path.name == ARRAY:
            return digest_of_array(import_module("numpy").load(path, mmap_mode="r", allow_pickle=False))[0]
        if path.name == ARRAYS:
            return digest_of_arrays(_arrays_in(path))[0]
        if path.name == TENSOR:
            return digest_of_array(_arrays_in(path)[_VALUES])[0]
        if path.name == FRAMES:
            return digest_of_frames(_frames_in(path))[0]
        if path.name == SPARSE:
            return digest_of_array(import_module("scipy.sparse").load_npz(path))[0]
    except ImportError:
        pass
    return ""


def _arrays_in(path: Path) -> dict[str, Any]:
    from lineage_server.client.arrays import Values

    numpy_format: Any = import_module("numpy.lib.format")
    found: dict[str, Any] = {}
    with ZipFile(path) as file:
        names = file.namelist()
        kinds: dict[str, str] = json.loads(file.read(_KINDS))["kinds"] if _KINDS in names else {}
        for name in names:
            if name != _KINDS:
                called = name.removesuffix(".npy")
                with file.open(name) as member:
                    array = numpy_format.read_array(member, allow_pickle=False)
                found[called] = Values(array, kinds[called], own=False) if called in kinds else array
    return found


def _frames_in(path: Path) -> dict[str, Any]:
    import pyarrow as pa

    ipc: Any = cast(Any, pa).ipc
    with ZipFile(path) as file:
        names = file.namelist()
        return {name.removesuffix(".arrow"): ipc.open_file(file.read(name)).read_all() for name in names}
