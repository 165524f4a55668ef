"""The module's functions: one default client per process, made from the environment on first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lineage_server.client.client import Client, SyncStatus

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.run import Run
    from lineage_server.client.syncing import SyncReport
    from lineage_server.client.view import LineageView

_lock = threading.Lock()
_default: list[Client] = []


def default_client() -> Client:
    """The client behind the module's functions."""
    with _lock:
        if not _default:
            _default.append(Client())
        return _default[0]


def connect(
    url: str | None = None,
    *,
    token: str | None = None,
    project: str | None = None,
    mode: str | None = None,
    journal_dir: str | os.PathLike[str] | None = None,
    capture: str | None = None,
) -> Client:
    """Make (and from now on use) a client with these settings; what is not given is the environment's.

    The one used before is closed: its open runs end, and what it could not send stays in its journal.
    """
    client = Client(url, token=token, project=project, mode=mode, journal_dir=journal_dir, capture=capture)
    with _lock:
        before = list(_default)
        _default[:] = [client]
    for old in before:
        old.close()
    return client


def start_run(
    name: str | None = None,
    *,
    job: str | None = None,
    kind: str = "script",
    project: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    parent: str | Run | None = None,
    run_id: str | None = None,
    retry_of: str | Run | None = None,
    resumed_from: str | Run | None = None,
    capture: str | None = None,
) -> Run:
    """Begin a run; see ``Client.start_run``."""
    return default_client().start_run(
        name, job=job, kind=kind, project=project, params=params, tags=tags, description=description,
        parent=parent, run_id=run_id, retry_of=retry_of, resumed_from=resumed_from, capture=capture,
    )  # fmt: skip


def attach_run(run_id: str, *, project: str | None = None) -> Run:
    """Join a run that somebody else began; see ``Client.attach_run``."""
    return default_client().attach_run(run_id, project=project)


def lineage(
    ref: str | Run | Artifact,
    direction: str = "both",
    *,
    depth: int | None = None,
    view: str = "version",
    as_of: datetime | str | None = None,
    known_at: datetime | str | None = None,
) -> LineageView:
    """What ``ref`` was made from and what came of it; see ``Client.lineage``."""
    return default_client().lineage(ref, direction, depth=depth, view=view, as_of=as_of, known_at=known_at)


def gql(query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask GraphQL; see ``Client.gql``."""
    return default_client().gql(query, variables)


def flush(timeout: float = 10.0) -> bool:
    """Wait until everything is sent; see ``Client.flush``."""
    return default_client().flush(timeout)


def sync(
    folder: str | os.PathLike[str] | None = None,
    *,
    progress: Callable[[SyncReport], None] | None = None,
) -> SyncReport:
    """Send what dead processes left; see ``Client.sync``."""
    return default_client().sync(folder, progress=progress)


def sync_status() -> SyncStatus:
    """How much is sent and how much waits; see ``Client.sync_status``."""
    return default_client().sync_status()


class _Offline:
    """Undoes ``offline`` at the end of its ``with`` block."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client.outbox is not None:
            self._client.outbox.go_online()


def offline() -> _Offline:
    """Stop sending; the journal goes on, ``lineage sync`` sends it later. In a ``with`` block: only there."""
    client = default_client()
    if client.outbox is not None:
        client.outbox.go_offline()
    return _Offline(client)
