"""How a webhook's request is signed: what the server does, and its receivers check. Pure."""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE_HEADER = "x-lineage-signature"
TIMESTAMP_HEADER = "x-lineage-timestamp"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of ``<timestamp>.<body>``; ``timestamp``: seconds since the epoch."""
    made = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return "sha256=" + made.hexdigest()


def signed_with(secret: str, timestamp: str, body: bytes, told: str) -> bool:
    """Whether ``told`` is the signature; takes as long whatever is wrong with it."""
    return hmac.compare_digest(signature(secret, timestamp, body).encode(), told.strip().encode())
