"""Runs with as many inputs and outputs as one event may tell: what follows from them follows soon.

Nothing else is answered meanwhile, so time must grow with what a run has, not with its square: that would
be minutes here.
"""

from __future__ import annotations

import json
import time

from lineage_server.domain.edges import COLUMNS, EdgeType
from lineage_server.domain.nodes import Label
from lineage_server.graph.write import WriteBatch
from lineage_server.ingest import derive
from lineage_server.ingest.facts import EdgeKey
from lineage_server.ingest.state import NodeState

MANY = 10_000
"""Inputs and outputs that an event may have."""
SECONDS = 5.0
"""Of this thread's processor time; it takes a fraction of one."""
RUN = "run:0198c0de-0000-7000-8000-000000000001"
TOLD = {"at": 1, "recorded_at": 1, "source": "client", "basis": "declared", "event": "e"}


def version(name: str, key: str) -> str:
    return f"version:default/dataset/{name}@{key}"


def wide() -> NodeState:
    run = NodeState(RUN, Label.RUN)
    run.props["started_at"] = 10
    for number in range(MANY):
        run.edges[EdgeKey(EdgeType.READS, "", f"artifact:default/dataset/read-{number}")] = dict(TOLD)
        run.edges[EdgeKey(EdgeType.INPUT_TO, "", version(f"in-{number}", "sha256:a"))] = dict(TOLD)
        run.edges[EdgeKey(EdgeType.OUTPUT, "", version(f"out-{number}", "sha256:b"))] = dict(TOLD)
        run.edges[EdgeKey(EdgeType.OUTPUT, "", version(f"out-{number}", RUN))] = dict(TOLD)
    return run


def test_the_versions_behind_many_reads_are_found_soon() -> None:
    run = wide()
    seals = {
        f"artifact:default/dataset/read-{number}": {version(f"read-{number}", "sha256:c"): [5]}
        for number in range(MANY)
    }
    started = time.thread_time()
    assert len(derive.infer_inputs(run, derive.Known(seals, {}, {}), 20)) == MANY
    later = {
        artifact: {version(artifact[len("artifact:default/dataset/") :], "sha256:d"): [6]}
        for artifact in seals
    }
    assert len(derive.infer_inputs(run, derive.Known(later, {}, {}), 30)) == MANY
    assert time.thread_time() - started < SECONDS
    edge = run.edges[EdgeKey(EdgeType.INPUT_TO, "", version("read-7", "sha256:c"))]
    assert (edge["superseded_at"], edge["basis"]) == (30, "inferred")
    edge = run.edges[EdgeKey(EdgeType.INPUT_TO, "", version("read-7", "sha256:d"))]
    assert edge["superseded_at"] is None


def test_columns_and_twins_of_many_outputs_are_found_soon() -> None:
    run, versions = wide(), dict[str, NodeState]()
    for number in range(MANY):
        for key in ("sha256:b", RUN):
            uid = version(f"out-{number}", key)
            versions[uid] = NodeState(uid, Label.ARTIFACT_VERSION)
        stated = {"total": [[f"in-{number}", "price"]]}
        versions[version(f"out-{number}", "sha256:b")].props["fields"] = json.dumps(stated)
    started = time.thread_time()
    derive.derive_columns(run, versions, 20)
    twins, ends = derive.same_as(run), derive.edges_by_end(run)
    for keyed, digested in twins:
        derive.mark_same(versions[digested], keyed, ends)
    assert time.thread_time() - started < SECONDS
    assert len(twins) == MANY
    made = versions[version("out-7", "sha256:b")].edges
    assert set(made) == {
        EdgeKey(EdgeType.DERIVED, COLUMNS + RUN, version("in-7", "sha256:a")),
        EdgeKey(EdgeType.SAME_AS, "", version("out-7", RUN)),
    }


def test_many_changed_edges_of_a_run_are_one_row() -> None:
    """The graph walks over a run's edges once a row."""
    batch = WriteBatch()
    for number in range(MANY):
        batch.set_edge(EdgeType.INPUT_TO, "data", (RUN, version(f"in-{number}", "sha256:a")), {"at": 1})
    batch.set_edge(EdgeType.INPUT_TO, "data", (RUN, version("in-0", "sha256:a")), {"last_at": 2})
    batch.finish()
    (row,) = batch.rows["set_INPUT_TO"]
    assert (row["anchor"], len(row["by"])) == (RUN, MANY)
    assert row["by"][f"data\n{version('in-0', 'sha256:a')}"] == {"at": 1, "last_at": 2}
