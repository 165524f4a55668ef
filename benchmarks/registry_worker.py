"""Our side of ``registry``, in a process of its own as a user's program.

``python registry_worker.py each COUNT`` registers so many versions one by one, each answered;
``tell COUNT`` tells of them as runs do, until all are committed. Both print the seconds and the model.
``resolve MODEL COUNT`` prints the seconds at half of the resolutions of its alias, then those of ``resolve``
alone.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from uuid import uuid4

import lineage_server as lineage
from lineage_server.domain.events import Event, ModelReported, ModelVersionReported
from lineage_server.domain.nodes import ModelState

PLACE = "s3://bucket/models/{}"


def main() -> None:
    verb, *rest = sys.argv[1:]
    lineage.gql("{ __typename }")  # connected, as the peer is
    if verb == "resolve":
        ref = f"model:{rest[0]}@prod"
        whole = _half(lambda: lineage.model_version(ref), int(rest[1]))
        alone = _half(
            lambda: lineage.gql("query($r: String!) { resolve(ref: $r) }", {"r": ref}), int(rest[1])
        )
        print(whole, alone)
        return
    name, count = f"bench-{uuid4().hex[:8]}", int(rest[0])
    began = time.perf_counter()
    if verb == "each":
        for number in range(count):
            lineage.register(name, PLACE.format(number))
    else:
        with lineage.Client() as client:
            client.report(ModelReported(project="default", model=name))
            for number in range(count):
                client.report(_version(name, number))
            assert client.flush(600)
            assert client.sync_status().all_sent, client.sync_status()
    seconds = time.perf_counter() - began
    lineage.promote(f"model:{name}@{count}", "prod")
    print(seconds, name)


def _version(model: str, number: int) -> Event:
    return ModelVersionReported(
        project="default", model=model, uri=PLACE.format(number), state=ModelState.READY
    )


def _half(ask: Callable[[], object], count: int) -> float:
    """Seconds that half of the questions take at most."""
    taken: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
