"""Asking the server for an operator's work: rebuild, archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from lineage_server.client.config import load_config
from lineage_server.client.connection import reason_of
from lineage_server.client.graphql import error_from
from lineage_server.domain.errors import UnavailableError


def post(path: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """POST without a body; the answer may take as long as the work takes.

    Raises the server's error, UnavailableError where nobody answers.
    """
    config = load_config()
    headers = {"Authorization": f"Bearer {config.token}"} if config.token else {}
    try:
        answer = httpx2.post(config.url + path, params=parameters, headers=headers, timeout=None)
    except httpx2.TransportError as error:
        raise UnavailableError(
            f"{config.url} does not answer: {reason_of(error)}; start a server with 'lineage up', or set "
            "LINEAGE_URL to where one runs",
            part="server",
        ) from None
    body: dict[str, Any] = answer.json()
    if answer.status_code >= 400:
        raise error_from(str(body.get("error", "")), str(body.get("message", "")), {})
    return body
