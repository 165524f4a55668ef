"""``autolog`` of PyTorch Lightning and Transformers, against their documented interfaces.

The order of calls and what a trainer shows at each, without the seconds and gigabytes of the libraries
(Lightning 2.6, Transformers 5.24); the libraries themselves: ``tests/e2e/test_autolog_torch.py``.
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
    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values, dtype=np.float32)
        self.shape, self.dtype = self._values.shape, self._values.dtype

    def detach(self) -> Tensor:
        return self

    resolve_conj = resolve_neg = cpu = contiguous = detach
    is_quantized = False

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
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None: ...
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
        self._validate(model, sanity_checking=True)
        self.callback_metrics.clear()
        self.logged_metrics.clear()
        for self.current_epoch in range(2):
            for batch in range(4):
                self.global_step += 1
                loss = Scalar(1 / self.global_step)
                # As seen with 2.6.6: what was measured before stays among what is shown.
                self.logged_metrics["loss_step"] = loss
                self.callback_metrics |= {"loss": loss, "loss_step": loss}
                for each in self.callbacks:
                    each.on_train_batch_end(self, model, None, None, batch)
            self._validate(model)
            self.callback_metrics |= {"loss": Scalar(self.current_epoch), "acc": Scalar(0.5)}
            self.logged_metrics |= {"loss_epoch": Scalar(self.current_epoch), "acc": Scalar(0.5)}
            for each in self.callbacks:
                each.on_train_epoch_end(self, model)
        if ckpt_path:
            raise FileNotFoundError(ckpt_path)

    def _validate(self, model: Any, *, sanity_checking: bool = False) -> None:
        self.sanity_checking = sanity_checking
        self.callback_metrics["val_loss"] = self.logged_metrics["val_loss"] = Scalar(1 + self.current_epoch)
        for each in self.callbacks:
            each.on_validation_end(self, model)


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
    module(monkeypatch, "torch", Tensor=Tensor, __version__="2.11.0")
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
        ("loss_step", 2, 1 / 2), ("loss_step", 4, 1 / 4),
        ("val_loss", 4, 1.0),
        ("loss_epoch", 4, 0.0), ("acc", 4, 0.5), ("loss", 4, 0.0), ("epoch", 4, 0.0),
        ("loss_step", 6, 1 / 6), ("loss_step", 8, 1 / 8),
        ("val_loss", 8, 2.0),
        ("loss_epoch", 8, 1.0), ("acc", 8, 0.5), ("loss", 8, 1.0), ("epoch", 8, 1.0),
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


class Bits(Tensor):
    """As a tensor of bfloat16, which numpy has not."""

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.dtype = "torch.bfloat16"

    is_quantized = False

    def element_size(self) -> int:
        return 2

    def view(self, kind: Any) -> Bits:
        self.seen = kind
        return self

    def numpy(self) -> np.ndarray:
        if not hasattr(self, "seen"):
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._values.astype(self.seen)


def test_tensors_by_their_content(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    module(monkeypatch, "torch", Tensor=Bits, int16="<i2", uint8="|u1")
    with client.start_run("x") as run:

        def digest(value: object) -> str:
            return run.produce("data", value).digest

        made = run.produce("data", Bits([1, 2]))
        assert (made.columns[0].type, made.size, made.digest) == ("bfloat16", 4, digest(Bits([1, 2])))
        assert len({made.digest, digest(Bits([1, 3])), digest(np.array([1, 2], "<i2"))}) == 3
        state = {"a": np.zeros((2, 3)), "b": np.ones(2, np.float32)}
        assert digest({"a": np.zeros(2), "b": np.ones(2)}) == digest({"a": [0.0, 0.0], "b": [1.0, 1.0]})
        held = run.produce("net", state, type="model")
        assert held.digest == digest(dict(reversed(state.items())))
        assert len({held.digest, digest({"a": state["a"]}), digest({"a": state["b"], "b": state["a"]})}) == 3
        assert [(column.name, column.type) for column in held.columns] == [
            ("a", "fixed_size_list<fixed_size_list<double>[3]>[2]"),
            ("b", "fixed_size_list<float>[2]"),
        ]
