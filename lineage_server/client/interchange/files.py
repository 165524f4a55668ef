"""One file, of whichever format: what it is, and into the server with it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from lineage_server.client.interchange import openlineage_in, openlineage_out, prov_in, prov_out, prov_words
from lineage_server.client.interchange.pages import (
    ImportReport,
    Progress,
    send_new,
    send_stored,
    stored_events,
)
from lineage_server.client.operating import Operating
from lineage_server.client.wire import line_of
from lineage_server.domain.errors import ConflictError, InvalidInputError, LimitError
from lineage_server.domain.stored import StoredEvent

PROV, OPENLINEAGE = "prov", "openlineage"
SUPPORTED = (
    "a folder that 'lineage export' has written, a PROV-JSON document, or OpenLineage events as JSON lines"
)


def export_file(path: Path, form: str, *, project: str, progress: Progress) -> int:
    """All that is stored now, in a new file; answers how many events. Raises ConflictError."""
    if path.exists():
        raise ConflictError(f"{path} is there already; name a new file")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    write = _write_prov if form == PROV else _write_openlineage
    try:
        with partial.open("xb") as out, Operating() as server:
            count = write(server, out, partial, project, progress)
            out.flush()
            os.fsync(out.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write_prov(server: Operating, out: BinaryIO, partial: Path, project: str, progress: Progress) -> int:
    statements = prov_out.Statements(partial.with_name(f"{partial.name}-said"))
    try:
        events = stored_events(server, project, progress)
        return prov_out.write_document(out, statements, events, project=project)
    finally:
        statements.close()


def _write_openlineage(
    server: Operating, out: BinaryIO, partial: Path, project: str, progress: Progress
) -> int:
    """Twice over the events: a run's job may be told after the first that tells of the run."""
    import msgspec

    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(StoredEvent).decode
    jobs = openlineage_out.Jobs()
    count = 0
    with tempfile.TemporaryFile(dir=partial.parent) as kept:
        for event in stored_events(server, project, progress):
            jobs.note(event)
            kept.write(encode(event) + b"\n")
            count += 1
        kept.seek(0)
        for line in openlineage_out.lines_of(map(decode, kept), jobs, project=project):
            out.write(line)
    return count


def import_file(path: Path, *, project: str, progress: Progress) -> ImportReport:
    """What the file holds, into the server; it is read and checked as a whole before anything is sent.

    ``project``: where to put what others told. Raises InvalidInputError saying what is wrong with it.
    """
    report = ImportReport()
    document = _document(path)
    if document is None:
        ours = openlineage_in.check(path)
        _refuse_project(path, project if ours else "")
        with Operating() as server:
            if ours:
                send_stored(server, openlineage_in.stored_in(path), report, progress)
            else:
                lines = map(line_of, openlineage_in.events_in(path, project or "default"))
                send_new(server, lines, report, progress)
        return report
    stored = prov_in.stored_in(path, document)
    if stored is not None:
        _refuse_project(path, project)
        with Operating() as server:
            send_stored(server, stored, report, progress)
        return report
    events, report.left_out = prov_in.events_in(path, document, project or "default")
    with Operating() as server:
        send_new(server, map(line_of, events), report, progress)
    return report


def _refuse_project(path: Path, project: str) -> None:
    if project:
        raise InvalidInputError(
            f"{path} is an export: its events keep their projects; nothing was imported. Leave --project out",
            field="project",
        )


def _document(path: Path) -> dict[str, Any] | None:
    """A PROV-JSON document; None where the file has OpenLineage events, one a line."""
    try:
        with path.open("rb") as file:
            first = file.readline(openlineage_in.MOST_LINE_BYTES)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", field="file") from None
    if openlineage_in.is_event(_json(first)):
        return None
    size = path.stat().st_size
    if size > prov_words.MOST_BYTES:
        raise LimitError(
            f"{path} has {size} bytes; of a PROV-JSON document at most {prov_words.MOST_BYTES} are read, and "
            "its first line is no OpenLineage event. Nothing was imported",
            limit=prov_words.MOST_BYTES,
            actual=size,
        )
    try:
        told = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise _unknown(path, first, f"it is not JSON ({error})") from None
    if openlineage_in.is_event(told):
        raise _unknown(path, first, "it is an OpenLineage event of several lines: one event a line is read")
    if not prov_in.is_document(told):
        raise _unknown(path, first, "it is JSON of another kind")
    return told


def _json(text: bytes) -> object:
    """None where it is not whole."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unknown(path: Path, first: bytes, why: str) -> InvalidInputError:
    hint = ""
    if first.startswith(b"PAR1"):
        hint = ": it is Parquet; name the folder that it is in"
    elif first.lstrip()[:1] in (b"<", b"@", b"d", b"b", b"P"):
        hint = ": of PROV, the JSON form alone is read"
    elif b'"type"' in first:
        hint = ": should these be events of docs/events.md, send them to /api/v1/events"
    return InvalidInputError(
        f"{path} is nothing that can be imported, {why}{hint}; nothing was imported",
        field="file",
        allowed=SUPPORTED,
    )
