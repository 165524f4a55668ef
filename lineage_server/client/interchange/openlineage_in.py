"""OpenLineage files read: our own, whose stored events come back as they were, and those of others.

A file is read to its end and checked before anything of it is sent. What others told becomes events of
one project: a job is known by namespace and name, a run by its id, an output by the version that its facet
states, else by its run; an input without a version is left to the server's rule. Facets are kept as facts.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from lineage_server.client.interchange import openlineage_words as words
from lineage_server.domain.edges import Basis, Source
from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.domain.event_parts import Event, InputFact, OutputFact
from lineage_server.domain.events import ArtifactReported, JobReported, RunReported, VersionReported
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import ArtifactType, RunState
from lineage_server.domain.stored import StoredEvent
from lineage_server.domain.untyped import as_mapping

MOST_LINE_BYTES = 64 << 20
_MOST_NAME = 500
_STATES = {
    "START": RunState.RUNNING,
    "RUNNING": RunState.RUNNING,
    "COMPLETE": RunState.COMPLETE,
    "FAIL": RunState.FAILED,
    "ABORT": RunState.ABORTED,
}
_Json = dict[str, Any]


def lines_in(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered from 1, without empty ones; raises LimitError before a huge one is held."""
    number = 0
    with path.open("rb") as file:
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                raise LimitError(
                    f"{path}: line {number} has more than {MOST_LINE_BYTES} bytes; nothing was imported. An "
                    "OpenLineage file has one event a line",
                    limit=MOST_LINE_BYTES,
                )
            if line.strip():
                yield number, line


def is_event(told: object) -> bool:
    """Whether this looks like an OpenLineage event."""
    return "eventTime" in as_mapping(told) and bool({"run", "job", "dataset"} & as_mapping(told).keys())


def check(path: Path) -> bool:
    """Read all of it; whether it is an export of ours. Raises InvalidInputError naming the line."""
    digest, ours, count, ended = hashlib.sha256(), 0, 0, False
    for number, line in lines_in(path):
        told = _event(path, number, line)
        if ended:
            raise _spoilt(path, f"goes on in line {number}, after its end")
        end = _facet(told, words.EXPORT_FACET)
        if end:
            if (end.get("events"), end.get("sha256")) != (count, digest.hexdigest()):
                raise _spoilt(path, "is not what was exported (its SHA-256 differs)")
            ended = True
            continue
        digest.update(line)
        count += 1
        if _facet(told, words.EVENT_FACET):
            ours += 1
            _stored(path, number, told)
        else:
            _foreign(path, number, told, "default")
    if not count and not ended:
        raise InvalidInputError(f"{path} is empty; nothing was imported", field="file")
    if ours and ours != count:
        raise _spoilt(path, "has lines of others among those of an export")
    if ours and not ended:
        raise _spoilt(path, "lacks its last line: it was cut off")
    return ended


def stored_in(path: Path) -> Iterator[StoredEvent]:
    """Of a file that was checked and is ours."""
    for number, line in lines_in(path):
        told = _event(path, number, line)
        if not _facet(told, words.EXPORT_FACET):
            yield _stored(path, number, told)


def events_in(path: Path, project: str) -> Iterator[Event]:
    """Of a file that was checked and is others'."""
    for number, line in lines_in(path):
        yield from _foreign(path, number, _event(path, number, line), project)


def _spoilt(path: Path, how: str) -> InvalidInputError:
    return InvalidInputError(f"{path} {how}; nothing was imported", field="file")


def _event(path: Path, number: int, line: bytes) -> _Json:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _spoilt(
            path, f"has no JSON in line {number} ({error}): it was cut off or is another file"
        ) from None
    if not is_event(told):
        raise _spoilt(path, f"has no OpenLineage event in line {number}")
    return told


def _facet(told: _Json, name: str) -> _Json:
    """One of ours, wherever this kind of event has it."""
    for place in ("run", "job", "dataset"):
        found = as_mapping(as_mapping(as_mapping(told.get(place)).get("facets")).get(name))
        if found:
            return found
    return {}


def _stored(path: Path, number: int, told: _Json) -> StoredEvent:
    import msgspec

    try:
        return msgspec.convert(_facet(told, words.EVENT_FACET), StoredEvent)
    except msgspec.ValidationError as error:
        raise _spoilt(path, f"has no stored event in line {number}: {error}") from None


# --- what others told ------------------------------------------------------------------------


def _foreign(path: Path, number: int, told: _Json, project: str) -> list[Event]:
    try:
        key = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:40]
        known: _Json = {
            "project": project,
            "id": f"openlineage-{key}",
            "at": micros(str(told["eventTime"])),
            "source": Source.OPENLINEAGE,
            "basis": Basis.OBSERVED,
        }
        if told.get("run"):
            return _run(told, known)
        return [_job(told, known)] if told.get("job") else _dataset(told, known)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise InvalidInputError(
            f"{path}: line {number} is not valid OpenLineage ({shorten(why, 200)}); nothing was imported",
            field="file",
            allowed="RunEvents, JobEvents and DatasetEvents, one a line",
        ) from None


def micros(text: str) -> int:
    """Of RFC 3339; without a zone it is UTC. Raises ValueError."""
    told = datetime.fromisoformat(text)
    return round((told if told.tzinfo else datetime.fromisoformat(f"{text}+00:00")).timestamp() * 1_000_000)


def _joined(one: _Json) -> str:
    """One name of namespace and name; a digest of it where it is too long."""
    namespace, name = str(one["namespace"]).strip(), str(one["name"]).strip()
    joined = f"{namespace.rstrip('/')}/{name.lstrip('/')}" if namespace else name
    if len(joined) <= _MOST_NAME:
        return joined
    return f"{joined[: _MOST_NAME - 66]}…{hashlib.sha256(joined.encode()).hexdigest()}"


def _run(told: _Json, known: _Json) -> list[Event]:
    run, job = told["run"], told["job"]
    run_id = str(uuid.UUID(str(run["runId"])))
    facets = as_mapping(run.get("facets"))
    state = _STATES.get(str(told.get("eventType") or ""))
    events: list[Event] = []
    parent = as_mapping(facets.get("parent"))
    above = None
    if parent:
        above = str(uuid.UUID(str(parent["run"]["runId"])))
        name: _Json = {**known, "id": f"{known['id']}-parent"}
        events.append(RunReported(**name, run=above, job=_joined(parent["job"])))
    ended = state is not None and state is not RunState.RUNNING
    bad = state in (RunState.FAILED, RunState.ABORTED)
    report = RunReported(
        **known,
        run=run_id,
        job=_joined(job),
        state=state,
        started_at=known["at"] if told.get("eventType") == "START" else None,
        ended_at=known["at"] if ended else None,
        reason=_text(as_mapping(facets.get("errorMessage")).get("message")) if bad else None,
        parent=above,
        inputs=[_input(one) for one in told.get("inputs") or ()],
        outputs=[_output(one, partial=bad) for one in told.get("outputs") or ()],
        facts=_facts(run=facets, job=as_mapping(job.get("facets"))),
    )
    return [*events, report]


def _text(value: object) -> str | None:
    return str(value) if value else None


def _facts(**facets: _Json) -> _Json | None:
    told = {f"openlineage.{of}": value for of, value in facets.items() if value}
    return told or None


def _input(one: _Json) -> InputFact:
    name = _joined(one)
    digest = _version(one)
    return InputFact(name=name, type=_type(one), digest=digest, uri=name if "://" in name else "")


def _output(one: _Json, *, partial: bool) -> OutputFact:
    name, facets = _joined(one), as_mapping(one.get("facets"))
    statistics = as_mapping(as_mapping(one.get("outputFacets")).get("outputStatistics"))
    size = statistics.get("size")
    stats = {key: value for key, value in statistics.items() if key[:1] != "_"}
    return OutputFact(
        name=name,
        type=_type(one),
        digest=_version(one),
        uri=name if "://" in name else "",
        size=size if isinstance(size, int) and size >= 0 else None,
        columns=_columns(facets),
        stats=stats or None,
        fields=_fields(facets),
        partial=partial,
    )


def _version(one: _Json) -> str:
    """A version that was stated is one whatever its words: its key is made from them."""
    version = as_mapping(as_mapping(one.get("facets")).get("version")).get("datasetVersion")
    if not version:
        return ""
    text = str(version)
    if text.startswith("sha256:") and len(text) == 71 and text[7:].isalnum():
        return text
    return f"version:{hashlib.sha256(f'{_joined(one)}@{text}'.encode()).hexdigest()}"


def _type(one: _Json) -> str:
    told = as_mapping(as_mapping(one.get("facets")).get("datasetType")).get("datasetType")
    kind = str(told or "").lower()
    return kind if kind in list(ArtifactType) else ArtifactType.DATASET


def _columns(facets: _Json) -> list[_Json] | None:
    fields = as_mapping(facets.get("schema")).get("fields")
    return [{"name": str(f["name"]), "type": str(f.get("type") or "")} for f in fields] if fields else None


def _fields(facets: _Json) -> dict[str, list[list[str]]] | None:
    told = as_mapping(as_mapping(facets.get("columnLineage")).get("fields"))
    return {
        column: [[_joined(source), str(source["field"])] for source in told[column].get("inputFields") or ()]
        for column in told
    } or None


def _job(told: _Json, known: _Json) -> Event:
    facets = as_mapping(told["job"].get("facets"))
    named = {
        way: [_joined(one) for one in told.get(way) or ()] for way in ("inputs", "outputs") if told.get(way)
    }
    described = _text(as_mapping(facets.get("documentation")).get("description"))
    facts = _facts(job=facets, declared=named)
    return JobReported(**known, name=_joined(told["job"]), description=described, facts=facts)


def _dataset(told: _Json, known: _Json) -> list[Event]:
    one = told["dataset"]
    facets, name, kind = as_mapping(one.get("facets")), _joined(one), _type(one)
    described = _text(as_mapping(facets.get("documentation")).get("description"))
    facts = _facts(dataset=facets)
    events: list[Event] = [
        ArtifactReported(**known, artifact=name, kind=kind, description=described, facts=facts)
    ]
    digest = _version(one)
    if digest:
        version: _Json = {**known, "id": f"{known['id']}-version"}
        columns, uri = _columns(facets), name if "://" in name else None
        # It was there by then: who read the dataset later, and does not say what, read this.
        version["sealed_at"] = known["at"]
        events.append(
            VersionReported(**version, artifact=name, kind=kind, digest=digest, columns=columns, uri=uri)
        )
    return events
