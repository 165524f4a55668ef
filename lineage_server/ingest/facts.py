"""What one event says about one node: the unit that ``plan`` makes and ``state`` merges.

Facts are pure data and carry their clock (event time, event id); applying the same facts
twice, or two facts in either order, gives the same node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lineage_server.domain.edges import EdgeType
from lineage_server.domain.nodes import Label


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


@dataclass(slots=True)
class NodeFacts:
    """Facts on one node.

    ``identity``: fixed by the uid, set once. ``values``: last writer wins, one clock a key.
    ``earliest``/``latest``: smallest/largest value wins. ``ranked``: values that move only
    forward with the state (rank, then clock). ``metrics``: key → (step, time, value).
    ``seal``: a time at which this content became complete. ``visible``: False for a
    tombstone, True for a restore. ``described``: False where the node is only referred to.
    """

    uid: str
    label: Label
    clock: Clock
    identity: dict[str, Any]
    described: bool = True
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    earliest: dict[str, int] = field(default_factory=dict[str, int])
    latest: dict[str, int] = field(default_factory=dict[str, int])
    rank: int = -1
    ranked: dict[str, Any] | None = None
    metrics: dict[str, tuple[int, int, float]] | None = None
    edges: list[EdgeFacts] = field(default_factory=list[EdgeFacts])
    seal: int | None = None
    visible: bool | None = None
    erased: bool = False
    pointer: tuple[int, str, str | None] | None = None
    points: dict[str, Any] | None = None
