"""Stored events as OpenLineage: one line an event, valid 2-0-2, with the event itself in a facet of ours.

What tells of a run becomes a RunEvent of that run, of jobs a JobEvent, of artifacts and versions a
DatasetEvent; all else (aliases, approvals, intents) is told as OTHER of the export's own run, whose COMPLETE
is the last line. Inputs whose version nobody stated are told without one.
"""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from lineage_server.client.interchange import openlineage_words as words
from lineage_server.client.interchange.openlineage_words import canonical, facet, moment, own_facet
from lineage_server.domain.ids import now_micros
from lineage_server.domain.stored import StoredEvent

_Json = dict[str, Any]


class Jobs:
    """Which job each run is of: read off all events before the first is written, for who tells of a run
    later does not say it again."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._jobs: dict[str, str] = {}
        self._begun: set[str] = set()

    def note(self, event: StoredEvent) -> None:
        if event.type != "run":
            return
        told = json.loads(event.raw)
        run = canonical(told["run"])
        if told.get("job"):
            self._jobs.setdefault(run, sys.intern(told["job"]))
        elif told.get("name"):
            self._names.setdefault(run, told["name"])

    def of(self, run: str, project: str) -> _Json:
        """The job, else the run's own name: OpenLineage knows no run without a job."""
        name = self._jobs.get(run) or self._names.get(run) or "unnamed"
        return {"namespace": project, "name": name}

    def begins(self, run: str) -> bool:
        """Whether this is the first time that it was told to run."""
        known = run in self._begun
        self._begun.add(run)
        return not known


def lines_of(events: Iterable[StoredEvent], jobs: Jobs, *, project: str) -> Iterator[bytes]:
    """All lines, the last one included; ``project`` is the one that was asked for, if it was one."""
    export = {"runId": str(uuid.uuid4())}
    job = {"namespace": project or "default", "name": words.EXPORT_JOB}
    digest, count = hashlib.sha256(), 0
    for event in events:
        line = _line(_told(event, jobs, export, job))
        digest.update(line)
        count += 1
        yield line
    told = own_facet("RunFacet", events=count, sha256=digest.hexdigest(), project=project)
    run = {**export, "facets": {words.EXPORT_FACET: told}}
    yield _line(_event(now_micros(), "RunEvent", eventType="COMPLETE", run=run, job=job))


def _line(value: _Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _event(at: int, kind: str, **more: Any) -> _Json:
    return {
        "eventTime": moment(at),
        "producer": words.PRODUCER,
        "schemaURL": f"{words.CORE}{kind}",
        **more,
    }


def _told(event: StoredEvent, jobs: Jobs, export: _Json, export_job: _Json) -> _Json:
    raw: _Json = json.loads(event.raw)
    if event.type == "job":
        return _job_event(event, raw)
    if event.type in ("artifact", "version"):
        return _dataset_event(event, raw)
    own = {words.EVENT_FACET: _kept(event, "RunFacet")}
    if event.type not in ("run", "metrics"):
        run = {**export, "facets": own}
        return _event(event.at, "RunEvent", eventType="OTHER", run=run, job=export_job)
    run_id = canonical(raw["run"])
    job = jobs.of(run_id, event.project)
    if event.type == "metrics":
        run = {"runId": run_id, "facets": own}
        return _event(event.at, "RunEvent", eventType="OTHER", run=run, job=job)
    return _run_event(event, raw, {"runId": run_id, "facets": own}, job, jobs)


def _kept(event: StoredEvent, of: str) -> _Json:
    import msgspec

    return own_facet(of, **msgspec.to_builtins(event))


def _run_event(event: StoredEvent, raw: _Json, run: _Json, job: _Json, jobs: Jobs) -> _Json:
    state = words.STATES.get(raw.get("state") or "", "OTHER")
    if state == "RUNNING" and jobs.begins(run["runId"]):
        state = "START"
    if raw.get("parent"):
        parent = canonical(raw["parent"])
        above = {"run": {"runId": parent}, "job": jobs.of(parent, event.project)}
        run["facets"]["parent"] = facet("parent", **above)
    if state in ("FAIL", "ABORT") and raw.get("reason"):
        told = facet("errorMessage", message=raw["reason"], programmingLanguage="unknown")
        run["facets"]["errorMessage"] = told
    if raw.get("kind"):
        kind = facet("jobType", processingType="BATCH", integration="LINEAGE", jobType=raw["kind"].upper())
        job = {**job, "facets": {"jobType": kind}}
    inputs = [_input(one, event.project) for one in raw.get("inputs") or ()]
    outputs = [_output(one, event.project, run["runId"], raw) for one in raw.get("outputs") or ()]
    return _event(event.at, "RunEvent", eventType=state, run=run, job=job, inputs=inputs, outputs=outputs)


def _input(one: _Json, project: str) -> _Json:
    version = one.get("digest") or (one.get("run") and f"run:{canonical(one['run'])}")
    version = version or one.get("registered") or one.get("version")
    facets = _dataset_facets(one)
    if version:
        facets["version"] = facet("version", datasetVersion=str(version))
    return {**_named(one, one.get("project") or project), "facets": facets}


def _output(one: _Json, project: str, run: str, raw: _Json) -> _Json:
    facets = _dataset_facets(one)
    facets["version"] = facet("version", datasetVersion=one.get("digest") or f"run:{run}")
    if one.get("fields"):
        facets["columnLineage"] = facet("columnLineage", fields=_columns(one["fields"], raw, project))
    told: _Json = {**_named(one, project), "facets": facets}
    if one.get("size") is not None:
        told["outputFacets"] = {"outputStatistics": facet("outputStatistics", size=one["size"])}
    return told


def _named(one: _Json, project: str, name: str = "name", kind: str = "type") -> _Json:
    """Their name of an artifact: ours, with its type where that is not dataset."""
    of = one.get(kind) or "dataset"
    return {"namespace": project, "name": one[name] if of == "dataset" else f"{of}/{one[name]}"}


def _dataset_facets(one: _Json, kind: str = "type") -> _Json:
    facets: _Json = {}
    if one.get(kind):
        facets["datasetType"] = facet("datasetType", datasetType=one[kind].upper())
    if one.get("columns"):
        fields = [{"name": str(c.get("name")), "type": str(c.get("type", ""))} for c in one["columns"]]
        facets["schema"] = facet("schema", fields=fields)
    if one.get("description"):
        facets["documentation"] = facet("documentation", description=one["description"])
    return facets


def _columns(fields: dict[str, list[list[str]]], raw: _Json, project: str) -> _Json:
    known = {name: one for one in raw.get("inputs") or () for name in (one["name"], one.get("role") or "")}
    return {
        column: {
            "inputFields": [
                {**_named(known[pair[0]], known[pair[0]].get("project") or project), "field": pair[1]}
                for pair in pairs
                if len(pair) > 1 and pair[0] in known
            ]
        }
        for column, pairs in fields.items()
    }


def _job_event(event: StoredEvent, raw: _Json) -> _Json:
    facets: _Json = {words.EVENT_FACET: _kept(event, "JobFacet")}
    if raw.get("description"):
        facets["documentation"] = facet("jobDocumentation", description=raw["description"])
    job = {"namespace": event.project, "name": raw["name"], "facets": facets}
    return _event(event.at, "JobEvent", job=job)


def _dataset_event(event: StoredEvent, raw: _Json) -> _Json:
    facets = {words.EVENT_FACET: _kept(event, "DatasetFacet"), **_dataset_facets(raw, "kind")}
    key = raw.get("digest") or (raw.get("run") and f"run:{canonical(raw['run'])}")
    if event.type == "version" and key:
        facets["version"] = facet("version", datasetVersion=key)
    dataset = {**_named(raw, event.project, "artifact", "kind"), "facets": facets}
    return _event(event.at, "DatasetEvent", dataset=dataset)
