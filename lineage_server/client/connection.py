"""HTTP connections to the server: one way to make them, quiet in the log of the program that uses us."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lineage_server.client.config import Config
from lineage_server.domain.ids import shorten

if TYPE_CHECKING:
    import httpx2

EVENTS_PATH = "/api/v1/events"
GRAPHQL_PATH = "/graphql"
ARTIFACTS_PATH = "/api/v1/artifacts"
CONNECT_SECONDS = 3.0

_LOOKING_UP = "encodings.idna"
"""What looking up a host would import, at some other time."""
_CONNECTING = "anyio._backends._asyncio"
"""The same of the first connection from a coroutine."""

_unlogged: ContextVar[bool] = ContextVar("lineage_unlogged", default=False)


def sync_client(config: Config, seconds: float) -> httpx2.Client:
    """A client for threads."""
    import httpx2

    import_module(_LOOKING_UP)
    _quieten()
    return httpx2.Client(**_options(config, seconds))


def async_client(config: Config, seconds: float) -> httpx2.AsyncClient:
    """A client for coroutines; to be made in a thread, so that its imports hold no loop up."""
    import httpx2

    import_module(_LOOKING_UP)
    with suppress(ImportError):
        import_module(_CONNECTING)
    _quieten()
    return httpx2.AsyncClient(**_options(config, seconds))


def outside_client(seconds: float, *, keeps: bool = True) -> httpx2.Client:
    """For places that are told nothing of who we are; ``keeps`` connections for later requests."""
    import httpx2

    _quieten()
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=20 if keeps else 0)
    timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    return httpx2.Client(timeout=timeout, limits=limits)


@contextmanager
def unlogged() -> Generator[None]:
    """Requests in here are ours, wherever they go."""
    token = _unlogged.set(True)
    try:
        yield
    finally:
        _unlogged.reset(token)


def _options(config: Config, seconds: float) -> dict[str, Any]:
    import httpx2

    from lineage_server import __version__

    headers = {"user-agent": f"lineage-client/{__version__}"}
    if config.token:
        headers["authorization"] = f"Bearer {config.token}"
    timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    return {"base_url": config.url, "headers": headers, "timeout": timeout}


def _quieten() -> None:
    """httpx tells of every request; a training's log is not the place for ours."""
    logger = logging.getLogger("httpx2")
    if _is_not_ours not in logger.filters:
        logger.addFilter(_is_not_ours)


def _is_not_ours(record: logging.LogRecord) -> bool:
    words: Any = record.args
    if _unlogged.get() and record.levelno <= logging.INFO:
        return False
    if record.levelno > logging.INFO or not isinstance(words, tuple) or len(words) < 2:  # pyright: ignore[reportUnknownArgumentType]
        return True
    url = str(words[1])  # pyright: ignore[reportUnknownArgumentType]
    return not (url.endswith((EVENTS_PATH, GRAPHQL_PATH)) or ARTIFACTS_PATH in url or "X-Amz-" in url)


def reason_of(error: Exception) -> str:
    """Why a connection failed, in words: without the number that the system has for it."""
    words = " ".join(str(error).split())
    if words.startswith("[Errno "):
        words = words.partition("] ")[2]
    return shorten(words or type(error).__name__, 200)
