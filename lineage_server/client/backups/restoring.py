"""Putting a backup into a server: bytes, then events, then what no event tells; in any order twice is once.

All of the folder is checked before anything is sent. Cut off, it is simply done again: the server knows which
backup it has begun with and goes on.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lineage_server.client.backups import layout
from lineage_server.client.backups.layout import BackedFile, Backup, Kept, Progress
from lineage_server.client.backups.renewing import Renewing
from lineage_server.client.interchange.pages import IMPORT, LINES, ImportReport
from lineage_server.client.operating import Operating
from lineage_server.domain.errors import NotSupportedError

_RESTORE = "/api/v1/admin/restore"
_UPLOADS, _OBJECTS = "/api/v1/artifacts/uploads", "/api/v1/artifacts/objects"
_AT_ONCE = 4
_GROUP = 32
_ASKED_AT_ONCE = 5_000
_NODES_AT_ONCE, _NODE_BYTES = 500, 4 << 20


@dataclass(slots=True)
class RestoreReport:
    """What came in; ``events`` as of an import, ``objects`` that were sent."""

    events: ImportReport = field(default_factory=ImportReport)
    nodes: int = 0
    versions: int = 0
    objects: int = 0


def restore(
    folder: Path, *, merge: bool = False, progress: Progress = lambda _what, _count: None
) -> RestoreReport:
    """Everything of a backup into the server. ``merge``: also where something is; that stays as it is.

    Raises InvalidInputError where the folder is damaged, ConflictError where the server is not empty,
    NotSupportedError where it keeps no bytes and the backup has some.
    """
    backup = layout.read(folder)
    layout.check(folder, backup)
    with Operating() as server:
        named = {"backup": backup.id, "merge": "true" if merge else "false"}

        def begin() -> dict[str, Any]:
            told: dict[str, Any] = server.call("POST", _RESTORE, named, patient=True).json()
            return told

        keeps_bytes = bool(server.call("POST", _RESTORE, named).json()["bytes"])
        if backup.versions and not keeps_bytes:
            server.call("POST", f"{_RESTORE}/end", named)
            raise NotSupportedError(
                f"the backup has the bytes of {backup.versions} versions, and this server keeps none; "
                "nothing was restored. Name a store in its LINEAGE_ARTIFACTS__URL, then restore again"
            )
        with Renewing(begin) as renewing:
            report = _Restoring(folder, backup, server, renewing, progress).restore()
        server.call("POST", f"{_RESTORE}/end", named, patient=True)
    return report


class _Restoring:
    """One restore on its way."""

    def __init__(
        self, folder: Path, backup: Backup, server: Operating, renewing: Renewing, progress: Progress
    ) -> None:
        self._folder = folder
        self._backup = backup
        self._server = server
        self._renewing = renewing
        self._progress = progress
        self._report = RestoreReport()

    def restore(self) -> RestoreReport:
        """Bytes before the events that tell of them; webhooks before the events they were not told of yet."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for kept in layout.manifests(self._folder, self._backup):
                self._version(pool, kept)
        nodes = layout.content(self._folder, self._backup.node_file).splitlines()
        early, late = self._apart(nodes)
        self._events(file for file in self._backup.files if not file.late)
        self._nodes(early)
        self._events(file for file in self._backup.files if file.late)
        self._nodes(late)
        return self._report

    def _apart(self, nodes: Iterable[bytes]) -> tuple[list[bytes], list[bytes]]:
        early: list[bytes] = []
        late: list[bytes] = []
        for line in nodes:
            told = json.loads(line)
            made_late = told["label"] == "Webhook" and told["since"] > self._backup.told
            (late if made_late else early).append(line)
        return early, late

    def _events(self, files: Iterable[BackedFile]) -> None:
        for file in files:
            self._renewing.check()
            content = layout.content(self._folder, file)
            answer = self._server.call("POST", IMPORT, content=content, patient=True)
            self._report.events.note(answer.json())
            self._progress("events", file.count)

    def _nodes(self, lines: Sequence[bytes]) -> None:
        for some in _pages(lines):
            self._renewing.check()
            headers = {"content-type": LINES}
            body = b"\n".join(some)
            answer = self._server.call(
                "POST", f"{_RESTORE}/nodes", content=body, headers=headers, patient=True
            )
            self._report.nodes += int(answer.json()["nodes"])

    def _version(self, pool: ThreadPoolExecutor, kept: Kept) -> None:
        objects = iter(kept.objects.items())
        while some := dict(islice(objects, _ASKED_AT_ONCE)):
            missing = self._missing(kept.project, some)
            for start in range(0, len(missing), _GROUP):
                self._renewing.check()
                some = missing[start : start + _GROUP]
                waiting = [pool.submit(self._send, kept.project, name) for name in some]
                self._report.objects += len([one.result() for one in waiting])
        path = f"{_RESTORE}/manifests/{quote(kept.project, safe='')}/{kept.key}"
        # Of a folder of 100,000 files it is larger than bodies may be as they are sent.
        body = gzip.compress(kept.raw, compresslevel=1)
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        self._server.call("PUT", path, content=body, headers=headers, patient=True)
        self._report.versions += 1
        self._progress("versions", 1)

    def _missing(self, project: str, objects: dict[str, int]) -> list[str]:
        asked = [{"sha256": name, "size": size} for name, size in objects.items()]
        body = json.dumps({"project": project, "objects": asked, "methods": ["server"]}).encode()
        headers = {"content-type": "application/json"}
        answer = self._server.call("POST", _UPLOADS, content=body, headers=headers, patient=True)
        return [one["sha256"] for one in answer.json()["missing"]]

    def _send(self, project: str, name: str) -> None:
        content = layout.object_path(self._folder, name).read_bytes()
        address = f"{_OBJECTS}/{quote(project, safe='')}/{name}"
        self._server.call("PUT", address, content=content, patient=True)
        self._progress("bytes", len(content))


def _pages(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    page: list[bytes] = []
    size = 0
    for line in lines:
        if page and (len(page) == _NODES_AT_ONCE or size + len(line) > _NODE_BYTES):
            yield page
            page, size = [], 0
        page.append(line)
        size += len(line)
    if page:
        yield page
