"""The sample as a project: prepare, train, evaluate, choose, release, use; then correct the data, and
all of it again.

Read it as an example: every fact reaches the server through ``lineage_server`` and nothing else. Runs
are begun with ids of the sample's own (``presence``), which a project of yours does without.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage_server import Artifact, Client, Run
from lineage_server.domain.events import AliasSet, DeploymentReported, ModelReported, ModelVersionReported
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import ModelState
from lineage_server.sample import data, presence, training

_CARD = """\
Says of a tumour whether it is malignant, from the shape of its cells under the microscope.

| | |
| --- | --- |
| Data | 569 cases of the breast cancer data set that scikit-learn brings along |
| Judged by | the area under the curve, on a quarter of the cases that no training has seen |
| Not for | decisions about patients: it is a sample |
"""


def run_project(client: Client, folder: Path, say: Callable[[str], None]) -> None:
    """Both rounds, recorded with this client."""
    presence.write_note(folder)
    first, second = (presence.round_folder(folder, number) for number in presence.ROUNDS)
    say("first round: the data as it was delivered")
    frame, delivered = _deliver(client, _made(first))
    _release(client, presence.ROUNDS[0], *_round(client, first, frame, delivered, say))
    say("a bad row is found; second round: the data corrected")
    mended, corrected = _correct(client, _made(second), delivered)
    _release(client, presence.ROUNDS[1], *_round(client, second, mended, corrected, say))
    client.flush(30.0)


def _begin(client: Client, job: str, *, name: str = "", **told: Any) -> Run:
    return client.start_run(name or job, job=job, run_id=presence.new_run_id(), **told)


def _deliver(client: Client, folder: Path) -> tuple[Any, Artifact]:
    """The measurements arrive, one case in the wrong unit."""
    frame = data.first_delivery()
    with _begin(client, "deliver", tags={"from": "laboratory"}) as run:
        path = _written(frame, folder / "measurements.csv")
        return frame, run.produce("measurements", path, type="dataset")


def _correct(client: Client, folder: Path, delivered: Artifact) -> tuple[Any, Artifact]:
    """Find the cases in the wrong unit and mend them: a new version of the same dataset."""
    frame = data.first_delivery()
    with _begin(client, "correct") as run:
        run.use(delivered, role="delivered")
        cases = data.suspicious_cases(frame)
        run.log_params({"cases": ",".join(map(str, cases))})
        run.note(f"case {', '.join(map(str, cases))} was written down in micrometres")
        mended = data.corrected(frame, cases)
        path = _written(mended, folder / "measurements.csv")
        return mended, run.produce("measurements", path, type="dataset")


def _round(
    client: Client, folder: Path, frame: Any, measurements: Artifact, say: Callable[[str], None]
) -> tuple[Artifact, dict[str, float]]:
    """From measurements to predictions; answers the model that made them, and how good it is."""
    train, test = _split(client, folder, frame, measurements)
    scores: dict[str, dict[str, float]] = {}
    fitted: dict[str, dict[str, Any]] = {}
    for candidate in training.CANDIDATES:
        fitted[candidate.name], scores[candidate.name] = _train(client, folder, candidate, train, test)
        say(f"  {candidate.name:<8} area under the curve {scores[candidate.name]['auc']:.4f}")
    return _choose(client, folder, scores, fitted, test)


def _split(client: Client, folder: Path, frame: Any, measurements: Artifact) -> tuple[Any, Any]:
    train, test = data.split(frame)
    with _begin(client, "prepare", params={"test_share": 0.25}) as run:
        run.use(measurements)
        sources = {column: [("measurements", column)] for column in data.features_of(frame)}
        run.produce("train", _written(train, folder / "train.csv"), type="dataset", columns_from=sources)
        run.produce("test", _written(test, folder / "test.csv"), type="dataset", columns_from=sources)
    return train, test


def _train(
    client: Client, folder: Path, candidate: training.Candidate, train: Any, test: Any
) -> tuple[dict[str, Any], dict[str, float]]:
    """Train one candidate with the metrics of every epoch, and judge it on the test cases."""
    job = f"train-{candidate.name}"
    with _begin(client, job, kind="training", params=candidate.params) as run:
        run.use("dataset:train", role="training data")
        fitted = training.fit(candidate, train, lambda epoch, metrics: run.log(metrics, step=epoch))
        run.produce(
            f"candidate-{candidate.name}", _pickled(fitted, folder / f"{candidate.name}.pickle"), type="model"
        )
    with _begin(client, "evaluate", name=f"evaluate-{candidate.name}") as run:
        run.use(f"model:candidate-{candidate.name}", role="model")
        run.use("dataset:test", role="test data")
        scores = training.evaluate(fitted, test)
        run.log(scores)
        run.produce(f"scores-{candidate.name}", scores, type="metrics")
    return fitted, scores


def _choose(
    client: Client,
    folder: Path,
    scores: dict[str, dict[str, float]],
    fitted: dict[str, dict[str, Any]],
    test: Any,
) -> tuple[Artifact, dict[str, float]]:
    """The best becomes the model to use, and is used."""
    best = max(scores, key=lambda name: scores[name]["auc"])
    with _begin(client, "choose", params={"best": best}) as run:
        for name in scores:
            run.use(f"metrics:scores-{name}", role=f"scores of {name}")
        run.use(f"model:candidate-{best}", role="best")
        # Written anew, with a name of its own: the content tells which training it came from.
        chosen = {"candidate": best, "auc": scores[best]["auc"], **fitted[best]}
        model = run.produce("tumour", _pickled(chosen, folder / "tumour.pickle"), type="model")
    with _begin(client, presence.LAST_JOB) as run:
        run.use(model, role="model")
        run.use("dataset:test", role="cases")
        predictions = training.predict(fitted[best], test)
        run.produce("predictions", _written(predictions, folder / "predictions.csv"), type="table")
    return model, scores[best]


def _release(client: Client, number: str, model: Artifact, scores: dict[str, float]) -> None:
    """Register the model, let the alias point to it, and serve it in place of the one before."""
    name, project, now = presence.MODEL, client.config.project, now_micros()
    client.report(
        ModelReported(project=project, model=name, description="is the tumour malignant?", card=_CARD),
        ModelVersionReported(
            project=project, model=name, version=number, origin=model.uid, uri=model.uri, run=model.run,
            metrics={**scores}, state=ModelState.READY,
        ),
        AliasSet(project=project, model=name, alias=presence.ALIAS, version=number),
        DeploymentReported(
            project=project, name=presence.SERVICE, revision=number, model=name, version=number,
            state="ready", traffic=100.0, from_at=now,
        ),
    )  # fmt: skip
    if number != presence.ROUNDS[0]:
        client.report(
            DeploymentReported(
                project=project, name=presence.SERVICE, revision=presence.ROUNDS[0], state="retired",
                traffic=0.0, to_at=now,
            )
        )  # fmt: skip


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _written(frame: Any, path: Path) -> Path:
    frame.to_csv(path, index=False)
    return path


def _pickled(value: Any, path: Path) -> Path:
    path.write_bytes(pickle.dumps(value))
    return path
