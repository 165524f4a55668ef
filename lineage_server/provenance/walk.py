"""Breadth-first by generation, in one direction: the loop all lineage questions share.

A generation is one statement for each label in the frontier (``graph/read_lineage.py``). The
visited set, the order, the budgets and the folding of twins (SAME_AS, a step of length zero) are
here; the engine never enumerates paths.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.errors import OverdueQueryError
from lineage_server.graph.heads import Generation, Reached, Step
from lineage_server.graph.read_lineage import LineageReader, Sight, by_label
from lineage_server.provenance.answers import Direction
from lineage_server.provenance.ledger import EnoughError, Ledger

_CHUNK = 200
"""Frontier nodes in one statement: bounds what one statement can bring back."""


class Deadline:
    """How long the question may still take."""

    def __init__(self, milliseconds: float) -> None:
        self._started = time.monotonic()
        self._ends = self._started + milliseconds / 1000

    def remaining_seconds(self) -> float:
        """Raises EnoughError when nothing remains."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise EnoughError("milliseconds")
        return left

    def spent_milliseconds(self) -> float:
        return (time.monotonic() - self._started) * 1000


@dataclass(frozen=True, slots=True)
class Cut:
    """A node whose edges of one type were not all followed."""

    uid: str
    type: str
    direction: Direction
    shown: int


@dataclass(frozen=True, slots=True)
class Origin:
    """How a node was reached first: from ``uid``, over ``via`` (empty for a direct edge)."""

    uid: str
    via: str
    edges: tuple[Edge, ...]


@dataclass
class Walker:
    """A walk in one direction; ``frontier`` holds the uids to leave next, all at ``depth``."""

    reader: LineageReader
    ledger: Ledger
    direction: Direction
    sight: Sight
    per_node: int
    deadline: Deadline
    depth: int = 0
    levels: int = 0
    frontier: list[str] = field(default_factory=list[str])
    done: set[str] = field(default_factory=set[str])
    cuts: list[Cut] = field(default_factory=list[Cut])
    came: dict[str, Origin] = field(default_factory=dict[str, Origin])
    _crossed: set[str] = field(default_factory=set[str])
    _candidates: dict[str, None] = field(default_factory=dict[str, None])
    _first: bool = True
    _family: str = ""
    _skip: int = 0

    def begin(self, uids: Sequence[str], *, family: str = "", skip: int = 0) -> None:
        """Set the start; ``family`` and ``skip`` continue a node whose edges were cut."""
        self.frontier = list(uids)
        self._family, self._skip = family, skip

    async def look(self) -> None:
        """See the start without leaving it."""
        for label, uids in by_label(self.frontier):
            generation = await self._ask(label, uids)
            generation.steps = []
            self._take(generation, uids, [])

    async def advance(self) -> bool:
        """Walk one generation; False when there was nothing left to leave. Raises EnoughError."""
        if not self.frontier:
            return False
        wave = list(self.frontier)
        self._candidates = {}
        while wave:
            self.done.update(wave)
            twins: list[str] = []
            for label, uids in by_label(wave):
                for start in range(0, len(uids), _CHUNK):
                    chunk = uids[start : start + _CHUNK]
                    self._take(await self._ask(label, chunk), chunk, twins)
            # Twins of the frontier stand at the same depth: leave them before going on.
            wave = [uid for uid in dict.fromkeys(twins) if uid not in self.done]
            self._first = False
        self.depth += 1
        self.levels += 1
        self.frontier = [uid for uid in self._candidates if uid not in self.done]
        return True

    async def _ask(self, label: Label, uids: Sequence[str]) -> Generation:
        try:
            return await self.reader.expand(
                self.direction,
                label,
                uids,
                self.sight,
                fan=self.per_node + 1,
                first=self._first,
                family=self._family if self._first else "",
                skip=self._skip if self._first else 0,
                timeout_seconds=self.deadline.remaining_seconds(),
            )
        except OverdueQueryError as error:
            raise EnoughError("milliseconds") from error

    def _take(self, generation: Generation, chunk: Sequence[str], twins: list[str]) -> None:
        self._note_selves(generation, twins)
        missing = [uid for uid in chunk if self._first and uid not in self.ledger]
        if missing:
            raise not_found(missing[0])
        self._note_twins(generation, twins)
        leaving = _by_origin(generation.steps)
        skip = self._skip if self._first else 0
        for uid in chunk:
            for kind, entries in sorted(leaving.get(uid, {}).items()):
                for edge, step, reached in self._within(uid, kind, entries, skip):
                    if reached is None:
                        self._cross(uid, edge, step)
                    else:
                        self._reach(uid, "", (edge,), reached)

    def _note_selves(self, generation: Generation, twins: list[str]) -> None:
        for head, same in generation.selves:
            if head.hidden:
                continue
            self.ledger.add(head, same, self.depth, self.direction)
            # A node that is continued is continued alone: its twins have their own cursors.
            if not self._family:
                twins += [twin.uid for twin in same if not twin.hidden]
            if head.label in (Label.RUN, Label.JOB):
                self._crossed.add(head.uid)

    def _note_twins(self, generation: Generation, twins: list[str]) -> None:
        for uid, same in generation.twins:
            self.ledger.add(self.ledger.head(uid), same, self.depth, self.direction)
            for twin in same:
                if not twin.hidden:
                    twins.append(twin.uid)
                    if uid in self.came:
                        self.came.setdefault(twin.uid, self.came[uid])

    def _within(self, uid: str, kind: str, entries: list[_Entry], skip: int) -> Iterator[_Leaving]:
        """The newest entries that the fan-out allows; notes the cut."""
        entries.sort(key=lambda entry: entry.rank)
        if len(entries) > self.per_node:
            self.cuts.append(Cut(uid, kind, self.direction, self.per_node + skip))
        for entry in entries[: self.per_node]:
            yield entry.edge, entry.step, entry.reached

    def _cross(self, uid: str, near: Edge, step: Step) -> None:
        """Over a run or job to the artifacts on its other side."""
        via = step.via
        if via is None:
            return
        self.ledger.add(via, (), self.depth + 1, self.direction)
        self.ledger.link(near)
        self.came.setdefault(via.uid, Origin(uid, "", (near,)))
        if via.hidden or via.uid in self._crossed:
            return
        self._crossed.add(via.uid)
        far = sorted(step.far, key=lambda reached: reached.rank)
        if len(far) > self.per_node:
            self.cuts.append(Cut(via.uid, far[0].edge.type, self.direction, self.per_node))
        for reached in far[: self.per_node]:
            self._reach(uid, via.uid, (near, reached.edge), reached)

    def _reach(self, uid: str, via: str, edges: tuple[Edge, ...], reached: Reached) -> None:
        self.ledger.add(reached.node, reached.same, self.depth + 1, self.direction)
        self.ledger.link(reached.edge)
        origin = Origin(uid, via, edges)
        for head in (reached.node, *reached.same):
            self.came.setdefault(head.uid, origin)
            if not head.hidden:
                self._candidates.setdefault(head.uid)


def not_found(uid: str) -> NotFoundError:
    return NotFoundError(f"{shorten(uid)!r} is not there, or not yours to see; `lineage ls` lists what is")


@dataclass(slots=True)
class _Entry:
    rank: tuple[int, str]
    edge: Edge
    step: Step
    reached: Reached | None


_Leaving = tuple[Edge, Step, Reached | None]


def _by_origin(steps: Iterable[Step]) -> dict[str, dict[str, list[_Entry]]]:
    out: dict[str, dict[str, list[_Entry]]] = {}
    for step in steps:
        far: Iterable[Reached | None] = step.far if step.via is None else [None] * len(step.near)
        for (uid, edge, rank), reached in zip(step.near, far, strict=True):
            out.setdefault(uid, {}).setdefault(step.type, []).append(_Entry(rank, edge, step, reached))
    return out
