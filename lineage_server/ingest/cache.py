"""What the writer remembers between batches, so that hot nodes are not read again.

Valid only while nobody else commits: the guard of the next batch tells, and then everything
here is forgotten. Bounded by entries, least recently used goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from lineage_server.ingest.derive import Seals
from lineage_server.ingest.erased import ErasedUids
from lineage_server.ingest.state import NodeState

MAX_STATES = 8_000
MAX_KNOWN = 100_000
MAX_EDGES = 2_000
"""A state with more edges than this is not kept: it would weigh too much."""


class WriterCache:
    """States by uid, uids known to exist, seal times by artifact."""

    def __init__(self) -> None:
        self.states: OrderedDict[str, NodeState] = OrderedDict()
        self.known: OrderedDict[str, None] = OrderedDict()
        self.seals: Seals = {}
        self.position: tuple[int, int] | None = None
        self.erased = ErasedUids()

    def forget(self) -> None:
        """Somebody else wrote, or a write failed half-way."""
        self.states.clear()
        self.known.clear()
        self.seals.clear()
        self.position = None

    def take(self, uid: str) -> NodeState | None:
        """A state for a batch to work on; the batch puts it back when committed."""
        return self.states.pop(uid, None)

    def knows(self, uid: str) -> bool:
        return uid in self.states or uid in self.known

    def note_known(self, uids: Iterable[str]) -> None:
        for uid in uids:
            self.known[uid] = None
        while len(self.known) > MAX_KNOWN:
            self.known.popitem(last=False)

    def put(self, state: NodeState) -> None:
        if len(state.edges) > MAX_EDGES:
            self.note_known([state.uid])
            return
        self.states[state.uid] = state
        self.known[state.uid] = None
        while len(self.states) > MAX_STATES:
            self.states.popitem(last=False)
        while len(self.known) > MAX_KNOWN:
            self.known.popitem(last=False)
        if len(self.seals) > 1_000:
            self.seals.clear()
