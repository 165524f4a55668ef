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
    for scope, order in itertools.product((None, frozenset({"red", "blue"})), ORDERS):
        found = await _read(tracking, order, scope=scope, first=150)
        assert found == tables.expected(rows, scope, ALL, order), (scope, order)
