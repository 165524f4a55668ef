"""Arrays (numpy, and SciPy's sparse ones) by their content: SHA-256 over type, shape and values.

The same values in the same type have the same digest, whatever their order in memory or byte order.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any, cast

from lineage_server.domain.errors import InvalidInputError

_NAMES = {"float64": "double", "float32": "float", "float16": "halffloat"}
_SPARSE = ("indptr", "indices", "data")
_BLOCK = 1 << 26


def is_array(value: object) -> bool:
    """A numpy array; numpy is not imported for it."""
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def is_sparse(value: object) -> bool:
    """A compressed sparse matrix, by rows or by columns."""
    return all(is_array(getattr(value, part, None)) for part in _SPARSE) and hasattr(value, "shape")


def digest_of_array(value: Any) -> tuple[str, int]:
    """The digest, and how many bytes the values take; raises InvalidInputError for arrays of objects."""
    digest = hashlib.sha256(b"lineage-array-v1\n")
    parts = [getattr(value, part) for part in _SPARSE] if is_sparse(value) else [value]
    digest.update(f"{getattr(value, 'format', 'dense')} {tuple(value.shape)}\n".encode())
    for part in parts:
        _feed(digest, part)
    return f"sha256:{digest.hexdigest()}", sum(int(part.nbytes) for part in parts)


def _feed(digest: Any, array: Any) -> None:
    if array.dtype.hasobject:
        digest.update(f"object {array.shape}\n".encode())
        for item in array.ravel().tolist():
            if item is not None and not isinstance(item, str | bytes | int | float | bool):
                raise InvalidInputError(
                    f"an array of objects ({type(cast(object, item)).__name__}) has no content of its own",
                    field="value",
                    allowed="arrays of numbers, texts and times",
                )
            text = repr(item)
            digest.update(f"{len(text)} {text}".encode("utf-8", "surrogatepass"))
        return
    little = array.dtype.newbyteorder("<")
    digest.update(f"{little.str} {array.shape}\n".encode())
    flat = array.reshape(-1)
    step = max(1, _BLOCK // max(1, array.dtype.itemsize))
    for start in range(0, flat.size, step):
        digest.update(flat[start : start + step].astype(little, copy=False).tobytes())


def columns_of_array(value: Any) -> list[dict[str, Any]]:
    """One row for each entry of the first axis; what it consists of, in Arrow's words."""
    kind = _type_name(value.dtype)
    for length in reversed(value.shape[1:]):
        kind = f"fixed_size_list<{kind}>[{length}]"
    return [{"name": "values", "type": kind, "nullable": False}]


def _type_name(dtype: Any) -> str:
    if dtype.kind in "UO":
        return "string"
    return _NAMES.get(str(dtype), str(dtype))
