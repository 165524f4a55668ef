"""The right to work on the stored events as a whole: to archive, to erase, to rebuild.

One holder at a time among all servers at a graph, and among all callers in one of them. It is
renewed while it is held and ends by itself when its holder dies. A holder that was stopped for
so long that another took over changes nothing more: ``transaction`` asks before it commits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncGenerator

from lineage_server.domain.errors import ConflictError, LineageError
from lineage_server.graph.bolt import Bolt, Transaction
from lineage_server.graph.queries import lease as q
from lineage_server.tasks import Tasks

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
_RENEWALS = 3
_RETRY_SECONDS = 10.0
_POLL_SECONDS = 0.25


class LeaseLostError(ConflictError):
    """Another server has taken over."""

    def __init__(self) -> None:
        super().__init__("another server has taken this work over; nothing more was changed here")


class Lease:
    """A lease of one graph; ``name`` tells it from others."""

    def __init__(self, bolt: Bolt, name: str = "events", *, seconds: float = LEASE_SECONDS) -> None:
        self._bolt = bolt
        self._name = name
        self._seconds = seconds

    @contextlib.asynccontextmanager
    async def held(self, work: str, *, wait_seconds: float = 0.0) -> AsyncGenerator[str]:
        """Hold it for ``work``; gives the holder's name. Raises ConflictError while another holds it."""
        owner = uuid.uuid4().hex
        await self.acquire(owner, work, wait_seconds=wait_seconds)
        tasks = Tasks("lease")
        tasks.start("renew", self._renew(owner, work), ends=True)
        try:
            yield owner
        finally:
            await tasks.stop()
            await self.release(owner)

    @contextlib.asynccontextmanager
    async def transaction(self, owner: str, *, timeout_seconds: float = 60.0) -> AsyncGenerator[Transaction]:
        """Statements that commit only if ``owner`` still holds the lease; else LeaseLostError."""
        async with self._bolt.transaction(timeout_seconds=timeout_seconds) as transaction:
            if not await transaction.run(q.FENCE, {"owner": owner, "lease": self._name}):
                raise LeaseLostError
            yield transaction

    async def clear(self) -> None:
        """Whoever holds it is dead: for a graph that nobody but this server can be at."""
        await self._bolt.write(q.CLEAR_LEASE, {"lease": self._name})

    async def acquire(self, owner: str, work: str, *, wait_seconds: float = 0.0) -> None:
        """Take it for as long as it lasts: for work in several requests, whichever server has them.

        Raises ConflictError while another holds it. Whoever does this calls ``renew``, and ``release``.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while (holder := await self._take(owner, work)) is not None:
            if loop.time() >= deadline:
                raise ConflictError(
                    f"the stored events are being worked on ({holder}); nothing was changed, "
                    "try again when that is done",
                    current=holder,
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def _take(self, owner: str, work: str) -> str | None:
        """None if it is ours now, else what its holder does."""
        milliseconds = int(self._seconds * 1000)
        parameters = {"lease": self._name, "owner": owner, "work": work, "milliseconds": milliseconds}
        rows = await self._bolt.write(q.TAKE_LEASE, parameters, patience_seconds=_RETRY_SECONDS)
        return None if rows[0]["held"] else str(rows[0]["work"])

    async def _renew(self, owner: str, work: str) -> None:
        while True:
            await asyncio.sleep(self._seconds / _RENEWALS)
            try:
                if await self._take(owner, work) is not None:
                    logger.error("another server has taken over: %s", work)
                    return
            except LineageError as error:
                logger.warning("the lease for %s could not be renewed: %s", work, error.message)

    async def renew(self, owner: str) -> None:
        """It lasts from now on anew; raises LeaseLostError where it was not held without a break."""
        given = {"owner": owner, "lease": self._name, "milliseconds": int(self._seconds * 1000)}
        if not await self._bolt.write(q.RENEW_LEASE, given, patience_seconds=_RETRY_SECONDS):
            raise LeaseLostError

    async def release(self, owner: str) -> None:
        """Give it back; if that fails, it ends by itself."""
        try:
            given = {"owner": owner, "lease": self._name}
            await self._bolt.write(q.RELEASE_LEASE, given, patience_seconds=_RETRY_SECONDS)
        except LineageError as error:
            logger.warning("the lease was not given back and ends by itself: %s", error.message)
