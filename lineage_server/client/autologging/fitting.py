"""A fit on record: which run it belongs to, what it was given, what came of it.

Only the outermost fit is recorded: those that a grid search, an ensemble or a pipeline makes are its own
business. With a run open it is recorded there, else it is a run of its own.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import json
import sys
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from weakref import WeakKeyDictionary

from lineage_server.client import builders, recorded
from lineage_server.client.ending import ending_of
from lineage_server.client.quietly import Quietly
from lineage_server.client.recording import uploads
from lineage_server.client.run import Run
from lineage_server.client.seeds import with_seed
from lineage_server.client.shortcuts import recording_client
from lineage_server.client.surroundings import tell_surroundings
from lineage_server.client.values import as_param
from lineage_server.domain.ids import new_run_id

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.model_files import Written

_LARGEST_BYTES = 1 << 30
"""What is larger is not read to record its content."""
_LARGEST_MODEL_BYTES = 128 << 20
"""A larger model is only described: writing it would take its time after each fit."""
_MOST_COLUMNS = 200

active: set[str] = set()
"""Frameworks whose fits are recorded in this process."""
_inner: ContextVar[Fit | None] = ContextVar("lineage_fit", default=None)
_open: list[Fit] = []
_seen: WeakKeyDictionary[Run, set[str]] = WeakKeyDictionary()


def enclosing_fit() -> Fit | None:
    """The fit that the code here is part of."""
    found = _inner.get()
    if found is not None:
        return found
    if _is_of_a_pool():
        # joblib's threads work for the fit that waits for them; they get no context from it.
        return next((fit for fit in _open if not fit.of_a_pool), None)
    return None


def _is_of_a_pool() -> bool:
    dummy: Any = sys.modules.get("multiprocessing.dummy")
    return dummy is not None and isinstance(threading.current_thread(), dummy.DummyProcess)


class Fit:
    """In a ``with`` block from the fit's begin to its end."""

    def __init__(self, library: str, label: str, client: Client, outer: Run | None) -> None:
        self.library = library
        self.label = label
        self.of_a_pool = _is_of_a_pool()
        self._own = outer is None
        self._token: Token[Fit | None] | None = None
        self.run = outer if outer is not None else _begun(client, label)
        before = _seen.setdefault(self.run, set())
        # The first fit of a run has the plain names, others tell whose theirs are.
        self._head = f"{label}." if before else ""
        before.add(label)

    def __enter__(self) -> Self:
        self._token = _inner.set(self)
        _open.append(self)
        if self._own:
            self.run.enter()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _open.remove(self)
        if self._token is not None:
            _inner.reset(self._token)
        if self._own:
            with Quietly(f"the end of {self.label}"):
                self.run.end_now(ending_of(exc))

    # --- telling -----------------------------------------------------------------------

    def params(self, values: Mapping[str, Any]) -> None:
        """Those that are plain values."""
        told = {f"{self._head}{key}": as_param(value) for key, value in values.items()}
        self.run.log_params(
            dict(itertools.islice(((k, known) for k, (plain, known) in told.items() if plain), 1000))
        )

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Metrics, of a step or epoch where the framework tells it."""
        self.run.log({f"{self._head}{key}": value for key, value in values.items()}, step=step)

    def data(self, value: Any, role: str = "train", part: str = "data") -> None:
        """What it was fitted to."""
        if value is None or not settings["data"] or _size(value) > _LARGEST_BYTES:
            return
        with Quietly(f"the {part} of {self.label}"):
            recorded.use(self.run, value, role, f"{self.run.job}.{part}")

    def model(self, fitted: Any = None, **facts: Any) -> None:
        """The ``fitted`` model as a file, unless it is too large or only to be described, and what it is."""
        if not settings["models"]:
            return
        name = self.run.job if self._own else f"{self.run.job}.{self.label}"
        known = {key: as_param(value) for key, value in facts.items() if value is not None}
        told = {key: value for key, (plain, value) in known.items() if plain}
        metadata = {"framework": self.library, "framework_version": _version(self.library), **told}
        with Quietly(f"the bytes of model {name}"):
            made = self._written(fitted)
            if made is not None:
                metadata["format"] = made.facts["format"]
                self.run.produce(name, made.content, type="model", role="model", metadata=metadata)
                return
        fact = builders.output_fact(name, "model", role="model", metadata=metadata)
        self.run.client.report(builders.run_told(self.run.id, project=self.run.project, outputs=[fact]))

    def _written(self, fitted: Any) -> Written | None:
        """The model as a file, where its bytes go somewhere; raises a domain error."""
        if settings["models"] == "describe" or not uploads(self.run.client, None, False):
            return None
        if fitted is None or _is_shared_out():
            return None
        from lineage_server.client.model_files import written

        return written(fitted, most_bytes=_LARGEST_MODEL_BYTES)


settings: dict[str, bool | str] = {"data": True, "models": True}


def _is_shared_out() -> bool:
    """Whether PyTorch trains in several processes: each may hold a part of the model, and asking one of them
    for all of it would wait for the others."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return False
    return bool(distributed.get_world_size() > 1)


def _begun(client: Client, label: str) -> Run:
    event = builders.started(
        new_run_id(), project=client.config.project, name=label, job=label, kind="training",
        params=with_seed(None), parent=client.launched_by(),
    )  # fmt: skip
    run = client.begin(event, shared=False)
    tell_surroundings(client, run, client.config.capture)
    return run


Named = Callable[[dict[str, Any]], tuple[str, str]]
Before = Callable[[Fit, dict[str, Any]], None]
After = Callable[[Fit, dict[str, Any], Any], None]


def recording(framework: str, original: Any, named: Named, before: Before, after: After) -> Any:
    """The original, on record. ``named``: library and label by the arguments; what has no label is not
    recorded. ``before`` may change the arguments (to add a callback)."""
    signature = inspect.signature(original)

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if framework not in active or enclosing_fit() is not None:
            return original(*args, **kwargs)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return original(*args, **kwargs)  # it will say so itself
        fit = None
        with Quietly(f"autolog of {framework}"):
            fit = _begin(named, bound.arguments)
        if fit is None:
            return original(*args, **kwargs)
        with fit:
            with Quietly(f"what {fit.label} was given"):
                before(fit, bound.arguments)
            result = original(*bound.args, **bound.kwargs)
            with Quietly(f"what came of {fit.label}"):
                after(fit, bound.arguments, result)
            return result

    return call


def training(
    framework: str, original: Any, before: Before, after: After, callback: Callable[[Fit], Any]
) -> Any:
    """A library's ``train``, on record with ``callback``; within the fit of one of its own estimators, which
    is on record as such, it has only the callback."""

    def watched(fit: Fit, given: dict[str, Any]) -> None:
        before(fit, given)
        given["callbacks"] = [*(given.get("callbacks") or ()), callback(fit)]

    alone = recording(framework, original, lambda given: (framework, "Booster"), watched, after)

    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        outer = enclosing_fit()
        if framework not in active or outer is None:
            return alone(*args, **kwargs)
        if outer.library == framework:
            kwargs["callbacks"] = [*(kwargs.get("callbacks") or ()), callback(outer)]
        return original(*args, **kwargs)

    return train


def _begin(named: Named, given: dict[str, Any]) -> Fit | None:
    client, outer = recording_client()
    if client is None:
        return None
    library, label = named(given)
    return Fit(library, label, client, outer) if label else None


def type_of(value: object) -> str:
    """The full name of its class."""
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def told_of(recorder: Any, fit: Fit) -> Any:
    """A framework's callback, for this fit. Its class is made of the framework's own."""
    recorder.fit = fit
    return recorder


def _version(library: str) -> str | None:
    module: Any = sys.modules.get({"scikit-learn": "sklearn"}.get(library, library))
    return getattr(module, "__version__", None)


def _size(value: Any) -> int:
    """Roughly, without looking at it."""
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        cells = 8
        for length in cast("tuple[Any, ...]", shape):
            cells *= int(length)
        return cells
    return 0


def schema_of(value: Any) -> str | None:
    """Columns of what a model takes, as JSON; None where it has no named ones."""
    names, kinds = getattr(value, "columns", None), getattr(value, "dtypes", None)
    if names is None or kinds is None:
        shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
        return json.dumps({"shape": [None, *shape[1:]], "type": str(dtype)}) if shape and dtype else None
    pairs = itertools.islice(zip(names, kinds, strict=False), _MOST_COLUMNS)
    return json.dumps({str(name): str(kind) for name, kind in pairs}, ensure_ascii=False)
