"""Webhooks: made, tried out, deleted. Their secrets are told once."""

from __future__ import annotations

from enum import StrEnum

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.mutations.recording import audit_row
from lineage_server.api.gql.permissions import MayAdminister
from lineage_server.api.gql.types.hooks import (
    CreateWebhookPayload,
    DeleteWebhookPayload,
    ResendDeliveryPayload,
    TestWebhookPayload,
    UpdateWebhookPayload,
    delivery_of,
    webhook_of,
)
from lineage_server.api.gql.types.payloads import MENDABLE, problem_of
from lineage_server.domain.errors import ConflictError
from lineage_server.registry.notices import Kind
from lineage_server.registry.targets import target_of
from lineage_server.registry.webhooks import Webhook

Ctx = Info[Context, None]


@strawberry.enum(description="What a webhook is told of")
class WebhookKind(StrEnum):
    ALIAS = "alias"
    VERSION = "version"
    STATE = "state"
    APPROVAL = "approval"
    DELETION = "deletion"


@strawberry.input
class CreateWebhookInput:
    project: str
    name: str
    url: str
    kinds: list[WebhookKind] = strawberry.field(
        default_factory=lambda: list(WebhookKind),
        description="an alias was moved, a version was made, the state of a model or a version was set, "
        "an approval was asked for, given or withheld, a model or a version was deleted or restored",
    )
    model: str = strawberry.field(default="", description="name; empty is every model of the project")


@strawberry.input(description="What is left out stays as it is; so does the secret")
class UpdateWebhookInput:
    project: str
    webhook: str = strawberry.field(description="uid")
    url: str | None = None
    kinds: list[WebhookKind] | None = None
    enabled: bool | None = strawberry.field(
        default=None, description="false: it is told of nothing that happens meanwhile, nothing is sent to it"
    )


@strawberry.input
class ResendDeliveryInput:
    project: str
    delivery: str = strawberry.field(description="uid")


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
                audit=audit_row(context, "createWebhook", input.project, "", after=after),
            )
        except MENDABLE as error:
            return CreateWebhookPayload(problems=[problem_of(error)])
        context.services.deliverer.ring()
        return CreateWebhookPayload(problems=[], webhook=webhook_of(webhook), secret=secret)

    @strawberry.mutation(
        permission_classes=[MayAdminister], description="Another URL, other kinds, off or on; one secret"
    )
    async def update_webhook(self, info: Ctx, input: UpdateWebhookInput) -> UpdateWebhookPayload:
        context = context_of(info)
        hooks = context.services.webhooks
        old = await hooks.get(input.project, input.webhook)
        try:
            kinds = [str(kind) for kind in input.kinds] if input.kinds is not None else None
            after = {
                "target": target_of(input.url).shown if input.url is not None else None,
                "kinds": kinds,
                "enabled": input.enabled,
            }
            after = {key: value for key, value in after.items() if value is not None}
            known = {
                "target": target_of(old.url).shown, "kinds": list(old.kinds), "enabled": old.enabled,
            }  # fmt: skip
            before = {key: known[key] for key in after}
            audit = audit_row(context, "updateWebhook", input.project, old.uid, before=before, after=after)
            new = await hooks.update(old, url=input.url, kinds=kinds, enabled=input.enabled, audit=audit)
        except MENDABLE as error:
            return UpdateWebhookPayload(problems=[problem_of(error)])
        context.services.deliverer.ring()
        return UpdateWebhookPayload(problems=[], webhook=webhook_of(new))

    @strawberry.mutation(
        permission_classes=[MayAdminister],
        description="Send a delivery again, under its id: receivers can tell that it is the same",
    )
    async def resend_delivery(self, info: Ctx, input: ResendDeliveryInput) -> ResendDeliveryPayload:
        context = context_of(info)
        audit = audit_row(context, "resendDelivery", input.project, input.delivery)
        found = await context.services.webhooks.resend(input.project, input.delivery, audit=audit)
        context.services.deliverer.ring()
        return ResendDeliveryPayload(problems=[], delivery=delivery_of(found))

    @strawberry.mutation(permission_classes=[MayAdminister], description="Tell it nothing more")
    async def delete_webhook(self, info: Ctx, input: DeleteWebhookInput) -> DeleteWebhookPayload:
        context = context_of(info)
        webhook = await context.services.webhooks.get(input.project, input.webhook)
        audit = audit_row(context, "deleteWebhook", input.project, webhook.uid, before={"name": webhook.name})
        await context.services.webhooks.delete(input.project, webhook.uid, audit=audit)
        return DeleteWebhookPayload(problems=[], webhook=webhook_of(webhook))

    @strawberry.mutation(
        permission_classes=[MayAdminister], description="Have a ping sent; its delivery says what came of it"
    )
    async def test_webhook(self, info: Ctx, input: TestWebhookInput) -> TestWebhookPayload:
        context = context_of(info)
        hooks = context.services.webhooks
        webhook: Webhook = await hooks.get(input.project, input.webhook)
        if not webhook.enabled:
            error = ConflictError(
                f"webhook {webhook.name!r} is disabled, so nothing is sent to it. Enable it first",
                current="disabled",
            )
            return TestWebhookPayload(problems=[problem_of(error)])
        audit = audit_row(context, "testWebhook", input.project, webhook.uid, after={"kind": Kind.PING})
        uid = await hooks.ping(webhook, by=context.principal.actor, audit=audit)
        context.services.deliverer.ring()
        (made,) = [one for one in await hooks.deliveries(webhook, first=10) if one.uid == uid]
        return TestWebhookPayload(problems=[], delivery=delivery_of(made))
