"""scikit-learn: every estimator that predicts; also those of other packages made on its base classes."""

from __future__ import annotations

import itertools
import sys
from typing import Any, cast

from lineage_server.client.autologging.fitting import Fit, recording, schema_of, type_of
from lineage_server.client.autologging.patches import Patches

NAME = "sklearn"
_MOST_ROWS_SCORED = 10_000
_MOST_CANDIDATES = 1000
_CURVES = {"loss_curve_": "loss", "train_score_": "train_score", "validation_score_": "validation_score"}
_SCORES = ("best_score_", "oob_score_", "inertia_", "lower_bound_", "best_loss_", "n_iter_", "training_score")


def patch(patches: Patches) -> None:
    patches.when_imported("sklearn.base", _patch_estimators)
    patches.when_imported("sklearn.model_selection", _patch_validation)


def _patch_estimators(base: Any, patches: Patches) -> None:
    estimator = base.BaseEstimator

    def wrap(cls: Any) -> None:
        members = cast("dict[str, Any]", vars(cls))
        if callable(members.get("fit")):
            patches.replace(cls, "fit", _recorded)

    def noticing(original: Any) -> Any:
        # Estimators whose module is imported later, and those that a user defines.
        def init_subclass(cls: Any, **kwargs: Any) -> None:
            original.__func__(cls, **kwargs)
            wrap(cls)

        return classmethod(init_subclass)

    for cls in _below(estimator):
        wrap(cls)
    patches.replace(estimator, "__init_subclass__", noticing)


def _below(cls: Any) -> set[Any]:
    found: set[Any] = set()
    for each in cls.__subclasses__():
        found |= {each} | _below(each)
    return found


def _recorded(original: Any) -> Any:
    return recording(NAME, original, _named, _before, _after)


def _named(given: dict[str, Any]) -> tuple[str, str]:
    """What only transforms is part of the preparation, and no model."""
    kind = type_of(_self(given))
    library = kind.partition(".")[0]
    predicts = hasattr(_self(given), "predict") or hasattr(_self(given), "fit_predict")
    known = "scikit-learn" if library not in ("xgboost", "lightgbm") else library
    return known, kind.rpartition(".")[2] if predicts else ""


def _self(given: dict[str, Any]) -> Any:
    return next(iter(given.values()))


def _data(given: dict[str, Any]) -> tuple[Any, Any]:
    """What it is fitted to, whatever it is called, and the target."""
    return next(itertools.islice(given.values(), 1, None), None), given.get("y", given.get("Y"))


def _before(fit: Fit, given: dict[str, Any]) -> None:
    x, y = _data(given)
    fit.params(_self(given).get_params(deep=True))
    fit.data(x)
    fit.data(y, "target", "target")


def _after(fit: Fit, given: dict[str, Any], result: Any) -> None:
    estimator = _self(given)
    x, y = _data(given)
    for attribute, name in _CURVES.items():
        for step, value in enumerate(_numbers(getattr(estimator, attribute, None))):
            fit.log({name: value}, step=step)
    results: dict[str, Any] = getattr(estimator, "cv_results_", {})
    for step, value in enumerate(_numbers(results.get("mean_test_score"))[:_MOST_CANDIDATES]):
        fit.log({"mean_test_score": value}, step=step)
    best = getattr(estimator, "best_params_", None)
    if best:
        fit.params({"best": best})
    told = {name.rstrip("_"): getattr(estimator, name, None) for name in _SCORES}
    told["training_score"] = _training_score(estimator, x, y)
    fit.log({name: value for name, value in told.items() if isinstance(value, float | int)})
    fit.model(
        estimator,
        type=type_of(estimator),
        inputs=schema_of(x),
        output=str(getattr(y, "dtype", "")) or None,
        features=_plain(getattr(estimator, "n_features_in_", None)),
        classes=_numbers_or_texts(getattr(estimator, "classes_", None)),
    )


def _training_score(estimator: Any, x: Any, y: Any) -> float | None:
    """Where it costs next to nothing."""
    shape: Any = getattr(x, "shape", None)
    rows = shape[0] if shape else len(x)
    if y is None or rows > _MOST_ROWS_SCORED or not hasattr(estimator, "score"):
        return None
    return float(estimator.score(x, y))


def _plain(value: Any) -> int | None:
    return int(value) if value is not None else None


def _numbers(value: Any) -> list[float]:
    numpy: Any = sys.modules["numpy"]
    if value is None or not isinstance(value, list | numpy.ndarray):
        return []
    found: Any = numpy.asarray(value)
    return [float(each) for each in found] if found.ndim == 1 and found.dtype.kind in "fiu" else []


def _numbers_or_texts(value: Any) -> list[Any] | None:
    return value.tolist() if hasattr(value, "tolist") and value.size <= 50 else None


# --- cross-validation ------------------------------------------------------------------


def _patch_validation(module: Any, patches: Patches) -> None:
    """All folds are one run."""
    inside: Any = sys.modules["sklearn.model_selection._validation"]
    for name in ("cross_validate", "cross_val_predict"):
        patches.replace(
            inside, name, lambda original: recording(NAME, original, _validated, _before_folds, _folds)
        )
        patched = getattr(inside, name)
        patches.replace(module, name, lambda _, patched=patched: patched)


def _validated(given: dict[str, Any]) -> tuple[str, str]:
    return "scikit-learn", f"{type(given['estimator']).__name__}.cross_validation"


def _before_folds(fit: Fit, given: dict[str, Any]) -> None:
    fit.params(given["estimator"].get_params(deep=True))
    fit.data(given["X"])
    fit.data(given.get("y"), "target", "target")


def _folds(fit: Fit, given: dict[str, Any], result: Any) -> None:
    if isinstance(result, dict):
        for name, values in cast("dict[str, Any]", result).items():
            for fold, value in enumerate(_numbers(values) if not name.endswith("_time") else []):
                fit.log({name: value}, step=fold)
