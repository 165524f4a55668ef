"""Fitted models as files: each in the format of its own library where there is one, else as joblib or pickle.

Also what goes in and comes out of them, by an example. Their libraries are not imported for it: whoever has
a model has its library. What is no model (a path, a folder, bytes, arrays) is recorded as it is.
"""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from lineage_server.client.arrays import are_arrays, columns_of_array, is_array, is_sparse
from lineage_server.client.contents import Content, content_of_bytes
from lineage_server.client.frames import columns_of, is_frame, table_of, without_index
from lineage_server.client.quietly import Quietly, warn_once
from lineage_server.domain.errors import InvalidInputError, LimitError

_ROWS = 5
"""Of an example that are looked at, and kept."""
_EXAMPLE_CHARACTERS = 20_000
_FAILURES = (pickle.PicklingError, TypeError, AttributeError, ValueError, RecursionError, OSError)
"""What libraries raise for an object that they can not write."""


class Written(NamedTuple):
    """A model's bytes; ``facts`` are told as metadata of the version."""

    content: Content
    facts: dict[str, Any]


class _Format(NamedTuple):
    name: str
    file: str
    write: Callable[[Any, BinaryIO], object]


class _Bounded(io.BytesIO):
    """Takes so many bytes, and no more: what would not be kept is not made."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__()
        self._most = most_bytes

    def write(self, data: Any, /) -> int:
        """Raises LimitError."""
        size = self.tell() + memoryview(data).nbytes
        self.expect(size)
        return super().write(data)

    def expect(self, size: int) -> None:
        """So many will come; raises LimitError."""
        if size > self._most:
            raise LimitError(f"the model has more than {self._most} bytes", limit=self._most, actual=size)


def written(model: Any, *, most_bytes: int | None = None) -> Written | None:
    """The model as a file; None for what is none. Raises InvalidInputError for one that nothing here can
    write, LimitError for one that has more than ``most_bytes``."""
    kind = cast("type[Any]", type(model))
    found = _format_of(model)
    if found is None:
        return None
    out = io.BytesIO() if most_bytes is None else _Bounded(most_bytes)
    try:
        found.write(model, out)
    except _FAILURES as error:
        raise InvalidInputError(
            f"this {kind.__name__} can not be written as {found.name}: {error}",
            field="model",
            allowed="a path: save it as its library does, and pass where",
        ) from None
    library = _library(kind)
    facts: dict[str, Any] = {
        "framework": {"sklearn": "scikit-learn"}.get(library, library),
        "framework_version": getattr(cast("Any", sys.modules.get(library)), "__version__", None),
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "format": found.name,
    }
    return Written(content_of_bytes(out.getvalue(), found.file), facts)


def signature_of(model: Any, example: Any) -> dict[str, Any] | None:
    """Columns that go in and, where it predicts, come out, in Arrow's words, and the first rows of the
    example; None where it is no table and no array. What goes wrong is one warning."""
    told: dict[str, Any] = {}
    some = example
    with Quietly("what goes into the model"):
        some = _first_rows(example)
        told["inputs"] = _columns(some)
        told |= example_of(some)
    predict = getattr(model, "predict", None)
    if told and callable(predict):
        with Quietly("what comes out of the model"):
            told["outputs"] = _columns(predict(some))
    return told or None


def with_example(signature: Mapping[str, Any], example: Any) -> dict[str, Any]:
    """A signature that somebody gave, and the first rows of their example."""
    told: dict[str, Any] = {}
    with Quietly("the example of what goes into the model"):
        told = example_of(_first_rows(example))
    return {**told, **signature}


def example_of(rows: Any) -> dict[str, Any]:
    """Rows as ``example``: mappings by column, of arrays lists. Nothing, and a warning, where they are too
    large to be kept with a signature."""
    if is_sparse(rows):
        rows = rows.toarray()
    values: Any = rows.tolist() if is_array(rows) else without_index(table_of(rows)).to_pylist()
    told = json.loads(json.dumps(values, default=_as_text))
    told = _finite(told)
    size = len(json.dumps(told))
    if size > _EXAMPLE_CHARACTERS:
        warn_once("the example of what goes into the model", f"its first rows are {size} characters of JSON")
        return {}
    return {"example": told}


def _as_text(value: object) -> str:
    """Times, decimals and the like; of bytes only how many."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    """JSON has no word for NaN and the infinities; null is what is nearest."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in cast("dict[str, Any]", value).items()}
    return value


def _columns(value: Any) -> list[dict[str, Any]]:
    if is_array(value) or is_sparse(value):
        return columns_of_array(value)
    if is_frame(value):
        return columns_of(without_index(table_of(value)))
    raise InvalidInputError(
        f"a {type(value).__name__} has no columns", field="example", allowed="a frame or an array"
    )


def _first_rows(example: Any) -> Any:
    if isinstance(example, Mapping):
        columns = cast("Mapping[Any, Any]", example)
        return {name: column[:_ROWS] for name, column in columns.items()}
    head = getattr(example, "head", None)
    if callable(head):
        return head(_ROWS)
    cut = getattr(example, "slice", None)
    return cut(0, _ROWS) if callable(cut) else example[:_ROWS]


# --- formats -------------------------------------------------------------------------------


def _format_of(model: Any) -> _Format | None:
    if isinstance(
        model, str | bytes | bytearray | memoryview | os.PathLike | Content | Mapping | list | tuple
    ):
        return None
    if is_array(model) or is_sparse(model) or are_arrays(model) or is_frame(model):
        return None
    if _is_a(model, "transformers", "PreTrainedModel"):
        raise InvalidInputError(
            f"a {type(model).__name__} is a folder of files",
            field="model",
            allowed="the folder that save_pretrained wrote it to",
        )
    for library, name, found in _FORMATS:
        if _is_a(model, library, name):
            return found
    if not callable(getattr(model, "predict", None)) and not callable(getattr(model, "transform", None)):
        return None
    return _Format("pickle", "model.pkl", _pickled) if _joblib() is None else _JOBLIB


def _is_a(model: object, library: str, name: str) -> bool:
    module: Any = sys.modules.get(library)
    kind = getattr(module, name, None) if module is not None else None
    return isinstance(kind, type) and isinstance(model, kind)


def _library(kind: type[Any]) -> str:
    """Of the nearest class in its line that comes from one that is known."""
    for each in kind.__mro__:
        library = each.__module__.partition(".")[0]
        if library in ("sklearn", "xgboost", "lightgbm", "torch", "catboost"):
            return library
    return kind.__module__.partition(".")[0]


def _by_path(suffix: str) -> Callable[[Any, BinaryIO], object]:
    """By a ``save_model`` that writes a file."""

    def write(model: Any, out: BinaryIO) -> object:
        with tempfile.TemporaryDirectory(prefix="lineage-model-") as folder:
            path = Path(folder) / f"model{suffix}"
            model.save_model(str(path))
            return out.write(path.read_bytes())

    return write


def _lightgbm(model: Any, out: BinaryIO) -> object:
    return out.write(str(model.model_to_string()).encode())


def _state_dict(model: Any, out: BinaryIO) -> object:
    torch: Any = sys.modules["torch"]
    state: Any = model.state_dict()
    if isinstance(out, _Bounded):
        out.expect(sum(int(each.nbytes) for each in state.values() if hasattr(each, "nbytes")))
    return torch.save(state, out)


def _joblib() -> Any:
    try:
        return import_module("joblib")
    except ImportError:
        return None


def _joblibbed(model: Any, out: BinaryIO) -> object:
    return _joblib().dump(model, out)


def _pickled(model: Any, out: BinaryIO) -> object:
    return pickle.dump(model, out, protocol=5)


_JOBLIB = _Format("joblib", "model.joblib", _joblibbed)
_FORMATS = (
    ("xgboost", "Booster", _Format("ubj", "model.ubj", _by_path(".ubj"))),
    ("xgboost", "XGBModel", _Format("ubj", "model.ubj", _by_path(".ubj"))),
    ("lightgbm", "Booster", _Format("text", "model.txt", _lightgbm)),
    ("torch.nn", "Module", _Format("state_dict", "state_dict.pt", _state_dict)),
)
"""Library, class and format: what is an instance of an earlier one is written so."""
