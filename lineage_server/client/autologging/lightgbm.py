"""LightGBM: ``train`` and what is made on it; metrics of each iteration."""

from __future__ import annotations

import functools
from typing import Any

from lineage_server.client.autologging.fitting import Fit, active, enclosing_fit, recording
from lineage_server.client.autologging.patches import Patches
from lineage_server.client.quietly import Quietly

NAME = "lightgbm"


def patch(patches: Patches) -> None:
    patches.when_imported("lightgbm", _patch)


def _patch(lightgbm: Any, patches: Patches) -> None:
    patches.replace(lightgbm.engine, "train", _patched)
    for module in (lightgbm, getattr(lightgbm, "sklearn", None)):
        if hasattr(module, "train"):
            patches.replace(module, "train", lambda _: lightgbm.engine.train)


def _patched(original: Any) -> Any:
    alone = recording(NAME, original, lambda given: ("lightgbm", "Booster"), _before, _after)

    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        outer = enclosing_fit()
        if NAME not in active or outer is None:
            return alone(*args, **kwargs)
        if outer.library == "lightgbm":  # the fit of an estimator that is on record as such
            kwargs["callbacks"] = [*(kwargs.get("callbacks") or ()), _callback(outer)]
        return original(*args, **kwargs)

    return train


def _before(fit: Fit, given: dict[str, Any]) -> None:
    fit.params({**given["params"], "num_boost_round": given.get("num_boost_round", 100)})
    dataset = given["train_set"]
    # Without asking: building the set is the training's to do. Its raw data may be gone already.
    fit.data(getattr(dataset, "data", None))
    fit.data(getattr(dataset, "label", None), "target", "target")
    given["callbacks"] = [*(given.get("callbacks") or ()), _callback(fit)]


def _callback(fit: Fit) -> Any:
    def record(env: Any) -> None:
        with Quietly(f"metrics of {fit.label}"):
            told = env.evaluation_result_list or ()
            fit.log({f"{each[0]}.{each[1]}": each[2] for each in told}, step=env.iteration)

    # Before early stopping (30), which ends an iteration by an exception.
    record.order = 15  # pyright: ignore[reportFunctionMemberAccess]
    return record


def _after(fit: Fit, given: dict[str, Any], result: Any) -> None:
    fit.model(
        type="lightgbm.Booster",
        objective=given["params"].get("objective"),
        features=result.num_feature(),
        inputs=result.feature_name(),
        rounds=result.num_trees(),
        best_iteration=result.best_iteration if result.best_iteration > 0 else None,
    )
