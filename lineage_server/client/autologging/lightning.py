"""PyTorch: Lightning's ``Trainer.fit`` by epoch and step, and what a plain loop writes for TensorBoard."""

from __future__ import annotations

import functools
import sys
from typing import Any

from lineage_server.client.autologging.fitting import Fit, active, recording, told_of, type_of
from lineage_server.client.autologging.patches import Patches
from lineage_server.client.quietly import Quietly
from lineage_server.client.run import current_run

NAME = "pytorch"


def patch(patches: Patches) -> None:
    for package in ("lightning.pytorch", "pytorch_lightning"):
        patches.when_imported(package, _patch_trainer)
    patches.when_imported("torch.utils.tensorboard.writer", _patch_writer)


def _patch_trainer(lightning: Any, patches: Patches) -> None:
    callback = _callback(lightning)

    def before(fit: Fit, given: dict[str, Any]) -> None:
        trainer, model = given["self"], given["model"]
        fit.params(dict(getattr(model, "hparams", None) or {}))
        fit.params({name: getattr(trainer, name, None) for name in ("max_epochs", "max_steps", "precision")})
        _tell_data(fit, given.get("train_dataloaders"))
        trainer.callbacks.append(told_of(callback(), fit))

    def after(fit: Fit, given: dict[str, Any], result: Any) -> None:
        callbacks, model = given["self"].callbacks, given["model"]
        callbacks[:] = [each for each in callbacks if not isinstance(each, callback)]
        fit.model(
            model,
            type=type_of(model),
            torch_version=_torch_version(),
            parameters=sum(int(each.numel()) for each in model.parameters()),
        )

    def patched(original: Any) -> Any:
        return recording(
            NAME, original, lambda given: ("lightning", type(given["model"]).__name__), before, after
        )

    patches.replace(lightning.Trainer, "fit", patched)


def _callback(lightning: Any) -> Any:
    class Recorder(lightning.Callback):
        """Each value at the step at which it was measured: a trainer keeps showing those of the last
        validation and epoch."""

        fit: Fit

        def __init__(self) -> None:
            self._of_training: set[str] = set()
            self._by_batch: set[str] = set()
            self._by_epoch: set[str] = set()
            self._by_validation: set[str] = set()

        def __reduce__(self) -> Any:
            # A trainer that is sent to other processes takes one along that does nothing.
            return lightning.Callback, ()

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            with self._quietly():
                due = trainer.global_step % max(1, trainer.log_every_n_steps) == 0
                if self._of_training and not due:
                    return  # to look costs something
                others = self._by_epoch | self._by_validation
                shown = trainer.logged_metrics
                self._by_batch.update(shown.keys() - others)
                self._of_training.update(self._by_batch, trainer.callback_metrics.keys() - others)
                if due:
                    self._log(_only(self._by_batch, shown), trainer)

        def on_validation_end(self, trainer: Any, *_: Any) -> None:
            with self._quietly():
                if trainer.sanity_checking:
                    return
                shown = _shown(trainer)
                self._by_validation.update(shown.keys() - self._of_training - self._by_epoch)
                self._log(_only(self._by_validation, shown), trainer)

        def on_train_epoch_end(self, trainer: Any, *_: Any) -> None:
            with self._quietly():
                shown = _shown(trainer)
                self._by_epoch.update(shown.keys() - self._by_batch - self._by_validation)
                self._log({**_only(self._by_epoch, shown), "epoch": trainer.current_epoch}, trainer)

        def _quietly(self) -> Quietly:
            return Quietly(f"metrics of {self.fit.label}")

        def _log(self, values: Any, trainer: Any) -> None:
            self.fit.log(values, step=int(trainer.global_step))

    return Recorder


def _shown(trainer: Any) -> dict[str, Any]:
    return {**trainer.logged_metrics, **trainer.callback_metrics}


def _only(names: set[str], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def _tell_data(fit: Fit, loader: Any) -> None:
    """Of tensors in memory the content; of other data sets what they are."""
    dataset = getattr(loader, "dataset", None)
    if dataset is None:
        return
    length = len(dataset) if hasattr(dataset, "__len__") else None
    fit.params(
        {"data": type(dataset).__name__, "rows": length, "batch_size": getattr(loader, "batch_size", None)}
    )
    for part, tensor in zip(("data", "target"), getattr(dataset, "tensors", ()), strict=False):
        fit.data(tensor, "train" if part == "data" else part, part)


def _torch_version() -> str | None:
    return getattr(sys.modules.get("torch"), "__version__", None)


def _patch_writer(module: Any, patches: Patches) -> None:
    def patched(original: Any) -> Any:
        @functools.wraps(original)
        def add_scalar(
            writer: Any, tag: str, scalar_value: Any, global_step: Any = None, *more: Any, **kw: Any
        ) -> Any:
            run = current_run() if NAME in active else None
            if run is not None:
                with Quietly("a scalar for TensorBoard"):
                    run.log({tag: scalar_value}, step=global_step)
            return original(writer, tag, scalar_value, global_step, *more, **kw)

        return add_scalar

    patches.replace(module.SummaryWriter, "add_scalar", patched)
