"""The module's functions: methods of one default client, made from the environment on first use."""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from lineage_server.client.client import Client
from lineage_server.client.run import Run, current_run

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_default: list[Client] = []


def default_client() -> Client:
    """The client behind the module's functions."""
    with _lock:
        if not _default:
            _default.append(Client())
        return _default[0]


def recording_client() -> tuple[Client | None, Run | None]:
    """Who records what happens here by itself, and the run around it. No client where nothing is to be
    recorded: it is off, or another rank tells."""
    outer = current_run()
    client = outer.client if outer is not None else default_client()
    return (None if client.outbox is None or client.config.rank.number > 0 else client), outer


def connect(
    url: str | None = None,
    *,
    token: str | None = None,
    project: str | None = None,
    mode: str | None = None,
    journal_dir: str | os.PathLike[str] | None = None,
    capture: str | None = None,
    show_progress: bool | None = None,
) -> Client:
    """Make (and from now on use) a client with these settings; what is not given is the environment's.

    The one used before is closed: its open runs end, and what it could not send stays in its journal.
    """
    client = Client(
        url, token=token, project=project, mode=mode, journal_dir=journal_dir, capture=capture,
        show_progress=show_progress,
    )  # fmt: skip
    with _lock:
        before = list(_default)
        _default[:] = [client]
    for old in before:
        old.close()
    return client


def _of_default(method: Callable[Concatenate[Client, P], T]) -> Callable[P, T]:
    """The method as a function that asks the default client."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return method(default_client(), *args, **kwargs)

    whole = inspect.signature(method)
    told: Any = call
    told.__signature__ = whole.replace(parameters=list(whole.parameters.values())[1:])
    return call


start_run = _of_default(Client.start_run)
attach_run = _of_default(Client.attach_run)
lineage = _of_default(Client.lineage)
origin = _of_default(Client.origin)
get = _of_default(Client.get)
download = _of_default(Client.download)
preview = _of_default(Client.preview)
files = _of_default(Client.files)
verify = _of_default(Client.verify)
impact = _of_default(Client.impact)
path = _of_default(Client.path)
reproduce = _of_default(Client.reproduce)
cost = _of_default(Client.cost)
compare = _of_default(Client.compare)
diff = _of_default(Client.diff)
completeness = _of_default(Client.completeness)
gql = _of_default(Client.gql)
register = _of_default(Client.register)
deploy = _of_default(Client.deploy)
deployments = _of_default(Client.deployments)
model_version = _of_default(Client.model_version)
promote = _of_default(Client.promote)
rollback = _of_default(Client.rollback)
remove_alias = _of_default(Client.remove_alias)
alias = _of_default(Client.alias)
activity = _of_default(Client.activity)
request_approval = _of_default(Client.request_approval)
approve = _of_default(Client.approve)
reject = _of_default(Client.reject)
withdraw = _of_default(Client.withdraw)
approvals = _of_default(Client.approvals)
runs = _of_default(Client.runs)
metrics = _of_default(Client.metrics)
edges = _of_default(Client.edges)
artifacts = _of_default(Client.artifacts)
models = _of_default(Client.models)
versions = _of_default(Client.versions)
search = _of_default(Client.search)
registered_model = _of_default(Client.registered_model)
update_model = _of_default(Client.update_model)
update_model_version = _of_default(Client.update_model_version)
set_tags = _of_default(Client.set_tags)
set_ttl = _of_default(Client.set_ttl)
describe = _of_default(Client.describe)
archive_model = _of_default(Client.archive_model)
restore_model = _of_default(Client.restore_model)
hold = _of_default(Client.hold)
release = _of_default(Client.release)
protect = _of_default(Client.protect)
unprotect = _of_default(Client.unprotect)
delete = _of_default(Client.delete)
undelete = _of_default(Client.undelete)
flush = _of_default(Client.flush)
sync = _of_default(Client.sync)
sync_status = _of_default(Client.sync_status)


class _Offline:
    """Undoes ``offline`` at the end of its ``with`` block."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._client.outbox is not None:
            self._client.outbox.go_online()


def offline() -> _Offline:
    """Stop sending; the journal goes on, ``lineage sync`` sends it later. In a ``with`` block: only there."""
    client = default_client()
    if client.outbox is not None:
        client.outbox.go_offline()
    return _Offline(client)
