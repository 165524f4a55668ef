"""A graph that has been worked before the first test: else that one pays for the planning of statements.

A new Neo4j plans the statement of a mixed batch for seconds, on a busy machine for longer than senders
are patient. Also here: patience for tests that are not about it. As a module this makes the start cache of
the embedded engine, which a server makes when it is idle.
"""

from __future__ import annotations

import asyncio

from lineage_server.graph import schema
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.embedded import build_start_cache, default_cache_dir
from lineage_server.graph.look_ahead import plan_ahead
from lineage_server.graph.queries.server import RUNNING
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.verdicts import IngestLimits
from lineage_server.ingest.writer import IngestWriter
from tests.support.neo4j_server import Address
from tests.support.stories import story

PATIENCE_SECONDS = 55.0
"""How long tests wait for a graph on a busy machine: nearly as long as a test may take."""
PATIENT = IngestLimits(patience_seconds=PATIENCE_SECONDS)
WARM_SECONDS = 180.0


async def warm(address: Address) -> None:
    """Record a story and ask for it, with the writer's own statements; leaves nothing but the schema."""
    async with _connection(address) as bolt:
        await schema.migrate(bolt)
        await wipe(bolt)
        graph = GraphWriter(bolt, timeout_seconds=WARM_SECONDS)
        limits = IngestLimits(patience_seconds=WARM_SECONDS)
        writer = IngestWriter(graph, publish=lambda _: None, limits=limits)
        await writer.start()
        await writer.submit(story(), actor="test")
        await writer.stop()
        await plan_ahead(bolt)
        await bolt.read(RUNNING)  # what is overdue is stopped by it, within a second
        await wipe(bolt)


async def empty(address: Address) -> None:
    """As ``warm`` leaves it, whatever was recorded since."""
    async with _connection(address) as bolt:
        await wipe(bolt)


def _connection(address: Address) -> Bolt:
    return Bolt(
        address.uri, user=address.user, password=address.password, database=address.database,
        read_timeout_seconds=WARM_SECONDS, write_timeout_seconds=WARM_SECONDS,
    )  # fmt: skip


async def wipe(connection: Bolt) -> None:
    """Empty the graph; what the schema needs stays."""
    while True:
        rows = await connection.write(
            "MATCH (n) WHERE NOT n:Meta AND NOT n:Writer "
            "WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS gone"
        )
        if not rows or not rows[0]["gone"]:
            break
    await connection.write("MATCH (w:Writer) SET w = {uid: w.uid, seq: 0, rid: 0}")


if __name__ == "__main__":
    asyncio.run(build_start_cache(default_cache_dir()))
