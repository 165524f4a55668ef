"""Our side of ``bytes``, in a process of its own as a user's program: put or get, and how long that took.

``python bytes_worker.py put NAME PATH`` or ``get REF FOLDER``; prints the seconds, the most memory that the
process had (MB, resident), and for put the uid.
"""

from __future__ import annotations

import resource
import sys
import time

import lineage_server as lineage


def main() -> None:
    verb, what, where = sys.argv[1:]
    if verb == "get":
        lineage.gql("{ __typename }")  # connected, as the peer is
        began = time.perf_counter()
        lineage.download(what, where, progress=lambda done, total: None)
        _say(began, "")
        return
    lineage.gql("{ __typename }")
    began = time.perf_counter()
    with lineage.start_run("bench", capture="none") as run:
        made = run.produce(what, where, type="dataset")
    assert lineage.sync_status().all_sent, lineage.sync_status()
    _say(began, made.uid)


def _say(began: float, uid: str) -> None:
    print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, uid)


if __name__ == "__main__":
    main()
