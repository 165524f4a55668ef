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
        fit: Fit

        def __reduce__(self) -> Any:
            # A trainer that is sent to other processes takes one along that does nothing.
            return lightning.Callback, ()

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            if trainer.global_step % max(1, trainer.log_every_n_steps) == 0:
                self._log(trainer.logged_metrics, trainer.global_step)

        def on_train_epoch_end(self, trainer: Any, model: Any) -> None:
            self._log({**trainer.callback_metrics, "epoch": trainer.current_epoch}, trainer.global_step)

        def _log(self, values: Any, step: int) -> None:
            with Quietly(f"metrics of {self.fit.label}"):
                self.fit.log(values, step=int(step))

    return Recorder


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
        if tensor.device.type == "cpu":
            fit.data(tensor.detach().numpy(), "train" if part == "data" else part, part)


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
