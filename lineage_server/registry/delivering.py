"""Telling webhooks: from stored events to deliveries, and from deliveries to what was answered.

The stored events are the queue: whatever was acknowledged is told, after any crash. One server at a graph
does it at a time (a lease); should it die, another goes on where it was. A delivery is claimed before it is
sent, so it may be sent twice where a sender died in between, always under one id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, LineageError
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.lease import Lease
from lineage_server.graph.queries import webhooks as q
from lineage_server.registry.notices import EVENT_TYPES, Notice, nodes_of, notices_of
from lineage_server.registry.sending import Outcome, Sender
from lineage_server.registry.webhooks import Webhook, Webhooks, new_delivery, webhook_of
from lineage_server.tasks import Tasks

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
IDLE_SECONDS = 30.0
"""How often it is asked whether there are webhooks at all."""
MOST_AT_ONCE = 16
MOST_PAUSE_SECONDS = 3600.0
_DAY = 86_400_000_000


class StoredEvent(Protocol):
    """What is needed of one."""

    @property
    def uid(self) -> str: ...
    @property
    def project(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def recorded_at(self) -> int: ...
    @property
    def actor(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def was(self) -> str | None: ...
    @property
    def imported(self) -> bool: ...


class Events(Protocol):
    """Where stored events are read."""

    async def since(self, first: int, types: Sequence[str]) -> tuple[Sequence[StoredEvent], int]:
        """Events of these types from batch ``first`` on, and the number of the batch to go on from."""
        ...


class Deliverer:
    """Sends what is due. One per server process; ``attempts`` and pauses bound how long it is tried."""

    def __init__(
        self, bolt: Bolt, webhooks: Webhooks, events: Events, sender: Sender, *, attempts: int,
        retry_seconds: float, kept_days: float, lease_seconds: float = 30.0,
    ) -> None:  # fmt: skip
        self._bolt = bolt
        self._webhooks = webhooks
        self._events = events
        self._sender = sender
        self._attempts = attempts
        self._retry_seconds = retry_seconds
        self._kept_days = kept_days
        self._lease = Lease(bolt, "webhooks", seconds=lease_seconds)
        self._bell = asyncio.Event()
        self._busy: set[str] = set()
        self._tasks = Tasks("webhooks")
        self._tidied_at = 0

    def ring(self) -> None:
        """There may be something to tell."""
        self._bell.set()

    async def run(self) -> None:
        """For ever; what fails now is tried again."""
        while True:
            pause = IDLE_SECONDS
            try:
                if await self._webhooks.every():
                    pause = POLL_SECONDS
                    async with self._lease.held("telling webhooks") as owner:
                        while await self.step(owner):
                            await self._wait(POLL_SECONDS)
            except ConflictError:
                pass  # another server does it
            except LineageError as error:
                logger.warning("webhooks could not be told yet: %s", error.message)
            await self._wait(pause)

    async def stop(self) -> None:
        await self._tasks.stop(2.0)
        await self._sender.close()

    async def _wait(self, seconds: float) -> None:
        self._bell.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return

    async def step(self, owner: str) -> bool:
        """Look at new events, send what is due; False once there is no webhook any more."""
        webhooks = {webhook.uid: webhook for webhook in await self._webhooks.every()}
        if not webhooks:
            return False
        while await self._dispatch(owner, list(webhooks.values())):
            pass
        await self._send_due(owner, webhooks)
        await self._tidy()
        return True

    # --- from events to deliveries ---------------------------------------------------------

    async def _dispatch(self, owner: str, webhooks: list[Webhook]) -> bool:
        """Some batches; whether there may be more."""
        rows = await self._bolt.read(q.CURSOR)
        # What happened before the first webhook was made is nobody's to hear.
        first = max(int(rows[0]["seq"] or 0) if rows else 0, min(webhook.since for webhook in webhooks))
        events, until = await self._events.since(first, EVENT_TYPES)
        if until <= first:
            return False
        deliveries: list[dict[str, Any]] = []
        for event, notices in await self._notices(events):
            deliveries += [
                new_delivery(webhook, notice.kind, notice.about, key=event.uid)
                for notice in notices
                for webhook in webhooks
                if _wants(webhook, notice, event)
            ]
        async with self._lease.transaction(owner) as transaction:
            if deliveries:
                await transaction.run(q.NEW_DELIVERIES, {"rows": deliveries})
            await transaction.run(q.MOVE_CURSOR, {"seq": until})
        return True

    async def _notices(self, events: Sequence[StoredEvent]) -> list[tuple[StoredEvent, list[Notice]]]:
        told = [(event, _decoded(event.raw)) for event in events]
        uids = [nodes_of(decoded, event.project) for event, decoded in told]
        known = await self._known(uids)
        out: list[tuple[StoredEvent, list[Notice]]] = []
        for (event, decoded), uid in zip(told, uids, strict=True):
            event_id = event.uid.partition("/")[2]
            notices = notices_of(
                decoded, project=event.project, event_id=event_id, actor=event.actor, at=event.at,
                known=known.get(uid), was=event.was,
            )  # fmt: skip
            out.append((event, notices))
        return out

    async def _known(self, uids: Sequence[str]) -> dict[str, object]:
        versions = [uid for uid in uids if uid.startswith("modelversion:")]
        aliases = [uid for uid in uids if uid.startswith("alias:")]
        known: dict[str, object] = {}
        if versions:
            known |= {r["uid"]: r["clock"] for r in await self._bolt.read(q.MADE_BY, {"uids": versions})}
        if aliases:
            rows = await self._bolt.read(q.HISTORIES, {"uids": aliases})
            known |= {r["uid"]: msgspec.json.decode(r["history"] or "[]") for r in rows}
        return known

    # --- sending ---------------------------------------------------------------------------

    async def _send_due(self, owner: str, webhooks: Mapping[str, Webhook]) -> None:
        """Start sending, of each webhook one delivery at a time: one that hangs holds up no other's."""
        asleep = {webhook.uid for webhook in webhooks.values() if not webhook.enabled}
        given = {"now": ids.now_micros(), "busy": sorted(self._busy | asleep), "limit": 10 * MOST_AT_ONCE}
        for row in await self._bolt.read(q.DUE, given):
            webhook = webhooks.get(row["webhook"])
            if webhook is None or webhook.uid in self._busy or len(self._busy) >= MOST_AT_ONCE:
                continue
            self._busy.add(webhook.uid)
            self._tasks.start(f"send to {webhook.uid}", self._send(owner, webhook.uid, row), ends=True)

    async def _send(self, owner: str, uid: str, row: Mapping[str, Any]) -> None:
        try:
            if claimed := await self._claim(owner, row):
                attempts, webhook = claimed
                await self._finish(row, attempts, await self._try(webhook, row))
        except LineageError as error:
            logger.warning("a delivery will be sent again: %s", error.message)
        finally:
            self._busy.discard(uid)
            self.ring()

    async def _claim(self, owner: str, row: Mapping[str, Any]) -> tuple[int, Webhook] | None:
        """How often it was tried, this time included, and the webhook as it is now; None if it is not to be
        sent any more."""
        now = ids.now_micros()
        given = {"uid": row["uid"], "now": now, "next_at": now + self._pause(row["attempts"] + 1)}
        async with self._lease.transaction(owner) as transaction:
            rows = await transaction.run(q.CLAIM, given)
        return (int(rows[0]["attempts"]), webhook_of(rows[0])) if rows else None

    def _pause(self, attempts: int) -> int:
        """Until the next try, in microseconds: each time twice as long, and spread out."""
        seconds = min(self._retry_seconds * 2 ** min(attempts - 1, 20), MOST_PAUSE_SECONDS)
        return int((seconds + self._sender.timeout_seconds) * 1_000_000)

    async def _try(self, webhook: Webhook, row: Mapping[str, Any]) -> Outcome:
        key = self._webhooks.key
        if key.key_id != webhook.key_id:
            return Outcome(0, "this server's key is another than the webhook's: delete it and make it anew")
        return await self._sender.send(
            webhook.url, delivery=row["uid"], kind=row["kind"], body=str(row["body"]).encode(),
            secret=key.secret(webhook.nonce),
        )  # fmt: skip

    async def _finish(self, row: Mapping[str, Any], attempts: int, outcome: Outcome) -> None:
        last = outcome.good or attempts >= self._attempts
        state = "delivered" if outcome.good else "failed" if last else "pending"
        wait = self._pause(attempts) - int(self._sender.timeout_seconds * 1_000_000)
        given = {
            "uid": row["uid"],
            "state": state,
            "status": outcome.status,
            "error": outcome.error,
            "next_at": None if last else ids.now_micros() + wait,
        }
        await self._bolt.write(q.FINISH, given, patience_seconds=5.0)

    async def _tidy(self) -> None:
        """Once an hour, drop what ended long ago."""
        now = ids.now_micros()
        if now - self._tidied_at < 3_600_000_000:
            return
        self._tidied_at = now
        given = {"before": now - int(self._kept_days * _DAY), "limit": 1_000}
        while (await self._bolt.write(q.DROP_OLD, given))[0]["deleted"]:
            pass


def _decoded(raw: bytes) -> dict[str, Any]:
    return msgspec.json.decode(raw, type=dict[str, Any]) if raw else {}


def _wants(webhook: Webhook, notice: Notice, event: StoredEvent) -> bool:
    # What is imported is news where it happened; what was recorded there before there was anybody to tell
    # is history. Of what came here the batch says more than two servers' clocks.
    is_history = event.imported and event.recorded_at < webhook.created_at
    return (
        webhook.enabled
        and webhook.project == notice.project
        and notice.kind in webhook.kinds
        and webhook.model in ("", notice.model)
        and event.seq >= webhook.since
        and not is_history
    )
