"""Records of the graph ↔ frozen dataclasses of the domain; pure functions, no I/O.

How properties are stored is written in ``docs/storage.md``: parameters, metrics and tags as one
dotted property a key, nested facts as JSON text, and the bookkeeping of last-writer-wins, which
readers never show.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from lineage_server.domain.ids import label_of
from lineage_server.domain.nodes import Artifact, ArtifactVersion, Column, Edge, Label, Node, Run, RunState
from lineage_server.domain.people import called
from lineage_server.domain.untyped import as_mapping

HIDDEN = frozenset(
    {
        *("clock", "clocks", "tomb", "search_text", "annotated", "moves_at", "moves_recorded", "moves_on"),
        *("sent_by", "failed_at"),
    }
)
"""Properties that hold no fact of their own: merge clocks, packed payload, search words."""

_JSON = frozenset(
    {
        *("facts", "resources", "usage", "metadata", "labels"),
        *("metric_steps", "schema", "stats", "history", "fields", "signature", "movers", "approvers"),
        "reproduction",
    }
)
_COMMON = frozenset(
    {
        "uid",
        "project",
        "name",
        "kind",
        "created_at",
        "updated_at",
        "deleted_at",
        "stub",
        "description",
    }
)
_RUN = frozenset(
    {
        "job",
        "state",
        "requested_at",
        "queued_at",
        "started_at",
        "ended_at",
        "reason",
        "exit_code",
        "attempt",
        "gpu_product",
        "gpu_count",
        "gpu_seconds",
    }
)
_ARTIFACT = frozenset({"version_count", "latest_at"})
_VERSION = frozenset(
    {
        "artifact",
        "ordinal",
        "digest",
        "uri",
        "size",
        "sealed_at",
        "partial",
        "hold",
        "ttl_at",
        "stored_at",
        "stats",
        "schema",
    }
)
_EDGE = frozenset(
    {"role", "at", "recorded_at", "source", "basis", "event", "superseded_at", "retracted_at", "fields"}
)
_STATES = {str(state): state for state in RunState}


def node_from_record(record: Mapping[str, Any]) -> Node:
    """The domain's view of a node's properties; the label is known from the uid."""
    label = label_of(record["uid"])
    if label is Label.RUN:
        return _run(record)
    if label is Label.ARTIFACT_VERSION:
        return _version(record)
    if label is Label.ARTIFACT:
        common, rest, _, _ = _split(record, label, _ARTIFACT)
        return Artifact(
            **common,
            properties=rest,
            version_count=record.get("version_count") or 0,
            latest_at=record.get("latest_at"),
        )
    common, rest, params, metrics = _split(record, label, frozenset())
    return Node(**common, properties={**rest, **params, **metrics})


def edge_from_record(kind: str, start: str, end: str, record: Mapping[str, Any]) -> Edge:
    """The domain's view of a relationship's properties."""
    rest = {key: value for key, value in record.items() if key not in _EDGE and key not in HIDDEN}
    for key in ("fields", "history"):
        if record.get(key):
            rest[key] = parse_json(record[key])
    return Edge(
        type=kind,
        start=start,
        end=end,
        role=record.get("role") or "",
        at=record.get("at") or 0,
        recorded_at=record.get("recorded_at") or 0,
        source=record.get("source") or "",
        basis=record.get("basis") or "",
        event=record.get("event") or "",
        superseded_at=record.get("superseded_at"),
        retracted_at=record.get("retracted_at"),
        properties=rest,
    )


def parse_json(value: Any) -> Any:
    """Nested facts from their text; text that is no JSON stays text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _run(record: Mapping[str, Any]) -> Run:
    common, rest, params, metrics = _split(record, Label.RUN, _RUN)
    return Run(
        **common,
        properties=rest,
        job=record.get("job") or "",
        state=_STATES.get(record.get("state") or ""),
        requested_at=record.get("requested_at"),
        queued_at=record.get("queued_at"),
        started_at=record.get("started_at"),
        ended_at=record.get("ended_at"),
        reason=record.get("reason") or "",
        exit_code=record.get("exit_code"),
        attempt=record.get("attempt"),
        by=record.get("by_name") or called(record.get("sent_by") or ""),
        gpu_product=record.get("gpu_product") or "",
        gpu_count=record.get("gpu_count"),
        gpu_seconds=record.get("gpu_seconds"),
        params={key[2:]: value for key, value in params.items()},
        metrics={key[2:]: value for key, value in metrics.items()},
    )


def _version(record: Mapping[str, Any]) -> ArtifactVersion:
    common, rest, _, _ = _split(record, Label.ARTIFACT_VERSION, _VERSION)
    return ArtifactVersion(
        **common,
        properties=rest,
        artifact=record.get("artifact") or "",
        ordinal=record.get("ordinal"),
        digest=record.get("digest") or "",
        uri=record.get("uri") or "",
        size=record.get("size"),
        sealed_at=record.get("sealed_at"),
        partial=bool(record.get("partial")),
        hold=bool(record.get("hold")),
        ttl_at=record.get("ttl_at"),
        stored_at=record.get("stored_at"),
        columns=_columns(record.get("schema")),
        stats=json_map(record.get("stats")),
    )


def _split(
    record: Mapping[str, Any], label: Label, named: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Common fields, unnamed properties, then what stands under ``p.`` and ``m.`` (still prefixed)."""
    tags: dict[str, str] = {}
    params: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, value in record.items():
        if key in _COMMON or key in named or key in HIDDEN or value is None:
            continue
        match key[:2]:
            case "t.":
                tags[key[2:]] = str(value)
            case "p.":
                params[key] = value
            case "m.":
                metrics[key] = value
            case _:
                rest[key] = parse_json(value) if key in _JSON else value
    common: dict[str, Any] = {
        "uid": record["uid"],
        "label": label,
        "project": record.get("project") or "",
        "name": record.get("name") or "",
        "kind": record.get("kind") or "",
        "created_at": record.get("created_at") or 0,
        "updated_at": record.get("updated_at") or 0,
        "deleted_at": record.get("deleted_at"),
        "stub": bool(record.get("stub")),
        "description": record.get("description") or "",
        "tags": tags,
    }
    return common, rest, params, metrics


def _columns(text: Any) -> tuple[Column, ...]:
    parsed: Any = parse_json(text)
    if not isinstance(parsed, list):
        return ()
    columns = [json_map(item) for item in cast("list[Any]", parsed)]
    return tuple(
        Column(name=str(c["name"]), type=str(c.get("type", "")), nullable=bool(c.get("nullable", True)))
        for c in columns
        if "name" in c
    )


def json_map(value: Any) -> dict[str, Any]:
    """A map, parsed where it is still text; anything else is an empty one."""
    return as_mapping(parse_json(value))
