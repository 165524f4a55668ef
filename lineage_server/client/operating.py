"""Asking the server for an operator's work: rebuild, archive, collect, export, import."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lineage_server.client.config import load_config
from lineage_server.client.connection import reason_of, sync_client
from lineage_server.client.graphql import error_from, withheld_here
from lineage_server.domain.errors import LineageError, UnavailableError

if TYPE_CHECKING:
    import httpx2

_PATIENCE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 5.0


class Operating:
    """Calls that take as long as the work takes; use within ``with``.

    What fails raises the server's error, and UnavailableError where nobody answers.
    """

    def __init__(self) -> None:
        self._config = load_config()

    def __enter__(self) -> Operating:
        self._http = sync_client(self._config, 3600.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patient: bool = False,
    ) -> httpx2.Response:
        """One request; ``patient``: what is safe to send again is sent again for a minute."""
        if self._config.reproduces and method != "GET":
            raise withheld_here(self._config.reproduces)
        until = time.monotonic() + (_PATIENCE_SECONDS if patient else 0.0)
        pause = 0.2
        while True:
            try:
                return self._once(method, path, parameters, content, headers)
            except UnavailableError as error:
                if time.monotonic() + pause > until:
                    raise
                time.sleep(max(pause, min(error.retry_after_seconds or 0.0, _LONGEST_PAUSE_SECONDS)))
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _once(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, Any] | None,
        content: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> httpx2.Response:
        import httpx2

        try:
            answer = self._http.request(method, path, params=parameters, content=content, headers=headers)
        except httpx2.TransportError as error:
            raise UnavailableError(
                f"{self._config.url} does not answer: {reason_of(error)}; start a server with 'lineage up', "
                "or set LINEAGE_URL to where one runs",
                part="server",
            ) from None
        if answer.status_code >= 400:
            raise self._refusal(answer)
        return answer

    def _refusal(self, answer: httpx2.Response) -> LineageError:
        try:
            told: dict[str, Any] = answer.json()
        except ValueError:
            return LineageError(
                f"{self._config.url} answered {answer.status_code}: no lineage server does so"
            )
        return error_from(str(told.get("error", "")), str(told.get("message", "")), told.get("details") or {})


def post(path: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """POST without a body, as ``Operating.call``."""
    with Operating() as server:
        answer: dict[str, Any] = server.call("POST", path, parameters).json()
        return answer
