"""``lineage export --format`` and ``import`` of PROV-JSON and OpenLineage files: ours, others', and none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import PROJECT
from tests.e2e.test_exchanging import answers
from tests.support.faults import event, send

if TYPE_CHECKING:
    from tests.e2e.conftest import RunLineage, RunningServer, StartServer

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("recorded")]


@pytest.fixture
def other(start_server: StartServer) -> RunningServer:
    """An empty server."""
    return start_server()


def test_a_project_goes_from_one_server_to_another_in_either_format(
    lineage: RunLineage, running_server: RunningServer, other: RunningServer, tmp_path: Path
) -> None:
    before = answers(lineage, running_server.url)
    events = None
    for form in ("prov", "openlineage"):
        file = tmp_path / f"내보내기.{form}"
        done = lineage("export", str(file), "--project", PROJECT, "--format", form)
        assert (done.code, done.err) == (0, "")
        assert f"events of project {PROJECT}, " in done.out
        assert [path.name for path in tmp_path.glob("내보내기*")] == [file.name]
        again = lineage("export", str(file), "--format", form)
        assert (again.code, "name a new file" in again.err) == (5, True)
        told = json.loads(lineage("import", str(file), "--json", url=other.url).out)
        assert told["refused"] == 0
        assert answers(lineage, other.url) == before
        # The second format finds all that the first has brought.
        assert events in (None, told["duplicate"])
        events = events or told["accepted"]
        file.unlink()


OPENLINEAGE = [
    {
        "eventType": "START",
        "eventTime": "2026-03-01T10:00:00Z",
        "producer": "https://example.com/airflow",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {
            "runId": "0198C0DE-0000-7000-8000-000000000001",
            "facets": {
                "parent": {
                    "_producer": "https://example.com/airflow",
                    "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/ParentRunFacet.json",
                    "run": {"runId": "0198c0de-0000-7000-8000-000000000002"},
                    "job": {"namespace": "airflow", "name": "nightly"},
                }
            },
        },
        "job": {"namespace": "airflow", "name": "nightly.clean"},
        "inputs": [{"namespace": "s3://lake", "name": "raw/customers"}],
    },
    {
        "eventType": "COMPLETE",
        "eventTime": "2026-03-01T10:05:00.123456789+01:00",
        "producer": "https://example.com/airflow",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "0198c0de-0000-7000-8000-000000000001"},
        "job": {"namespace": "airflow", "name": "nightly.clean"},
        "outputs": [
            {
                "namespace": "s3://lake",
                "name": "clean/customers",
                "facets": {
                    "schema": {"fields": [{"name": "id", "type": "BIGINT"}, {"name": "mail"}]},
                    "columnLineage": {
                        "fields": {
                            "id": {
                                "inputFields": [
                                    {"namespace": "s3://lake", "name": "raw/customers", "field": "key"}
                                ]
                            }
                        }
                    },
                },
                "outputFacets": {"outputStatistics": {"rowCount": 5, "size": 100}},
            }
        ],
    },
    {
        "eventTime": "2026-03-01T09:00:00Z",
        "producer": "https://example.com/catalog",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
        "dataset": {
            "namespace": "s3://lake",
            "name": "raw/customers",
            "facets": {
                "version": {"datasetVersion": "17"},
                "documentation": {"description": "as they came"},
            },
        },
    },
    {
        "eventTime": "2026-03-01T09:00:00Z",
        "producer": "https://example.com/catalog",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent",
        "job": {
            "namespace": "airflow",
            "name": "nightly.clean",
            "facets": {"documentation": {"description": "takes doubles out"}},
        },
    },
]


def test_openlineage_of_others_gives_a_graph(
    lineage: RunLineage, running_server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "airflow.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in OPENLINEAGE) + "\n\n")
    done = lineage("import", str(file), "--project", "lake")
    assert (done.code, done.err) == (0, "")
    assert "0 were there already" in done.out
    told = lineage("lineage", "dataset:s3://lake/clean/customers", "--json", LINEAGE_PROJECT="lake")
    found = json.loads(told.out)
    names = json.dumps(found)
    assert "s3://lake/raw/customers" in names
    run = lineage("show", "run:0198c0de-0000-7000-8000-000000000001", "--json", LINEAGE_PROJECT="lake")
    assert (run.code, run.err) == (0, "")
    assert '"complete"' in run.out.lower()
    again = json.loads(lineage("import", str(file), "--project", "lake", "--json").out)
    assert (again["accepted"], again["refused"]) == (0, 0)


PROV = {
    "prefix": {"ex": "http://example.com/", "foaf": "http://xmlns.com/foaf/0.1/"},
    "entity": {
        "ex:dataSet1": {"prov:label": "regions"},
        "ex:article": {},
        "ex:article1": {"prov:type": {"$": "ex:Report", "type": "prov:QUALIFIED_NAME"}, "ex:pages": 3},
        "ex:chart1": [{"prov:label": "first chart"}, {"ex:size": {"$": "10", "type": "xsd:int"}}],
        "ex:howto": {"prov:type": {"$": "prov:Plan", "type": "prov:QUALIFIED_NAME"}},
    },
    "activity": {
        "ex:compose": {"prov:startTime": "2026-03-31T09:21:00", "prov:endTime": "2026-03-31T10:00:00Z"}
    },
    "agent": {"ex:derek": {"foaf:name": "Derek", "prov:label": "Derek"}},
    "used": {"_:u1": {"prov:activity": "ex:compose", "prov:entity": "ex:dataSet1", "prov:role": "input"}},
    "wasGeneratedBy": {"_:g1": {"prov:entity": "ex:chart1", "prov:activity": "ex:compose"}},
    "wasAssociatedWith": {
        "_:a1": {"prov:activity": "ex:compose", "prov:agent": "ex:derek", "prov:plan": "ex:howto"}
    },
    "wasDerivedFrom": {"_:d1": {"prov:generatedEntity": "ex:article1", "prov:usedEntity": "ex:chart1"}},
    "specializationOf": {"_:s1": {"prov:specificEntity": "ex:article1", "prov:generalEntity": "ex:article"}},
    "wasAttributedTo": {"_:t1": {"prov:entity": "ex:chart1", "prov:agent": "ex:derek"}},
    "bundle": {"ex:bundle1": {"entity": {"ex:extra": {}}}},
}


def test_prov_of_others_gives_a_graph(lineage: RunLineage, tmp_path: Path) -> None:
    file = tmp_path / "primer.json"
    file.write_text(json.dumps(PROV, indent=2))
    done = lineage("import", str(file), "--project", "primer")
    assert (done.code, done.err) == (0, "left out: 1 wasAttributedTo, which has no counterpart here\n")
    told = lineage("lineage", "report:http://example.com/article", LINEAGE_PROJECT="primer")
    assert told.code == 0, told.err
    for word in ("http://example.com/article@1", "http://example.com/chart1@1", "dataSet1@1"):
        assert word in told.out, told.out
    again = json.loads(lineage("import", str(file), "--project", "primer", "--json").out)
    assert (again["accepted"], again["refused"]) == (0, 0)


NOTHING: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not JSON"),
    "half a document": (json.dumps(PROV).encode()[:-40], "is not JSON"),
    "half a line": ("\n".join(json.dumps(one) for one in OPENLINEAGE).encode()[:-40], "line 4"),
    "turtle": (b"@prefix prov: <http://www.w3.org/ns/prov#> .", "the JSON form alone"),
    "xml": (b'<prov:document xmlns:prov="http://www.w3.org/ns/prov#"/>', "the JSON form alone"),
    "parquet": (b"PAR1\x00\x01PAR1", "Parquet"),
    "events": (b'{"type": "run", "run": "1"}', "/api/v1/events"),
    "another": (b'{"nodes": []}', "JSON of another kind"),
    "pretty": (json.dumps(OPENLINEAGE[0], indent=1).encode(), "one event a line"),
    "an array": (json.dumps(OPENLINEAGE).encode(), "JSON of another kind"),
    "no time": (b'{"eventTime": "yesterday", "run": {"runId": "1"}, "job": {}}', "line 1"),
    "no run": (b'{"eventTime": "2026-03-01T10:00:00Z", "run": {"runId": "x"}, "job": {}}', "line 1"),
    "entity list": (b'{"entity": [1]}', "entity"),
    "relation": (b'{"used": {"_:u": 3}}', "used"),
    "nothing in it": (b'{"prefix": {}}', "nothing that can be stored"),
    "deep": (b'{"entity": ' + b"[" * 200_000, "is not JSON"),
}


@pytest.mark.parametrize("fault", NOTHING)
def test_what_cannot_be_imported_is_told_with_what_can(
    lineage: RunLineage, tmp_path: Path, fault: str
) -> None:
    file = tmp_path / "file"
    content, said = NOTHING[fault]
    file.write_bytes(content)
    done = lineage("import", str(file))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert str(file) in done.err
    assert "Traceback" not in done.err


def test_of_many_refusals_some_are_told_and_the_rest_counted(
    lineage: RunLineage, running_server: RunningServer, tmp_path: Path
) -> None:
    """They name runs of a project's that are too far in the future."""
    late: list[dict[str, Any]] = [
        {**OPENLINEAGE[3], "eventTime": "2240-01-01T00:00:00Z", "producer": f"urn:x:{n}"} for n in range(25)
    ]
    file = tmp_path / "late.jsonl"
    file.write_text("\n".join(map(json.dumps, late)))
    done = lineage("import", str(file), "--project", "late")
    assert done.code == 2
    assert len(re.findall(r"^refused: ", done.err, re.MULTILINE)) == 20
    assert "and 5 more refused\n25 events refused" in done.err


def test_an_export_keeps_its_projects(
    lineage: RunLineage, tmp_path: Path, running_server: RunningServer
) -> None:
    send(running_server.url, [event("keeps", 1)])
    for form in ("parquet", "prov", "openlineage"):
        path = tmp_path / form
        assert lineage("export", str(path), "--project", "keeps", "--format", form).code == 0
        done = lineage("import", str(path), "--project", "elsewhere")
        assert (done.code, "Leave --project out" in done.err) == (2, True)
