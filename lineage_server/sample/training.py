"""The sample's models: three candidates, trained epoch by epoch with the metrics of each.

No lineage here: who trains hands in what to do with each epoch's metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from lineage_server.sample.data import Frame, values_of

Scalar = str | int | float | bool
_SEED = 0
_VALIDATION_SHARE = 0.2


@dataclass(frozen=True)
class Candidate:
    """A kind of model and its parameters."""

    name: str
    epochs: int
    params: dict[str, Scalar] = field(default_factory=dict[str, Scalar])


CANDIDATES = (
    Candidate("linear", 25, {"loss": "log_loss", "alpha": 0.001, "learning_rate": "constant", "eta0": 0.01}),
    Candidate("network", 25, {"hidden": 16, "learning_rate_init": 0.003}),
    Candidate("forest", 10, {"trees": 100, "max_depth": 4}),
)


def fit(
    candidate: Candidate, train: Frame, on_epoch: Callable[[int, dict[str, float]], None]
) -> dict[str, Any]:
    """Train; answers the model with the scaler that belongs to it."""
    train_test_split: Any = import_module("sklearn.model_selection").train_test_split
    preprocessing: Any = import_module("sklearn.preprocessing")

    x, y = values_of(train)
    x, x_validation, y, y_validation = train_test_split(
        x, y, test_size=_VALIDATION_SHARE, random_state=_SEED, stratify=y
    )
    scaler: Any = preprocessing.StandardScaler().fit(x)
    x, x_validation = scaler.transform(x), scaler.transform(x_validation)
    model = _new_model(candidate)
    order = np.random.default_rng(_SEED)
    for epoch in range(1, candidate.epochs + 1):
        if candidate.name == "forest":
            model.n_estimators = int(candidate.params["trees"]) * epoch // candidate.epochs
            model.fit(x, y)
        else:
            rows = order.permutation(len(x))
            model.partial_fit(x[rows], y[rows], classes=[False, True])
        measured = {
            **{f"train_{name}": value for name, value in _measure(model, x, y).items()},
            **{
                f"validation_{name}": value
                for name, value in _measure(model, x_validation, y_validation).items()
            },
        }
        on_epoch(epoch, measured)
    return {"model": model, "scaler": scaler}


def evaluate(fitted: dict[str, Any], test: Frame) -> dict[str, float]:
    """Metrics on cases that no training has seen."""
    roc_auc_score: Any = import_module("sklearn.metrics").roc_auc_score

    x, y = values_of(test)
    x = fitted["scaler"].transform(x)
    chance = fitted["model"].predict_proba(x)[:, 1]
    return {**_measure(fitted["model"], x, y), "auc": float(roc_auc_score(y, chance))}


def predict(fitted: dict[str, Any], cases: Frame) -> Frame:
    """The chance of malignancy of each case."""
    pandas: Any = import_module("pandas")

    x, _ = values_of(cases)
    chance = fitted["model"].predict_proba(fitted["scaler"].transform(x))[:, 1]
    return pandas.DataFrame({"case": cases["case"], "malignant_chance": chance.round(6)})


def _measure(model: Any, x: Any, y: Any) -> dict[str, float]:
    log_loss: Any = import_module("sklearn.metrics").log_loss

    chance = model.predict_proba(x)
    right = (chance[:, 1] > 0.5) == y
    return {"loss": float(log_loss(y, chance, labels=[False, True])), "accuracy": float(right.mean())}


def _new_model(candidate: Candidate) -> Any:
    ensemble: Any = import_module("sklearn.ensemble")
    linear_model: Any = import_module("sklearn.linear_model")
    neural_network: Any = import_module("sklearn.neural_network")

    params: dict[str, Any] = dict(candidate.params)
    if candidate.name == "linear":
        return linear_model.SGDClassifier(random_state=_SEED, **params)
    if candidate.name == "network":
        hidden = (params.pop("hidden"),)
        return neural_network.MLPClassifier(hidden, random_state=_SEED, **params)
    return ensemble.RandomForestClassifier(
        1, warm_start=True, max_depth=params["max_depth"], random_state=_SEED, n_jobs=1
    )
