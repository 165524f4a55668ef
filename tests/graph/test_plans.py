"""What must come from an index does, on both engines: a page of a list reads a page, not the graph.

Plans are read through the raw driver, as the adapter hands rows on, not plans.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import LiteralString

import pytest
from neo4j import Driver, GraphDatabase
from neo4j.exceptions import Neo4jError

from lineage_server.domain.nodes import Label
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries import tracking
from lineage_server.graph.queries.clauses import Clause
from lineage_server.graph.queries.notifications import NOTIFICATIONS
from tests.support.neo4j_server import Address

ASKED = {
    "all": False,
    "scope": ["red"],
    "low": 1,
    "high": 2,
    "since": 1,
    "words": ["iris"],
    "key": "m.loss",
    "bound": 0.5,
    "limit": 100,
    "rank": 0,
    "value": 2,
    "uid": "run:x",
}
ALIVE = (Clause.ALIVE,)


@pytest.fixture
def driver(bolt: Address, graph: Bolt) -> Iterator[Driver]:
    """To the engine whose schema ``graph`` has brought up to date."""
    with GraphDatabase.driver(bolt.uri, auth=(bolt.user, bolt.password)) as driver:
        yield driver


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (tracking.newest_in_window(ALIVE, resumed=False), "started"),
        (tracking.newest_in_window((*ALIVE, Clause.SINCE, Clause.WORDS), resumed=True), "started"),
        (tracking.count_of(Label.RUN, ALIVE, everything=False), "project"),
        (
            tracking.bounded_list(Label.RUN, ALIVE, descending=True, resumed=False, everything=False),
            "project",
        ),
    ],
    ids=["newest", "newest with words, resumed", "count of a project", "sorted within a project"],
)
def test_lists_of_runs_are_read_from_an_index(
    driver: Driver, bolt: Address, graph: Bolt, statement: LiteralString, index: str
) -> None:
    statement, parameters = graph.told(statement, ASKED)
    with driver.session(database=bolt.database) as session:
        plan = session.run(f"EXPLAIN {statement}", parameters).consume().plan
    told = json.dumps(plan, default=str)
    # Each engine names what it takes in its own way: Run_started, or n:Run(started_at).
    assert f"Run_{index}" in told or f"n:Run({index}" in told, told
    assert "LabelScan" not in told


def test_runs_that_failed_of_late_are_read_from_an_index(driver: Driver, bolt: Address) -> None:
    """All else that concerns somebody are few; runs are many."""
    asked = {
        **ASKED, "actor": "me", "issuer": "i", "subject": "s", "quoted": '"me"', "mine": ["me"],
        "everybody": False, "writes_all": False, "written": ["red"], "administers_all": False,
        "administered": ["red"], "until": 2, "runs": 10,
    }  # fmt: skip
    with driver.session(database=bolt.database) as session:
        plan = session.run(f"EXPLAIN {NOTIFICATIONS}", asked).consume().plan
    told = json.dumps(plan, default=str)
    assert "Run_failed" in told or "n:Run(failed_at" in told, told


@pytest.mark.parametrize("bolt", ["embedded"], indirect=True)
@pytest.mark.parametrize("number", ["Run.started_at", "Run.failed_at", "Event.seq", "Audit.at", "Refused.at"])
def test_embedded_engine_knows_which_keys_are_numbers(driver: Driver, bolt: Address, number: str) -> None:
    """Else it plans a range of the index and reads all of it, which no plan tells."""
    label, _, key = number.partition(".")
    create = f"CREATE (n:{label} {{uid: 'test', {key}: $value}})"
    with driver.session(database=bolt.database) as session:
        with session.begin_transaction() as whole:
            whole.run(create, value=1_760_000_000_000_000).consume()  # pyright: ignore[reportArgumentType]
            whole.rollback()
        with pytest.raises(Neo4jError), session.begin_transaction() as text:
            text.run(create, value="text").consume()  # pyright: ignore[reportArgumentType]
