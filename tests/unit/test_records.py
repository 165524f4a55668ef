"""Records of the graph become dataclasses: prefixes split, nested facts parsed, bookkeeping hidden."""

from __future__ import annotations

import json

from lineage_server.domain.nodes import Artifact, ArtifactVersion, Column, Label, Node, Run, RunState
from lineage_server.graph.records import edge_from_record, node_from_record


def test_run_is_split_into_what_it_is() -> None:
    run = node_from_record(
        {
            "uid": "run:1",
            "project": "p",
            "name": "n",
            "state": "complete",
            "p.lr": 0.1,
            "m.loss": float("inf"),
            "t.team": "blue",
            "usage": json.dumps({"cpu_seconds": 1}),
            "cluster": "c",
            "clock": "secret",
            "clocks": "secret",
            "search_text": "n",
            "nothing": None,
        }
    )
    assert isinstance(run, Run)
    assert (run.label, run.state) == (Label.RUN, RunState.COMPLETE)
    assert (run.params, run.metrics, run.tags) == ({"lr": 0.1}, {"loss": float("inf")}, {"team": "blue"})
    assert run.properties == {"usage": {"cpu_seconds": 1}, "cluster": "c"}


def test_version_has_columns_and_survives_a_broken_schema() -> None:
    schema = json.dumps([{"name": "a", "type": "int64", "nullable": False}, {"type": "nameless"}, 3])
    version = node_from_record(
        {"uid": "version:p/dataset/d@sha256:1", "schema": schema, "stats": '{"rows": 3}'}
    )
    assert isinstance(version, ArtifactVersion)
    assert version.columns == (Column(name="a", type="int64", nullable=False),)
    assert version.stats == {"rows": 3}
    broken = node_from_record({"uid": "version:p/dataset/d@sha256:1", "schema": "{not json", "stats": "[]"})
    assert isinstance(broken, ArtifactVersion)
    assert (broken.columns, broken.stats) == ((), {})


def test_tombstone_and_stub_are_marked() -> None:
    artifact = node_from_record(
        {"uid": "artifact:p/dataset/d", "deleted_at": 5, "tomb": b"packed", "stub": True}
    )
    assert isinstance(artifact, Artifact)
    assert (artifact.deleted_at, artifact.stub, artifact.properties) == (5, True, {})


def test_other_labels_keep_their_own_properties() -> None:
    node = node_from_record({"uid": "alias:p/m@prod", "alias": "prod", "history": '[[1, "e", null]]'})
    assert type(node) is Node
    assert node.properties == {"alias": "prod", "history": [[1, "e", None]]}


def test_edge_keeps_when_and_how_it_is_known() -> None:
    record = {
        "role": "x",
        "at": 1,
        "recorded_at": 2,
        "basis": "inferred",
        "rule": "newest",
        "superseded_at": 9,
    }
    edge = edge_from_record("INPUT_TO", "a", "b", record)
    assert (edge.role, edge.at, edge.recorded_at, edge.basis, edge.superseded_at) == (
        "x",
        1,
        2,
        "inferred",
        9,
    )
    assert edge.properties == {"rule": "newest"}
