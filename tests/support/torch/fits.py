"""Real fits, run by the interpreter of this folder's environment: recorded by ``autolog`` and by hand."""

from __future__ import annotations

import sys

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.tensorboard import SummaryWriter
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

import lineage_server as lineage

ROWS = np.linspace(0, 1, 64, dtype=np.float32).reshape(16, 4)
TENSOR = torch.from_numpy(ROWS)


class Net(pl.LightningModule):
    def __init__(self, hidden: int = 3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, hidden), torch.nn.Linear(hidden, 1))

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        loss = self.net(batch[0]).square().mean()
        self.log("loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
        self.log("val_mean", self.net(batch[0]).mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.01)


class Words(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 8

    def __getitem__(self, at: int) -> dict[str, torch.Tensor]:
        return {"input_ids": torch.arange(6) + at, "labels": torch.tensor(at % 2)}


def fit_lightning() -> None:
    trainer = pl.Trainer(
        max_epochs=2, accelerator="cpu", log_every_n_steps=3, logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    before = list(trainer.callbacks)
    loader = DataLoader(TensorDataset(TENSOR, TENSOR[:, :1]), batch_size=4)
    trainer.fit(Net(), loader, loader)
    assert trainer.callbacks == before


def fit_transformers(folder: str) -> None:
    config = BertConfig(
        vocab_size=32, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    told = TrainingArguments(
        output_dir=folder, max_steps=2, logging_steps=1, per_device_train_batch_size=4, report_to=[],
        save_strategy="no", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    Trainer(model=BertForSequenceClassification(config), args=told, train_dataset=Words()).train()


def loop_of_ones_own(folder: str) -> list[lineage.Artifact]:
    net = torch.nn.Linear(4, 1)
    with lineage.start_run("loop") as run, SummaryWriter(folder) as board:
        run.use(TENSOR, name="rows")
        for step in range(3):
            board.add_scalar("loss", net(TENSOR).square().mean(), step)
        run.log({"half": torch.tensor(1.5, dtype=torch.bfloat16)})
        weights = run.produce("weights", net.state_dict(), type="model")
        assert weights.digest == run.produce("weights", dict(net.state_dict()), type="model").digest
        numbers = {run.produce("numbers", value).digest for value in (ROWS, TENSOR, TENSOR.t().clone().t())}
        assert len(numbers) == 1
        short = run.produce("short", TENSOR.bfloat16())
        assert short.digest not in numbers
        tensor = run.produce("tensor", TENSOR[:, :2].t())
        mixed = run.produce("mixed", {"short": TENSOR.bfloat16(), "rows": ROWS})
        for unreadable in (TENSOR.to_sparse(), torch.empty(2, device="meta"), quantized()):
            with pytest.raises(lineage.InvalidInputError, match="tensor"):
                run.produce("none", unreadable)
    return [weights, short, tensor, mixed]


def come_back(made: list[lineage.Artifact]) -> None:
    """What was uploaded has the digest that it was recorded with, and is what it was."""
    weights, short, tensor, mixed = (lineage.get(one.uid).path for one in made)
    assert set(np.load(weights).files) == {"weight", "bias"}
    np.testing.assert_array_equal(np.load(tensor), ROWS[:, :2].T)
    np.testing.assert_array_equal(np.load(mixed)["rows"], ROWS)
    for file, name in ((short, "values"), (mixed, "short")):
        bits = torch.from_numpy(np.load(file)[name]).view(torch.bfloat16)
        assert torch.equal(bits, TENSOR.bfloat16())


def quantized() -> torch.Tensor:
    return torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)


if __name__ == "__main__":
    lineage.autolog()
    fit_lightning()
    fit_transformers(sys.argv[1])
    made = loop_of_ones_own(sys.argv[1])
    assert lineage.flush(30)
    come_back(made)
