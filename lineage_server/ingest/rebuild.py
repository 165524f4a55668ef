"""Rebuilding the graph from the stored events.

The proof that events are the truth: wipe what was derived, feed everything that was ever
accepted through the same plan, and the same graph stands there. Meanwhile the graph itself refuses
every other batch, from whichever server: ``Writer.rebuilder`` says who rebuilds, and stays until a
rebuild has ended well. One that failed or was cut off leaves it there; the next one to start takes it
up from the beginning.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from typing import Any, LiteralString

from lineage_server.domain.errors import ConflictError, UnavailableError
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.lease import LeaseLostError
from lineage_server.graph.queries import events as q
from lineage_server.graph.queries import ingest as writer_queries
from lineage_server.graph.write import GraphWriter
from lineage_server.ingest.replay import Replay
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.writer import IngestWriter

logger = logging.getLogger(__name__)

WIPE_NODES = 2_000
PATIENCE_SECONDS = 60.0

UNDER_WAY = "the graph is being rebuilt from its stored events; send again when that is done"
ELSEWHERE = (
    "another server rebuilds the graph from its stored events, or failed at it half-way; send again later. "
    "If it lasts, 'lineage rebuild' starts it again"
)
FAILED = (
    "a rebuild of the graph failed half-way ({reason}). No event is lost, but the graph is not complete and "
    "takes no events until a rebuild succeeds: mend the cause, then run 'lineage rebuild' again"
)


class Rebuilder:
    """Rebuilds the graph."""

    def __init__(
        self,
        bolt: Bolt,
        store: EventStore,
        writer: IngestWriter,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._bolt = bolt
        self._store = store
        self._writer = writer
        self._patience_seconds = patience_seconds
        self._busy = False

    async def finish_cut_off(self, *, alone: bool) -> None:
        """At the start: do a rebuild again that was cut off.

        ``alone``: no other server can be at this graph. Else UnavailableError while one rebuilds it.
        """
        if alone:
            await self._store.lease.clear()
        if not (await self._bolt.read(writer_queries.WRITER_STATE))[0]["rebuilder"]:
            return
        try:
            await self.rebuild()
        except ConflictError as error:
            raise UnavailableError(ELSEWHERE, part="graph", retry_after_seconds=5.0) from error

    def follow(self, rebuilder: str) -> None:
        """What the graph says of rebuilds, asked now and then: intake stops and goes on with it."""
        if self._busy:
            return
        if rebuilder and not self._writer.blocked:
            self._writer.block(ELSEWHERE)
        elif not rebuilder and self._writer.blocked:
            self._writer.resume()

    async def rebuild(self) -> int:
        """Wipe and replay; returns the number of events. Tokens and audit records stay.

        Nothing is wiped unless every archived event can be read. Raises ConflictError if somebody else
        works on the stored events.
        """
        async with self._store.exclusively("rebuilding the graph") as owner:
            await self._store.check()
            logger.warning("rebuilding the graph from its stored events")
            self._busy = True
            try:
                return await self._rebuild(owner)
            finally:
                self._busy = False

    async def _rebuild(self, owner: str) -> int:
        self._writer.block(UNDER_WAY)
        await self._writer.pause()
        try:
            await self._patient(q.BEGIN_REBUILD, owner)
        except BaseException:
            # Should it have begun after all, the graph refuses what the writer sends.
            self._writer.resume()
            raise
        try:
            await self._wipe(owner)
            done = await self._replay(owner)
            ended = await self._patient(q.END_REBUILD, owner)
            if not ended[0]["ended"]:
                raise LeaseLostError
        except BaseException as error:
            reason = getattr(error, "message", "") or type(error).__name__
            self._writer.block(FAILED.format(reason=reason))
            logger.error("%s", self._writer.blocked)
            raise
        self._writer.resume(ended[0]["seq"])
        return done

    async def _wipe(self, owner: str) -> None:
        for label in q.WIPED:
            while (await self._patient(q.wipe(label), owner, limit=WIPE_NODES))[0]["deleted"]:
                pass

    async def _replay(self, owner: str) -> int:
        replay = Replay(GraphWriter(self._bolt), owner, patience_seconds=self._patience_seconds)
        done = 0
        async with contextlib.aclosing(self._store.pages()) as pages:
            async for page in pages:
                for _, batch in itertools.groupby(page, key=lambda stored: stored.seq):
                    await replay.write(list(batch))
                done += len(page)
        return done

    async def _patient(self, query: LiteralString, owner: str, **more: Any) -> list[Row]:
        parameters = {"owner": owner, **more}
        return await self._bolt.write(
            query, parameters, timeout_seconds=120, patience_seconds=self._patience_seconds
        )
