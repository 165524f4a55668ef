"""Models read back from the files that ``log_model`` writes, by the library that each is of.

Formats of libraries hold numbers and words alone. Pickles (joblib's, too) run whatever code whoever made them
put there, so they are read only where one says that one trusts them.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_server.domain.errors import InvalidInputError, NotSupportedError
from lineage_server.domain.ids import shorten

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact

_BOOSTERS = {"classifier": "XGBClassifier", "regressor": "XGBRegressor", "ranker": "XGBRanker"}
_TREES = b"tree\n"
"""How LightGBM's text begins."""


def loaded(artifact: Artifact, *, trust: bool) -> Any:
    """The model in its file; raises a domain error: NotSupportedError for a format that is not known, or
    whose library is not installed, InvalidInputError for a pickle that one does not ``trust``."""
    path = artifact.path
    suffix = path.suffix.lower() if path.is_file() else ""
    if suffix in _PICKLES:
        if not trust:
            maker = f" (run:{artifact.run})" if artifact.run else ""
            raise InvalidInputError(
                f"{path.name} of {artifact.ref} is a pickle: reading it runs whatever code whoever made "
                f"it{maker} put there; nothing was read",
                field="trust",
                allowed="trust=True, if you trust whoever could make it",
            )
        return _PICKLES[suffix](path)
    read = _SAFE.get(suffix)
    if read is None:
        what = f"a file {shorten(path.name)!r}" if path.is_file() else "a folder"
        raise NotSupportedError(
            f"{artifact.ref} is {what}, which load() cannot read (only {', '.join([*_SAFE, *_PICKLES])}); "
            f"it is at .path, for its own library"
        )
    return read(path)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise NotSupportedError(
            f"reading this model takes {name}, which is not installed: pip install {name}"
        ) from None


def _joblib(path: Path) -> Any:
    return _library("joblib").load(path)


def _pickle(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle.load(file)


def _xgboost(path: Path) -> Any:
    """As the estimator that it was, if it was one."""
    xgboost = _library("xgboost")
    booster = xgboost.Booster()
    booster.load_model(path)
    told: Any = json.loads(booster.attr("scikit_learn") or "{}")
    name = _BOOSTERS.get(str(told.get("_estimator_type")))
    if name is None:
        return booster
    estimator = getattr(xgboost, name)()
    estimator.load_model(path)
    return estimator


def _text(path: Path) -> Any:
    with path.open("rb") as file:
        if file.read(len(_TREES)) != _TREES:
            raise NotSupportedError(f"{path.name} is no model of LightGBM; it is at .path")
    return _library("lightgbm").Booster(model_file=path)


def _state_dict(path: Path) -> Any:
    """For ``load_state_dict`` of a module of the same shape; on the CPU."""
    return _library("torch").load(path, map_location="cpu", weights_only=True)


_SAFE: dict[str, Callable[[Path], Any]] = {
    ".ubj": _xgboost,
    ".txt": _text,
    ".pt": _state_dict,
}
_PICKLES: dict[str, Callable[[Path], Any]] = {".joblib": _joblib, ".pkl": _pickle, ".pickle": _pickle}
