"""The fixed words of OpenLineage 2-0-2 that both directions use, and the names of our own two facets."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from lineage_server import __version__

PRODUCER = f"urn:lineage-server:{__version__}"
CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
EVENT_FACET = "lineageServer_event"
"""Holds the stored event that a line was made from."""
EXPORT_FACET = "lineageServer_export"
"""On the last line: how many there are, and their digest."""
EXPORT_JOB = "lineage-export"

_FACETS = {
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "datasetType": "1-0-0/DatasetTypeDatasetFacet",
    "documentation": "1-0-1/DocumentationDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "jobDocumentation": "1-0-1/DocumentationJobFacet",
    "jobType": "2-0-3/JobTypeJobFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "parent": "1-0-1/ParentRunFacet",
    "schema": "1-1-1/SchemaDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
}
STATES = {
    "running": "RUNNING",
    "complete": "COMPLETE",
    "cached": "COMPLETE",
    "failed": "FAIL",
    "aborted": "ABORT",
}
"""Our states of a run; before it runs, an event has none of theirs."""


def facet(kind: str, **words: Any) -> dict[str, Any]:
    """A standard facet."""
    path = _FACETS[kind]
    url = f"https://openlineage.io/spec/facets/{path}.json#/$defs/{path.partition('/')[2]}"
    return {"_producer": PRODUCER, "_schemaURL": url, **words}


def own_facet(of: str, **words: Any) -> dict[str, Any]:
    """A facet of ours; ``of``: what it is a facet of, such as RunFacet."""
    return {"_producer": PRODUCER, "_schemaURL": f"{CORE}{of}", **words}


def moment(micros: int) -> str:
    """RFC 3339."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC).isoformat(timespec="microseconds")


def canonical(run: str) -> str:
    """A run's id as the events of all its witnesses have it."""
    return str(uuid.UUID(run))
