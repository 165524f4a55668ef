"""Questions and answers about walks, as frozen dataclasses; answers to the others stand beside them.

Depth counts artifact steps: artifact → run → artifact is one. Every answer says what it left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lineage_server.domain.nodes import Edge
from lineage_server.graph.heads import Head

MAX_NODES = 50_000
MAX_PER_NODE = 5_000
MAX_DEPTH = 10_000
COUNT_CAP = 100_000
"""Hidden neighbours are counted up to here; more is "at least"."""


class Direction(StrEnum):
    """Against the arrows, along them, or both ways from the start (never zigzag)."""

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"
    BOTH = "BOTH"


class View(StrEnum):
    """What the nodes are: versions and runs, artifacts and jobs, or columns of versions."""

    VERSION = "VERSION"
    LOGICAL = "LOGICAL"
    FIELD = "FIELD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a walk may bring back: nodes in all, neighbours of one node, milliseconds."""

    nodes: int = 1000
    per_node: int = 100
    milliseconds: int = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFilter:
    """Which nodes to show; all are walked. Empty means any.

    ``kinds``: labels (``Run``) or kinds (``dataset``, ``training``); ``text``: words of the name;
    ``since`` and ``until``: microseconds, compared with when the node started or was sealed.
    """

    kinds: frozenset[str] = frozenset()
    text: str = ""
    states: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None

    def shows(self, head: Head) -> bool:
        if self.kinds and head.label not in self.kinds and head.kind not in self.kinds:
            return False
        if self.states and head.state not in self.states:
            return False
        if self.projects and head.project not in self.projects:
            return False
        if self.text and self.text.casefold() not in head.name.casefold():
            return False
        at = head.at if head.at is not None else head.created_at
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)


EVERYTHING = NodeFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageQuestion:
    """``max_depth`` None: to the end. ``column``: the field view's start, empty = all columns."""

    start: tuple[str, ...]
    direction: Direction = Direction.UPSTREAM
    view: View = View.VERSION
    max_depth: int | None = 5
    filter: NodeFilter = EVERYTHING
    as_of: int | None = None
    known_at: int | None = None
    budget: Budget = field(default_factory=Budget)
    after: str = ""
    column: str = ""
    count_boundary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A node of the answer. ``depth`` in artifact steps from the start, on ``side`` of it.

    ``also``: other uids of the same thing (SAME_AS); edges name ``head.uid`` only.
    """

    head: Head
    depth: int
    side: Direction
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation:
    """Of this node's edges of one type, ``shown`` of ``total`` are in the answer.

    ``total`` None: not counted (time was up). ``capped``: at least ``total``. ``cursor`` goes into
    ``after`` of the same question to bring the next ones.
    """

    uid: str
    type: str
    direction: Direction
    shown: int
    total: int | None = None
    capped: bool = False
    cursor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A node that the walk did not leave because of its depth; ``more`` edges go on from it."""

    uid: str
    direction: Direction
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLink:
    """One column made from another (``how`` as the producer said it)."""

    start: str
    start_column: str
    end: str
    end_column: str
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the answer was found."""

    levels: int
    nodes_visited: int
    caps_hit: tuple[str, ...]
    milliseconds: float
    round_trips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageAnswer:
    """``nodes`` in the order of the walk, the start first; ``omitted`` by the filter.

    ``is_partial`` with a ``reason`` when something within the asked depth is missing; ``cursor``
    then continues. On a later page, edges may name nodes of earlier ones. The field view has the
    ``reason`` ``no_columns`` where none of the start are known.
    """

    start: tuple[str, ...]
    nodes: tuple[LineageNode, ...]
    edges: tuple[Edge, ...]
    fields: tuple[FieldLink, ...] = ()
    truncated: tuple[Truncation, ...] = ()
    boundary: tuple[Boundary, ...] = ()
    is_partial: bool = False
    reason: str = ""
    omitted: int = 0
    cursor: str = ""
    plan: Plan
