"""``autolog`` with the real libraries: what a fit tells, and that training goes on as if nobody listened."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lineage_server import Autolog, Client, InvalidInputError, autolog, track
from lineage_server.client import autologging
from tests.unit.client.stub import StubServer

ROWS = np.random.default_rng(0).normal(size=(60, 3))
X = pd.DataFrame(ROWS, columns=["a", "b", "c"])
Y = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(int)

# Fits of real libraries, which a busy machine does slowly.

Told = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def told(default: Client, stub: StubServer) -> Told:
    """The runs that were told since the last time, in their order."""

    def read() -> list[dict[str, Any]]:
        assert default.flush(10)
        runs = [stub.run(run) for run in dict.fromkeys(event["run"] for event in stub.of_type("run"))]
        for run in runs:
            run["points"] = stub.points(run["run"])
            params = [e["params"] for e in stub.of_type("run") if e["run"] == run["run"] and "params" in e]
            run["params"] = {key: value for each in params for key, value in each.items()}
        stub.order.clear()
        return runs

    return read


@pytest.fixture(autouse=True)
def logged() -> Iterator[Autolog]:
    with autolog() as on:
        yield on


def test_an_estimator(told: Told) -> None:
    LogisticRegression(C=0.5).fit(X, Y)
    (run,) = told()
    assert (run["name"], run["kind"], run["state"]) == ("LogisticRegression", "training", "complete")
    assert (run["params"]["C"], run["params"]["fit_intercept"]) == (0.5, True)
    assert [(i["name"], i["role"]) for i in run["inputs"]] == [
        ("LogisticRegression.data", "train"), ("LogisticRegression.target", "target"),
    ]  # fmt: skip
    assert all(i["digest"].startswith("sha256:") for i in run["inputs"])
    (model,) = run["outputs"]
    assert (model["name"], model["type"], model["role"]) == ("LogisticRegression", "model", "model")
    assert model["digest"].startswith("sha256:")
    facts = model["metadata"]
    assert facts["format"] == "joblib"
    assert (facts["framework"], facts["features"], facts["classes"]) == ("scikit-learn", 3, "[0, 1]")
    assert facts["inputs"] == '{"a": "float64", "b": "float64", "c": "float64"}'
    assert dict((key, value) for key, _, _, value in run["points"])["training_score"] > 0.9


def test_within_a_run_and_with_known_data(told: Told, default: Client) -> None:
    @track(name="prepare")
    def prepare() -> pd.DataFrame:
        return X

    with default.start_run("main", job="nightly") as run:
        frame = prepare()
        StandardScaler().fit(frame)
        LinearRegression().fit(frame, Y)
        LogisticRegression().fit(frame, Y)
    main, prepared = told()
    assert main["run"] == run.id
    assert [i["name"] for i in main["inputs"]] == ["prepare", "nightly.target", "prepare", "nightly.target"]
    assert main["inputs"][0]["digest"] == prepared["outputs"][0]["digest"]
    assert [o["name"] for o in main["outputs"]] == ["nightly.LinearRegression", "nightly.LogisticRegression"]
    keys = {key for key, _, _, _ in main["points"]}
    assert {"training_score", "LogisticRegression.training_score"} <= keys


def test_what_a_fit_fits_within_is_its_own_business(told: Told) -> None:
    # In threads: those of a pool get no context from the fit that waits for them.
    with joblib.parallel_backend("threading", n_jobs=2):
        search = GridSearchCV(
            make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1, 1]}, cv=2
        )
        search.fit(X, Y)
        cross_val_score(LogisticRegression(), X, Y, cv=3)
        VotingClassifier([("a", LogisticRegression()), ("b", RandomForestClassifier(3))], n_jobs=2).fit(X, Y)
        RandomForestClassifier(4, n_jobs=2).fit(X, Y)
        GridSearchCV(RandomForestClassifier(3), {"max_depth": [1, 2]}, cv=2, n_jobs=2).fit(X, Y)
    runs = told()
    assert [run["name"] for run in runs] == [
        "GridSearchCV", "LogisticRegression.cross_validation", "VotingClassifier", "RandomForestClassifier",
        "GridSearchCV",
    ]  # fmt: skip
    grid, folds = runs[0], runs[1]
    assert grid["params"]["best.logisticregression__C"] in (0.1, 1)
    assert len([1 for key, _, _, _ in grid["points"] if key == "mean_test_score"]) == 2
    assert [step for key, step, _, _ in folds["points"] if key == "test_score"] == [0, 1, 2]


def test_curves_where_the_estimator_has_them(told: Told) -> None:
    GradientBoostingClassifier(n_estimators=4).fit(X, Y)
    (run,) = told()
    assert [step for key, step, _, _ in run["points"] if key == "train_score"] == [0, 1, 2, 3]


@pytest.mark.parametrize("library", [xgboost, lightgbm])
def test_boosting(library: Any, told: Told) -> None:
    if library is xgboost:
        data = xgboost.DMatrix(X, Y)
        made = xgboost.train(
            {"max_depth": 2, "objective": "binary:logistic"},
            data,
            3,
            evals=[(data, "train")],
            verbose_eval=False,
        )
        estimator: Any = xgboost.XGBClassifier(n_estimators=3)
        watched: dict[str, Any] = {"eval_set": [(X, Y)], "verbose": False}
    else:
        data = lightgbm.Dataset(X, Y)
        made = lightgbm.train(
            {"max_depth": 2, "objective": "binary", "verbose": -1}, data, 3, [data], ["train"]
        )
        estimator, watched = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1), {"eval_X": X, "eval_y": Y}
    assert made.num_trees() == 3 if library is lightgbm else made.num_boosted_rounds() == 3
    (run,) = told()
    assert (run["name"], run["params"]["max_depth"]) == ("Booster", 2)
    assert [(step, key.partition(".")[0]) for key, step, _, _ in run["points"]] == [
        (i, "train") for i in range(3)
    ]
    assert [i["role"] for i in run["inputs"]] == ["train", "target"]
    facts = run["outputs"][0]["metadata"]
    assert (facts["framework"], facts["framework_version"], facts["features"]) == (
        library.__name__,
        library.__version__,
        3,
    )
    estimator.fit(X, Y, **watched)
    (run,) = told()
    assert run["name"] == type(estimator).__name__
    assert run["outputs"][0]["metadata"]["framework"] == library.__name__
    steps = [step for key, step, _, _ in run["points"] if "logloss" in key]
    assert steps == [0, 1, 2], "the estimator is on record, and each of its iterations"
    GridSearchCV(estimator, {"max_depth": [1, 2]}, cv=2).fit(X, Y)
    (run,) = told()
    assert run["name"] == "GridSearchCV"
    assert not [key for key, _, _, _ in run["points"] if "logloss" in key]


def test_an_error_in_the_fit_is_the_users(told: Told) -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LogisticRegression().fit(X, Y[:5])
    with pytest.raises(TypeError):
        LogisticRegression().fit()
    (run,) = told()
    assert run["state"] == "failed"


def test_recording_never_raises(
    told: Told, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Odd(BaseEstimator):
        def fit(self, x: Any, y: Any = None) -> Odd:
            self.classes_ = self
            return self

        def predict(self, x: Any) -> Any:
            raise RuntimeError("never asked")

        def get_params(self, deep: bool = True) -> Any:
            raise RuntimeError("no parameters")

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            odd = Odd()
            assert odd.fit(object()) is odd
    assert 0 < len(caplog.records) <= 3, "each once"
    assert [run["name"] for run in told()] == ["Odd"] * 3


def test_models_that_cannot_be_written_or_should_not_be_are_described(
    told: Told, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Local(LogisticRegression):
        """Of a class that no pickle can name."""

    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            Local().fit(X, Y)
        assert [record.message.partition(" can not be")[0] for record in caplog.records] == [
            "lineage: not recorded: the bytes of model Local: InvalidInputError: this Local"
        ]
        with monkeypatch.context() as patch:
            patch.setattr("lineage_server.client.autologging.fitting._LARGEST_MODEL_BYTES", 100)
            LogisticRegression().fit(X, Y)
        assert "has more than 100 bytes" in caplog.records[-1].message
    with autolog("sklearn", models="describe"):
        LogisticRegression().fit(X, Y)
    autolog(data=True, models=True)
    runs = told()
    assert len(runs) == 4
    for run in runs:
        (model,) = run["outputs"]
        assert ("digest" in model, model["metadata"]["features"]) == (False, 3)


def test_it_ends_without_a_trace(told: Told, logged: Autolog) -> None:
    recorded = LogisticRegression.fit
    autolog("sklearn", "xgboost")
    assert LogisticRegression.fit is recorded, "twice is once"
    assert autolog(False).frameworks == logged.frameworks
    assert not hasattr(LogisticRegression.fit, "__wrapped__") or LogisticRegression.fit is not recorded
    assert "__init_subclass__" not in vars(BaseEstimator)
    assert xgboost.train is xgboost.training.train is xgboost.sklearn.train
    LogisticRegression().fit(X, Y)
    assert told() == []
    with autolog("scikit-learn", data=False, models=False):
        xgboost.XGBClassifier(n_estimators=1).fit(X, Y)
        (run,) = told()
        assert (run["inputs"], run["outputs"]) == ([], [])
    autolog(data=True, models=True).undo()
    with pytest.raises(InvalidInputError, match="knows no framework 'jax'; allowed: sklearn, xgboost"):
        autolog("jax")


LATE = """
import sys
import lineage_server as lineage
lineage.autolog()
assert not {"sklearn", "xgboost", "lightgbm", "numpy"} & set(sys.modules)
from sklearn.linear_model import LinearRegression
import xgboost, sklearn.base, importlib.resources
assert type(sklearn.base.__loader__).__name__ == type(sklearn.__loader__).__name__
LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
xgboost.train({}, xgboost.DMatrix([[0.0], [1.0]], [0.0, 2.0]), 1)
"""


def test_a_framework_that_is_imported_later(stub: StubServer, journal_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LATE], capture_output=True, text=True, timeout=50, check=False,
        env={"LINEAGE_URL": stub.url, "LINEAGE_JOURNAL_DIR": str(journal_dir), "LINEAGE_CAPTURE": "none"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert [e["name"] for e in stub.of_type("run") if "name" in e] == ["LinearRegression", "Booster"]
    assert not autologging.fitting._open
