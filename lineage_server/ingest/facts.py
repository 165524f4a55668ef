"""What one event says about one node: the unit that ``plan`` makes and ``state`` merges.

Facts are pure data and carry their clock (event time, event id); applying the same facts
twice, or two facts in either order, gives the same node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.nodes import Label
from lineage_server.ingest.values import dumps

MAX_FACTS = 20_000
MAX_FACT_KEY = 1_000


class Clock(NamedTuple):
    """Order of last-writer-wins: event time in microseconds, then event id."""

    at: int
    event: str


class EdgeKey(NamedTuple):
    """An edge as its anchor node knows it; ``other`` is the uid at the other end."""

    type: EdgeType
    role: str
    other: str


@dataclass(slots=True)
class EdgeFacts:
    """One edge of the node's; ``extra`` are the type's own properties."""

    key: EdgeKey
    basis: str
    source: str = ""
    extra: dict[str, Any] | None = None
    retracted: bool = False
    asserted: bool = False


class NodeFacts:
    """Facts on one node.

    ``identity``: fixed by the uid, set once. ``values``: last writer wins, one clock a key.
    ``earliest``: the smallest value wins. ``ranked``: values that move only forward with the
    state (rank, then clock). ``metrics``: key → (step, time, value). ``seal``: a time at which
    this content became complete. ``visible``: False for a tombstone, True for a restore.
    ``maps``: JSON properties merged key by key. ``described``: False where the node is only referred
    to. ``pointer``: a move of an alias (time, event, target, source, basis, reason, who, approval).
    ``points``: the payload of a metric chunk.

    Written by hand, not as a dataclass: an event makes some seven of these, on the hot path.
    """

    __slots__ = (
        "clock", "described", "earliest", "edges", "erased", "identity", "label", "maps", "metrics",
        "pointer", "points", "rank", "ranked", "seal", "uid", "values", "visible",
    )  # fmt: skip

    def __init__(
        self, uid: str, label: Label, clock: Clock, identity: dict[str, Any], described: bool = True
    ) -> None:
        self.uid = uid
        self.label = label
        self.clock = clock
        self.identity = identity
        self.described = described
        self.values: dict[str, Any] = {}
        self.maps: dict[str, dict[str, Any]] | None = None
        self.earliest: dict[str, int] | None = None
        self.rank = -1
        self.ranked: dict[str, Any] | None = None
        self.metrics: dict[str, tuple[int, int, float]] | None = None
        self.edges: list[EdgeFacts] | None = None
        self.seal: int | None = None
        self.visible: bool | None = None
        self.erased = False
        self.pointer: tuple[int, str, str | None, str, str, str, str, str] | None = None
        self.points: dict[str, Any] | None = None

    def add_edge(self, edge: EdgeFacts) -> None:
        if self.edges is None:
            self.edges = []
        self.edges.append(edge)

    def note_earliest(self, key: str, value: int) -> None:
        if self.earliest is None:
            self.earliest = {}
        self.earliest[key] = value

    def note_map(self, key: str, told: dict[str, Any] | None) -> None:
        """Raises InvalidInputError for what is nested too deeply, or has too many or too long keys."""
        if told:
            dumps(told)
            if len(told) > MAX_FACTS or max(map(len, told)) > MAX_FACT_KEY:
                raise InvalidInputError(
                    f"{key} has {len(told)} keys, the longest of {max(map(len, told))} characters",
                    field=key,
                    allowed=f"{MAX_FACTS} keys an event, of at most {MAX_FACT_KEY} characters",
                )
            if self.maps is None:
                self.maps = {}
            self.maps[key] = told

    @property
    def says_something(self) -> bool:
        """Whether this changes anything of the node beyond its being there."""
        return bool(
            self.values
            or self.maps
            or self.edges
            or self.ranked
            or self.metrics
            or self.earliest
            or self.seal is not None
            or self.visible is not None
            or self.pointer is not None
        )
