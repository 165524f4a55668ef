"""Transformers: ``Trainer.train``, with everything that it logs, by step."""

from __future__ import annotations

import sys
from typing import Any

from lineage_server.client.autologging.fitting import Fit, recording, told_of, type_of
from lineage_server.client.autologging.patches import Patches
from lineage_server.client.quietly import Quietly
from lineage_server.client.values import is_data

NAME = "transformers"


def patch(patches: Patches) -> None:
    patches.when_imported("transformers.trainer", _patch)


def _patch(module: Any, patches: Patches) -> None:
    callback = _callback(sys.modules["transformers.trainer_callback"])

    def before(fit: Fit, given: dict[str, Any]) -> None:
        trainer = given["self"]
        fit.params(trainer.args.to_sanitized_dict())
        config = getattr(trainer.model, "config", None)
        if config is not None:
            fit.params({"model": config.to_diff_dict()})
        _tell_data(fit, trainer.train_dataset)
        trainer.add_callback(told_of(callback(), fit))

    def after(fit: Fit, given: dict[str, Any], result: Any) -> None:
        trainer = given["self"]
        trainer.remove_callback(callback)
        fit.model(
            type=type_of(trainer.model),
            base=getattr(getattr(trainer.model, "config", None), "_name_or_path", None) or None,
            parameters=sum(int(each.numel()) for each in trainer.model.parameters()),
            steps=trainer.state.global_step,
        )

    def patched(original: Any) -> Any:
        return recording(NAME, original, _named, before, after)

    patches.replace(module.Trainer, "train", patched)


def _named(given: dict[str, Any]) -> tuple[str, str]:
    return "transformers", type(given["self"].model).__name__


def _callback(module: Any) -> Any:
    class Recorder(module.TrainerCallback):
        fit: Fit

        def __reduce__(self) -> Any:
            # A trainer that is sent to other processes takes one along that does nothing.
            return module.TrainerCallback, ()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
            with Quietly(f"metrics of {self.fit.label}"):
                self.fit.log(_numbers(logs or {}), step=state.global_step)

    return Recorder


def _numbers(logs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in logs.items() if isinstance(value, int | float)}


def _tell_data(fit: Fit, dataset: Any) -> None:
    """A table by its content; of others what they are and their own fingerprint."""
    if dataset is None:
        return
    length = len(dataset) if hasattr(dataset, "__len__") else None
    fit.params(
        {
            "data": type(dataset).__name__,
            "rows": length,
            "data_fingerprint": getattr(dataset, "_fingerprint", None),
        }
    )
    if is_data(dataset):
        fit.data(dataset)
