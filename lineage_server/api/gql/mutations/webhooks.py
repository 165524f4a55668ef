"""Webhooks: made, tried out, deleted. Their secrets are told once."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.permissions import MayAdminister
from lineage_server.api.gql.types.hooks import (
    CreateWebhookPayload,
    DeleteWebhookPayload,
    TestWebhookPayload,
    delivery_of,
    webhook_of,
)
from lineage_server.api.gql.types.payloads import MENDABLE, problem_of
from lineage_server.auth.audit import audit_record
from lineage_server.registry.notices import Kind
from lineage_server.registry.targets import target_of
from lineage_server.registry.webhooks import Webhook

Ctx = Info[Context, None]


@strawberry.enum(description="What a webhook is told of")
class WebhookKind(StrEnum):
    ALIAS = "alias"
    VERSION = "version"
    STATE = "state"


@strawberry.input
class CreateWebhookInput:
    project: str
    name: str
    url: str
    kinds: list[WebhookKind] = strawberry.field(
        default_factory=lambda: list(WebhookKind),
        description="an alias was moved, a version was made, the state of a model or a version was set",
    )
    model: str = strawberry.field(default="", description="name; empty is every model of the project")


@strawberry.input
class DeleteWebhookInput:
    project: str
    webhook: str = strawberry.field(description="uid")


@strawberry.input
class TestWebhookInput:
    project: str
    webhook: str = strawberry.field(description="uid")


@strawberry.type
class WebhookMutations:
    @strawberry.mutation(
        permission_classes=[MayAdminister], description="Have a URL told of changes; the secret is told once"
    )
    async def create_webhook(self, info: Ctx, input: CreateWebhookInput) -> CreateWebhookPayload:
        context = context_of(info)
        try:
            after = {
                "name": input.name,
                # Paths and queries of such URLs often are secrets.
                "target": target_of(input.url).shown,
                "kinds": [str(kind) for kind in input.kinds],
                "model": input.model,
            }
            webhook, secret = await context.services.webhooks.create(
                project=input.project,
                name=input.name,
                url=input.url,
                kinds=[str(kind) for kind in input.kinds],
                model=input.model,
                by=context.principal.actor,
                audit=_audit(context, "createWebhook", input.project, "", after=after),
            )
        except MENDABLE as error:
            return CreateWebhookPayload(problems=[problem_of(error)])
        context.services.deliverer.ring()
        return CreateWebhookPayload(problems=[], webhook=webhook_of(webhook), secret=secret)

    @strawberry.mutation(permission_classes=[MayAdminister], description="Tell it nothing more")
    async def delete_webhook(self, info: Ctx, input: DeleteWebhookInput) -> DeleteWebhookPayload:
        context = context_of(info)
        webhook = await context.services.webhooks.get(input.project, input.webhook)
        audit = _audit(context, "deleteWebhook", input.project, webhook.uid, before={"name": webhook.name})
        await context.services.webhooks.delete(input.project, webhook.uid, audit=audit)
        return DeleteWebhookPayload(problems=[], webhook=webhook_of(webhook))

    @strawberry.mutation(
        permission_classes=[MayAdminister], description="Have a ping sent; its delivery says what came of it"
    )
    async def test_webhook(self, info: Ctx, input: TestWebhookInput) -> TestWebhookPayload:
        context = context_of(info)
        hooks = context.services.webhooks
        webhook: Webhook = await hooks.get(input.project, input.webhook)
        audit = _audit(context, "testWebhook", input.project, webhook.uid, after={"kind": Kind.PING})
        uid = await hooks.ping(webhook, by=context.principal.actor, audit=audit)
        context.services.deliverer.ring()
        (made,) = [one for one in await hooks.deliveries(webhook, first=10) if one.uid == uid]
        return TestWebhookPayload(problems=[], delivery=delivery_of(made))


def _audit(
    context: Context,
    action: str,
    project: str,
    target: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> dict[str, Any]:
    record = audit_record(
        context.principal, action, target, project=project, before=before, after=after, origin=context.origin
    )
    return record.row()
