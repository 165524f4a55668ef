"""The words of PROV-JSON that both directions use: prefixes, names, literals, and the bundle of ours."""

from __future__ import annotations

import urllib.parse
from typing import Any

PREFIX = "lineage"
NAMESPACE = "urn:lineage-server:"
PREFIXES = {
    PREFIX: NAMESPACE,
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
BUNDLE = f"{PREFIX}:storedEvents"
"""Holds the stored events, each an entity; what it is stands beside it, under the same name."""
STORED, COUNT, DIGEST, PROJECT = (f"{PREFIX}:{name}" for name in ("stored", "events", "sha256", "project"))
ELEMENTS = ("entity", "activity", "agent")
MOST_BYTES = 1 << 30
"""A PROV-JSON document is one value: whoever reads it holds all of it."""

Attributes = dict[str, Any]


def name(uid: str) -> str:
    """A qualified name of ours; what such a name may not hold is told as %XX."""
    return f"{PREFIX}:{urllib.parse.quote(uid, safe='/@~_-')}"


def qualified(value: str) -> Attributes:
    """A literal that is a name."""
    return {"$": value, "type": "prov:QUALIFIED_NAME"}
