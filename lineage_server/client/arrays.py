"""Arrays (numpy, PyTorch, JAX, SciPy's sparse ones) by content: SHA-256 over type, shape and values.

The same values in the same type have the same digest, whatever library, device, order in memory or byte
order they are kept in. So have mappings of names to arrays, such as a module's ``state_dict``.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from lineage_server.domain.errors import InvalidInputError

_NAMES = {"float64": "double", "float32": "float", "float16": "halffloat"}
_SPARSE = ("indptr", "indices", "data")
_BLOCK = 1 << 26
_MOST_NAME = 1_000
"""Characters."""


class Values(NamedTuple):
    """An array as numpy has it. ``kind``: the type's name; ``own``: whether numpy has that type (else the
    array holds its bits)."""

    array: Any
    kind: str
    own: bool


def is_array(value: object) -> bool:
    """A numpy array or a tensor; their libraries are not imported for it."""
    return any(
        library is not None and isinstance(value, getattr(library, name))
        for library, name in (
            (cast("Any", sys.modules.get("numpy")), "ndarray"),
            (cast("Any", sys.modules.get("torch")), "Tensor"),
            (cast("Any", sys.modules.get("jax")), "Array"),
        )
    )


def is_sparse(value: object) -> bool:
    """A compressed sparse matrix, by rows or by columns."""
    return all(is_array(getattr(value, part, None)) for part in _SPARSE) and hasattr(value, "shape")


def are_arrays(value: object) -> bool:
    """A mapping of names to arrays, of one at least, that are not the columns of a table."""
    if not isinstance(value, Mapping) or not value:
        return False
    parts = cast("Mapping[object, Any]", value)
    if not all(isinstance(name, str) and is_array(each) for name, each in parts.items()):
        return False
    shapes = {tuple(each.shape) for each in parts.values()}
    numpy: Any = sys.modules.get("numpy")
    column = len(shapes) == 1 and len(next(iter(shapes))) == 1
    return not (column and all(isinstance(each, numpy.ndarray) for each in parts.values()))


def digest_of_array(value: Any) -> tuple[str, int]:
    """The digest, and how many bytes the values take; raises InvalidInputError for arrays of objects."""
    digest = hashlib.sha256(b"lineage-array-v1\n")
    sparse = is_sparse(value)
    parts = [getattr(value, part) for part in _SPARSE] if sparse else [value]
    shape = value.array.shape if isinstance(value, Values) else value.shape
    layout = getattr(value, "format", "") if sparse else "dense"
    digest.update(f"{layout} {tuple(shape)}\n".encode())
    size = 0
    for part in parts:
        values = values_of(part)
        _feed(digest, values)
        size += int(values.array.nbytes)
    return f"sha256:{digest.hexdigest()}", size


def digest_of_arrays(value: Mapping[str, Any]) -> tuple[str, int]:
    """The digest over all by name, in whatever order they come, and how many bytes the values take."""
    digest, size = hashlib.sha256(b"lineage-arrays-v1\n"), 0
    for name in sorted(value):
        one, bytes_of_it = digest_of_array(value[name])
        text = name.encode("utf-8", "surrogatepass")
        digest.update(b"%d " % len(text) + text + one.encode())
        size += bytes_of_it
    return f"sha256:{digest.hexdigest()}", size


def values_of(value: Any) -> Values:
    """In this machine's own memory, as numpy has it; raises InvalidInputError."""
    if isinstance(value, Values):
        return value
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = _of_torch(value, torch)
        if isinstance(value, Values):
            return value
    numpy: Any = sys.modules["numpy"]
    array = numpy.asarray(value)
    if array.dtype.kind == "V" and array.dtype.names is None and array.dtype.type is not numpy.void:
        # bfloat16 and its like, which JAX adds to numpy.
        return Values(array.view(f"u{array.dtype.itemsize}"), str(array.dtype), own=False)
    return Values(array, str(array.dtype), own=True)


def _of_torch(tensor: Any, torch: Any) -> Any:
    try:
        if tensor.is_quantized:
            raise TypeError("it is quantized")
        # A view that is conjugated or negated lazily, and a table that is sparse, become what they mean.
        plain = tensor.detach().resolve_conj().resolve_neg().cpu()
        try:
            return plain.numpy()
        except TypeError:  # a type that numpy has not: its bits
            kind = str(tensor.dtype).removeprefix("torch.")
            bits = torch.uint8 if tensor.element_size() == 1 else torch.int16
            return Values(plain.contiguous().view(bits).numpy(), kind, own=False)
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise InvalidInputError(
            f"this tensor has no values that can be read here: {error}",
            field="value",
            allowed="dense tensors whose values lie on one machine; .to_dense() and .dequantize() make such",
        ) from None


def _feed(digest: Any, values: Values) -> None:
    array = values.array
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
    digest.update(f"{little.str if values.own else values.kind} {array.shape}\n".encode())
    flat = array.reshape(-1)
    step = max(1, _BLOCK // max(1, array.dtype.itemsize))
    for start in range(0, flat.size, step):
        digest.update(flat[start : start + step].astype(little, copy=False).tobytes())


def are_keepable(value: Mapping[str, Any]) -> bool:
    """Whether a file can hold them all: arrays of objects and names that are no text it cannot."""
    return all(
        name.isprintable() and len(name) <= _MOST_NAME and not getattr(each.dtype, "hasobject", False)
        for name, each in value.items()
    )


def columns_of_array(value: Any) -> list[dict[str, Any]]:
    """One row for each entry of the first axis; what it consists of, in Arrow's words."""
    return [{"name": "values", "type": _type_name(value, value.shape[1:]), "nullable": False}]


def columns_of_arrays(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each array as a column of one row."""
    return [
        {"name": name, "type": _type_name(each, each.shape), "nullable": False}
        for name, each in value.items()
    ]


def _type_name(value: Any, shape: tuple[int, ...]) -> str:
    dtype = value.dtype
    kind = "string" if getattr(dtype, "kind", None) in ("U", "O") else str(dtype).removeprefix("torch.")
    kind = _NAMES.get(kind, kind)
    for length in reversed(shape):
        kind = f"fixed_size_list<{kind}>[{length}]"
    return kind
