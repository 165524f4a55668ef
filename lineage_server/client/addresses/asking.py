"""Asking an address what lies there; for recording in a way that hinders nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lineage_server.client.addresses import azure, gcs, hub, images, s3, web
from lineage_server.client.addresses.calling import host_of
from lineage_server.domain.errors import LineageError, NotSupportedError, UnavailableError
from lineage_server.domain.ids import shorten
from lineage_server.domain.secrets import scrub_uri

if TYPE_CHECKING:
    from lineage_server.client.addresses.seen import Seen
    from lineage_server.client.config import Config

logger = logging.getLogger("lineage_server.client")

_SILENT_SECONDS = 60.0
"""For which a place that did not answer is not asked again for recording."""
_silent: dict[str, float] = {}
_lock = threading.Lock()


def ask(uri: str, environ: Mapping[str, str]) -> Seen:
    """Raises NotFoundError where nothing is there, another domain error where it cannot be told."""
    scheme = uri.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return web.ask(uri)
    if scheme in ("s3", "s3a", "s3n"):
        return s3.ask(uri, environ)
    if scheme in ("gs", "gcs"):
        return gcs.ask(uri, environ)
    if scheme in azure.SCHEMES:
        return azure.ask(uri, environ)
    if scheme == "hf":
        return hub.ask(uri, environ)
    if scheme == "oci":
        return images.ask(uri, environ)
    raise NotSupportedError(f"what lies at {shorten(scheme, 20)}:// addresses cannot be asked here")


def seen_at(uri: str, config: Config) -> Seen | None:
    """What lies there, for recording: None where that is switched off or cannot be told."""
    if "address" not in config.capture or not _may_answer(uri):
        return None
    try:
        return ask(uri, config.environ)
    except LineageError as error:
        if isinstance(error, UnavailableError):
            with _lock:
                _silent[_place(uri)] = time.monotonic()
        where = shorten(scrub_uri(uri), 200)
        logger.info("lineage: which version of %s this is was not recorded: %s", where, error.message)
        return None


def _may_answer(uri: str) -> bool:
    with _lock:
        since = _silent.get(_place(uri))
    return since is None or time.monotonic() - since > _SILENT_SECONDS


def _place(uri: str) -> str:
    return f"{uri.partition('://')[0].lower()}://{host_of(uri)}"
