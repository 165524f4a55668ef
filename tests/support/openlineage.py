"""What OpenLineage 2-0-2 demands of an event, said once more for tests, from the words of its schema."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any

_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")
_TYPES = {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
_DEMANDED = {
    "schema": ("fields",),
    "version": ("datasetVersion",),
    "parent": ("run", "job"),
    "errorMessage": ("message", "programmingLanguage"),
    "documentation": ("description",),
    "jobType": ("processingType", "integration"),
    "columnLineage": ("fields",),
    "datasetType": ("datasetType",),
}
"""What standard facets may not lack."""


def check_event(told: dict[str, Any]) -> None:
    """Fails the test unless the event is valid."""
    assert datetime.fromisoformat(told["eventTime"]).tzinfo is not None
    assert _URI.fullmatch(told["producer"])
    assert told["schemaURL"].startswith(_SCHEMA)
    kind = told["schemaURL"].removeprefix(_SCHEMA)
    if kind == "RunEvent":
        assert told.get("eventType", "OTHER") in _TYPES
        assert str(uuid.UUID(told["run"]["runId"])) == told["run"]["runId"]
        _check_facets(told["run"].get("facets", {}))
    if kind == "DatasetEvent":
        assert not {"run", "job"} & told.keys()
        return _check_named(told["dataset"])
    assert "dataset" not in told
    assert (kind == "RunEvent") == ("run" in told)
    _check_named(told["job"])
    for dataset in (*told.get("inputs", ()), *told.get("outputs", ())):
        _check_named(dataset)
        _check_facets(dataset.get("inputFacets", {}))
        _check_facets(dataset.get("outputFacets", {}))
    return None


def _check_named(one: dict[str, Any]) -> None:
    assert isinstance(one["namespace"], str)
    assert isinstance(one["name"], str)
    _check_facets(one.get("facets", {}))


def _check_facets(facets: dict[str, Any]) -> None:
    for name, facet in facets.items():
        assert _URI.fullmatch(facet["_producer"]), name
        assert _URI.fullmatch(facet["_schemaURL"]), name
        for key in _DEMANDED.get(name, ()):
            assert facet[key] is not None, (name, key)
        for field in facet["fields"] if name == "schema" else ():
            assert isinstance(field["name"], str)
        if name == "parent":
            assert uuid.UUID(facet["run"]["runId"])
            _check_named(facet["job"])
        if name == "columnLineage":
            for sources in facet["fields"].values():
                for source in sources["inputFields"]:
                    assert {"namespace", "name", "field"} <= source.keys()
