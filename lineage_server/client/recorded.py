"""Inputs that nobody named: what this process has read or made under a name is known by that name."""

from __future__ import annotations

from typing import Any

from lineage_server.client.recording import looked_at
from lineage_server.client.run import Run


def use(run: Run, value: Any, role: str, otherwise: str, kind: str | None = None) -> None:
    """Record an input by its content; ``otherwise``: its name where neither content nor file tell one."""
    content = looked_at(run.client, value)
    known = run.client.by_content.get(content.digest)
    if known is not None:
        run.use(known, role)
    else:
        run.use(content, role, name=None if content.name else otherwise, type=kind)
