"""Stored events out of a server and into one, page by page; what is in the pages is the callers' matter."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from lineage_server.client.operating import Operating
from lineage_server.domain.stored import StoredEvent

EXPORT, IMPORT, EVENTS = "/api/v1/export/events", "/api/v1/import/events", "/api/v1/events"
LINES = "application/x-ndjson"
_MOST_REASONS = 20
_PAGE_EVENTS, _PAGE_BYTES = 1_000, 4 << 20
_MOST_BYTES = 16 << 20
"""Of one request, whatever is in one batch; in JSON it is more, compressed much less."""

Progress = Callable[[int], None]
"""Told of each page how many events it had."""


@dataclass(frozen=True, slots=True)
class Page:
    """As the server gave it."""

    events: int
    content: bytes


@dataclass(slots=True)
class ImportReport:
    """How many events were taken, were there already, were refused; and why, for the first of those.

    ``left_out``: statements of a file by others that have no counterpart here, by their kind.
    """

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list[str])
    left_out: dict[str, int] = field(default_factory=dict[str, int])

    def note(self, told: dict[str, Any]) -> None:
        """What the server said to some of them."""
        self.accepted += told["accepted"]
        self.duplicate += told["duplicate"]
        self.refused += told["refused"]
        reasons = [e["message"] for e in told["events"] if e["verdict"] == "refused"]
        self.reasons += reasons[: _MOST_REASONS - len(self.reasons)]

    @property
    def begun(self) -> bool:
        """Whether something arrived: then a server that is away will be waited for."""
        return self.accepted + self.duplicate + self.refused > 0


def pages(
    server: Operating, project: str = "", *, first: int = 0, until: int = 0, as_lines: bool = False
) -> Iterator[Page]:
    """Whole batches from ``first`` to before ``until`` (0 = what is stored now); empty pages, too."""
    asked: dict[str, Any] = {"first": first, "until": until}
    if project:
        asked["project"] = project
    accept = {"accept": LINES} if as_lines else {}
    patient = False
    while True:
        answer = server.call("GET", EXPORT, asked, headers=accept, patient=patient)
        patient = True
        yield Page(int(answer.headers["lineage-events"]), answer.content)
        if "lineage-next" not in answer.headers:
            return
        asked |= {"first": answer.headers["lineage-next"], "until": answer.headers["lineage-until"]}


def stored_events(server: Operating, project: str, progress: Progress) -> Iterator[StoredEvent]:
    """All that is stored now, in the order of its acceptance."""
    import msgspec

    decode = msgspec.json.Decoder(StoredEvent).decode
    for page in pages(server, project, as_lines=True):
        yield from map(decode, page.content.splitlines())
        progress(page.events)


def send_stored(
    server: Operating, events: Iterable[StoredEvent], report: ImportReport, progress: Progress
) -> None:
    """Into the server as they were stored before; what was one batch comes as one as long as it may."""
    import msgspec

    encode = msgspec.json.Encoder().encode
    waiting, size = list[bytes](), 0
    for _, batch in groupby(events, key=lambda event: event.seq):
        for event in batch:
            line = encode(event)
            if waiting and size + len(line) > _MOST_BYTES:
                _post(server, IMPORT, waiting, report, progress)
                waiting, size = [], 0
            waiting.append(line)
            size += len(line)
        if len(waiting) >= _PAGE_EVENTS or size >= _PAGE_BYTES:
            _post(server, IMPORT, waiting, report, progress)
            waiting, size = [], 0
    if waiting:
        _post(server, IMPORT, waiting, report, progress)


def send_new(server: Operating, lines: Iterable[bytes], report: ImportReport, progress: Progress) -> None:
    """Into the server's intake, as whoever asks; each line an event with its end of line."""
    waiting, size = list[bytes](), 0
    for line in lines:
        waiting.append(line.rstrip(b"\n"))
        size += len(line)
        if len(waiting) >= _PAGE_EVENTS or size >= _PAGE_BYTES:
            _post(server, EVENTS, waiting, report, progress)
            waiting, size = [], 0
    if waiting:
        _post(server, EVENTS, waiting, report, progress)


def _post(server: Operating, path: str, lines: list[bytes], report: ImportReport, progress: Progress) -> None:
    headers = {"content-type": LINES, "content-encoding": "gzip"}
    body = gzip.compress(b"\n".join(lines), compresslevel=1)
    answer = server.call("POST", path, content=body, headers=headers, patient=report.begun)
    report.note(json.loads(answer.content))
    progress(len(lines))
