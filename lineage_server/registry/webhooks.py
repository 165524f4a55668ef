"""Webhooks of projects: made, listed, tried out, deleted; and what became of what was sent.

Not here: who may do so (the API), sending (``delivering``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, InvalidInputError, LimitError, NotFoundError
from lineage_server.graph.bolt import Bolt, Row
from lineage_server.graph.errors import DuplicateKeyError
from lineage_server.graph.queries import webhooks as q
from lineage_server.graph.queries.window import FOREVER
from lineage_server.registry.notices import Kind
from lineage_server.registry.signing import SigningKey
from lineage_server.registry.targets import Network, check_url

MOST = 200
"""Webhooks of a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """``kinds``: of what it is told; ``model`` empty = of all models of the project. One that is not
    ``enabled`` is told of nothing that happens meanwhile, and nothing is sent to it."""

    uid: str
    project: str
    name: str
    url: str
    kinds: tuple[str, ...]
    model: str
    created_at: int
    created_by: str
    nonce: str
    key_id: str
    since: int
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing to tell one webhook: ``state`` is pending, delivered or failed."""

    uid: str
    webhook: str
    project: str
    kind: str
    state: str
    attempts: int
    next_at: int | None
    at: int
    last_at: int | None
    status: int
    error: str
    body: str


class Webhooks:
    """The webhooks in one graph. ``ring`` is called when there may be something to send."""

    def __init__(self, bolt: Bolt, key: SigningKey, allowed: Sequence[Network] = ()) -> None:
        self._bolt = bolt
        self.key = key
        self._allowed = allowed

    async def create(
        self, *, project: str, name: str, url: str, kinds: Sequence[str], model: str, by: str,
        audit: Mapping[str, Any],
    ) -> tuple[Webhook, str]:  # fmt: skip
        """A webhook and its secret, which is told only now; ``audit`` lacks the target."""
        await check_url(url, self._allowed)
        if not kinds:
            raise InvalidInputError("a webhook is told of something", field="kinds", allowed="at least one")
        nonce = self.key.new_nonce()
        others = await self.list_webhooks(project)
        if len(others) >= MOST:
            raise LimitError(
                f"project {project!r} has {MOST} webhooks; nothing was changed. Delete some", limit=MOST
            )
        name = ids.clean_name(name, "name")
        _check_alone(others, name, url)
        uid = f"webhook:{project}/{ids.new_run_id()}"
        properties = {
            "project": project,
            "name": name,
            "url": url,
            "kinds": sorted(set(kinds)),
            "model": ids.clean_name(model, "model") if model else "",
            "created_at": ids.now_micros(),
            "created_by": by,
            "nonce": nonce,
            "key_id": self.key.key_id,
        }
        given = {"properties": properties, "audit": [{**audit, "target": uid}]}
        rows = await self._write(q.CREATE_WEBHOOK, given, project=project, uid=uid, name=name, url=url)
        return webhook_of(rows[0]), self.key.secret(nonce)

    async def get(self, project: str, uid: str) -> Webhook:
        """Raises NotFoundError."""
        rows = await self._bolt.read(q.GET_WEBHOOK, {"project": project, "uid": uid})
        if not rows:
            raise _no_webhook(uid)
        return webhook_of(rows[0])

    async def list_webhooks(self, project: str) -> list[Webhook]:
        rows = await self._bolt.read(q.LIST_WEBHOOKS, {"project": project, "limit": MOST})
        return [webhook_of(row) for row in rows]

    async def every(self) -> list[Webhook]:
        """Those of all projects."""
        return [webhook_of(row) for row in await self._bolt.read(q.ALL_WEBHOOKS)]

    async def update(
        self, webhook: Webhook, *, url: str | None, kinds: Sequence[str] | None, enabled: bool | None,
        audit: Mapping[str, Any],
    ) -> Webhook:  # fmt: skip
        """With another target, told of other things, put to sleep or awake; its secret stays. What is still
        to be sent goes to the new target."""
        if url is not None:
            await check_url(url, self._allowed)
            others = [one for one in await self.list_webhooks(webhook.project) if one.uid != webhook.uid]
            _check_alone(others, webhook.name, url)
        if kinds is not None and not kinds:
            raise InvalidInputError(
                "a webhook is told of something; nothing was changed. To tell it nothing, disable it",
                field="kinds",
                allowed="at least one",
            )
        told: dict[str, Any] = {"disabled": None if webhook.enabled else True}
        told |= {"url": url} if url is not None else {}
        told |= {"kinds": sorted(set(kinds))} if kinds is not None else {}
        if enabled is not None:
            told["disabled"] = None if enabled else True
        rows = await self._write(
            q.UPDATE_WEBHOOK, {"properties": told, "audit": [dict(audit)]}, project=webhook.project,
            uid=webhook.uid, name=webhook.name, url=url,
        )  # fmt: skip
        return webhook_of(rows[0])

    async def _write(
        self, statement: LiteralString, given: Mapping[str, Any], *, project: str, uid: str, name: str,
        url: str | None,
    ) -> list[Row]:  # fmt: skip
        """Write a webhook that shares name and URL with no other, whoever makes one at the same moment.
        Raises ConflictError, NotFoundError."""
        given = {
            **given, "uid": uid, "project": project, "name": name, "url": url, "turn": f"webhooks:{project}",
        }  # fmt: skip
        try:
            rows = await self._bolt.write(statement, given)
        except DuplicateKeyError:  # the first two of a project
            rows = await self._bolt.write(statement, given)
        if not rows:
            if url is not None:
                others = [one for one in await self.list_webhooks(project) if one.uid != uid]
                _check_alone(others, name, url)
            raise _no_webhook(uid)
        return rows

    async def resend(self, project: str, delivery: str, *, audit: Mapping[str, Any]) -> Delivery:
        """Have a delivery sent again, under its id. Raises NotFoundError."""
        given = {"uid": delivery, "project": project, "now": ids.now_micros(), "audit": [dict(audit)]}
        rows = await self._bolt.write(q.RESEND, given)
        if not rows:
            raise NotFoundError(
                f"delivery {ids.shorten(delivery)!r} is not there (any more), or not yours to see; "
                "webhookDeliveries lists those that are kept"
            )
        return _delivery(rows[0])

    async def delete(self, project: str, uid: str, *, audit: Mapping[str, Any]) -> None:
        """Its deliveries go, too. Raises NotFoundError."""
        await self.get(project, uid)
        await self._bolt.write(q.DELETE_WEBHOOK, {"project": project, "uid": uid, "audit": [dict(audit)]})

    async def ping(self, webhook: Webhook, *, by: str, audit: Mapping[str, Any]) -> str:
        """Have something sent that tells of nothing; answers the delivery's uid."""
        about = {"project": webhook.project, "by": by, "at": ids.now_micros(), "webhook": webhook.name}
        row = new_delivery(webhook, Kind.PING, about, key=uuid.uuid4().hex)
        await self._bolt.write(q.NEW_DELIVERIES_AUDITED, {"rows": [row], "audit": [dict(audit)]})
        return str(row["uid"])

    async def deliveries(
        self, webhook: Webhook, *, first: int, at: int | None = None, after: str = ""
    ) -> list[Delivery]:
        """What was and will be sent to it, the newest first, from a place on."""
        given = {
            "webhook": webhook.uid,
            "project": webhook.project,
            "at": FOREVER if at is None else at,
            "after": after,
            "limit": first,
        }
        return [_delivery(row) for row in await self._bolt.read(q.LIST_DELIVERIES, given)]


def new_delivery(webhook: Webhook, kind: Kind, about: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """The row of a delivery; the same ``key`` is the same delivery."""
    digest = uuid.uuid5(ids.CLUSTER_NAMESPACE, f"{webhook.uid} {kind} {key}")
    uid = f"delivery:{digest}"
    now = ids.now_micros()
    body = {"id": uid, "kind": str(kind), **about}
    return {
        "uid": uid,
        "properties": {
            "webhook": webhook.uid,
            "project": webhook.project,
            "kind": str(kind),
            "state": "pending",
            "attempts": 0,
            "next_at": now,
            "at": now,
            "body": json.dumps(body, ensure_ascii=False),
        },
    }


def _check_alone(others: Sequence[Webhook], name: str, url: str) -> None:
    """Raises ConflictError for what there is already: everything would be told twice."""
    for one in others:
        if (one.name, one.url) == (name, url):
            raise ConflictError(
                f"a webhook {ids.shorten(name)!r} sends to this URL already: {one.uid}; nothing was changed. "
                "Change that one, or choose another name",
                current=one.uid,
            )


def _no_webhook(uid: str) -> NotFoundError:
    return NotFoundError(f"webhook {ids.shorten(uid)!r} is not there, or not yours to see")


def webhook_of(row: Row) -> Webhook:
    """As the statements about webhooks return it; what else they return is left."""
    told = {name: row[name] for name in Webhook.__slots__ if name not in ("kinds", "model", "enabled")}
    kinds = tuple(row["kinds"] or ())
    return Webhook(**told, kinds=kinds, model=row["model"] or "", enabled=not row["disabled"])


def _delivery(row: Row) -> Delivery:
    told = {name: row[name] for name in Delivery.__slots__ if name not in ("status", "error")}
    return Delivery(**told, status=row["status"] or 0, error=row["error"] or "")
