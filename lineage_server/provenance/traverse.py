"""The question ``lineage``: what made this, what came of it, over versions or over artifacts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from lineage_server.domain.errors import InvalidInputError, NotSupportedError
from lineage_server.domain.ids import label_of, now_micros, shorten
from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.errors import OverdueQueryError
from lineage_server.graph.read_lineage import LineageReader, Sight
from lineage_server.graph.round_trips import counting
from lineage_server.provenance import cursors
from lineage_server.provenance.answers import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_PER_NODE,
    Budget,
    Direction,
    LineageAnswer,
    LineageNode,
    LineageQuestion,
    NodeFilter,
    View,
)
from lineage_server.provenance.cursors import Cursor
from lineage_server.provenance.ledger import EnoughError, Ledger
from lineage_server.provenance.left_out import boundary_of, truncations
from lineage_server.provenance.walk import Deadline, Walk, Walker

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


async def lineage(
    reader: LineageReader, question: LineageQuestion, *, scope: frozenset[str] | None
) -> LineageAnswer:
    """Answer one page; raises NotFoundError when a start is not there or not visible."""
    question = check(question)
    cursor = _cursor_of(question)
    # Later pages see what was known when the first one was asked, however long ago that is.
    known_at = question.known_at if cursor is None else cursor.known_at
    pinned = known_at if known_at is not None else now_micros()
    sight = Sight(scope=scope, as_of=question.as_of, known_at=known_at)
    walk = await run_walk(reader, question, sight, cursor)
    names = walk.ledger.names()
    going_on = Cursor(known_at=pinned, question=fingerprint(question))
    with counting() as trips:
        truncated = await truncations(walk, names, going_on)
        boundary = await boundary_of(walk, names, count=question.count_boundary)
    walk.trips.count += trips.count
    skip = cursor.skip if cursor is not None and not cursor.uid else 0
    nodes, edges, omitted = _page(walk.ledger, names, skip, question.filter)
    resumable = walk.reason and not (cursor is not None and cursor.uid)
    page = replace(going_on, skip=len(walk.ledger), question=_page_print(question))
    return LineageAnswer(
        start=question.start,
        nodes=nodes,
        edges=edges,
        truncated=truncated,
        boundary=boundary,
        is_partial=bool(walk.reason or truncated),
        reason=walk.reason or ("per_node" if truncated else ""),
        omitted=omitted,
        cursor=page.encode() if resumable else "",
        plan=walk.plan(),
    )


def _cursor_of(question: LineageQuestion) -> Cursor | None:
    """The cursor that came with the question; raises InvalidInputError when it is of another one."""
    if not question.after:
        return None
    cursor = cursors.decode(question.after)
    if cursor.question != (fingerprint(question) if cursor.uid else _page_print(question)):
        raise InvalidInputError(
            "the cursor belongs to another question; repeat the question it came with",
            field="after",
            allowed="the same start, direction, view, depth, times and budget perNode",
        )
    return cursor


def _page(
    ledger: Ledger, names: dict[str, str], skip: int, wanted: NodeFilter
) -> tuple[tuple[LineageNode, ...], tuple[Edge, ...], int]:
    """Nodes and edges from entry ``skip`` on, and how many nodes the filter omitted."""
    nodes = list(ledger.nodes(names, skip))
    shown = [node for node in nodes if wanted.shows(node.head)]
    omitted = {node.head.uid for node in nodes} - {node.head.uid for node in shown}
    edges = ledger.edges(names, skip)
    kept = (edge for edge in edges if edge.start not in omitted and edge.end not in omitted)
    return tuple(shown), tuple(kept), len(omitted)


def check(question: LineageQuestion) -> LineageQuestion:
    """Refuse what cannot be answered; raises InvalidInputError, NotSupportedError."""
    if not question.start:
        raise InvalidInputError("a start is missing", field="start", allowed="a uid or a reference")
    for uid in question.start:
        label = label_of(uid)
        if label not in WALKED:
            raise NotSupportedError(
                f"lineage starts at an artifact version, a run, a model version, a deployment, an artifact "
                f"or a job; {shorten(uid)!r} is of type {label}"
            )
        if question.view is View.FIELD and label is not Label.ARTIFACT_VERSION:
            raise InvalidInputError(
                f"columns belong to artifact versions; {shorten(uid)!r} is of type {label}",
                field="start",
                allowed="an artifact version, such as dataset:iris@3",
            )
        if (label in _LOGICAL) != (question.view is View.LOGICAL):
            raise InvalidInputError(
                f"{shorten(uid)!r} is of type {label}: ask with the "
                f"{'LOGICAL' if label in _LOGICAL else 'VERSION'} view, or start elsewhere",
                field="view",
                allowed="LOGICAL for artifacts and jobs, VERSION or FIELD for versions and runs",
            )
    if question.column and question.view is not View.FIELD:
        raise InvalidInputError(
            f"the {question.view} view has no columns; {shorten(question.column)!r} is one of the FIELD view",
            field="column",
            allowed="a column with the FIELD view, none with any other",
        )
    if question.view is View.LOGICAL and question.known_at is not None:
        raise NotSupportedError(
            "the logical view is rolled up by event time and does not keep when things were learned: ask "
            "it with asOf, or ask the VERSION view of a version or run with knownAt"
        )
    check_budget(question.budget)
    if question.max_depth is not None and not 0 <= question.max_depth <= MAX_DEPTH:
        raise InvalidInputError("the depth is out of range", field="maxDepth", allowed=f"0 to {MAX_DEPTH}")
    return replace(question, start=tuple(dict.fromkeys(question.start)))


def check_budget(budget: Budget) -> None:
    """Raises InvalidInputError."""
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
                walker.begin((cursor.uid,), family=cursor.type, skip=cursor.skip, reach=cursor.reach)
            else:
                walker.begin(question.start)
        try:
            if cursor is None or not cursor.uid:
                await _begin_behind(walkers, question, limits or {})
            await _advance_all(walkers, question, limits or {})
        except EnoughError as enough:
            walk.reason = enough.reason
    return walk


async def _begin_behind(
    walkers: list[Walker], question: LineageQuestion, limits: Mapping[Direction, int]
) -> None:
    """What came of a registered version is what came of that which it is of: who read it read that."""
    depths = _depths(walkers, question, limits)
    for walker in walkers:
        models = [uid for uid in walker.frontier if label_of(uid) is Label.MODEL_VERSION]
        if walker.direction is not Direction.DOWNSTREAM or not models or depths[walker.direction] < 1:
            continue
        try:
            seconds = walker.deadline.remaining_seconds()
            found = await walker.reader.registered_of(models, walker.sight, timeout_seconds=seconds)
        except OverdueQueryError as error:
            raise EnoughError("milliseconds") from error
        walker.begin((*walker.frontier, *found))


def _depths(
    walkers: list[Walker], question: LineageQuestion, limits: Mapping[Direction, int]
) -> dict[Direction, int]:
    limit = MAX_DEPTH if question.max_depth is None else question.max_depth
    return {walker.direction: limits.get(walker.direction, limit) for walker in walkers}


async def _advance_all(
    walkers: list[Walker], question: LineageQuestion, limits: Mapping[Direction, int]
) -> None:
    depths = _depths(walkers, question, limits)
    going = [walker for walker in walkers if depths[walker.direction] > 0]
    if not going:
        # The start's own head comes with the first generation: without one, it is asked for alone.
        await walkers[0].look()
    while going:
        going = [w for w in going if (left := depths[w.direction] - w.depth) > 0 and await w.advance(left)]
    for walker in walkers:
        await walker.gather_twins()


def fingerprint(question: LineageQuestion) -> str:
    """What a question asks, for its cursors."""
    what = (question.start, question.direction, question.view, question.max_depth, question.as_of)
    return hashlib.blake2b(repr(what).encode(), digest_size=6).hexdigest()


def _page_print(question: LineageQuestion) -> str:
    """A later page walks anew past the earlier ones: the same fan-out, or they would not match."""
    return f"{fingerprint(question)}.{question.budget.per_node}"
