"""``autolog`` of PyTorch Lightning and Transformers, against their documented interfaces.

The libraries themselves come with gigabytes for GPUs; these stand-ins have the signatures, attributes and
order of calls of pytorch-lightning 2.6 and transformers 5.24.
"""

from __future__ import annotations

import copy
import pickle
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lineage_server import Client, autolog
from tests.unit.client.stub import StubServer


class Scalar(float):
    """As a tensor of one number."""

    def item(self) -> float:
        return float(self)


class Tensor:
    device = SimpleNamespace(type="cpu")

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values, dtype=np.float32)

    def detach(self) -> Tensor:
        return self

    def numpy(self) -> np.ndarray:
        return self._values

    def numel(self) -> int:
        return self._values.size


class TensorDataset:
    tensors = (Tensor([[1.0], [2.0]]), Tensor([0.0, 1.0]))

    def __len__(self) -> int:
        return 2


class Net:
    def __init__(self) -> None:
        self.hparams = {"lr": 0.1, "loss": print}

    def parameters(self) -> list[Tensor]:
        return [Tensor([1.0, 2.0]), Tensor([3.0])]


class Callback:
    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None: ...
    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None: ...


class LightningTrainer:
    max_epochs, max_steps, precision, log_every_n_steps = 2, -1, "32-true", 2

    def __init__(self) -> None:
        self.callbacks: list[Any] = [Callback()]
        self.callback_metrics: dict[str, Any] = {}
        self.logged_metrics: dict[str, Any] = {}
        self.global_step = self.current_epoch = 0

    def fit(
        self, model: Any, train_dataloaders: Any = None, val_dataloaders: Any = None, datamodule: Any = None,
        ckpt_path: Any = None, weights_only: Any = None,
    ) -> None:  # fmt: skip
        assert len(copy.deepcopy(self.callbacks)) == len(pickle.loads(pickle.dumps(self.callbacks))) == 2
        for self.current_epoch in range(2):
            for batch in range(2):
                self.global_step += 1
                self.logged_metrics = {"loss_step": Scalar(1 / self.global_step)}
                for each in self.callbacks:
                    each.on_train_batch_end(self, model, None, None, batch)
            self.callback_metrics = {"loss": Scalar(1 / self.global_step)}
            for each in self.callbacks:
                each.on_train_epoch_end(self, model)
        if ckpt_path:
            raise FileNotFoundError(ckpt_path)


class TrainerCallback:
    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...


class HuggingTrainer:
    def __init__(self) -> None:
        self.args = SimpleNamespace(to_sanitized_dict=lambda: {"learning_rate": 5e-5, "fp16": False})
        config = SimpleNamespace(to_diff_dict=lambda: {"hidden_size": 8}, _name_or_path="tiny/bert")
        self.model = Net()
        vars(self.model)["config"] = config
        self.train_dataset = SimpleNamespace(_fingerprint="abc")
        self.state = SimpleNamespace(global_step=0)
        self.callbacks: list[Any] = []

    def add_callback(self, callback: Any) -> None:
        self.callbacks.append(callback)

    def remove_callback(self, callback: type) -> None:
        self.callbacks = [each for each in self.callbacks if type(each) is not callback]

    def train(
        self, resume_from_checkpoint: Any = None, trial: Any = None, ignore_keys_for_eval: Any = None
    ) -> str:
        for self.state.global_step in (10, 20):
            logs = {"loss": 1 / self.state.global_step, "epoch": 0.5, "note": "text"}
            for each in self.callbacks:
                each.on_log(self.args, self.state, None, logs=logs, model=self.model)
        return "trained"


class SummaryWriter:
    def add_scalar(
        self,
        tag: Any,
        scalar_value: Any,
        global_step: Any = None,
        walltime: Any = None,
        new_style: bool = False,
    ) -> tuple[Any, ...]:
        return tag, scalar_value, global_step, walltime, new_style


def module(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    made = ModuleType(name)
    vars(made).update(members)
    monkeypatch.setitem(sys.modules, name, made)


def test_lightning(default: Client, stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer_class = type("Trainer", (LightningTrainer,), {"fit": LightningTrainer.fit})
    module(monkeypatch, "pytorch_lightning", Trainer=trainer_class, Callback=Callback)
    loader = SimpleNamespace(dataset=TensorDataset(), batch_size=1)
    with autolog("lightning"):
        trainer = trainer_class()
        trainer.fit(Net(), loader)
        assert len(trainer.callbacks) == 1
        with pytest.raises(FileNotFoundError):
            trainer_class().fit(Net(), loader, ckpt_path="gone")
    assert trainer_class.fit is LightningTrainer.fit
    assert default.flush(10)
    first, second = [stub.run(run) for run in dict.fromkeys(e["run"] for e in stub.of_type("run"))]
    assert (first["name"], first["state"], second["state"]) == ("Net", "complete", "failed")
    assert [(i["name"], i["role"]) for i in first["inputs"]] == [
        ("Net.data", "train"),
        ("Net.target", "target"),
    ]
    assert [(key, step, value) for key, step, _, value in stub.points(first["run"])] == [
        ("loss_step", 2, 0.5), ("loss", 2, 0.5), ("epoch", 2, 0.0),
        ("loss_step", 4, 0.25), ("loss", 4, 0.25), ("epoch", 4, 1.0),
    ]  # fmt: skip
    facts = first["outputs"][0]["metadata"]
    assert (facts["framework"], facts["parameters"]) == ("lightning", 3)
    assert {"lr": 0.1} in [e.get("params") for e in stub.of_type("run")]


def test_transformers(default: Client, stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer_class = type("Trainer", (HuggingTrainer,), {"train": HuggingTrainer.train})
    module(monkeypatch, "transformers.trainer_callback", TrainerCallback=TrainerCallback)
    module(monkeypatch, "transformers.trainer", Trainer=trainer_class)
    with autolog("transformers"), default.start_run("fine-tune") as run:
        trainer = trainer_class()
        assert trainer.train() == "trained"
        assert trainer.callbacks == []
    told = [e["params"] for e in stub.of_type("run") if "params" in e]
    assert told == [
        {"learning_rate": 5e-5, "fp16": False},
        {"model.hidden_size": 8},
        {"data": "SimpleNamespace", "rows": None, "data_fingerprint": "abc"},
    ]
    assert [(key, step) for key, step, _, _ in stub.points(run.id)] == [
        ("loss", 10), ("epoch", 10), ("loss", 20), ("epoch", 20),
    ]  # fmt: skip
    (model,) = stub.run(run.id)["outputs"]
    assert (model["name"], model["metadata"]["base"], model["metadata"]["steps"]) == (
        "fine-tune.Net",
        "tiny/bert",
        20,
    )


def test_scalars_for_tensorboard(default: Client, stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    module(monkeypatch, "torch.utils.tensorboard.writer", SummaryWriter=SummaryWriter)
    untouched = SummaryWriter.add_scalar
    with autolog("torch"):
        assert SummaryWriter().add_scalar("loss", 0.5, 1) == ("loss", 0.5, 1, None, False)
        with default.start_run("loop") as run:
            SummaryWriter().add_scalar("loss", Scalar(0.25), global_step=2, new_style=True)
    assert SummaryWriter.add_scalar is untouched
    assert [(key, step, value) for key, step, _, value in stub.points(run.id)] == [("loss", 2, 0.25)]
