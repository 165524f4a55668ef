"""Lists against a plain oracle: filters, orders, pages, scope, on both engines."""

from __future__ import annotations

import itertools
import math
import random
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_server.domain.nodes import Label, Run
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_tracking import TrackingReader
from lineage_server.tracking.filters import (
    Comparison,
    ListFilter,
    Operator,
    Order,
    SortBy,
    TagCondition,
)
from lineage_server.tracking.service import Tracking
from tests.support import tables
from tests.support.neo4j_server import Address
from tests.support.random_graphs import KEPT, PHASES
from tests.support.tables import DAY, Table

ALL = ListFilter()
DELETED = ListFilter(deleted=True)
NEWEST = Order()
SOME = frozenset({"red", "blue"})
METRICS = ("random", "tied", "same", "skewed", "negative", "huge", "odd", "rare", "rising")
PARAMS = ("lr", "depth", "mode", "flag", "mixed", "large", "none")
TIMES = (SortBy.STARTED, SortBy.ENDED, SortBy.DURATION, SortBy.CREATED, SortBy.UPDATED, SortBy.NAME)
ORDERS = [
    Order(by=by, key=key, descending=descending)
    for by, key in (
        *((by, "") for by in TIMES),
        *((SortBy.METRIC, key) for key in METRICS),
        *((SortBy.PARAM, key) for key in PARAMS),
    )
    for descending in (True, False)
]


async def _read(
    tracking: Tracking,
    order: Order,
    *,
    label: Label = Label.RUN,
    scope: frozenset[str] | None = None,
    wanted: ListFilter = ALL,
    first: int = 100,
    step: int | None = None,
) -> list[str]:
    """The whole list, going on after each page's row ``step``."""
    out: list[str] = []
    after, more = "", True
    while more:
        page = await tracking.list_nodes(
            label, scope=scope, wanted=wanted, order=order, first=first, after=after
        )
        uids = [node.uid for node in page.items][:step]
        assert len(page.items) == first if page.has_more else len(page.items) <= first
        out += uids
        more = page.has_more or len(uids) < len(page.items)
        after = page.cursors[len(uids) - 1] if uids else ""
        assert len(out) < 5_000
    return out


# --- every order ----------------------------------------------------------------------------------


async def test_every_order_gives_each_run_once(graph: Bolt) -> None:
    rows = tables.runs()
    await tables.write(graph, rows)
    tracking = Tracking(graph)
    for order, scope in zip(ORDERS, itertools.cycle((None, SOME, None)), strict=False):
        found = await _read(tracking, order, scope=scope, first=250)
        assert found == tables.expected(rows, scope, ALL, order), (scope, order)


async def test_brief_rows_have_of_what_has_keys_only_what_was_asked_for(graph: Bolt) -> None:
    await tables.write(graph, tables.runs())
    tracking = Tracking(graph)
    for order in ORDERS:
        full = await tracking.list_nodes(Label.RUN, scope=SOME, order=order, first=60)
        brief = await tracking.list_nodes(
            Label.RUN, scope=SOME, order=order, first=60, brought=("m.tied", "p.mixed", "p.nobody's")
        )
        assert brief.cursors == full.cursors
        expected = [
            replace(
                run,
                params={key: value for key, value in run.params.items() if key == "mixed"},
                metrics={key: value for key, value in run.metrics.items() if key == "tied"},
            )
            for run in full.items
            if isinstance(run, Run)
        ]
        assert list(brief.items) == expected, order


async def test_runs_of_thousands_of_parameters_are_listed_as_soon_as_others(
    graph: Bolt, bolt: Address
) -> None:
    """The embedded engine's time for all of a node grows with its square: such a page took too long."""
    wide = {f"p.p{n}": n for n in range(3_000)}
    rows = [{"uid": f"run:wide-{n}", "project": "red", "started_at": n, **wide} for n in range(10)]
    await tables.write(graph, rows)
    tracking = Tracking(graph)
    took: dict[bool, float] = {}
    for all_of_it in (False, True, False, True):
        began = time.perf_counter()
        page = await tracking.list_nodes(
            Label.RUN, scope=SOME, order=NEWEST, first=10, brought=None if all_of_it else ("p.p7",)
        )
        took[all_of_it] = time.perf_counter() - began
        assert [len(run.params) for run in page.items if isinstance(run, Run)] == [
            3_000 if all_of_it else 1
        ] * 10
    assert bolt.name != "embedded" or took[False] < took[True] / 3, took


async def test_zero_of_either_sign_is_one_value(graph: Bolt) -> None:
    """Also where a bound is zero: the page is full without the others, so nobody would look for them."""
    chance = random.Random(0)
    rows = [
        tables.run_row(chance, index, project="red", **{"m.zero": chance.choice((0.0, -0.0))})
        for index in range(500)
    ]
    await tables.write(graph, rows)
    for descending in (True, False):
        order = Order(by=SortBy.METRIC, key="zero", descending=descending)
        for scope in (None, SOME):
            found = await _read(Tracking(graph), order, scope=scope, wanted=DELETED, first=100)
            assert found == tables.expected(rows, scope, DELETED, order), (scope, descending)


@pytest.mark.parametrize("op", [Operator.LT, Operator.LE, Operator.GT, Operator.GE, Operator.EQ, Operator.NE])
async def test_zero_of_either_sign_is_compared_as_one_value(graph: Bolt, op: Operator) -> None:
    chance = random.Random(0)
    rows = [
        tables.run_row(chance, 1 + index, **{"m.zero": value, "p.zero": value})
        for index, value in enumerate((0.0, -0.0, 0, 1.0, -1.0))
    ]
    await tables.write(graph, rows)
    for asked in (0, 0.0, -0.0, "0", "-0.0"):
        one = (Comparison(key="zero", op=op, value=asked),)
        for wanted in (ListFilter(metrics=one), ListFilter(params=one)):
            found = await _read(Tracking(graph), NEWEST, wanted=wanted)
            assert found == tables.expected(rows, None, wanted, NEWEST), asked


@pytest.mark.parametrize("key", ["random", "tied", "same", "skewed", "negative", "huge", "rising"])
async def test_page_is_found_by_a_bound_from_a_sample(
    graph: Bolt, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the values are: the bound is guessed, then remembered, then wrong, and the page is right."""
    asked: list[float] = []
    plain = TrackingReader.bounded

    async def noted(*args: Any, **given: Any) -> Any:
        asked.append(given["bound"])
        return await plain(*args, **given)

    monkeypatch.setattr(TrackingReader, "bounded", noted)
    rows = tables.runs(720)
    await tables.write(graph, rows)
    tracking = Tracking(graph)
    order = Order(by=SortBy.METRIC, key=key)
    up = Order(by=SortBy.METRIC, key=key, descending=False)
    for like in (order, up):
        whole = tables.expected(rows, SOME, ALL, like)
        for first, step in ((20, 20), (20, 20), (7, 5)):
            asked.clear()
            found: list[str] = []
            after = ""
            for _ in range(6):
                page = await tracking.list_nodes(Label.RUN, scope=SOME, order=like, first=first, after=after)
                found += [node.uid for node in page.items[:step]]
                after = page.cursors[step - 1]
            assert found == whole[: 6 * step]
            assert len(asked) == 6
    # The best are gone, better ones have come: what was remembered does not hold.
    gone = set(tables.expected(rows, SOME, ALL, order)[:40])
    await _remove(graph, gone)
    rows = [row for row in rows if row["uid"] not in gone]
    for like in (order, up):
        assert await _first(tracking, like) == tables.expected(rows, SOME, ALL, like)[:20]
    chance = random.Random(1)
    more = [tables.run_row(chance, 9_000 + index, **{f"m.{key}": 1e308}) for index in range(30)]
    await tables.write(graph, more)
    for like in (order, up):
        assert await _first(tracking, like) == tables.expected(rows + more, SOME, ALL, like)[:20]


async def _first(tracking: Tracking, order: Order, first: int = 20) -> list[str]:
    page = await tracking.list_nodes(Label.RUN, scope=SOME, order=order, first=first)
    return [node.uid for node in page.items]


async def _remove(graph: Bolt, uids: set[str]) -> None:
    await graph.write("UNWIND $uids AS uid MATCH (n:Run {uid: uid}) DETACH DELETE n", {"uids": sorted(uids)})


# --- while others write ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order",
    [
        NEWEST,
        Order(descending=False),
        Order(by=SortBy.METRIC, key="random"),
        Order(by=SortBy.METRIC, key="tied", descending=False),
        Order(by=SortBy.PARAM, key="mixed"),
        Order(by=SortBy.NAME, descending=False),
        Order(by=SortBy.DURATION),
    ],
    ids=lambda order: f"{order.by.name} {order.key} {'down' if order.descending else 'up'}",
)
async def test_pages_go_on_while_rows_come_and_go(graph: Bolt, order: Order) -> None:
    """What is there all the time is seen once; what comes behind the place is seen, what goes is not."""
    chance = random.Random(7)
    rows = tables.runs()
    await tables.write(graph, rows)
    tracking = Tracking(graph)
    there: dict[str, dict[str, Any]] = {row["uid"]: row for row in rows}
    found: list[str] = []
    after = ""
    for turn in itertools.count():
        page = await tracking.list_nodes(Label.RUN, scope=None, order=order, first=60, after=after)
        found += [node.uid for node in page.items]
        if not page.has_more:
            break
        after = page.cursors[-1]
        # The row of the cursor goes, others before and behind it; some come anywhere.
        known = tables.expected(there.values(), None, ALL, order)
        place = known.index(found[-1])
        gone = {found[-1], *chance.sample(known[:place], 5), *known[place + 3 : place + 5]}
        await _remove(graph, gone)
        come = [tables.run_row(chance, 10_000 + turn * 10 + index) for index in range(5)]
        await tables.write(graph, come)
        now = {**there, **{row["uid"]: row for row in come}}
        behind = tables.expected(now.values(), None, ALL, order)
        behind = behind[behind.index(found[-1]) + 1 :]
        there = {uid: row for uid, row in now.items() if uid not in gone}
        expected = [uid for uid in behind if uid in there]
        probe = await tracking.list_nodes(Label.RUN, scope=None, order=order, first=500, after=after)
        assert [node.uid for node in probe.items] == expected[:500]
    assert turn > 3
    assert len(found) == len(set(found))


async def test_newest_page_is_found_however_far_apart_starts_lie(graph: Bolt) -> None:
    """A clock that stood at 1970 makes windows of ages: they end where time begins."""
    chance, now = random.Random(3), tables.NOW
    times = [now - index for index in range(200)] + [now - 10 * DAY, 0]
    rows = [tables.run_row(chance, index + 1, started_at=at) for index, at in enumerate(times)]
    await tables.write(graph, rows)
    tracking = Tracking(graph)
    expected = tables.expected(rows, None, DELETED, NEWEST)
    for first in (200, 200, 500, 1, 201):
        assert await _read(tracking, NEWEST, wanted=DELETED, first=first) == expected


# --- conditions -----------------------------------------------------------------------------------

ASKED_PARAMS = st.sampled_from(
    (
        *("", "fast", "SLOW", "lo", "abc", "Abc", True, False, "nan", "inf"),
        *(0.01, "0.01", 0.001, "1e-3", 3, "3", 7, "1", 1, 1.0, "2.5", 2.5, -3, 10),
        *(10**15, 2**53 + 1, 2**62 + 9, str(2**63 + 5), 2**63 + 5),
    )
)
ASKED_METRICS = st.sampled_from((0.5, "0.5", 0, 1, 1.0, -50.0, "-50", 1e300, -1e308, 1e-20, 300, "abc"))


def _compared(keys: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def comparison(key: str, op: Operator, value: Any) -> Comparison:
        # Engines write floats in their own way: text is looked for in what is text or whole.
        odd = op is Operator.CONTAINS and key not in ("mode", "depth", "flag", "none")
        return Comparison(key=key, op=Operator.EXISTS if odd else op, value=value)

    return _some(st.builds(comparison, st.sampled_from(keys), st.sampled_from(Operator), values))


def _some(one: st.SearchStrategy[Any], least: int = 1, most: int = 2) -> st.SearchStrategy[Any]:
    return st.lists(one, min_size=least, max_size=most).map(tuple)


def _tag(pair: tuple[str, str | None]) -> TagCondition:
    return TagCondition(key=pair[0], value=pair[1])


@st.composite
def _filters(draw: st.DrawFn) -> ListFilter:
    """Up to three conditions."""
    now = tables.NOW
    times = st.sampled_from((0, 1, now - 300 * DAY, now - 5 * DAY, now - 600_000_000, now + DAY))
    jobs = [f"job:{p}/{k}/train {n}" for p in tables.PROJECTS for k in tables.KINDS for n in range(7)]
    tags = (("team", "0"), ("team", None), ("odd", "yes"), ("odd", "no"), ("none", None))
    words = ("churn", "FRAUD", "Über", "데이", "2.1", "(FINAL)", "it's", "train 3", "team=1", "none")
    conditions: dict[str, st.SearchStrategy[Any]] = {
        "text": _some(st.sampled_from(words)).map(" ".join),
        "kinds": _some(st.sampled_from((*tables.KINDS, "none"))),
        "states": _some(st.sampled_from((*tables.STATES, "none"))),
        "jobs": _some(st.sampled_from(jobs), 9, 40),
        "tags": _some(st.sampled_from(tags).map(_tag)),
        "since": times,
        "until": times,
        "params": _compared(PARAMS, ASKED_PARAMS),
        "metrics": _compared(METRICS, ASKED_METRICS),
        "deleted": st.just(True),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(conditions)), unique=True, max_size=3))
    return ListFilter(**{name: draw(conditions[name]) for name in sorted(chosen)})


STORY: dict[str, Table] = {}


@pytest.mark.timeout(300)
@settings(max_examples=25, deadline=None, phases=PHASES, suppress_health_check=KEPT)
@given(data=st.data())
async def test_conditions_find_what_the_oracle_finds(graph: Bolt, data: st.DataObject) -> None:
    if not STORY:
        STORY["runs"] = tables.runs()
    rows = STORY["runs"]
    if not (await graph.read("MATCH (n:Run) RETURN count(n) AS n"))[0]["n"]:
        await tables.write(graph, rows)
    tracking = Tracking(graph)
    wanted, order = data.draw(_filters()), data.draw(st.sampled_from(ORDERS))
    seen = data.draw(st.none() | st.sets(st.sampled_from((*tables.PROJECTS, "none"))))
    scope = None if seen is None else frozenset(seen)
    expected = tables.expected(rows, scope, wanted, order)
    first = max(1, len(expected) // data.draw(st.integers(1, 4)) + data.draw(st.integers(-1, 1)))
    first = min(first, 500)
    step = data.draw(st.integers(first // 2 + 1, first))
    assert await _read(tracking, order, scope=scope, wanted=wanted, first=first, step=step) == expected
    assert await tracking.count(Label.RUN, scope=scope, wanted=wanted) == len(expected)


# --- any values -----------------------------------------------------------------------------------

NUMBERS = st.floats() | st.sampled_from((0.0, -0.0, 5e-324, 2.0**53, 2.0**63))
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.sampled_from((0, 2**53, 2**53 + 1, 2**63 - 1))
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=5)
TEXTS |= st.sampled_from(("", "a", "A", "\uffff", "true"))
ANY = st.none() | st.booleans() | WHOLE | NUMBERS.filter(math.isfinite) | TEXTS
MOMENTS = st.none() | st.integers(0, 2**53 - 1) | st.sampled_from((0, 1, 2**53 - 1))
projects = itertools.count()


@pytest.mark.timeout(300)
@settings(max_examples=25, deadline=None, phases=PHASES, suppress_health_check=KEPT)
@given(data=st.data())
async def test_any_values_are_sorted_and_paged(graph: Bolt, data: st.DataObject) -> None:
    project = f"p{next(projects)}"
    value = {
        "m.x": st.none() | NUMBERS,
        "p.x": ANY,
        "name": TEXTS,
        "started_at": MOMENTS,
        "ended_at": MOMENTS,
    }
    rows = [
        {"uid": f"run:{project}-{index * 37 % 64}", "project": project, **one}
        for index, one in enumerate(data.draw(st.lists(st.fixed_dictionaries(value), max_size=15)))
    ]
    rows = [{key: value for key, value in row.items() if value is not None} for row in rows]
    await tables.write(graph, rows)
    tracking, scope = Tracking(graph), frozenset({project})
    first = data.draw(st.sampled_from((1, 2, 3, 500)))
    for by, key in (
        (SortBy.METRIC, "x"),
        (SortBy.PARAM, "x"),
        (SortBy.NAME, ""),
        (SortBy.STARTED, ""),
        (SortBy.DURATION, ""),
    ):
        order = Order(by=by, key=key, descending=data.draw(st.booleans()))
        expected = tables.expected(rows, scope, ALL, order)
        assert await _read(tracking, order, scope=scope, first=first) == expected, (order, rows)
