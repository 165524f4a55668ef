"""LightGBM: ``train`` and what is made on it; metrics of each iteration."""

from __future__ import annotations

from typing import Any

from lineage_server.client.autologging.fitting import Fit, training
from lineage_server.client.autologging.patches import Patches
from lineage_server.client.quietly import Quietly

NAME = "lightgbm"


def patch(patches: Patches) -> None:
    patches.when_imported("lightgbm", _patch)


def _patch(lightgbm: Any, patches: Patches) -> None:
    def patched(original: Any) -> Any:
        return training(NAME, original, _before, _after, _callback)

    patches.replace_exported(lightgbm, lightgbm.engine, "train", patched)


def _before(fit: Fit, given: dict[str, Any]) -> None:
    fit.params({**given["params"], "num_boost_round": given.get("num_boost_round", 100)})
    dataset = given["train_set"]
    # Without asking: building the set is the training's to do. Its raw data may be gone already.
    fit.data(getattr(dataset, "data", None))
    fit.data(getattr(dataset, "label", None), "target", "target")


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
        result,
        type="lightgbm.Booster",
        objective=given["params"].get("objective"),
        features=result.num_feature(),
        inputs=result.feature_name(),
        rounds=result.num_trees(),
        best_iteration=result.best_iteration if result.best_iteration > 0 else None,
    )
