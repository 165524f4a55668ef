"""GraphQL over HTTP, sync and async, with errors brought back to the one error tree."""

from __future__ import annotations

import io
import json
import re
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from lineage_server.client.checking import checked
from lineage_server.client.connection import (
    CONNECT_SECONDS,
    GRAPHQL_PATH,
    async_client,
    reason_of,
    sync_client,
)
from lineage_server.domain.errors import (
    ERRORS,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    LimitError,
    LineageError,
    NotAuthenticatedError,
    NotFoundError,
    NotSupportedError,
    UnavailableError,
)
from lineage_server.domain.ids import shorten

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    import httpx2

    from lineage_server.client.config import Config

_SECONDS = 30.0
_BULK_SECONDS = 120.0
"""Without a byte: a page of a long list is being made meanwhile."""
_JSON = {"content-type": "application/json"}
_MISSED = "lineage_server.client.elsewhere"
"""Who finds what it asks for needs no advice, and need not load it."""
_CHANGES = re.compile(r"(?:^|\})\s*mutation\b", re.MULTILINE)
_BY_CODE: dict[str, type[LineageError]] = {cls.code: cls for cls in ERRORS}


def error_from(code: str, message: str, details: Mapping[str, Any]) -> LineageError:
    """The domain error that a server's code and details stand for."""
    cls = _BY_CODE.get(code)
    if cls is InvalidInputError:
        return InvalidInputError(
            message, field=str(details.get("field") or ""), allowed=str(details.get("allowed") or "")
        )
    if cls is ForbiddenError:
        return ForbiddenError(message, permission=str(details.get("permission") or ""))
    if cls is ConflictError:
        return ConflictError(message, current=str(details.get("current") or ""))
    if cls is LimitError:
        return LimitError(message, limit=_number(details, "limit"), actual=_number(details, "actual"))
    if cls is UnavailableError:
        wait = _number(details, "retryAfterSeconds") or 1.0
        return UnavailableError(message, part=str(details.get("part") or ""), retry_after_seconds=wait)
    return cls(message) if cls is not None else LineageError(message)


def withheld_here(run: str) -> NotSupportedError:
    """For what would change more than a reproduction records, and cannot be answered without."""
    return NotSupportedError(
        f"withheld, since this only does run {run} again (LINEAGE_REPRODUCES): nothing was changed; what a "
        "reproduction records are runs, artifacts and metrics of its own"
    )


def _number(details: Mapping[str, Any], key: str) -> float:
    value = details.get(key)
    return float(value) if isinstance(value, int | float) else 0.0


def data_from(status: int, body: bytes, url: str) -> dict[str, Any]:
    """The ``data`` of an answer; raises the domain error it holds."""
    try:
        answer = cast("dict[str, Any]", json.loads(body))
        errors = answer.get("errors")
        if errors:
            first = errors[0]
            told = cast("dict[str, Any]", first.get("extensions") or {})
            raise error_from(str(told.get("code") or "BAD_INPUT"), str(first["message"]), told)
        if status == 200:
            return cast("dict[str, Any]", answer["data"])
        if "error" in answer:
            raise error_from(str(answer["error"]), str(answer["message"]), answer.get("details") or {})
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        pass
    if status in (401, 403):
        raise NotAuthenticatedError(f"{url} answers {status}: is LINEAGE_TOKEN set and valid?")
    text = shorten(" ".join(body[:400].decode("utf-8", "replace").split()), 120)
    raise UnavailableError(f"{url} answers {status}, not as a lineage server does: {text}", part="server")


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer as far as it came; ``broken``: why there is no more of it."""

    url: str
    status: int
    body: io.BytesIO
    broken: str = ""


class GraphQL:
    """One kept connection each for threads and for each event loop; beside questions, long answers come over
    it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sync: httpx2.Client | None = None
        self._async: dict[AbstractEventLoop, httpx2.AsyncClient] = {}
        self.recorded: set[str] = set()
        """Projects that runs were begun in, for who misses something that they have recorded."""

    def run(
        self, query: str, variables: Mapping[str, Any] | None, seconds: float = _SECONDS
    ) -> dict[str, Any]:
        """Ask; raises a domain error."""
        import httpx2

        self._check(query)
        asked = _body(query, variables)
        try:
            timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
            answer = self._connected().post(GRAPHQL_PATH, content=asked, headers=_JSON, timeout=timeout)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise self._away(error) from None
        return self._data_from(answer, variables)

    async def run_async(self, query: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """Ask, from a coroutine; raises a domain error."""
        self._check(query)
        asked = _body(query, variables)
        client = await self._connected_async()
        import httpx2

        try:
            answer = await client.post(GRAPHQL_PATH, content=asked, headers=_JSON)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise self._away(error) from None
        return self._data_from(answer, variables)

    def fetch(self, path: str, query: Mapping[str, str | list[str]]) -> Fetched:
        """A long answer, whole or as far as it came; raises UnavailableError where none begins."""
        import httpx2

        self._check()
        body, status, url = io.BytesIO(), 0, f"{self._config.url}{path}"
        try:
            timeout = httpx2.Timeout(_BULK_SECONDS, connect=CONNECT_SECONDS)
            with self._connected().stream("GET", path, params=dict(query), timeout=timeout) as answer:
                status = answer.status_code
                for piece in answer.iter_bytes():
                    body.write(piece)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            if not status:
                raise self._away(error) from None
            return Fetched(url, status, body, reason_of(error))
        return Fetched(url, status, body)

    async def fetch_async(self, path: str, query: Mapping[str, str | list[str]]) -> Fetched:
        """The same, from a coroutine."""
        self._check()
        body, status, url = io.BytesIO(), 0, f"{self._config.url}{path}"
        client = await self._connected_async()
        import httpx2

        try:
            timeout = httpx2.Timeout(_BULK_SECONDS, connect=CONNECT_SECONDS)
            async with client.stream("GET", path, params=dict(query), timeout=timeout) as answer:
                status = answer.status_code
                async for piece in answer.aiter_bytes():
                    body.write(piece)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            if not status:
                raise self._away(error) from None
            return Fetched(url, status, body, reason_of(error))
        return Fetched(url, status, body)

    def _data_from(self, answer: httpx2.Response, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            return data_from(answer.status_code, answer.content, self._config.url)
        except NotFoundError as error:
            hint_for = import_module(_MISSED).hint_for
            error.hint = hint_for(variables or {}, self._config.project, self.recorded)
            raise

    def _connected(self) -> httpx2.Client:
        if self._sync is None:
            self._sync = sync_client(self._config, _SECONDS)
            # A client that nobody closes lets go of its connection when it or the process ends.
            weakref.finalize(self, self._sync.close)
        return self._sync

    async def _connected_async(self) -> httpx2.AsyncClient:
        """Of the running loop, since connections die with theirs."""
        from asyncio import get_running_loop, to_thread

        loop = get_running_loop()
        found = self._async.get(loop)
        if found is None:
            # In a thread: the library is imported, and certificates are read.
            made = await to_thread(self._made_async)
            self._async = {one: client for one, client in self._async.items() if not one.is_closed()}
            found = self._async.setdefault(loop, made)
            if found is not made:  # by another task, meanwhile
                await made.aclose()
        return found

    def _made_async(self) -> httpx2.AsyncClient:
        import httpx2

        import_module(_MISSED)
        try:
            return async_client(self._config, _SECONDS)
        except (httpx2.InvalidURL, OSError) as error:
            raise self._away(error) from None

    def _check(self, query: str = "") -> None:
        if self._config.mode == "disabled" or not self._config.url:
            raise UnavailableError(
                "the client is told to work without a server (LINEAGE_MODE=disabled); questions need one",
                part="server",
            )
        if self._config.reproduces and _CHANGES.search(query):
            # Verbs of the client are withheld before (``withholding``) and answer; this has no answer.
            raise withheld_here(self._config.reproduces)

    def _away(self, error: Exception) -> UnavailableError:
        return UnavailableError(
            f"{self._config.url} does not answer: {reason_of(error)}; start a server with 'lineage up', "
            "or set LINEAGE_URL to where one runs",
            part="server",
        )

    def close(self) -> None:
        """Let go of the sync connection."""
        client, self._sync = self._sync, None
        if client is not None:
            client.close()

    async def close_async(self) -> None:
        """Let go of both, as far as they are of the running loop."""
        from asyncio import get_running_loop

        self.close()
        client = self._async.pop(get_running_loop(), None)
        if client is not None:
            await client.aclose()


@checked
def _body(query: str, variables: Mapping[str, Any] | None) -> bytes:
    try:
        return json.dumps({"query": query, "variables": dict(variables or {})}, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"variables hold what JSON cannot say: {error}",
            field="variables",
            allowed="texts, finite numbers, True, False, None, and lists and mappings of them",
        ) from None
