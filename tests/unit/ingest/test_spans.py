"""Both time axes of an edge: what held when, as was known when."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineage_server.ingest.spans import Span, believed, learned, moves_of

TIMES = range(9)
bounds = st.lists(st.integers(0, 8), max_size=5, unique=True).map(sorted)
beliefs = st.lists(st.tuples(bounds, st.integers(0, 2)), min_size=1, max_size=6)


def spans_of(ends: list[int]) -> list[Span]:
    """Ends in pairs; the last may stay open."""
    return [(ends[i], ends[i + 1] if i + 1 < len(ends) else None) for i in range(0, len(ends), 2)]


def within(spans: list[Span], at: int) -> bool:
    return any(start <= at and (end is None or at < end) for start, end in spans)


def holds(edge: dict[str, Any], as_of: int, known: int) -> bool:
    """As the statement of the graph reads it."""
    if edge.get("moves_at") is None:
        return edge["at"] <= as_of and edge["recorded_at"] <= known
    on = [m.on for m in moves_of(edge) if m.at <= as_of and m.recorded_at <= known]
    return bool(on) and on[-1]


@given(beliefs)
def test_every_belief_stays_what_it_was_at_its_time(told: list[tuple[list[int], int]]) -> None:
    """Whatever was believed in turn, each time axis answers for itself."""
    edge: dict[str, Any] | None = None
    recorded_at = 10
    was: dict[int, list[Span]] = {}
    for ends, pause in told:
        recorded_at += pause
        spans = spans_of(ends)
        at = spans[0][0] if spans else 4
        edge = {"at": at, **learned(edge, at, spans, recorded_at)}
        was[recorded_at] = spans
        assert believed(moves_of(edge)) == spans
        assert json.loads(json.dumps(edge)) == edge
    assert edge is not None
    for known in range(9, recorded_at + 2):
        last = max((at for at in was if at <= known), default=None)
        for as_of in TIMES:
            expected = last is not None and within(was[last], as_of)
            assert holds(edge, as_of, known) == expected, (as_of, known, edge)


def test_an_edge_that_simply_holds_keeps_no_moves() -> None:
    edge = {"at": 5, **learned(None, 5, [(5, None)], 20)}
    assert edge == {"at": 5, "recorded_at": 20}
    assert learned(edge, 5, [(5, None)], 30) == {"recorded_at": 20}


def test_a_clock_set_back_does_not_make_us_know_earlier() -> None:
    edge = {"at": 5, **learned(None, 5, [(5, None)], 20)}
    edge |= learned(edge, 5, [(5, 7)], 10)
    assert not holds(edge, 8, 20)
    assert holds(edge, 6, 20)
