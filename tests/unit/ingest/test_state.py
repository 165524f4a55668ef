"""Merging facts into a node: any order, any repetition, any pause between them, one result."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import permutations
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from lineage_server.domain.edges import Basis, EdgeType, Source
from lineage_server.domain.nodes import STATE_RANK, Label, RunState
from lineage_server.ingest.facts import Clock, EdgeFacts, EdgeKey, NodeFacts
from lineage_server.ingest.spans import MOVES, believed, moves_of
from lineage_server.ingest.state import NodeState

UID = "run:0198c0de-0000-7000-8000-000000000001"
IDENTITY = {"project": "p"}
ARRIVAL = ("recorded_at", *MOVES)
"""Since when we know is a matter of the order of arrival; what we know in the end is not."""

# --- facts ---------------------------------------------------------------------------------------

times = st.integers(0, 6)
words = st.sampled_from(["a", "b", ""])
scalars = words | st.integers(0, 2) | st.booleans() | st.sampled_from([0.0, 1.0])
clocks = st.builds(Clock, times, st.sampled_from(["e1", "e2", "e3", "e4"]))
values = st.dictionaries(st.sampled_from(["name", "p.lr", "t.who", "t.x"]), st.none() | scalars, max_size=3)
numbers = st.sampled_from([0.0, -1.5, 2.0, math.nan, math.inf])
metrics = st.dictionaries(
    st.sampled_from(["loss", "acc"]), st.tuples(st.integers(0, 2), times, numbers), min_size=1, max_size=2
)
maps = st.dictionaries(
    st.just("facts"),
    st.dictionaries(st.sampled_from(["git", "host"]), st.none() | scalars, min_size=1),
    min_size=1,
)
earliest = st.dictionaries(st.sampled_from(["requested_at", "started_at"]), times, min_size=1)
starts = st.dictionaries(st.just("from_at"), times, min_size=1)
ends = st.dictionaries(st.just("to_at"), times, min_size=1)
UIDS = {
    Label.RUN: UID,
    Label.ARTIFACT_VERSION: f"version:p/dataset/iris@{UID}",
    Label.ALIAS: "alias:p/churn@prod",
    Label.DEPLOYMENT: "deployment:p/c/api@1",
    Label.INTENT: "intent:p/submit",
}


@st.composite
def ranked(draw: st.DrawFn) -> tuple[int, dict[str, Any]]:
    """Rank and values as a run event of a state, or of an end without one, tells them."""
    state = draw(st.none() | st.sampled_from(list(RunState)))
    told: dict[str, Any] = {
        "ended_at": draw(st.none() | times),
        "exit_code": draw(st.none() | st.integers(0, 1)),
        "reason": draw(st.none() | words),
    }
    if state is None:
        return 0, told
    return STATE_RANK[state], {**told, "state": str(state), "reason": told["reason"] or ""}


def stated(draw: st.DrawFn) -> EdgeFacts:
    key = EdgeKey(EdgeType.DERIVED, "manual", draw(st.sampled_from(["v1", "v2"])))
    asserted = draw(st.booleans())
    extra: dict[str, Any] = {"reason": draw(words)}
    if asserted and draw(st.booleans()):
        extra["fields"] = draw(st.sampled_from(['{"a":1}', '{"b":1}']))
    source = draw(st.sampled_from([Source.UI, Source.CLIENT]))
    return EdgeFacts(key, Basis.DECLARED, source, extra, retracted=not asserted, asserted=asserted)


SEEN: dict[Label, list[tuple[EdgeType, str, Any]]] = {
    Label.RUN: [(EdgeType.OUTPUT, "reused", True), (EdgeType.READS, "wanted", 3)],
    Label.DEPLOYMENT: [(EdgeType.DEPLOYED_AS, "", None), (EdgeType.ROUTES_TO, "", None)],
}


@st.composite
def edges(draw: st.DrawFn, label: Label) -> EdgeFacts:
    if label not in SEEN:
        return stated(draw)
    kind, name, value = draw(st.sampled_from(SEEN[label]))
    extra = {name: value} if name and draw(st.booleans()) else {}
    key = EdgeKey(kind, "data", draw(st.sampled_from(["v1", "v2"])))
    return EdgeFacts(key, draw(st.sampled_from(list(Basis))), draw(st.sampled_from(list(Source))), extra)


@st.composite
def facts(draw: st.DrawFn, label: Label) -> NodeFacts:
    """What one event says of the node: as its own subject, or in passing."""
    told = NodeFacts(UIDS[label], label, draw(clocks), IDENTITY, described=draw(st.booleans()))
    kinds = [*ALWAYS, *(TOLD_OF[label] if told.described else ())]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=3, unique=True)):
        KINDS[kind](told, draw)
    return told


def _ranked(told: NodeFacts, draw: st.DrawFn) -> None:
    told.rank, told.ranked = draw(ranked())


def _edges(told: NodeFacts, draw: st.DrawFn) -> None:
    told.edges = draw(st.lists(edges(told.label), min_size=1, max_size=2, unique_by=lambda edge: edge.key))


def _visible(told: NodeFacts, draw: st.DrawFn) -> None:
    told.visible = draw(st.booleans())
    told.erased = not told.visible and draw(st.booleans())


ALWAYS = ("edges", "values", "visible")
TOLD_OF = {
    Label.RUN: ("ranked", "metrics", "earliest", "maps"),
    Label.ARTIFACT_VERSION: ("seal", "maps"),
    Label.ALIAS: ("pointer",),
    Label.DEPLOYMENT: ("starts", "ends", "maps"),
    Label.INTENT: ("ranked", "maps"),
}
KINDS: dict[str, Any] = {
    "edges": _edges,
    "ranked": _ranked,
    "visible": _visible,
    "values": lambda told, draw: told.values.update(draw(values)),
    "metrics": lambda told, draw: setattr(told, "metrics", draw(metrics)),
    "maps": lambda told, draw: setattr(told, "maps", draw(maps)),
    "earliest": lambda told, draw: setattr(told, "earliest", draw(earliest)),
    "starts": lambda told, draw: setattr(told, "earliest", draw(starts)),
    "ends": lambda told, draw: told.values.update(draw(ends)),
    "seal": lambda told, draw: setattr(told, "seal", draw(times)),
    "pointer": lambda told, draw: setattr(
        told,
        "pointer",
        (*told.clock, draw(st.none() | st.sampled_from(["v1", "v2"])), "registry", "declared", draw(words)),
    ),
}
stories = st.sampled_from(list(UIDS)).flatmap(
    lambda label: st.lists(facts(label), min_size=1, max_size=6, unique_by=lambda told: told.clock)
)


def words_of(told: NodeFacts) -> str:
    """The facts for people: what Hypothesis found, in one line."""
    said = {
        name: getattr(told, name) for name in NodeFacts.__slots__ if name not in ("identity", "label", "uid")
    }
    return str({name: value for name, value in said.items() if value not in (None, {}, False, -1)})


# --- what a node is in the end -------------------------------------------------------------------


def merged(told: Sequence[NodeFacts], pauses: Sequence[bool] = ()) -> NodeState:
    """The facts in this order; at a pause the node is stored and loaded again."""
    state = NodeState(told[0].uid, told[0].label)
    for index, one in enumerate(told):
        state.apply(one, recorded_at=100 + index)
        if index < len(pauses) and pauses[index]:
            state = reloaded(state)
    return state


def reloaded(state: NodeState) -> NodeState:
    """As another server would find it."""
    row = json_of(stored(state))
    edges = [[k.type, k.other, dict(edge), k.role] for k, edge in state.edges.items()]
    return NodeState.loaded(state.uid, state.label, row, edges)


def stored(state: NodeState) -> dict[str, Any]:
    return {key: value for key, value in state.created_row().items() if value is not None}


def json_of(row: dict[str, Any]) -> dict[str, Any]:
    """A copy of which nothing is shared."""
    return {key: list(value) if isinstance(value, list) else value for key, value in row.items()}


def seen(state: NodeState) -> dict[str, Any]:
    """Everything a reader may see, payload of a tombstone included, not the clocks."""
    props = {key: plain(value) for key, value in state.props.items() if key != "uid"}
    props["metric_steps"] = json.loads(props.get("metric_steps") or "{}")
    edges = {
        key: {
            **{name: value for name, value in edge.items() if value is not None and name not in ARRIVAL},
            "spans": believed(moves_of(edge)),
        }
        for key, edge in state.edges.items()
        if key.type is not EdgeType.POINTS_TO or believed(moves_of(edge))
    }
    return {"props": props, "edges": edges}


def plain(value: Any) -> Any:
    """Text that tells types apart: 1, 1.0 and true are three values."""
    return value if isinstance(value, str) else repr(value)


# --- the laws ------------------------------------------------------------------------------------


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_order_does_not_matter(data: st.DataObject) -> None:
    told = data.draw(stories)
    again = data.draw(st.permutations(told))
    note("\n".join(map(words_of, [*told, told[0], *again])))
    assert seen(merged(again)) == seen(merged(told))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_repetition_does_not_matter(data: st.DataObject) -> None:
    told = data.draw(stories)
    more = data.draw(st.lists(st.sampled_from(told), max_size=4))
    assert seen(merged([*told, *more])) == seen(merged(told))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_when_it_is_stored_and_loaded_does_not_matter(data: st.DataObject) -> None:
    told = data.draw(stories)
    pauses = data.draw(st.lists(st.booleans(), min_size=len(told), max_size=len(told)))
    paused, straight = merged(told, pauses), merged(told)
    assert seen(paused) == seen(straight)
    assert paused.clock == straight.clock
    assert paused.clocks == straight.clocks


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_changed_is_all_that_must_be_stored(data: st.DataObject) -> None:
    """The stored row with each change laid over it is what storing the node anew would give."""
    told = data.draw(stories)
    state = merged(told[:1])
    row = stored(state)
    state.settle()
    for one in told[1:]:
        state.apply(one, recorded_at=100 + one.clock.at)
        row.update(json_of(state.changed_row()))
        row = {key: value for key, value in row.items() if value is not None}
        state.settle()
    assert {k: plain(v) for k, v in row.items()} == {k: plain(v) for k, v in stored(state).items()}


@settings(max_examples=100, deadline=None)
@given(stories)
def test_what_is_known_already_changes_nothing(told: list[NodeFacts]) -> None:
    """A duplicate must not be written again: that is what keeps replays cheap."""
    note("\n".join(map(words_of, told)))
    state = merged(told)
    state.settle()
    for one in told:
        state.apply(one, recorded_at=100 + one.clock.at)
    assert not state.new_edges
    assert not state.changed_edges
    assert not state.dirty - {"metric_steps"}


# --- examples ------------------------------------------------------------------------------------


def event(at: int, name: str, **told: Any) -> NodeFacts:
    made = NodeFacts(UID, Label.RUN, Clock(at, name), IDENTITY)
    for key, value in told.items():
        setattr(made, key, value)
    return made


def test_erased_payload_stays_away_whatever_comes_after() -> None:
    before = event(1, "a", values={"p.lr": 1, "name": "x"}, metrics={"loss": (1, 1, 0.5)})
    erased = event(5, "b", visible=False, erased=True)
    late = event(9, "c", values={"p.lr": 2, "t.who": "kim"}, metrics={"loss": (9, 9, 0.1)})
    for order in ([before, erased, late], [erased, late, before], [late, before, erased]):
        props = merged(order).props
        assert props["erased"] is True
        assert not [key for key in props if key.startswith(("p.", "m.", "t."))]


def test_tombstone_hides_its_payload_and_gives_it_back() -> None:
    told = [event(1, "a", values={"p.lr": 1}), event(2, "b", visible=False)]
    deleted = merged(told)
    assert deleted.deleted
    assert "p.lr" not in deleted.created_row()
    assert "tomb" in deleted.created_row()
    back = reloaded(deleted)
    back.apply(event(3, "c", visible=True), recorded_at=103)
    assert back.changed_row()["p.lr"] == 1
    assert back.changed_row()["tomb"] is None
    assert not back.deleted


def test_facts_accumulate_key_by_key() -> None:
    first = event(1, "a", maps={"facts": {"git": "old", "host": "h"}, "usage": {"cpu": 1}})
    later = event(2, "b", maps={"facts": {"git": "new"}, "usage": {"gpu": 2}})
    gone = event(3, "c", maps={"facts": {"host": None}})
    for order in permutations([first, later, gone]):
        props = merged(order).props
        assert json.loads(props["facts"]) == {"git": "new"}
        assert json.loads(props["usage"]) == {"cpu": 1, "gpu": 2}


def test_terminal_state_is_never_revived() -> None:
    failed = event(1, "a", rank=3, ranked={"state": "failed", "reason": "oom", "ended_at": 1})
    running = event(9, "b", rank=2, ranked={"state": "running", "reason": ""})
    for order in ([failed, running], [running, failed]):
        props = merged(order).props
        assert (props["state"], props["reason"], props["ended_at"]) == ("failed", "oom", 1)


def test_statement_and_retraction_keep_their_times_and_reasons() -> None:
    key = EdgeKey(EdgeType.DERIVED, "manual", "v1")
    stated = event(1, "a", edges=[EdgeFacts(key, "declared", "ui", {"reason": "so"}, asserted=True)])
    taken = event(5, "b", edges=[EdgeFacts(key, "declared", "ui", {"reason": "no"}, retracted=True)])
    again = event(8, "c", edges=[EdgeFacts(key, "declared", "ui", {"reason": "yes"}, asserted=True)])
    for order in ([stated, taken], [taken, stated]):
        edge = merged(order).edges[key]
        assert believed(moves_of(edge)) == [(1, 5)]
        assert (edge["event"], edge["reason"]) == ("a", "so")
        assert (edge["retracted_at"], edge["retracted_event"], edge["retracted_reason"]) == (5, "b", "no")
    for order in ([stated, taken, again], [again, taken, stated], [taken, again, stated]):
        edge = merged(order).edges[key]
        assert believed(moves_of(edge)) == [(1, 5), (8, None)]
        assert (edge["retracted_at"], edge["reason"], edge["at"], edge["told_at"]) == (None, "yes", 1, 8)
        assert [one[3] for one in json.loads(edge["history"])] == ["so", "no", "yes"]


def test_alias_history_closes_each_move_by_the_next() -> None:
    moves = [
        event(at, f"e{at}", pointer=(at, f"e{at}", to, "registry", "declared", f"because {at}"))
        for at, to in ((1, "v1"), (5, "v2"), (7, None), (9, "v1"))
    ]
    for order in (moves, moves[::-1], [moves[1], moves[3], moves[2], moves[0]]):
        state = merged(order)
        assert state.props["target"] == "v1"
        edges = {key.other: edge for key, edge in state.edges.items()}
        assert believed(moves_of(edges["v1"])) == [(1, 5), (9, None)]
        assert believed(moves_of(edges["v2"])) == [(5, 7)]
        assert (edges["v2"]["valid_from"], edges["v2"]["valid_to"]) == (5, 7)
        assert (edges["v1"]["valid_from"], edges["v1"].get("valid_to")) == (9, None)
        told = [edges["v1"][name] for name in ("source", "basis", "event", "reason")]
        assert told == ["registry", "declared", "e9", "because 9"]


def test_a_late_witness_of_an_earlier_time_does_not_make_us_know_earlier() -> None:
    key = EdgeKey(EdgeType.OUTPUT, "data", "v1")
    seen_at_5 = event(5, "a", edges=[EdgeFacts(key, "observed", "watcher")])
    seen_at_3 = event(3, "b", edges=[EdgeFacts(key, "observed", "client")])
    edge = merged([seen_at_5, seen_at_3]).edges[key]
    assert moves_of(edge) == [(3, 101, True), (5, 100, True)]
    assert merged([seen_at_3, seen_at_5]).edges[key].get("moves_at") is None


def test_what_is_seen_replaces_what_was_guessed() -> None:
    key = EdgeKey(EdgeType.INPUT_TO, "data", "v1")
    seen = event(7, "b", edges=[EdgeFacts(key, "inferred", "openlineage")])
    state = merged([event(1, "a")])
    state.hold_edge(key, {"at": 4, "basis": "inferred", "rule": "newest"}, [(4, None)], 99)
    state.apply(seen, recorded_at=101)
    edge = state.edges[key]
    assert (edge["at"], edge["rule"], edge["event"]) == (7, None, "b")
    assert believed(moves_of(edge)) == [(7, None)]


def test_stub_becomes_a_node_once_somebody_describes_it() -> None:
    mention = NodeFacts(UID, Label.RUN, Clock(1, "a"), IDENTITY, described=False)
    for order in ([mention, event(2, "b")], [event(2, "b"), mention]):
        assert merged(order).props == {"project": "p", "created_at": 2}
    assert merged([mention]).props == {"project": "p", "stub": True}
