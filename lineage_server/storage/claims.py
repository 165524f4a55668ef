"""Which project has which object: Blob nodes in the graph, beside the lineage, not part of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar

from lineage_server.domain.errors import InvalidInputError, UnavailableError
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.queries import artifacts as q

_ROWS = 5_000
_T = TypeVar("_T")
_PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.2
DOOMED_SECONDS = 45.0
"""How long what is doomed is believed to be so: who doomed it may have died, while it was being deleted."""
Scope = frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """What the graph knows of a version's bytes; ``stored_at`` None = they are not kept here."""

    uid: str
    project: str
    name: str
    kind: str
    digest: str = ""
    ordinal: int | None = None
    size: int | None = None
    stored_at: int | None = None
    deleted_at: int | None = None


def blob_uid(project: str, sha256: str) -> str:
    return f"blob:{project}/{sha256}"


def doomed_uid(name: str) -> str:
    """Of no project: says that the object, or the manifest of that key, is about to be deleted."""
    return f"blob:/{name}"


COLLECTION = "blob:/collection"


class Claims:
    """Reads and writes them; every write may be repeated."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    async def kept(self, project: str, objects: Sequence[str]) -> dict[str, int]:
        """Sizes of those that the project has."""
        found: dict[str, int] = {}
        for some in pages(objects, _ROWS):
            uids = [blob_uid(project, sha256) for sha256 in some]
            for row in await self._bolt.read(q.KEPT, {"uids": uids}):
                found[row["sha256"]] = row["size"]
        return found

    async def claim(self, project: str, objects: Mapping[str, int]) -> set[str]:
        """Say that the project needs them; answers those that it does not have yet.

        A manifest is claimed with its objects, by its key. Raises InvalidInputError where it has an object
        of another size.
        """
        pending: set[str] = set()
        for rows in _rows(project, objects):
            for row in await self._claimed(project, rows):
                if not row["kept"]:
                    pending.add(row["sha256"])
                elif row["size"] != objects[row["sha256"]]:
                    raise InvalidInputError(
                        f"object {row['sha256']} has {row['size']} bytes, not {objects[row['sha256']]}",
                        field="manifest",
                    )
        return pending

    async def _claimed(self, project: str, rows: list[Row]) -> list[Row]:
        """All of them, also those that were deleted as old ones while they were claimed anew."""
        claimed: dict[str, Row] = {}
        while rows:
            for row in await self._write(q.CLAIM, rows, project=project):
                if row["sha256"] is not None:
                    claimed[row["sha256"]] = row
            rows = [row for row in rows if row["sha256"] not in claimed]
        return list(claimed.values())

    async def last_collection(self) -> str:
        """The name of the one that began last."""
        rows = await self._bolt.read(q.LAST_COLLECTION, {"uid": COLLECTION})
        return rows[0]["owner"] if rows else ""

    async def outwait_collection(self, names: Sequence[str]) -> None:
        """After claiming what somebody has sent: until none of it is just being deleted as nobody's.

        In silence, since it may have been another project's. Raises UnavailableError.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for some in pages(names, _ROWS):
            uids = [doomed_uid(one) for one in some]
            while await self._bolt.read(q.DOOMED, {"uids": uids}):
                if time.monotonic() > deadline:
                    raise UnavailableError(
                        "the store is being cleaned up; nothing is lost, commit again in a moment",
                        part="artifacts",
                    )
                await asyncio.sleep(_PAUSE_SECONDS)

    async def keep(self, project: str, objects: Mapping[str, int]) -> None:
        """They are in the store now."""
        for rows in _rows(project, objects):
            await self._write(q.KEEP, rows)

    async def _write(self, query: LiteralString, rows: list[Row], **more: Any) -> list[Row]:
        return await self._bolt.write(query, {"rows": rows, **more}, patience_seconds=_PATIENCE_SECONDS)

    async def version(self, uid: str, scope: Scope) -> StoredVersion | None:
        """A version that one may see."""
        return await self._one(q.VERSION, uid, scope)

    async def origin(self, uid: str, scope: Scope) -> StoredVersion | None:
        """The artifact version behind a model version."""
        return await self._one(q.ORIGIN, uid, scope)

    async def _one(self, query: LiteralString, uid: str, scope: Scope) -> StoredVersion | None:
        told = {"uid": uid, "all": scope is None, "scope": sorted(scope or ())}
        rows = await self._bolt.read(query, told)
        if not rows:
            return None
        known = {key: value for key, value in rows[0].items() if value is not None}
        return StoredVersion(**known)


def _rows(project: str, objects: Mapping[str, int]) -> Iterator[list[Row]]:
    # In one order for all, so that those who write the same wait for each other instead of failing.
    for some in pages(sorted(objects), _ROWS):
        yield [
            {"uid": blob_uid(project, sha256), "sha256": sha256, "size": objects[sha256]} for sha256 in some
        ]


def pages(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """A list in parts of so many."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
