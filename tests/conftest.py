"""Fixtures and rules for all tests: the two graph engines, an empty graph, no skipping in CI.

Tests that take ``bolt`` (or ``graph``, ``empty_graph``) run once on the embedded engine and once on
Neo4j. Each engine is started once per session, on first use. Not here: what only one folder of
tests needs (its own ``conftest.py``), and how Neo4j is got (``support/neo4j_server.py``).
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.support.neo4j_server import QUICK_JAVA, Address, Neo4jServer, Neo4jUnavailableError
from tests.support.s3_server import S3Server

if TYPE_CHECKING:
    from lineage_server.graph.bolt import Bolt

ENGINES = ("embedded", "neo4j")
IN_CI = os.environ.get("CI", "").lower() in ("true", "1")
# Cheap first: a broken rule or unit is told before an engine starts.
ORDER = ("architecture", "unit", "contract", "watchers", "graph", "e2e")
_START_TIMEOUT_SECONDS = 150.0
_UNIT_SECONDS = 60.0
"""A unit test that takes this long waits for something real, and belongs elsewhere."""
_ID_LENGTH = 60
_T = TypeVar("_T")


# --- every task has an end ------------------------------------------------------------------------


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind: first of all fixtures, so that it ends last."""
    yield
    here = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not here]
    assert not left, f"left behind: {sorted(task.get_name() for task in left)}"


def pytest_configure() -> None:
    """Under nohup, too, processes that tests start hear when their terminal is closed."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


# --- order, and skips ----------------------------------------------------------------------------


def pytest_itemcollected(item: pytest.Item) -> None:
    """Limits of unit tests, and one worker an engine: before pytest-xdist looks for groups."""
    if _folder(item) == "unit" and item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(_UNIT_SECONDS))
    if group := _group(item):
        item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item) -> str:
    """Which tests one worker of ``-n 2 --dist loadgroup`` takes: they empty the graph of one engine.

    A second Neo4j would cost a minute and all its plans. Whole servers at one engine are a group of their
    own: those tests wait more than they work.
    """
    callspec: Any = getattr(item, "callspec", None)
    told = {one for one in callspec.params.values() if isinstance(one, str)} if callspec else set[str]()
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    neo4j = "neo4j_server" in fixtures or not told.isdisjoint(("neo4j", "server_on_neo4j"))
    if _folder(item) == "e2e":
        return "servers on neo4j" if neo4j else ""
    return "neo4j" if neo4j else "embedded" if "embedded_graph" in fixtures or "bolt" in fixtures else ""


def _folder(item: pytest.Item) -> str:
    root = item.config.rootpath / "tests"
    return item.path.relative_to(root).parts[0] if item.path.is_relative_to(root) else ""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders in ORDER; within one, pytest's own order (which groups tests by engine) stays."""
    items.sort(key=lambda item: ORDER.index(_folder(item)) if _folder(item) in ORDER else len(ORDER))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names of tests stay short: some have values of 100,000 characters."""
    if isinstance(val, str | bytes) and len(val) > _ID_LENGTH:
        return f"{val[:_ID_LENGTH]!a} of {len(val)}"
    return None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where pytest-xdist has not seen the groups: it says nothing, and all takes twice as long."""
    if not session.config.getoption("loadgroup", default=False):  # set in its workers alone
        return
    unseen = [one.nodeid for one in session.items if _group(one) and "@" not in one.nodeid.rpartition("]")[2]]
    assert not unseen, f"pytest-xdist keeps no group together, such as that of {unseen[0]}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    return _no_skip_in_ci(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report: Any = yield
    return _no_skip_in_ci(report)


def _no_skip_in_ci(report: Any) -> Any:
    """A real part that is missing in CI is a failure, not a hole in the test report."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipping is a failure in CI: {reason}"
    return report


# --- engines -------------------------------------------------------------------------------------


class LoopThread:
    """An event loop in a thread of its own: for what must outlive the loop of a single test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="session loop", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, _T], *, timeout_seconds: float) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout_seconds)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture(scope="session")
def session_loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def embedded_graph(session_loop: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """The engine that `lineage up` starts, once for all tests."""
    from lineage_server.graph.embedded import EmbeddedGraph, default_cache_dir

    engine = EmbeddedGraph(
        tmp_path_factory.mktemp("embedded"),
        java_options=(QUICK_JAVA,),
        durability="process",
        start_cache=default_cache_dir(),
    )
    found = session_loop.run(engine.start(), timeout_seconds=_START_TIMEOUT_SECONDS)
    yield Address("embedded", found.uri, found.user, found.password, found.database)
    session_loop.run(engine.stop(), timeout_seconds=60)


@pytest.fixture(scope="session")
def neo4j_server(session_loop: LoopThread) -> Iterator[Address]:
    """A real Neo4j, once for all tests; where none can be had the test is skipped (in CI: fails)."""
    from tests.support.warm import WARM_SECONDS, warm

    server = Neo4jServer(short_lived=True)
    try:
        address = server.start()
    except Neo4jUnavailableError as missing:
        pytest.skip(str(missing))
    try:
        session_loop.run(warm(address), timeout_seconds=2 * WARM_SECONDS)
        yield address
    finally:
        server.stop()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A real S3 server, once for all tests; each makes a bucket of its own."""
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session", params=ENGINES)
def bolt(request: pytest.FixtureRequest) -> Address:
    """Where the engine of this run of the test answers."""
    return request.getfixturevalue("embedded_graph" if request.param == "embedded" else "neo4j_server")


# --- graphs --------------------------------------------------------------------------------------

_SOME_GONE = "MATCH (n) WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS gone"


@pytest.fixture
def empty_graph(bolt: Address) -> Address:
    """The engine with nothing in it, bookkeeping of the schema included (constraints stay)."""
    from neo4j import GraphDatabase

    with GraphDatabase.driver(bolt.uri, auth=(bolt.user, bolt.password)) as driver:
        while True:
            answer = driver.execute_query(_SOME_GONE, database_=bolt.database)  # pyright: ignore
            if not answer.records or not answer.records[0]["gone"]:
                return bolt


@pytest.fixture
async def graph(bolt: Address, request: pytest.FixtureRequest) -> AsyncIterator[Bolt]:
    """A connection to an engine with the present schema and no data: what most graph tests want.

    Where the story is told as well (``contract/conftest.py``), it stays.
    """
    from lineage_server.graph import schema
    from lineage_server.graph.bolt import Bolt
    from tests.support.warm import wipe

    connection = Bolt(bolt.uri, user=bolt.user, password=bolt.password, database=bolt.database)
    async with connection:
        if "stories" not in request.fixturenames:
            await schema.migrate(connection)
            await wipe(connection)
        yield connection


@pytest.fixture(name="wipe")
def wipe_again(graph: Bolt) -> Callable[[], Awaitable[None]]:
    """Empties the graph in the middle of a test; what the schema needs stays."""
    from tests.support.warm import wipe

    return partial(wipe, graph)
