"""The lineage server: metadata, lineage and model registry of an AI platform.

This module is the public face of the Python client: ``import lineage_server as lineage``.
Names are loaded on first use, so importing costs almost nothing; the server's own
modules (``graph``, ``ingest``, ``api`` …) are never imported from here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lineage_server.client import __all__ as __all__

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lineage_server.client import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """Load a public client name on first use (keeps the import under 150 ms)."""
    if name.startswith("__"):
        raise AttributeError(name)
    client = import_module("lineage_server.client")
    try:
        return getattr(client, name)
    except AttributeError:
        raise AttributeError(f"module 'lineage_server' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({"__version__", *__all__})
