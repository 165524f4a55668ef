"""Lists against a plain oracle: filters, orders, pages, scope, on both engines."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import now_micros
from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.read_tracking import TrackingReader
from lineage_server.tracking.filters import Comparison, ListFilter, Operator, Order, SortBy, TagCondition
from lineage_server.tracking.service import Tracking
from tests.support import tables
from tests.support.random_graphs import KEPT, PHASES
from tests.support.tables import DAY, Table

ALL = ListFilter()
NEWEST = Order()
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
    for order, scope in zip(ORDERS, itertools.cycle((None, frozenset({"red", "blue"}), None)), strict=False):
        found = await _read(tracking, order, scope=scope, first=250)
        assert found == tables.expected(rows, scope, ALL, order), (scope, order)


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
    rows = tables.runs()
    await tables.write(graph, rows)
    tracking = Tracking(graph)
    order = Order(by=SortBy.METRIC, key=key)
    up = Order(by=SortBy.METRIC, key=key, descending=False)
    for like in (order, up):
        whole = tables.expected(rows, None, ALL, like)
        for first, step in ((20, 20), (20, 20), (7, 5)):
            asked.clear()
            found: list[str] = []
            after = ""
            for _ in range(6):
                page = await tracking.list_nodes(Label.RUN, scope=None, order=like, first=first, after=after)
                found += [node.uid for node in page.items[:step]]
                after = page.cursors[step - 1]
            assert found == whole[: 6 * step]
            assert len(asked) == 6
    # The best are gone, better ones have come: what was remembered does not hold.
    gone = set(tables.expected(rows, None, ALL, order)[:40])
    await _remove(graph, gone)
    rows = [row for row in rows if row["uid"] not in gone]
    for like in (order, up):
        assert await _first(tracking, like) == tables.expected(rows, None, ALL, like)[:20]
    chance = random.Random(1)
    more = [tables.run_row(chance, 9_000 + index, **{f"m.{key}": 1e308}) for index in range(30)]
    await tables.write(graph, more)
    for like in (order, up):
        assert await _first(tracking, like) == tables.expected(rows + more, None, ALL, like)[:20]


async def _first(tracking: Tracking, order: Order, first: int = 20) -> list[str]:
    page = await tracking.list_nodes(Label.RUN, scope=None, order=order, first=first)
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
    after, more = "", True
    for turn in itertools.count():
        page = await tracking.list_nodes(Label.RUN, scope=None, order=order, first=60, after=after)
        found += [node.uid for node in page.items]
        if not page.has_more:
            break
        after = page.cursors[-1]
        # The row of the cursor goes, others before and behind it; some come anywhere.
        known = tables.expected(there.values(), None, ALL, order)
        place = known.index(found[-1])
        gone = {found[-1], *chance.sample(known[: place + 1], 5), *chance.sample(known[place + 1 :], 2)}
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
    assert more
    assert len(found) == len(set(found))
