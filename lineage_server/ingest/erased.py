"""Which nodes were erased, as the writer must know it: what else is told of them loses its payload.

Erasures are rare, so all their uids are held; a stamp in the graph says whether they still are all.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable

from lineage_server.ingest.facts import NodeFacts
from lineage_server.ingest.redact import names, tells

_UUID = re.compile(rb"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")


class ErasedUids:
    """``stamp``: the graph's number of erasures when the uids were read; -1 = read them again."""

    def __init__(self) -> None:
        self.stamp = -1
        self._uids: set[str] = set()
        self._not_runs: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._uids)

    def __contains__(self, uid: str) -> bool:
        return uid in self._uids

    def fill(self, stamp: int, uids: Iterable[str]) -> None:
        self._uids.clear()
        self.add(uids)
        self.stamp = stamp

    def add(self, uids: Iterable[str]) -> None:
        """Believed to be erased by the batch on its way: if it gets lost, they are read again."""
        new = set(uids)
        if new:
            self._uids |= new
            self._not_runs = [uid for uid in self._uids if not uid.startswith("run:")]
            self.stamp = -1

    def among(self, facts: Iterable[NodeFacts]) -> list[str]:
        """Erased nodes of which an event tells."""
        return [f.uid for f in facts if f.uid in self._uids]

    def told_in(self, raw: bytes) -> bool:
        """Whether an event that was not taken tells payload of an erased node, as far as can be seen."""
        text = raw.lower()
        runs = {f"run:{uuid.UUID(found.decode())}" for found in _UUID.findall(text)}
        maybe = [*(runs & self._uids), *(uid for uid in self._not_runs if names(text, uid))]
        return any(tells(raw, uid) for uid in maybe)
