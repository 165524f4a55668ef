"""Embedded engines of a test of its own, and what one asks them by Bolt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import neo4j

from lineage_server.graph.embedded import BoltAddress, EmbeddedGraph


def engine_in(folder: Path, **options: Any) -> EmbeddedGraph:
    return EmbeddedGraph(folder, heap_mb=128, **options)


async def rows_of(address: BoltAddress, text: Any, **parameters: Any) -> list[dict[str, Any]]:
    login = (address.user, address.password)
    driver = neo4j.AsyncGraphDatabase.driver(address.uri, auth=login)  # pyright: ignore[reportUnknownMemberType]
    async with driver:
        found = await driver.execute_query(text, parameters, database_=address.database)
        return [record.data() for record in found.records]
