"""The peer of ``bytes`` and ``registry``: MLflow's own client, run by MLflow's environment.

``python mlflow_worker.py URI put FOLDER`` prints the seconds and the run's id; ``URI get RUN FOLDER`` the
seconds; ``URI register COUNT ASKED`` the seconds of so many versions, and those that half of so many
resolutions of an alias take at most. Standard library and mlflow only.
"""

from __future__ import annotations

import statistics
import sys
import time
import uuid

import mlflow  # type: ignore[import-not-found]


def main() -> None:
    uri, verb, *rest = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    client.search_experiments()
    if verb == "put":
        run = client.create_run("0")
        began = time.perf_counter()
        client.log_artifacts(run.info.run_id, rest[0])
        print(time.perf_counter() - began, run.info.run_id)
        return
    if verb == "register":
        register(client, int(rest[0]), int(rest[1]))
        return
    began = time.perf_counter()
    client.download_artifacts(rest[0], "", rest[1])
    print(time.perf_counter() - began)


def register(client: mlflow.MlflowClient, count: int, asked: int) -> None:
    name = f"bench-{uuid.uuid4().hex[:8]}"
    began = time.perf_counter()
    client.create_registered_model(name)
    for number in range(count):
        client.create_model_version(name, f"s3://bucket/models/{number}")
    seconds = time.perf_counter() - began
    client.set_registered_model_alias(name, "prod", str(count))
    taken = []
    for _ in range(asked):
        began = time.perf_counter()
        client.get_model_version_by_alias(name, "prod")
        taken.append(time.perf_counter() - began)
    print(seconds, statistics.median(taken))


if __name__ == "__main__":
    main()
