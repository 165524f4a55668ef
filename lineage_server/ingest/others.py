"""Other servers on the same graph: what they write, and whether one of them rebuilds it."""

from __future__ import annotations

import asyncio

from lineage_server.domain.errors import LineageError
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries.ingest import WRITER_STATE
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.writer import IngestWriter

_POLL_SECONDS = 1.0
_TIMEOUT_SECONDS = 2.0


async def watch_others(bolt: Bolt, writer: IngestWriter, rebuilder: Rebuilder) -> None:
    """Ask the graph every second, for ever: an idle writer meets nobody by itself."""
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        try:
            state = (await bolt.read(WRITER_STATE, timeout_seconds=_TIMEOUT_SECONDS))[0]
        except LineageError:
            continue
        rebuilder.follow(state["rebuilder"])
        writer.note_position(state["seq"])
