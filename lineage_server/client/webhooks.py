"""Webhooks from a receiver's side (``verify_webhook``), and the documents that the command line asks."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from lineage_server.client.checking import checked
from lineage_server.domain.errors import NotAuthenticatedError
from lineage_server.domain.signatures import SIGNATURE_HEADER, TIMESTAMP_HEADER, signed_with
from lineage_server.domain.untyped import as_mapping

MAX_AGE_SECONDS = 300.0

_WEBHOOK = "uid project name url kinds enabled model createdAt createdBy"
_DELIVERY = "uid webhook kind state attempts at lastAt nextAt status error body"
_PROBLEMS = "problems { code message field allowed current }"

LIST = f"query Hooks($project: String!) {{ webhooks(project: $project) {{ {_WEBHOOK} }} }}"
ADD = f"""
mutation AddHook($input: CreateWebhookInput!) {{
  createWebhook(input: $input) {{ webhook {{ {_WEBHOOK} }} secret {_PROBLEMS} }}
}}
"""
SET = f"""
mutation SetHook($input: UpdateWebhookInput!) {{
  updateWebhook(input: $input) {{ webhook {{ {_WEBHOOK} }} {_PROBLEMS} }}
}}
"""
REMOVE = f"""
mutation RemoveHook($input: DeleteWebhookInput!) {{
  deleteWebhook(input: $input) {{ webhook {{ {_WEBHOOK} }} {_PROBLEMS} }}
}}
"""
TEST = f"""
mutation TryHook($input: TestWebhookInput!) {{
  testWebhook(input: $input) {{ delivery {{ {_DELIVERY} }} {_PROBLEMS} }}
}}
"""
RESEND = f"""
mutation Resend($input: ResendDeliveryInput!) {{
  resendDelivery(input: $input) {{ delivery {{ {_DELIVERY} }} {_PROBLEMS} }}
}}
"""
DELIVERIES = f"""
query Sent($project: String!, $webhook: String!, $first: Int!) {{
  webhookDeliveries(project: $project, webhook: $webhook, first: $first) {{
    edges {{ node {{ {_DELIVERY} }} }} hasMore
  }}
}}
"""
DOCUMENTS = {
    "Hooks": LIST, "AddHook": ADD, "SetHook": SET, "RemoveHook": REMOVE, "TryHook": TEST, "Resend": RESEND,
    "Sent": DELIVERIES,
}  # fmt: skip


@checked
def verify_webhook(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str,
    *,
    max_age_seconds: float = MAX_AGE_SECONDS,
) -> dict[str, Any]:
    """What a webhook's request tells, once its signature is checked against the webhook's ``secret``.

    ``body`` is the request's, byte for byte, ``headers`` its headers, in whatever case. Raises
    NotAuthenticatedError for what is not signed with this secret, or was signed more than
    ``max_age_seconds`` ago (or so far ahead of this machine's clock): somebody may be sending again what
    they have heard. The same delivery may come twice, under one ``id``.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    told = {name.lower(): value for name, value in headers.items()}
    stamp, signed = told.get(TIMESTAMP_HEADER, "").strip(), told.get(SIGNATURE_HEADER, "")
    if not stamp or not signed:
        missing = SIGNATURE_HEADER if stamp else TIMESTAMP_HEADER
        raise NotAuthenticatedError(f"the request has no header {missing}: nothing says who sent it")
    if not signed_with(secret, stamp, raw, signed):
        raise NotAuthenticatedError(
            "the request is not signed with this secret, or its body is not as it was sent"
        )
    try:
        age = time.time() - int(stamp)
        content: object = json.loads(raw)
    except ValueError:
        raise NotAuthenticatedError("the request is signed, but not as a webhook's is") from None
    if abs(age) > max_age_seconds:
        raise NotAuthenticatedError(
            f"the request was signed {age:.0f} s ago, at most {max_age_seconds:g} s are taken; it may be "
            "sent again by somebody else, or one of both clocks is wrong"
        )
    return as_mapping(content)
