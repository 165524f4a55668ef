"""The question ``lineage``: what made this, what came of it, over versions or over artifacts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lineage_server.domain.errors import InvalidInputError, NotSupportedError
from lineage_server.domain.ids import label_of, now_micros, shorten
from lineage_server.domain.nodes import Label
from lineage_server.graph.errors import OverdueQueryError
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.round_trips import RoundTrips, counting
from lineage_server.provenance import cursors
from lineage_server.provenance.answers import (
    COUNT_CAP,
    MAX_DEPTH,
    MAX_NODES,
    MAX_PER_NODE,
    Boundary,
    Budget,
    Direction,
    LineageAnswer,
    LineageQuestion,
    Plan,
    Truncation,
    View,
)
from lineage_server.provenance.cursors import Cursor
from lineage_server.provenance.ledger import EnoughError, Ledger
from lineage_server.provenance.walk import Cut, Deadline, Walker

WALKED = frozenset(
    {
        Label.ARTIFACT_VERSION,
        Label.RUN,
        Label.MODEL_VERSION,
        Label.DEPLOYMENT,
        Label.ARTIFACT,
        Label.JOB,
    }
)
_LOGICAL = frozenset({Label.ARTIFACT, Label.JOB})


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
        return [cut for walker in self.walkers for cut in walker.cuts]

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


async def lineage(
    reader: LineageReader, question: LineageQuestion, *, scope: frozenset[str] | None
) -> LineageAnswer:
    """Answer one page; raises NotFoundError when a start is not there or not visible."""
    question = check(question)
    cursor = cursors.decode(question.after) if question.after else None
    asked = fingerprint(question)
    # A later page walks anew past the earlier ones: the same fan-out, or they would not match.
    page = f"{asked}.{question.budget.per_node}"
    if cursor is not None and cursor.question != (asked if cursor.uid else page):
        raise InvalidInputError(
            "the cursor belongs to another question; repeat the question it came with",
            field="after",
            allowed="the same start, direction, view, depth, times and budget perNode",
        )
    # Later pages see what was known when the first one was asked, however long ago that is.
    known_at = question.known_at if cursor is None else cursor.known_at
    sight = Sight(scope=scope, as_of=question.as_of, known_at=known_at)
    pinned = known_at if known_at is not None else now_micros()
    walk = await run_walk(reader, question, sight, cursor)
    skip = cursor.skip if cursor is not None and not cursor.uid else 0
    names = walk.ledger.names()
    nodes = list(walk.ledger.nodes(names, skip))
    shown = [node for node in nodes if question.filter.shows(node.head)]
    edges = tuple(walk.ledger.edges(names, skip))
    if len(shown) < len(nodes):
        visible = set(names.values()) - {n.head.uid for n in nodes} | {n.head.uid for n in shown}
        edges = tuple(edge for edge in edges if edge.start in visible and edge.end in visible)
    with counting() as trips:
        truncated = await truncations(reader, walk, sight, Cursor(skip=0, known_at=pinned, question=asked))
        boundary = await boundary_of(reader, walk, sight, count=question.count_boundary)
    walk.trips.count += trips.count
    resumable = walk.reason and not (cursor is not None and cursor.uid)
    going_on = Cursor(skip=len(walk.ledger), known_at=pinned, question=page)
    return LineageAnswer(
        start=question.start,
        nodes=tuple(shown),
        edges=edges,
        truncated=truncated,
        boundary=boundary,
        is_partial=bool(walk.reason or truncated),
        reason=walk.reason or ("per_node" if truncated else ""),
        omitted=len(nodes) - len(shown),
        cursor=going_on.encode() if resumable else "",
        plan=walk.plan(),
    )


def check(question: LineageQuestion) -> LineageQuestion:
    """Refuse what cannot be answered; raises InvalidInputError, NotSupportedError."""
    if not question.start:
        raise InvalidInputError("a start is missing", field="start", allowed="a uid or a reference")
    for uid in question.start:
        label = label_of(uid)
        if label not in WALKED:
            raise NotSupportedError(
                f"lineage starts at an artifact version, a run, a model version, a deployment, an artifact "
                f"or a job; {shorten(uid)!r} is a {label}"
            )
        if question.view is View.FIELD and label is not Label.ARTIFACT_VERSION:
            raise InvalidInputError(
                f"columns belong to artifact versions; {shorten(uid)!r} is a {label}",
                field="start",
                allowed="an artifact version, such as dataset:iris@3",
            )
        if (label in _LOGICAL) != (question.view is View.LOGICAL):
            raise InvalidInputError(
                f"{shorten(uid)!r} is a {label}: ask with the "
                f"{'LOGICAL' if label in _LOGICAL else 'VERSION'} view, or start elsewhere",
                field="view",
                allowed="LOGICAL for artifacts and jobs, VERSION or FIELD for versions and runs",
            )
    _check_budget(question.budget)
    if question.max_depth is not None and not 0 <= question.max_depth <= MAX_DEPTH:
        raise InvalidInputError("the depth is out of range", field="maxDepth", allowed=f"0 to {MAX_DEPTH}")
    return replace(question, start=tuple(dict.fromkeys(question.start)))


def _check_budget(budget: Budget) -> None:
    limits = (
        ("nodes", budget.nodes, MAX_NODES),
        ("perNode", budget.per_node, MAX_PER_NODE),
        ("milliseconds", budget.milliseconds, 600_000),
    )
    for name, value, most in limits:
        if not 1 <= value <= most:
            raise InvalidInputError(
                f"budget {name} is {value}, out of range", field=f"budget.{name}", allowed=f"1 to {most}"
            )


async def run_walk(
    reader: LineageReader,
    question: LineageQuestion,
    sight: Sight,
    cursor: Cursor | None = None,
    *,
    limits: Mapping[Direction, int] | None = None,
) -> Walk:
    """Walk as far as the question and its budget allow; ``limits`` gives each side its own depth."""
    budget = question.budget
    deadline = Deadline(budget.milliseconds)
    page = cursor is not None and not cursor.uid
    ledger = Ledger(budget.nodes + (cursor.skip if cursor and page else 0))
    both = (Direction.UPSTREAM, Direction.DOWNSTREAM)
    directions = both if question.direction is Direction.BOTH else (question.direction,)
    if cursor is not None and cursor.uid:
        directions = (Direction(cursor.direction),)
    walkers = [Walker(reader, ledger, d, sight, budget.per_node, deadline) for d in directions]
    with counting() as trips:
        walk = Walk(ledger, walkers, deadline, trips)
        for walker in walkers:
            if cursor is not None and cursor.uid:
                walker.begin((cursor.uid,), family=cursor.type, skip=cursor.skip)
            else:
                walker.begin(question.start)
        try:
            await _advance_all(walkers, question, limits or {})
        except EnoughError as enough:
            walk.reason = enough.reason
    return walk


async def _advance_all(
    walkers: list[Walker], question: LineageQuestion, limits: Mapping[Direction, int]
) -> None:
    limit = MAX_DEPTH if question.max_depth is None else question.max_depth
    depths = {walker.direction: limits.get(walker.direction, limit) for walker in walkers}
    going = [walker for walker in walkers if depths[walker.direction] > 0]
    if not going:
        # The start's own head comes with the first generation: without one, it is asked for alone.
        await walkers[0].look()
    while going:
        going = [w for w in going if w.depth < depths[w.direction] and await w.advance()]


async def truncations(
    reader: LineageReader, walk: Walk, sight: Sight, base: Cursor
) -> tuple[Truncation, ...]:
    """Count what the fan-out cut off, one statement for each direction and label."""
    out: list[Truncation] = []
    for walker in walk.walkers:
        totals: dict[str, dict[str, int]] = {}
        if walker.cuts:
            try:
                totals = await reader.count(
                    walker.direction,
                    dict.fromkeys(cut.uid for cut in walker.cuts),
                    sight,
                    cap=COUNT_CAP + 1,
                    timeout_seconds=walk.deadline.remaining_seconds(),
                )
            except (EnoughError, OverdueQueryError):
                totals = {}
        for cut in walker.cuts:
            total = totals.get(cut.uid, {}).get(cut.type)
            cursor = replace(base, skip=cut.shown, uid=cut.uid, type=cut.type, direction=str(cut.direction))
            out.append(
                Truncation(
                    uid=cut.uid,
                    type=cut.type,
                    direction=cut.direction,
                    shown=cut.shown,
                    total=None if total is None else min(total, COUNT_CAP),
                    capped=total is not None and total > COUNT_CAP,
                    cursor=cursor.encode(),
                )
            )
    return tuple(out)


async def boundary_of(
    reader: LineageReader, walk: Walk, sight: Sight, *, count: bool
) -> tuple[Boundary, ...]:
    """Where depth ended the walk, and (when asked) how many edges go on from there; on the last page."""
    if walk.reason:
        return ()
    edge = [(walker.direction, walker.frontier) for walker in walk.walkers]
    if not count:
        return tuple(Boundary(uid=uid, direction=d) for d, uids in edge for uid in uids)
    totals = await asyncio.gather(*(reader.count(d, uids, sight, cap=COUNT_CAP) for d, uids in edge))
    return tuple(
        Boundary(uid=uid, direction=direction, more=more)
        for (direction, uids), total in zip(edge, totals, strict=True)
        for uid in uids
        if (more := sum(total.get(uid, {}).values()))
    )


def fingerprint(question: LineageQuestion) -> str:
    what = (question.start, question.direction, question.view, question.max_depth, question.as_of)
    return hashlib.blake2b(repr(what).encode(), digest_size=6).hexdigest()
