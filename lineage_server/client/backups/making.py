"""Making a backup: a moment is cut on the server, and all that stood before it is read while it goes on.

Events and nodes are read anew each time, objects only if the folder lacks them. Until ``backup.json`` is
exchanged the folder holds the backup that it held before; what was cut off is taken up, or away, by the next.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import uuid
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lineage_server.client.backups import layout
from lineage_server.client.backups.layout import BackedFile, Backup, Kept, Progress
from lineage_server.client.backups.renewing import Renewing
from lineage_server.client.interchange.pages import pages
from lineage_server.client.locks import try_lock
from lineage_server.client.operating import Operating
from lineage_server.domain.errors import ConflictError, LineageError, NotFoundError

_BACKUP = "/api/v1/admin/backup"
_OBJECTS = "/api/v1/artifacts/objects"
_AT_ONCE = 4
_GROUP = 32
"""Objects, or manifests, between two looks at whether the backup still stands."""
_STATE = "state-"


def back_up(folder: Path, progress: Progress = lambda _what, _count: None) -> Backup:
    """Everything that the server holds now, into a folder: a new one, or one that holds a backup of it.

    Raises ConflictError where the folder holds something else, while the server's events are worked on as a
    whole, or where this process stood still for so long that they were; and what the server refuses.
    """
    before = _prepare(folder)
    with _locked(folder, before) as name, Operating() as server:
        answer = server.call("POST", _BACKUP, {"backup": name})
        about, *nodes = answer.content.splitlines()
        making = _Making(folder, server, json.loads(about), progress)
        try:
            with Renewing(making.renew) as making.renewing:
                made = making.make(nodes, before)
        except BaseException:
            shutil.rmtree(making.state, ignore_errors=True)
            raise
        finally:
            # Should it not arrive, the server believes so by itself after a while.
            with contextlib.suppress(LineageError):
                server.call("POST", f"{_BACKUP}/end", making.named)
    _tidy(folder, making.state.name, making.objects)
    return made


def _prepare(folder: Path) -> Backup | None:
    """The backup that is there, if there is one."""
    if folder.exists() and not folder.is_dir():
        raise ConflictError(f"{folder} is a file; name a folder")
    ours = {layout.LIST, layout.LOCK, layout.OBJECTS, f"{layout.LIST}.new"}
    there = [path.name for path in folder.iterdir()] if folder.exists() else []
    if any(name not in ours and not name.startswith(_STATE) for name in there):
        raise ConflictError(f"{folder} holds something else than a backup; name a new folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return layout.read(folder) if layout.LIST in there else None


@contextlib.contextmanager
def _locked(folder: Path, before: Backup | None) -> Generator[str]:
    """For this process alone; gives the backup's name. Of one that was killed it is the same again: what that
    one holds on the server is then its own, and need not be waited for."""
    with (folder / layout.LOCK).open("a+b") as file:
        if not try_lock(file.fileno()):
            raise ConflictError(f"another process backs up into {folder}; nothing was changed")
        file.seek(0)
        name = file.read(32).decode("ascii", "replace")
        if not re.fullmatch("[0-9a-f]{32}", name) or (before is not None and before.id == name):
            name = uuid.uuid4().hex
            file.truncate(0)
            file.write(name.encode())
            file.flush()
        yield name
        file.truncate(0)


def _tidy(folder: Path, state: str, objects: set[str]) -> None:
    """What only an earlier backup needed, and what was cut off."""
    for path in folder.glob(f"{_STATE}*"):
        if path.name != state:
            shutil.rmtree(path, ignore_errors=True)
    for path in (folder / layout.OBJECTS).glob("*/*"):
        if path.name not in objects:
            path.unlink(missing_ok=True)


class _Making:
    """One backup on its way."""

    renewing: Renewing

    def __init__(self, folder: Path, server: Operating, about: dict[str, Any], progress: Progress) -> None:
        self._folder = folder
        self._server = server
        self._about = about
        self._progress = progress
        self.named = {"backup": about["backup"]}
        self.state = folder / f"{_STATE}{about['backup'][:16]}"
        self.objects: set[str] = set()
        self._bytes = 0
        self._lost: list[str] = []

    def renew(self) -> None:
        self._server.call("POST", f"{_BACKUP}/renewal", self.named, patient=True)

    def make(self, nodes: Sequence[bytes], before: Backup | None) -> Backup:
        about = self._about
        if before is not None and before.until > about["until"]:
            raise ConflictError(
                f"{self._folder} holds the backup of another server, or of this one as it was later; nothing "
                "was changed. Name another folder"
            )
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir(parents=True)
        files = tuple(self._events())
        counts, node_file = self._nodes(nodes)
        versions, manifest_file = self._versions() if about["bytes"] else (0, self._file("manifests", [], 0))
        os.sync()  # objects, by one call: a call each would take ages
        self.renew()  # all of it is as it was at the cut only if nobody came between
        made = Backup(
            id=about["backup"],
            at=about["at"],
            server=about["server"],
            until=about["until"],
            told=about["told"],
            events=sum(file.count for file in files),
            nodes=dict(counts),
            versions=versions,
            objects=len(self.objects),
            bytes=self._bytes,
            files=files,
            node_file=node_file,
            manifest_file=manifest_file,
            lost=tuple(self._lost),
        )
        layout.write_list(self._folder, made)
        return made

    # --- events and nodes ----------------------------------------------------------------

    def _events(self) -> Iterator[BackedFile]:
        """Those that webhooks have been told of, and the others apart."""
        told, until = self._about["told"], self._about["until"]
        number = 0
        for first, end, late in ((0, told, False), (told, until, True)):
            if first == end:
                continue
            for page in pages(self._server, first=first, until=end):
                self.renewing.check()
                if page.events:
                    yield self._write(f"{number:08d}.parquet", page.content, page.events, late=late)
                    number += 1
                self._progress("events", page.events)

    def _nodes(self, at_cut: Sequence[bytes]) -> tuple[Counter[str], BackedFile]:
        """What was read at the cut comes first: of two of one uid the first is restored."""
        lines = list(at_cut)
        older = (
            ("Audit", self._about["since"]),
            ("Delivery", self._about["at"]),
            ("Refused", self._about["at"]),
        )
        for label, since in older:
            after = ""
            while True:
                asked = {"label": label, "since": since, "after": after}
                answer = self._server.call("GET", f"{_BACKUP}/nodes", asked, patient=True)
                lines += answer.content.splitlines()
                if "lineage-next" not in answer.headers:
                    break
                after = bytes.fromhex(answer.headers["lineage-next"]).decode()
                self.renewing.check()
        labels = Counter(str(json.loads(line)["label"]) for line in lines)
        return labels, self._file("nodes", lines, len(lines))

    def _file(self, name: str, lines: Sequence[bytes], count: int) -> BackedFile:
        return self._write(f"{name}.jsonl", b"".join(line + b"\n" for line in lines), count)

    def _write(self, name: str, content: bytes, count: int, *, late: bool = False) -> BackedFile:
        path = self.state / name
        layout.write(path, content)
        digest = hashlib.sha256(content).hexdigest()
        return BackedFile(f"{self.state.name}/{name}", count, len(content), digest, late)

    # --- bytes -------------------------------------------------------------------------------

    def _versions(self) -> tuple[int, BackedFile]:
        """Manifests and objects, several at once; what the store has lost is noted."""
        answer = self._server.call("GET", f"{_BACKUP}/manifests", patient=True)
        places = [json.loads(line) for line in answer.content.splitlines()]
        lines: list[bytes] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for start in range(0, len(places), _GROUP):
                found = [one for one in pool.map(self._manifest, places[start : start + _GROUP]) if one]
                for line, kept in found:
                    if self._fetch(pool, kept):
                        lines.append(line)
                        self._progress("versions", 1)
        return len(lines), self._file("manifests", lines, len(lines))

    def _manifest(self, place: dict[str, str]) -> tuple[bytes, Kept] | None:
        path = f"{_BACKUP}/manifests/{quote(place['project'], safe='')}/{place['key']}"
        try:
            raw = self._server.call("GET", path, patient=True).content
        except NotFoundError:
            self._lost.append(f"the manifest of sha256:{place['key']} in project {place['project']}")
            return None
        told = {**place, "manifest": json.loads(raw)}
        return json.dumps(told).encode(), layout.kept_from(told)

    def _fetch(self, pool: ThreadPoolExecutor, kept: Kept) -> bool:
        """Its objects, those that are not here yet; False where the store has lost one."""
        wanted = [(name, size) for name, size in kept.objects.items() if name not in self.objects]
        whole = True
        for start in range(0, len(wanted), _GROUP):
            self.renewing.check()
            some = wanted[start : start + _GROUP]
            waiting = [pool.submit(self._object, kept, name, size) for name, size in some]
            for (name, size), there in zip(some, [one.result() for one in waiting], strict=True):
                if there:
                    self.objects.add(name)
                    self._bytes += size
                else:
                    whole = False
                    self._lost.append(f"object {name} of sha256:{kept.key} in project {kept.project}")
        return whole

    def _object(self, kept: Kept, name: str, size: int) -> bool:
        path = layout.object_path(self._folder, name)
        if path.exists() and path.stat().st_size == size:
            return True
        address = f"{_OBJECTS}/{quote(kept.project, safe='')}/{name}"
        try:
            content = self._server.call("GET", address, patient=True).content
        except NotFoundError:
            return False
        if hashlib.sha256(content).hexdigest() != name:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{name}.partial")
        partial.write_bytes(content)
        partial.replace(path)
        self._progress("bytes", size)
        return True
