"""Models that runs log: how they are written, what is told of them, and how they are registered without
waiting for a server."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from lineage_server.client.artifact import Artifact
from lineage_server.client.client import Client
from lineage_server.client.hashing import hash_path
from lineage_server.client.model_files import written
from lineage_server.domain.errors import InvalidInputError, LimitError, NotSupportedError
from tests.unit.client.stub import StubServer

PETALS = pd.DataFrame({"length": [1.4, 4.7, 1.3, 5.0], "width": [0.2, 1.4, 0.3, 1.7]})
KINDS = [0, 1, 0, 1]


def recorded_at(path: Path) -> Artifact:
    """A handle of what lies there."""
    digest = hash_path(path).digest
    return Artifact(name="churn", type="model", project="p", uri=str(path), digest=digest, run="0198")


def fitted() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(PETALS, KINDS)


def test_an_estimator_is_recorded_and_registered_with_its_alias(client: Client, stub: StubServer) -> None:
    with client.start_run("train", project="team-a") as run:
        made = run.log_model(
            fitted(), name="churn", register=True, aliases=["candidate"], example=PETALS, card="# Churn",
            metrics={"auc": np.float64(0.9), "loss": float("nan")}, tags={"team": 7}, description="first",
        )  # fmt: skip
    (output,) = stub.run(run.id)["outputs"]
    assert (output["name"], output["type"], output["digest"]) == ("churn", "model", made.digest)
    told = output["metadata"]
    assert (told["framework"], told["format"]) == ("scikit-learn", "joblib")
    assert told["type"] == "sklearn.linear_model._logistic.LogisticRegression"
    kinds = [event["type"] for event in stub.order if event["type"].startswith("model")]
    assert kinds == ["model", "model.version", "model.alias"]
    (version,) = stub.of_type("model.version")
    assert (version["model"], version["origin"], version["run"]) == ("churn", made.uid, run.id)
    assert (version["card"], version["state"], version["tags"]) == ("# Churn", "ready", {"team": "7"})
    assert version["metrics"] == {"auc": 0.9, "loss": "NaN"}
    assert [one["name"] for one in version["signature"]["inputs"]] == ["length", "width"]
    assert version["signature"]["outputs"] == [{"name": "values", "type": "int64", "nullable": False}]
    assert version["signature"]["example"] == PETALS.head(5).to_dict("records")
    assert json.loads(told["inputs"]) == version["signature"]["inputs"]
    (alias,) = stub.of_type("model.alias")
    assert (alias["alias"], alias["origin"], alias["project"]) == ("candidate", made.uid, "team-a")
    assert "version" not in alias


def test_a_file_is_recorded_as_it_is(client: Client, stub: StubServer, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"weights")
    with client.start_run("train") as run:
        plain = run.log_model(file, "churn")
        other = run.log_model(file, "model:churn", register="team/churn", aliases="prod")
        far = run.log_model("s3://bucket/model", "far", aliases="prod")
        run.log_model({"weights": [0.5]}, "small", signature={"inputs": {"shape": [None, 2]}})
    assert plain.uid == other.uid
    versions = {event["model"]: event for event in stub.of_type("model.version")}
    assert versions.keys() == {"team/churn", "far"}
    assert (versions["far"]["origin"], versions["far"]["uri"]) == (far.uid, "s3://bucket/model")
    small = stub.run(run.id)["outputs"][-1]
    assert json.loads(small["metadata"]["inputs.shape"]) == [None, 2]


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_boosters_are_written_as_their_libraries_do(library: str, tmp_path: Path) -> None:
    x, y = np.random.default_rng(7).normal(size=(40, 3)), np.arange(40) % 2
    if library == "xgboost":
        import xgboost

        model: Any = xgboost.XGBClassifier(n_estimators=3).fit(x, y)
    else:
        import lightgbm

        model = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, label=y), 3)
    made = written(model)
    assert made is not None
    assert made.content.held is not None
    assert made.facts["framework"] == library
    path = tmp_path / made.content.held.name
    made.content.held.write(path)
    again = recorded_at(path).load()
    assert type(again) is type(model)
    assert np.array_equal(again.predict(x), model.predict(x))


def test_a_booster_of_no_estimator_is_read_as_one(tmp_path: Path) -> None:
    import xgboost

    x, y = np.random.default_rng(7).normal(size=(40, 3)), np.arange(40) % 2
    model = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(x, y), 3)
    written(model).content.held.write(tmp_path / "model.ubj")  # type: ignore[union-attr]
    again = recorded_at(tmp_path / "model.ubj").load()
    assert type(again) is xgboost.Booster
    assert np.array_equal(again.predict(xgboost.DMatrix(x)), model.predict(xgboost.DMatrix(x)))


def test_pickles_are_read_only_where_they_are_trusted(tmp_path: Path) -> None:
    written(fitted()).content.held.write(tmp_path / "model.joblib")  # type: ignore[union-attr]
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Ours(2.0)))
    for name in ("model.joblib", "model.pkl"):
        made = recorded_at(tmp_path / name)
        with pytest.raises(InvalidInputError, match=r"is a pickle.*run:0198.*nothing was read") as caught:
            made.load()
        assert (caught.value.field, "trust=True" in caught.value.allowed) == ("trust", True)
        assert made.load(trust=True).predict(PETALS).shape == (4,)


@pytest.mark.parametrize("name", ["notes.txt", "weights.bin", "model"])
def test_what_is_no_known_model_is_said_to_be_at_its_path(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"a b c")
    with pytest.raises(NotSupportedError, match=r"at \.path"):
        recorded_at(tmp_path / name).load(trust=True)
    with pytest.raises(NotSupportedError, match="is a folder"):
        recorded_at(tmp_path).load()


def test_no_more_is_written_than_may_be() -> None:
    large = written(Ours(rule=np.zeros(10_000)))
    assert large is not None
    size = large.content.size or 0
    assert written(Ours(rule=np.zeros(10_000)), most_bytes=size) is not None
    with pytest.raises(LimitError, match=f"more than {size - 1} bytes"):
        written(Ours(rule=np.zeros(10_000)), most_bytes=size - 1)


class Ours:
    """A model of nobody's library."""

    def __init__(self, shift: float = 1.0, rule: Any = None) -> None:
        self.shift, self.rule = shift, rule

    def predict(self, rows: Any) -> Any:
        return np.asarray(rows)[:, 0] + self.shift


def test_a_model_of_ones_own_is_pickled_and_what_cannot_be_is_said(
    client: Client, stub: StubServer, tmp_path: Path
) -> None:
    made = written(Ours(2.0))
    assert made is not None
    made.content.held.write(tmp_path / "model")  # type: ignore[union-attr]
    assert joblib.load(tmp_path / "model").shift == 2.0
    with client.start_run("x") as run:
        with pytest.raises(InvalidInputError) as caught:
            run.log_model(Ours(rule=lambda: None), "bad", register=True)
        assert (caught.value.field, "save it" in caught.value.allowed) == ("model", True)
        with pytest.raises(InvalidInputError, match="of type object"):
            run.log_model(object(), "bad")
    assert stub.run(run.id)["outputs"] == []
    assert stub.of_type("model") == []


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"card": "# Card"}, "card"),
        ({"metrics": {"auc": 1}}, "metrics"),
        ({"tags": {"a": "b"}}, "tags"),
        ({"register": True, "metrics": {"auc": "high"}}, "metrics"),
        ({"register": True, "signature": {"a": object()}}, "signature"),
        ({"register": "model:churn@3"}, "register"),
        ({"aliases": ["a@b"]}, "aliases"),
        ({"aliases": [" "]}, "aliases"),
    ],
)
def test_wrong_words_are_told_before_anything_is_recorded(
    client: Client, stub: StubServer, told: dict[str, Any], field: str
) -> None:
    with client.start_run("x") as run, pytest.raises(InvalidInputError) as caught:
        run.log_model({"w": 1}, "churn", **told)
    assert caught.value.field == field
    with client.start_run("y") as run, pytest.raises(LimitError, match="65536"):
        run.log_model({"w": 1}, "churn", register=True, card="x" * 70_000)
    assert all(stub.run(event["run"])["outputs"] == [] for event in stub.of_type("run"))


def test_the_index_of_a_frame_goes_into_no_model(client: Client, stub: StubServer) -> None:
    shuffled = PETALS.sample(frac=1, random_state=1)
    named = shuffled.set_axis(["a", "b", "c", "d"]).rename_axis("flower")
    with client.start_run("x") as run:
        for name, frame in (("by-number", shuffled), ("by-name", named)):
            run.log_model(fitted(), name, register=True, example=frame)
    for version in stub.of_type("model.version"):
        assert [one["name"] for one in version["signature"]["inputs"]] == ["length", "width"]
        assert version["signature"]["example"] == shuffled.to_dict("records")


def test_an_example_that_is_no_table_costs_a_warning_only(
    client: Client, stub: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    with client.start_run("x") as run:
        run.log_model(Ours(), "churn", register=True, example=object())
    (version,) = stub.of_type("model.version")
    assert "signature" not in version
    assert "what goes into the model" in caplog.text


def test_without_a_server_it_is_told_later_and_switched_off_not_at_all(
    lonely: Client, make_client: Callable[..., Client]
) -> None:
    with lonely.start_run("train") as run:
        assert run.log_model(fitted(), "churn", aliases="candidate").digest
    off = make_client(LINEAGE_MODE="disabled")
    with off.start_run("train") as run:
        assert run.log_model(fitted(), "churn", register=True).digest == ""
