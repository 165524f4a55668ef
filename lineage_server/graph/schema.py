"""Bring the graph's constraints and indexes to this program's version, if the engine can do at all.

Several replicas may start at once: one takes a lock with a lease and works, the others wait for
the version it leaves behind. Each step may be run again, so a replica that dies half-way costs
only the wait for its lease. A graph of a newer version is left alone.

What belongs here: order, lock and version. What does not: the statements (``queries/schema.py``).
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from lineage_server.domain.errors import NotSupportedError, UnavailableError
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.errors import DuplicateKeyError, GraphAwayError, TransientGraphError
from lineage_server.graph.queries import schema as cypher

logger = logging.getLogger(__name__)

PORTION = 10_000
"""How many nodes one statement changes at most; one that says that it ``changed`` so many is told again."""
_LEASE_SECONDS = 60.0
_STEP_TIMEOUT_SECONDS = 600.0
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Engine:
    """What answers at the other end."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Step:
    """Statements that lead from one schema version to the next."""

    version: int
    statements: Sequence[LiteralString]
    arcade_first: Sequence[LiteralString] = ()
    """What ArcadeDB alone is told, before the others."""

    def told(self, engine: Engine) -> Sequence[LiteralString]:
        return (*self.arcade_first, *self.statements) if engine.name == "ArcadeDB" else self.statements


# Every statement may be run again, so one step brings any older graph up to date.
STEPS: tuple[Step, ...] = (
    Step(
        13,
        (
            *cypher.CONSTRAINTS,
            *cypher.INDEXES,
            cypher.ANNOTATED_VERSIONS,
            cypher.DROP_PROJECT_STARTED,
            cypher.CREATE_WRITER,
            cypher.COUNT_MODEL_VERSIONS,
            cypher.NUMBER_MODEL_VERSIONS,
            cypher.NOTE_FAILED_RUNS,
            cypher.NOTE_CHANGED_MODELS,
        ),
        arcade_first=cypher.NUMBERS,
    ),
)
CURRENT = STEPS[-1].version
OLDEST_NEO4J = (5, 26)


class SchemaTooNewError(NotSupportedError):
    """A newer server has been at this graph."""


def engine_of(agent: str) -> Engine:
    """Read from what the server said of itself when it was connected."""
    if "ArcadeDB" in agent:
        return Engine("ArcadeDB", agent.rpartition("ArcadeDB")[2].strip(" )"))
    name, _, version = agent.partition("/")
    return Engine(name or "unknown", version)


def check_engine(agent: str) -> None:
    """Raises NotSupportedError for a Neo4j that is too old, or for what only passes for one.

    Calendar versions (2025.01) follow 5.26. An ArcadeDB at an address is taken as it is.
    """
    engine = engine_of(agent)
    if engine.name != "Neo4j":
        return
    found = re.match(r"(\d+)\.(\d+)", engine.version)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_NEO4J:
        raise NotSupportedError(
            f"the graph is Neo4j {engine.version or 'of no version'}; 5.26 or newer is needed. "
            "Nothing was changed there: upgrade it, or give this server another graph"
        )


async def migrate(
    bolt: Bolt, *, owner: str = "", wait_seconds: float = 120.0, steps: Sequence[Step] = STEPS
) -> int:
    """Run the steps that this graph has not seen; answers how many were run.

    ``owner``: the name of whoever alone uses this graph. A lock that it left behind when it was killed
    is its own, and is not waited for. Replicas have none.

    Raises what ``check_engine`` raises, SchemaTooNewError, or UnavailableError when another replica
    holds the lock for too long.
    """
    check_engine(bolt.server_agent)
    await _write(bolt, cypher.META_CONSTRAINT)
    version = int((await _write(bolt, cypher.CREATE_META))[0]["version"])
    newest = steps[-1].version
    owner = owner or uuid.uuid4().hex
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_seconds
    done = 0
    while version < newest:
        locked = await _write(bolt, cypher.TAKE_LOCK, owner=owner, lease=_LEASE_SECONDS)
        if locked:
            # Somebody may have done the work since we looked.
            pending = [step for step in steps if step.version > int(locked[0]["version"])]
            version = max(int(locked[0]["version"]), newest)
            await _run(bolt, owner, pending, version)
            done = len(pending)
            break
        if loop.time() > deadline:
            raise UnavailableError(
                f"another server has been changing the graph's schema for {wait_seconds:.0f} s; "
                "nothing was changed here, try again when it is done",
                part="graph",
            )
        await asyncio.sleep(_PAUSE_SECONDS * 2)
        version = int((await bolt.read(cypher.VERSION))[0]["version"])
    if version > newest:
        raise SchemaTooNewError(
            f"this graph has schema version {version}, this server knows up to {newest}: a newer server has "
            "used it. Nothing was changed. Start that newer version, or give this one another graph"
        )
    return done


async def _run(bolt: Bolt, owner: str, steps: Sequence[Step], version: int) -> None:
    try:
        for step in steps:
            for statement in step.told(engine_of(bolt.server_agent)):
                more = True
                while more:
                    rows = await _write(bolt, statement)
                    # Building an index over many nodes takes its time: the lease starts anew each time.
                    await _write(bolt, cypher.TAKE_LOCK, owner=owner, lease=_LEASE_SECONDS)
                    more = bool(rows) and rows[0].get("changed", 0) >= PORTION
            logger.info("graph schema is now at version %d", step.version)
    except BaseException:
        # Let go, so that the next to try need not wait; if even that fails, the lease ends by itself.
        reached = await bolt.read(cypher.VERSION)
        await _write(bolt, cypher.RELEASE_LOCK, owner=owner, version=int(reached[0]["version"]))
        raise
    await _write(bolt, cypher.RELEASE_LOCK, owner=owner, version=version)


async def _write(
    bolt: Bolt, statement: LiteralString, *, owner: str = "", lease: float = 0.0, version: int = 0
) -> list[Row]:
    """Idempotent statements may be repeated whatever happened to them, a lost answer included."""
    parameters = {"owner": owner, "lease_milliseconds": int(lease * 1000), "version": version}
    parameters["portion"] = PORTION
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await bolt.write(statement, parameters, timeout_seconds=_STEP_TIMEOUT_SECONDS)
        except (DuplicateKeyError, TransientGraphError, GraphAwayError):
            if attempt == _ATTEMPTS:
                raise
        await asyncio.sleep(_PAUSE_SECONDS * min(attempt, 10))
    raise AssertionError("unreachable")
