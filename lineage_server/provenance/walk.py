"""Breadth-first by generation, in one direction: the loop all lineage questions share.

A generation is one statement for each label in the frontier (``graph/read_lineage.py``). The
visited set, the order, the budgets and the folding of twins (SAME_AS, a step of length zero) are
here; the engine never enumerates paths.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.errors import OverdueQueryError, overdue
from lineage_server.graph.heads import Generation, Head, Rank, Reached, Step
from lineage_server.graph.look_ahead import LookAhead
from lineage_server.graph.read_lineage import LineageReader, Sight, Span, by_label
from lineage_server.graph.round_trips import RoundTrips
from lineage_server.provenance.answers import Direction, Plan
from lineage_server.provenance.ledger import EnoughError, Ledger
from lineage_server.provenance.production import UNLIMITED, is_timed, mended, reach_by, span_of

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
    """A node whose edges of one type, within its reach, were not all followed."""

    uid: str
    type: str
    direction: Direction
    shown: int
    reach: int = UNLIMITED


@dataclass(frozen=True, slots=True)
class Origin:
    """How a node was reached: from ``uid``, over ``via`` (empty for a direct edge); ``before``: how that
    one was reached, for this edge to be allowed (None: it is the start)."""

    uid: str
    via: str
    edges: tuple[Edge, ...]
    before: Origin | None


class _Entry(NamedTuple):
    """An edge that leaves a frontier node; ``reached`` where no run lies between."""

    rank: Rank
    edge: Edge
    step: Step
    reached: Reached | None


class _Fan(NamedTuple):
    """All entries of a node of one type, in their order."""

    uid: str
    type: str
    entries: list[_Entry]


class _Candidate(NamedTuple):
    """A node to leave next: how far, and the way that allows it."""

    reach: int
    origin: Origin


@dataclass
class Walker:
    """A walk in one direction; ``frontier`` holds the uids to leave next, all at ``depth``, and the
    reach of each (``production.py``); ``left`` those that it left, ``crossed`` runs between them."""

    reader: LineageReader
    ledger: Ledger
    direction: Direction
    sight: Sight
    per_node: int
    deadline: Deadline
    depth: int = 0
    levels: int = 0
    frontier: dict[str, int] = field(default_factory=dict[str, int])
    cuts: dict[tuple[str, str], Cut] = field(default_factory=dict[tuple[str, str], Cut])
    came: dict[str, Origin] = field(default_factory=dict[str, Origin])
    left: dict[str, int] = field(default_factory=dict[str, int])
    _withheld: set[str] = field(default_factory=set[str])
    _late: list[_Fan] = field(default_factory=list[_Fan])
    _arrival: dict[str, Origin] = field(default_factory=dict[str, Origin])
    crossed: set[str] = field(default_factory=set[str])
    _candidates: dict[str, _Candidate] = field(default_factory=dict[str, _Candidate])
    _first: bool = True
    _family: str = ""
    _skip: int = 0
    _levels: int = 1

    def __post_init__(self) -> None:
        self._ahead = LookAhead(self.reader, self.direction, self.sight, fan=self.per_node + 1)

    def begin(self, uids: Iterable[str], *, family: str = "", skip: int = 0, reach: int = UNLIMITED) -> None:
        """Set the start; ``family``, ``skip`` and ``reach`` continue a node whose edges were cut."""
        self.frontier = dict.fromkeys(uids, reach)
        self._family, self._skip = family, skip

    async def look(self) -> None:
        """See the start without leaving it."""
        for label, uids in by_label(self.frontier):
            self._take(Generation(await self._selves(label, uids)), uids, {})

    async def advance(self, levels: int = 1) -> bool:
        """Walk one generation; False when there was nothing left to leave. Raises EnoughError.

        ``levels``: how many, this one included, will be asked for if there is something to leave.
        """
        if not self.frontier:
            return False
        self._levels = levels
        wave = self.frontier
        self._candidates, self._late = {}, []
        while wave:
            self.left.update(wave)
            self._withheld -= wave.keys()
            twins: dict[str, int] = {}
            # A registered version before what it is of, which leads back to it.
            groups = sorted(by_label(wave), key=lambda one: one[0] is not Label.MODEL_VERSION)
            for label, uids in groups:
                for start in range(0, len(uids), _CHUNK):
                    chunk = uids[start : start + _CHUNK]
                    self._take(await self._leave(label, chunk), chunk, twins)
            # Twins of the frontier stand at the same depth: leave them before going on.
            wave = {uid: reach for uid, reach in twins.items() if self._opens(uid, reach)}
            self._first = False
        await self._settle()
        self.depth += 1
        self.levels += 1
        self.frontier = self._following()
        return True

    async def spans(self) -> dict[str, Span]:
        """The times of the edges on which the walk would leave its frontier."""
        limited = [uid for uid, reach in self.frontier.items() if reach != UNLIMITED]
        await self._look_for_first(limited)
        out: dict[str, Span] = {}
        for uid, reach in self.frontier.items():
            reach = mended(self.direction, reach, self.ledger.first_production(uid))
            out[uid] = span_of(self.direction, reach, self.left.get(uid))
        return out

    async def gather_twins(self) -> None:
        """Into the frontier, its twins of twins: to leave it would have shown them."""
        wave = {uid: self.frontier[uid] for uid in self.ledger.twinned(self.frontier)}
        while wave:
            further: dict[str, int] = {}
            uids = list(wave)
            for start in range(0, len(uids), _CHUNK):
                chunk = uids[start : start + _CHUNK]
                for head, same in await self._selves(Label.ARTIFACT_VERSION, chunk):
                    reach = wave[head.uid]
                    self.ledger.add(head, same, self.depth, self.direction)
                    for twin in same:
                        known = self.frontier.get(twin.uid)
                        nearer = known is not None and known >= reach
                        if not twin.hidden and not nearer and self._opens(twin.uid, reach):
                            further[twin.uid] = self.frontier[twin.uid] = reach
            wave = further

    def has_left(self, uid: str) -> bool:
        """Whether the walk went on from there already, if not as far as it may now."""
        return uid in self.left

    def _following(self) -> dict[str, int]:
        """The next frontier; twins are one thing, so the furthest reach among them is that of all."""
        best: dict[str, _Candidate] = {}
        for uid, candidate in self._candidates.items():
            root = self.ledger.root(uid)
            if root not in best or candidate.reach > best[root].reach:
                best[root] = candidate
        out: dict[str, int] = {}
        for uid in (*self._candidates, *self._withheld):
            candidate = best.get(self.ledger.root(uid))
            if candidate is not None and self._opens(uid, candidate.reach):
                out[uid] = candidate.reach
                self._arrival[uid] = candidate.origin
        return out

    def _opens(self, uid: str, reach: int) -> bool:
        """Whether there is something to follow: it was not left yet, or not as far."""
        left = self.left.get(uid)
        return left is None or (reach > left and uid in self._withheld)

    async def _settle(self) -> None:
        """Follow what was put off because its first production must be known; keep back the rest."""
        if not self._late:
            return
        if self.direction is Direction.DOWNSTREAM:
            await self._look_for_first([fan.uid for fan in self._late])
        for fan in self._late:
            reach = mended(self.direction, self.left[fan.uid], self.ledger.first_production(fan.uid))
            within = [entry for entry in fan.entries if entry.rank[0] <= reach]
            self.left[fan.uid] = reach
            if len(within) < len(fan.entries):
                self._withheld.add(fan.uid)
            self._follow(fan.uid, fan.type, within)

    async def _look_for_first(self, uids: list[str]) -> None:
        if not uids:
            return
        try:
            found = await self.reader.first_outputs(
                self.ledger.twins(uids), self.sight, timeout_seconds=self.deadline.remaining_seconds()
            )
        except OverdueQueryError as error:
            raise EnoughError("milliseconds") from error
        for uid, at in found.items():
            self.ledger.note_production(uid, at)

    async def _selves(self, label: Label, uids: Sequence[str]) -> list[tuple[Head, tuple[Head, ...]]]:
        with self._in_time(uids) as seconds:
            return await self.reader.selves(label, uids, self.sight, timeout_seconds=seconds)

    async def _leave(self, label: Label, uids: Sequence[str]) -> Generation:
        family = self._family if self._first else ""
        with self._in_time(uids) as seconds:
            if label is Label.ARTIFACT_VERSION and not family:
                return await self._ahead.leave(
                    uids, levels=self._levels, first=self._first, timeout_seconds=seconds
                )
            return await self.reader.expand(
                self.direction,
                label,
                uids,
                self.sight,
                fan=self.per_node + 1,
                first=self._first,
                family=family,
                skip=self._skip if family else 0,
                timeout_seconds=seconds,
            )

    @contextlib.contextmanager
    def _in_time(self, uids: Sequence[str]) -> Generator[float]:
        """The seconds that remain to ask for these."""
        try:
            yield self.deadline.remaining_seconds()
        except (EnoughError, OverdueQueryError) as error:
            if self._first and any(uid not in self.ledger for uid in uids):  # a part of nothing
                raise overdue(self.deadline.spent_milliseconds() / 1000) from error
            raise EnoughError("milliseconds") from error

    def _take(self, generation: Generation, chunk: Sequence[str], twins: dict[str, int]) -> None:
        self._note_selves(generation, twins)
        missing = [uid for uid in chunk if self._first and uid not in self.ledger]
        if missing:
            raise not_found(missing[0])
        self._note_twins(generation, twins)
        leaving = _by_origin(generation.steps)
        for uid in chunk:
            for kind, entries in sorted(leaving.get(uid, {}).items()):
                entries.sort(key=lambda entry: entry.rank)
                if not is_timed(self.direction, kind):
                    self._follow(uid, kind, entries)
                    continue
                if self.direction is Direction.UPSTREAM and not (self._first and self._skip):
                    self.ledger.note_production(uid, entries[0].rank[0])
                if entries[-1].rank[0] > self.left[uid]:
                    self._late.append(_Fan(uid, kind, entries))
                else:
                    self._follow(uid, kind, entries)

    def _note_selves(self, generation: Generation, twins: dict[str, int]) -> None:
        for head, same in generation.selves:
            if head.hidden:
                continue
            self.ledger.add(head, same, self.depth, self.direction)
            # A node that is continued is continued alone: its twins have their own cursors.
            if not self._family:
                twins.update((twin.uid, self.frontier[head.uid]) for twin in same if not twin.hidden)
            if head.label in (Label.RUN, Label.JOB):
                self.crossed.add(head.uid)

    def _note_twins(self, generation: Generation, twins: dict[str, int]) -> None:
        for uid, same in generation.twins:
            self.ledger.add(self.ledger.head(uid), same, self.depth, self.direction)
            for twin in same:
                if twin.hidden:
                    continue
                twins[twin.uid] = max(self.left[uid], twins.get(twin.uid, self.left[uid]))
                if uid in self._arrival:
                    self.came.setdefault(twin.uid, self.came[uid])
                    self._arrival.setdefault(twin.uid, self._arrival[uid])

    def _follow(self, uid: str, kind: str, entries: list[_Entry]) -> None:
        """The first entries that the fan-out allows; notes the cut."""
        if len(entries) > self.per_node:
            skipped = self._skip if self._first else 0
            reach = self.left[uid] if is_timed(self.direction, kind) else UNLIMITED
            self.cuts[uid, kind] = Cut(uid, kind, self.direction, self.per_node + skipped, reach)
        for entry in entries[: self.per_node]:
            if entry.reached is None:
                self._cross(uid, entry.edge, entry.step)
            else:
                self._reach(uid, "", (entry.edge,), entry.reached)

    def _cross(self, uid: str, near: Edge, step: Step) -> None:
        """Over a run or job to the artifacts on its other side."""
        via = step.via
        if via is None:
            return
        self.ledger.add(via, (), self.depth + 1, self.direction)
        self.ledger.link(near)
        self.came.setdefault(via.uid, Origin(uid, "", (near,), self._arrival.get(uid)))
        if via.hidden or via.uid in self.crossed:
            return
        self.crossed.add(via.uid)
        far = sorted(step.far, key=lambda reached: reached.rank)
        if len(far) > self.per_node:
            kind = far[0].edge.type
            self.cuts[via.uid, kind] = Cut(via.uid, kind, self.direction, self.per_node)
        for reached in far[: self.per_node]:
            self._reach(uid, via.uid, (near, reached.edge), reached)

    def _reach(self, uid: str, via: str, edges: tuple[Edge, ...], reached: Reached) -> None:
        self.ledger.add(reached.node, reached.same, self.depth + 1, self.direction)
        self.ledger.link(reached.edge)
        origin = Origin(uid, via, edges, self._arrival.get(uid))
        candidate = _Candidate(reach_by(self.direction, reached.edge.type, reached.at), origin)
        for head in (reached.node, *reached.same):
            self.came.setdefault(head.uid, origin)
            if head.hidden:
                continue
            known = self._candidates.get(head.uid)
            if known is None or candidate.reach > known.reach:
                self._candidates[head.uid] = candidate


@dataclass(slots=True)
class Walk:
    """A finished walk, before it is put into words; other questions build on it."""

    ledger: Ledger
    walkers: list[Walker]
    deadline: Deadline
    trips: RoundTrips
    reason: str = ""

    @property
    def cuts(self) -> list[Cut]:
        return [cut for walker in self.walkers for cut in walker.cuts.values()]

    def plan(self) -> Plan:
        caps = sorted(
            {f"per_node:{cut.type}" for cut in self.cuts} | ({self.reason} if self.reason else set())
        )
        return Plan(
            levels=sum(walker.levels for walker in self.walkers),
            nodes_visited=len(self.ledger),
            caps_hit=tuple(caps),
            milliseconds=round(self.deadline.spent_milliseconds(), 3),
            round_trips=self.trips.count,
        )


def not_found(uid: str) -> NotFoundError:
    return NotFoundError(f"{shorten(uid)!r} is not there, or not yours to see; `lineage ls` lists what is")


def _by_origin(steps: Iterable[Step]) -> dict[str, dict[str, list[_Entry]]]:
    out: dict[str, dict[str, list[_Entry]]] = {}
    for step in steps:
        far: Iterable[Reached | None] = step.far if step.via is None else [None] * len(step.near)
        for near, reached in zip(step.near, far, strict=True):
            entry = _Entry(near.rank, near.edge, step, reached)
            out.setdefault(near.uid, {}).setdefault(step.type, []).append(entry)
    return out
