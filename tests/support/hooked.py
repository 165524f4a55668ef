"""Webhooks of a server that is served here: how tests make one, and wait for what it is told."""

from __future__ import annotations

import asyncio
from typing import Any

from lineage_server.api.gql.documents import read_operations
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries.webhooks import CURSOR
from tests.support.receiver import Receiver
from tests.support.served import Served

TEXTS = read_operations()


OWN = {"allowed_networks": ["127.0.0.0/8"], "retry_seconds": 0.1, "attempts": 3}


def settings(**more: Any) -> dict[str, Any]:
    return {"webhooks": {"key": "a key of these tests", **OWN, **more}}


async def create(served: Served, receiver: Receiver, **given: Any) -> tuple[dict[str, Any], str]:
    wanted = {"project": "default", "name": "ci", "url": receiver.url, **given}
    payload = (await served.ask(TEXTS["CreateWebhook"], {"input": wanted}))["createWebhook"]
    assert payload["problems"] == []
    return payload["webhook"], payload["secret"]


async def deliveries(served: Served, webhook: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    asked = {"project": "default", "webhook": webhook["uid"], **given}
    page = (await served.ask(TEXTS["WebhookDeliveries"], asked))["webhookDeliveries"]
    return [edge["node"] for edge in page["edges"]]


async def ended(served: Served, webhook: dict[str, Any], count: int = 1) -> list[dict[str, Any]]:
    """The deliveries, once so many are there and none is pending."""
    async with asyncio.timeout(20):
        while True:
            found = await deliveries(served, webhook)
            if len(found) >= count and all(one["state"] != "pending" for one in found):
                return found
            await asyncio.sleep(0.05)


async def judged(graph: Bolt) -> None:
    """Returns once whatever was recorded was held against the webhooks of that moment."""
    async with asyncio.timeout(20):
        while True:
            (cursor,) = await graph.read(CURSOR)
            (written,) = await graph.read("MATCH (w:Writer) RETURN max(w.seq) AS seq")
            if cursor["seq"] >= written["seq"]:
                return
            await asyncio.sleep(0.05)


async def problem_of_url(served: Served, url: str, **given: Any) -> dict[str, Any]:
    wanted = {"project": "default", "name": "ci", "url": url, **given}
    (problem,) = (await served.ask(TEXTS["CreateWebhook"], {"input": wanted}))["createWebhook"]["problems"]
    return problem
