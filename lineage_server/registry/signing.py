"""Secrets of webhooks: made from a key of the server's, told once, stored nowhere.

The key is a setting, or, for a graph that only this server is at, a file in the data folder.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from lineage_server.domain.errors import NotSupportedError

KEY_FILE = "webhook-key"


class SigningKey:
    """Gives secrets; ``file`` is where the key is kept if none was set, None where it must be set."""

    def __init__(self, key: str, file: Path | None) -> None:
        self._key = key.encode()
        self._file = file

    def new_nonce(self) -> str:
        """What a new webhook's secret is made from; raises NotSupportedError where there is no key."""
        self._load(make=True)
        return secrets.token_hex(16)

    @property
    def key_id(self) -> str:
        """Tells one key from another, and nothing more; empty without a key."""
        self._load(make=False)
        return hashlib.sha256(b"lineage webhook key " + self._key).hexdigest()[:12] if self._key else ""

    def secret(self, nonce: str) -> str:
        """What receivers check signatures with."""
        self._load(make=False)
        made = hmac.digest(self._key, b"lineage webhook " + nonce.encode(), "sha256")
        return "whsec_" + base64.urlsafe_b64encode(made).decode().rstrip("=")

    def _load(self, *, make: bool) -> None:
        if self._key:
            return
        if self._file is None:
            if make:
                raise NotSupportedError(
                    "this server has no key to sign webhooks with; nothing was changed. Set "
                    "LINEAGE_WEBHOOKS__KEY to a long random text, the same on all servers at this graph"
                )
            return
        if self._file.exists():
            self._key = self._file.read_bytes().strip()
        elif make:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as out:
                out.write(secrets.token_urlsafe(48))
                out.flush()
                os.fsync(out.fileno())
            self._key = self._file.read_bytes().strip()
