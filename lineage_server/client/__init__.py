"""The Python client: record runs, inputs and outputs; ask for lineage. Of ours it uses only ``domain``.

Public names are loaded on first use, so that an import costs almost nothing. Recording never waits for a
server and never raises because of one; questions do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage_server.client.aio import AsyncClient
    from lineage_server.client.aio_handles import AsyncArtifact, AsyncModelVersion
    from lineage_server.client.aio_run import AsyncRun
    from lineage_server.client.answers import Answer
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.autologging import Autolog, autolog
    from lineage_server.client.client import Client, SyncStatus
    from lineage_server.client.found import Found
    from lineage_server.client.markers import Input, Output, Param
    from lineage_server.client.origins import Origin
    from lineage_server.client.previews import Preview
    from lineage_server.client.registered import (
        Activity,
        Alias,
        AliasMove,
        Approval,
        Deployment,
        ModelVersion,
        RegisteredModel,
    )
    from lineage_server.client.reproducing.reproduction import Reproduction
    from lineage_server.client.run import Run, current_run
    from lineage_server.client.seeding import seed
    from lineage_server.client.shortcuts import (
        activity,
        alias,
        approvals,
        approve,
        archive_model,
        artifacts,
        attach_run,
        compare,
        completeness,
        connect,
        cost,
        delete,
        deploy,
        deployments,
        describe,
        diff,
        download,
        edges,
        files,
        flush,
        get,
        gql,
        hold,
        impact,
        lineage,
        metrics,
        model_version,
        models,
        offline,
        origin,
        path,
        preview,
        promote,
        protect,
        register,
        registered_model,
        reject,
        release,
        remove_alias,
        reproduce,
        request_approval,
        restore_model,
        rollback,
        runs,
        search,
        set_tags,
        set_ttl,
        start_run,
        sync,
        sync_status,
        undelete,
        unprotect,
        update_model,
        update_model_version,
        verify,
        versions,
        withdraw,
    )
    from lineage_server.client.syncing import SyncReport
    from lineage_server.client.tracking import track
    from lineage_server.client.verifying import Verification
    from lineage_server.client.view import LineageView
    from lineage_server.client.webhooks import verify_webhook
    from lineage_server.domain.errors import (
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

__all__ = [
    "Activity",
    "Alias",
    "AliasMove",
    "Answer",
    "Approval",
    "Artifact",
    "AsyncArtifact",
    "AsyncClient",
    "AsyncModelVersion",
    "AsyncRun",
    "Autolog",
    "Client",
    "ConflictError",
    "Deployment",
    "ForbiddenError",
    "Found",
    "Input",
    "InvalidInputError",
    "LimitError",
    "LineageError",
    "LineageView",
    "ModelVersion",
    "NotAuthenticatedError",
    "NotFoundError",
    "NotSupportedError",
    "Origin",
    "Output",
    "Param",
    "Preview",
    "RegisteredModel",
    "Reproduction",
    "Run",
    "SyncReport",
    "SyncStatus",
    "UnavailableError",
    "Verification",
    "activity",
    "alias",
    "approvals",
    "approve",
    "archive_model",
    "artifacts",
    "attach_run",
    "autolog",
    "compare",
    "completeness",
    "connect",
    "cost",
    "current_run",
    "delete",
    "deploy",
    "deployments",
    "describe",
    "diff",
    "download",
    "edges",
    "files",
    "flush",
    "get",
    "gql",
    "hold",
    "impact",
    "lineage",
    "metrics",
    "model_version",
    "models",
    "offline",
    "origin",
    "path",
    "preview",
    "promote",
    "protect",
    "register",
    "registered_model",
    "reject",
    "release",
    "remove_alias",
    "reproduce",
    "request_approval",
    "restore_model",
    "rollback",
    "runs",
    "search",
    "seed",
    "set_tags",
    "set_ttl",
    "start_run",
    "sync",
    "sync_status",
    "track",
    "undelete",
    "unprotect",
    "update_model",
    "update_model_version",
    "verify",
    "verify_webhook",
    "versions",
    "withdraw",
]

_HOMES = {
    "aio": ("AsyncClient",),
    "aio_handles": ("AsyncArtifact", "AsyncModelVersion"),
    "aio_run": ("AsyncRun",),
    "answers": ("Answer",),
    "artifact": ("Artifact",),
    "autologging": ("Autolog", "autolog"),
    "client": ("Client", "SyncStatus"),
    "found": ("Found",),
    "origins": ("Origin",),
    "previews": ("Preview",),
    "markers": ("Input", "Output", "Param"),
    "registered": (
        "Activity", "Alias", "AliasMove", "Approval", "Deployment", "ModelVersion", "RegisteredModel",
    ),
    "reproducing.reproduction": ("Reproduction",),
    "seeding": ("seed",),
    "run": ("Run", "current_run"),
    "syncing": ("SyncReport",),
    "tracking": ("track",),
    "verifying": ("Verification",),
    "view": ("LineageView",),
    "webhooks": ("verify_webhook",),
    "shortcuts": (
        "activity", "alias", "approvals", "approve", "archive_model", "artifacts", "attach_run", "compare",
        "completeness", "connect", "cost", "delete", "deploy", "deployments", "describe", "diff", "download",
        "edges", "files", "flush", "get", "gql", "hold", "impact", "lineage", "metrics", "model_version",
        "models", "offline", "origin", "path", "preview", "promote", "protect", "register",
        "registered_model", "reject", "release", "remove_alias", "reproduce", "request_approval",
        "restore_model", "rollback", "runs", "search", "set_tags", "set_ttl", "start_run", "sync",
        "sync_status", "undelete", "unprotect", "update_model", "update_model_version", "verify",
        "versions", "withdraw",
    ),
}  # fmt: skip
_MODULE_OF = {name: f"lineage_server.client.{module}" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    home = _MODULE_OF.get(name, "lineage_server.domain.errors" if name in __all__ else "")
    if not home:
        raise AttributeError(f"module 'lineage_server.client' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
