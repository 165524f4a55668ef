"""The sample as a project: prepare, train, evaluate, choose, use; then correct the data, and again.

Read it as an example: every fact reaches the server through ``lineage_server`` and nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage_server import Artifact, Client
from lineage_server.sample import data, training


def run_project(client: Client, folder: Path, say: Callable[[str], None]) -> None:
    """Both rounds, recorded with this client."""
    folder.mkdir(parents=True, exist_ok=True)
    say("first round: the data as it was delivered")
    frame, delivered = _deliver(client, folder)
    _round(client, folder, frame, delivered, say)
    say("a bad row is found; second round: the data corrected")
    mended, corrected = _correct(client, folder, delivered)
    _round(client, folder, mended, corrected, say)
    client.flush(30.0)


def _deliver(client: Client, folder: Path) -> tuple[Any, Artifact]:
    """The measurements arrive, one case in the wrong unit."""
    frame = data.first_delivery()
    with client.start_run("deliver", job="deliver", tags={"from": "laboratory"}) as run:
        path = _written(frame, folder / "measurements-1.csv")
        return frame, run.produce("measurements", path, type="dataset")


def _correct(client: Client, folder: Path, delivered: Artifact) -> tuple[Any, Artifact]:
    """Find the cases in the wrong unit and mend them: a new version of the same dataset."""
    frame = data.first_delivery()
    with client.start_run("correct", job="correct") as run:
        run.use(delivered, role="delivered")
        cases = data.suspicious_cases(frame)
        run.log_params({"cases": ",".join(map(str, cases))})
        run.note(f"case {cases} was written down in micrometres")
        mended = data.corrected(frame, cases)
        path = _written(mended, folder / "measurements-2.csv")
        return mended, run.produce("measurements", path, type="dataset")


def _round(
    client: Client, folder: Path, frame: Any, measurements: Artifact, say: Callable[[str], None]
) -> None:
    train, test = _split(client, folder, frame, measurements)
    scores: dict[str, float] = {}
    fitted: dict[str, dict[str, Any]] = {}
    for candidate in training.CANDIDATES:
        fitted[candidate.name], score = _train(client, folder, candidate, train, test)
        scores[candidate.name] = score
        say(f"  {candidate.name:<8} area under the curve {score:.4f}")
    _choose(client, folder, scores, fitted, test)


def _split(client: Client, folder: Path, frame: Any, measurements: Artifact) -> tuple[Any, Any]:
    train, test = data.split(frame)
    with client.start_run("prepare", job="prepare", params={"test_share": 0.25}) as run:
        run.use(measurements)
        sources = {column: [("measurements", column)] for column in data.features_of(frame)}
        run.produce("train", _written(train, folder / "train.csv"), type="dataset", columns_from=sources)
        run.produce("test", _written(test, folder / "test.csv"), type="dataset", columns_from=sources)
    return train, test


def _train(
    client: Client, folder: Path, candidate: training.Candidate, train: Any, test: Any
) -> tuple[dict[str, Any], float]:
    """Train one candidate with the metrics of every epoch, and judge it on the test cases."""
    job = f"train-{candidate.name}"
    with client.start_run(job, job=job, kind="training", params=candidate.params) as run:
        run.use("dataset:train", role="training data")
        fitted = training.fit(candidate, train, lambda epoch, metrics: run.log(metrics, step=epoch))
        run.produce(
            f"candidate-{candidate.name}", _pickled(fitted, folder / f"{candidate.name}.pickle"), type="model"
        )
    with client.start_run(f"evaluate-{candidate.name}", job="evaluate") as run:
        run.use(f"model:candidate-{candidate.name}", role="model")
        run.use("dataset:test", role="test data")
        scores = training.evaluate(fitted, test)
        run.log(scores)
        run.produce(f"scores-{candidate.name}", scores, type="metrics")
    return fitted, scores["auc"]


def _choose(
    client: Client, folder: Path, scores: dict[str, float], fitted: dict[str, dict[str, Any]], test: Any
) -> None:
    """The best becomes the model to use, and is used."""
    best = max(scores, key=lambda name: scores[name])
    with client.start_run("choose", job="choose", params={"best": best}) as run:
        for name in scores:
            run.use(f"metrics:scores-{name}", role=f"scores of {name}")
        run.use(f"model:candidate-{best}", role="best")
        # Written anew, with a name of its own: the content tells which training it came from.
        chosen = {"candidate": best, "auc": scores[best], **fitted[best]}
        run.produce("tumour", _pickled(chosen, folder / "tumour.pickle"), type="model")
    with client.start_run("predict", job="predict") as run:
        run.use("model:tumour", role="model")
        run.use("dataset:test", role="cases")
        predictions = training.predict(fitted[best], test)
        run.produce("predictions", _written(predictions, folder / "predictions.csv"), type="table")


def _written(frame: Any, path: Path) -> Path:
    frame.to_csv(path, index=False)
    return path


def _pickled(value: Any, path: Path) -> Path:
    path.write_bytes(pickle.dumps(value))
    return path
