"""Webhooks and their deliveries, as the contract shows them."""

from __future__ import annotations

import json

import strawberry

from lineage_server.api.gql.scalars import Json, Micros, micros
from lineage_server.api.gql.types.payloads import Problem
from lineage_server.registry import webhooks as domain


@strawberry.type
class Webhook:
    """A URL that is told of changes in a project's registry."""

    uid: str
    project: str
    name: str
    url: str
    kinds: list[str] = strawberry.field(description="alias, version, state, approval, deletion")
    enabled: bool = strawberry.field(description="whether it is told of what happens now")
    model: str = strawberry.field(description="name; empty is every model of the project")
    created_at: Micros
    created_by: str


@strawberry.type
class Delivery:
    """One thing that a webhook is told."""

    uid: str
    webhook: str
    kind: str
    state: str = strawberry.field(description="pending, delivered, failed")
    attempts: int
    at: Micros
    last_at: Micros | None
    next_at: Micros | None = strawberry.field(description="when it is tried again")
    status: int = strawberry.field(description="the answer's HTTP status; 0 where there was none")
    error: str
    body: Json


@strawberry.type
class CreateWebhookPayload:
    problems: list[Problem]
    webhook: Webhook | None = None
    secret: str | None = strawberry.field(
        default=None, description="to check signatures with; shown only now"
    )


@strawberry.type
class DeleteWebhookPayload:
    problems: list[Problem]
    webhook: Webhook | None = None


@strawberry.type
class UpdateWebhookPayload:
    problems: list[Problem]
    webhook: Webhook | None = None


@strawberry.type
class ResendDeliveryPayload:
    problems: list[Problem]
    delivery: Delivery | None = None


@strawberry.type
class TestWebhookPayload:
    problems: list[Problem]
    delivery: Delivery | None = None


def webhook_of(one: domain.Webhook) -> Webhook:
    return Webhook(
        uid=one.uid,
        project=one.project,
        name=one.name,
        url=one.url,
        kinds=list(one.kinds),
        enabled=one.enabled,
        model=one.model,
        created_at=Micros(one.created_at),
        created_by=one.created_by,
    )


def delivery_of(one: domain.Delivery) -> Delivery:
    return Delivery(
        uid=one.uid,
        webhook=one.webhook,
        kind=one.kind,
        state=one.state,
        attempts=one.attempts,
        at=Micros(one.at),
        last_at=micros(one.last_at),
        next_at=micros(one.next_at),
        status=one.status,
        error=one.error,
        body=Json(json.loads(one.body)),
    )
