"""Versions that share an object, and collections of what they leave, as tests of collecting ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lineage_server.storage.folder import MARK
from tests.support.served import Served
from tests.support.stored import Content, Sender

GC = "/api/v1/artifacts/gc"
SHARED = b"in several versions"


def without_grace(folder: Path) -> dict[str, Any]:
    """Settings of a server that leaves nothing alone for a while."""
    return {"artifacts": {"url": str(folder), "grace_hours": 0, "deleted_days": 0}}


def content(name: str) -> Content:
    return Content({"own": name.encode(), "shared": SHARED})


async def collect(served: Served, **asked: Any) -> dict[str, Any]:
    answer = await served.http.post(GC, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def files(folder: Path) -> set[str]:
    """All but the store's mark."""
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.name != MARK}


async def keep(mine: Sender, *names: str) -> dict[str, dict[str, Any]]:
    return {name: await mine.keep(content(name), name=name) for name in names}
