"""For tests of backups: the client's commands ask this process, and what no event tells of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from lineage_server.client.graphql import error_from
from lineage_server.graph.bolt import Bolt
from tests.support.served import Served
from tests.support.stored import Content

BEGIN, RESTORE = "/api/v1/admin/backup", "/api/v1/admin/restore"
NODES = (
    "MATCH (n) WHERE labels(n)[0] IN ['Token', 'Audit', 'Webhook', 'Delivery', 'SavedView', 'Refused'] "
    "AND NOT n.uid STARTS WITH 'webhooks' RETURN labels(n)[0] AS label, properties(n) AS props"
)
FOLDER = Content({"a/b": b"some bytes" * 100, "c": b"", "ü": b"x" * 70_000})
FILE = Content({"f": b"one file"}, kind="file")


class Through:
    """Stands in for the connection of a client in a thread: asks the application in this process."""

    def __init__(self, served: Served, token: str) -> None:
        self._served = served
        self._loop = asyncio.get_running_loop()
        self._token = {"authorization": f"Bearer {token}"} if token else {}
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda _: None

    def __enter__(self) -> Through:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def call(
        self, method: str, path: str, parameters: Any = None, *,
        content: bytes | None = None, headers: Any = None, patient: bool = False,
    ) -> httpx2.Response:  # fmt: skip
        self.asked.append(f"{method} {path}")
        self.before(path)
        told = {**self._token, **(headers or {})}
        sending = self._served.http.request(method, path, params=parameters, content=content, headers=told)
        answer = asyncio.run_coroutine_threadsafe(sending, self._loop).result(60)
        if answer.status_code >= 400:
            said = answer.json()
            raise error_from(said["error"], said["message"], said.get("details") or {})
        return answer


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    hooks = {"key": "a key", "allowed_networks": ["127.0.0.0/8"]}
    return {"ingest": {"archive_dir": str(folder / "archive")}, "webhooks": hooks, **more}


async def nodes(graph: Bolt) -> dict[str, dict[str, Any]]:
    """What no event tells of, by uid."""
    rows = await graph.read(NODES)
    told = {row["props"]["uid"]: {"label": row["label"], **row["props"]} for row in rows}
    for props in told.values():
        props.pop("last_used_at", None)
    return told
