"""The peer of ``bytes``: MLflow's own client, run by the interpreter of MLflow's environment.

``python mlflow_worker.py URI put FOLDER`` prints the seconds and the run's id; ``URI get RUN FOLDER`` the
seconds. Standard library and mlflow only.
"""

from __future__ import annotations

import sys
import time

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
    began = time.perf_counter()
    client.download_artifacts(rest[0], "", rest[1])
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
