"""XGBoost: ``train`` and what is made on it; metrics of each iteration."""

from __future__ import annotations

from typing import Any

from lineage_server.client.autologging.fitting import Fit, told_of, training
from lineage_server.client.autologging.patches import Patches
from lineage_server.client.quietly import Quietly

NAME = "xgboost"


def patch(patches: Patches) -> None:
    patches.when_imported("xgboost", _patch)


def _patch(xgboost: Any, patches: Patches) -> None:
    callback = _callback(xgboost)

    def patched(original: Any) -> Any:
        return training(NAME, original, _before, _after, lambda fit: told_of(callback(), fit))

    patches.replace_exported(xgboost, xgboost.training, "train", patched)


def _before(fit: Fit, given: dict[str, Any]) -> None:
    rest = {key: given.get(key) for key in ("num_boost_round", "early_stopping_rounds")}
    fit.params({**given["params"], **{key: value for key, value in rest.items() if value is not None}})
    _tell_data(fit, given["dtrain"])


def _callback(xgboost: Any) -> Any:
    class Recorder(xgboost.callback.TrainingCallback):
        fit: Fit

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            with Quietly(f"metrics of {self.fit.label}"):
                last = {f"{data}.{key}": _last(v) for data, of in evals_log.items() for key, v in of.items()}
                self.fit.log(last, step=epoch)
            return False

    return Recorder


def _last(values: Any) -> Any:
    return values[-1][0] if isinstance(values[-1], tuple) else values[-1]


def _tell_data(fit: Fit, matrix: Any) -> None:
    fit.params({"rows": matrix.num_row(), "columns": matrix.num_col()})
    if matrix.num_row() * matrix.num_col() < 1 << 26:
        with Quietly(f"the data of {fit.label}"):
            fit.data(matrix.get_data())
            fit.data(matrix.get_label(), "target", "target")


def _after(fit: Fit, given: dict[str, Any], result: Any) -> None:
    fit.model(
        result,
        type="xgboost.Booster",
        objective=given["params"].get("objective"),
        features=result.num_features(),
        inputs=result.feature_names,
        rounds=result.num_boosted_rounds(),
        best_iteration=getattr(result, "best_iteration", None),  # only there where it stopped early
    )
