"""Every field and every route, asked by every role: allowed, FORBIDDEN, NOT_FOUND, or not let in at all.

The tables name all root fields of the schema and all routes of the application, so that a new one has
to say here who may use it. That what is NOT_FOUND looks like what is not there at all is shown in
``test_hostile_questions.py``.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from graphql import FieldNode, GraphQLObjectType, OperationDefinitionNode, parse
from starlette.routing import Route, WebSocketRoute

from lineage_server.api.gql.context import Context
from lineage_server.api.gql.documents import read_operations
from lineage_server.api.gql.schema import build_schema
from lineage_server.auth.access import Credentials
from lineage_server.domain.events import MemberSet, ProjectReported
from lineage_server.domain.nodes import Role
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.queries.views import SAVE_VIEW
from lineage_server.graph.queries.webhooks import CREATE_WEBHOOK, NEW_DELIVERIES
from lineage_server.ingest.tables import to_parquet
from lineage_server.tracking.service import Tracking
from tests.contract.test_operations import (
    DELIVERED,
    HOOK_MADE,
    KEPT_VIEW,
    MUTATIONS,
    QUERIES,
    SENT,
    VIEW,
)
from tests.contract.test_subscriptions import FOLLOWED
from tests.support.faults import EVENTS
from tests.support.hostile import run_event
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stored import COMMITS, DOWNLOADS, OBJECTS, UPLOADS, Content, Sender, sha
from tests.support.stories import story
from tests.support.warm import PATIENCE_SECONDS

pytestmark = pytest.mark.timeout(300)  # Neo4j plans every statement when it first sees it


class Need(StrEnum):
    """What it takes. ``ANYBODY`` sees what they may see; ``TOKENS``: to hand out rights."""

    NOTHING = "not even a token"
    ANYBODY = "a token"
    READ = "viewer"
    WRITE = "editor"
    ADMIN = "admin"
    TOKENS = "admin, unlimited"
    EVERYTHING = "a role in all projects"
    PLATFORM = "platform admin"


RANKS = {Need.READ: 1, Need.WRITE: 2, Need.ADMIN: 3, Need.TOKENS: 3}


@dataclass(frozen=True)
class Caller:
    """``rank``: of the role in project default; ``limited``: a service's token."""

    rank: int
    everywhere: bool = False
    platform: bool = False
    limited: bool = False

    def refusal(self, need: Need) -> str:
        """The code; empty where it is allowed."""
        if self.platform or need in (Need.NOTHING, Need.ANYBODY):
            return ""
        if need in (Need.PLATFORM, Need.EVERYTHING):
            return "" if self.everywhere and need is Need.EVERYTHING else "FORBIDDEN"
        if need is Need.TOKENS and self.limited:
            return "FORBIDDEN"
        if self.rank >= RANKS[need]:
            return ""
        return "FORBIDDEN" if self.rank else "NOT_FOUND"


NAMES = ("", "viewer", "editor", "admin")
CALLERS = {
    **{name or "stranger": Caller(rank) for rank, name in enumerate(NAMES)},
    "service": Caller(3, limited=True),
    "viewer of all": Caller(1, everywhere=True, limited=True),
    "platform admin": Caller(3, everywhere=True, platform=True),
}


async def token_of(served: Served, name: str) -> str:
    caller = CALLERS[name]
    if caller.platform:
        return await served.token("root", platform_admin=True)
    role = NAMES[caller.rank]
    if caller.limited:
        default = {"*" if caller.everywhere else "default": role} if role else {}
        return await served.service_token(other="admin", **default)
    members = [MemberSet(id=f"{name} other", project="other", subject=name, role=Role.ADMIN)]
    if role:
        members.append(MemberSet(id=f"{name} default", subject=name, role=Role(role)))
    await served.record(*members)
    return await served.token(name)


@pytest.fixture
async def keeping(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    """Access by token, a story, bytes in a folder."""
    settings = {
        "artifacts": {"url": str(tmp_path / "kept")},
        "ingest": {"archive_dir": str(tmp_path / "archive")},
        "graph": {"read_timeout_seconds": PATIENCE_SECONDS},  # who may ask is the question, not how fast
    }
    async with serving(bolt, tmp_path, mode="token", settings=settings) as running:
        await running.record(*story(), ProjectReported(id="other", project="other", description="theirs"))
        await running.services.eraser.finish()
        await running.services.bolt.write(CREATE_WEBHOOK, HOOK_MADE)
        await running.services.bolt.write(NEW_DELIVERIES, {"rows": [{"uid": SENT, "properties": DELIVERED}]})
        view = {"uid": VIEW, "properties": KEPT_VIEW, "now": 1, "audit": []}
        await running.services.bolt.write(SAVE_VIEW, view)
        yield running


# --- GraphQL -------------------------------------------------------------------------------------

TEXTS = {
    **read_operations(),
    "Members": "query Members($project: String!) "
    "{ members(project: $project) { edges { node { subject role } } totalCount } }",
}
FIELDS: dict[str, Need] = {
    **dict.fromkeys(
        (
            *("lineage", "lineageScene", "impact", "path", "lineageDiff", "cost", "completeness"),
            *("runScene", "versionScene"),
            *("lineageCounts", "resolve", "node", "version", "run", "artifact", "versions", "metricHistory"),
            *(
                "project",
                "members",
                "event",
                "runChanged",
                "runsChanged",
                "modelsChanged",
                "artifactsChanged",
                "metricPoints",
                "lineageChanged",
            ),
            *("modelVersions", "alias", "approvals", "compareRuns", "repeats", "metricHistories"),
            *("jobs", "artifacts", "models", "deployments", "runs", "savedViews"),  # of a project
            "saveView",  # for oneself; shared or somebody else's: test_views.py
        ),
        Need.READ,
    ),
    **dict.fromkeys(
        (
            *("nodes", "search", "projects", "tokens", "refusedEvents", "me", "server"),
            *("notifications", "notificationsChanged", "watchGaps"),
        ),
        Need.ANYBODY,
    ),
    **dict.fromkeys(
        ("setTags", "setDescription", "addEdge", "retractEdge", "deleteNode", "restoreNode"), Need.WRITE
    ),
    **dict.fromkeys(
        (
            *("registerModel", "updateModel", "createModelVersion", "updateModelVersion", "setModelState"),
            *("setHold", "setTimeToLive", "setAlias", "deleteAlias", "requestApproval", "decideApproval"),
            "reportDeployment",
        ),
        Need.WRITE,
    ),
    **dict.fromkeys(
        (
            *("updateProject", "setMember", "eraseNode", "setProtection"),
            *("webhooks", "webhookDeliveries", "createWebhook", "testWebhook", "deleteWebhook"),
            *("updateWebhook", "resendDelivery"),
            "deleteView",  # somebody else's that is shared
        ),
        Need.ADMIN,
    ),
    **dict.fromkeys(("audit", "createProject"), Need.PLATFORM),
    "createToken": Need.TOKENS,
    "ingestStatus": Need.EVERYTHING,
    "revokeToken": Need.ANYBODY,
    "replayRefused": Need.ANYBODY,
}
ELSEWHERE = ("RevokeToken", "ReplayRefused")
"""They name a thing of their own: ``test_gql_permissions.py``, ``tests/graph/test_tokens.py``."""


def fields_of(name: str) -> list[str]:
    """The root fields of an operation."""
    (definition,) = parse(TEXTS[name]).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return [one.name.value for one in definition.selection_set.selections if isinstance(one, FieldNode)]


def asked(name: str) -> dict[str, Any]:
    if name == "Members":
        return {"project": "default"}
    return QUERIES[name][0] if name in QUERIES else {"input": MUTATIONS[name]}


def test_every_root_field_says_who_may_use_it() -> None:
    core = build_schema().core
    roots = (core.query_type, core.mutation_type, core.subscription_type)
    fields = {name for root in roots if isinstance(root, GraphQLObjectType) for name in root.fields}
    assert fields == FIELDS.keys()
    assert fields == set(itertools.chain.from_iterable(map(fields_of, TEXTS)))


@pytest.mark.parametrize("name", CALLERS)
async def test_every_field_by_everybody(keeping: Served, name: str) -> None:
    caller, token = CALLERS[name], await token_of(keeping, name)
    wrong: dict[str, Any] = {}
    for operation, variables in FOLLOWED.items():
        (field,) = fields_of(operation)
        wanted = caller.refusal(FIELDS[field])
        told = await followed(keeping, operation, variables, token, seconds=20 if wanted else 0.3)
        if told != ([wanted] if wanted else []):
            wrong[operation] = (wanted, told)
    for operation in ("Members", *QUERIES, *(name for name in MUTATIONS if name not in ELSEWHERE)):
        told = await keeping.answer(TEXTS[operation], asked(operation), token)
        codes = {error["extensions"]["code"] for error in told.get("errors", ())}
        wanted = {code for field in fields_of(operation) if (code := caller.refusal(FIELDS[field]))}
        if codes != wanted:
            wrong[operation] = (sorted(wanted), told.get("errors", told))
    assert not wrong, json.dumps(wrong, indent=1)[:5000]


async def followed(
    served: Served, operation: str, variables: dict[str, Any], token: str, *, seconds: float
) -> list[str]:
    """Codes of the first answer, if one comes by then."""
    services = served.services
    principal = await services.access.authenticate(Credentials(authorization=f"Bearer {token}"))
    context = Context(services=services, tracking=Tracking(services.bolt), asking=principal)
    stream: Any = await build_schema().stream(TEXTS[operation], variables, context)
    first = asyncio.ensure_future(anext(stream))
    try:
        done, _ = await asyncio.wait([first], timeout=seconds)
        errors = first.result().errors or () if done else ()
        return [error.extensions["code"] for error in errors]
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await stream.aclose()


# --- routes --------------------------------------------------------------------------------------

KEPT = Content({"a": b"what is kept"})
FRESH = Content({"a": b"what is new"})
NAME = sha(b"what is kept")
Call = tuple[str, str, dict[str, Any]]


def event_body() -> bytes:
    return json.dumps({**run_event("by role"), "project": "default"}).encode()


def routes() -> dict[str, tuple[Need, Call]]:
    """Each route (its pattern), what it takes, and a request that has an effect or an answer."""
    version = f"version:default/dataset/iris@{KEPT.manifest()['digest']}"
    one = f"{OBJECTS}/{{project}}/{{sha256}}"
    objects = [{"sha256": NAME, "size": len(b"what is kept")}]
    commit = {"project": "default", "type": "dataset", "name": "iris", "manifest": KEPT.manifest()}
    preview = {"uid": version, "path": "a"}
    return {
        f"POST {EVENTS}": (Need.WRITE, ("POST", EVENTS, {"content": event_body()})),
        f"POST {UPLOADS}": (
            Need.WRITE,
            ("POST", UPLOADS, {"json": {"project": "default", "objects": objects}}),
        ),
        f"POST {COMMITS}": (Need.WRITE, ("POST", COMMITS, {"json": commit})),
        f"POST {DOWNLOADS}": (Need.READ, ("POST", DOWNLOADS, {"json": {"uid": version}})),
        f"PUT {one}": (Need.WRITE, ("PUT", f"{OBJECTS}/default/{NAME}", {"content": b"what is kept"})),
        f"GET {one}": (Need.READ, ("GET", f"{OBJECTS}/default/{NAME}", {})),
        "GET /api/v1/artifacts/preview": (
            Need.READ,
            ("GET", "/api/v1/artifacts/preview", {"params": preview}),
        ),
        "GET /api/v1/artifacts/files": (Need.READ, ("GET", "/api/v1/artifacts/files", {"params": preview})),
        "POST /api/v1/artifacts/gc": (Need.PLATFORM, ("POST", "/api/v1/artifacts/gc", {})),
        "POST /api/v1/admin/archive": (
            Need.PLATFORM,
            ("POST", "/api/v1/admin/archive", {"params": {"days": "9000"}}),
        ),
        "GET /api/v1/export/events": (
            Need.ADMIN,
            ("GET", "/api/v1/export/events", {"params": {"project": "default"}}),
        ),
        "POST /api/v1/import/events": (
            Need.PLATFORM,
            ("POST", "/api/v1/import/events", {"content": to_parquet([])}),
        ),
        **bulk(),
        **backups(),
        "POST /api/v1/admin/rebuild": (Need.PLATFORM, ("POST", "/api/v1/admin/rebuild", {})),
        "POST /api/v1/session": (Need.ANYBODY, ("POST", "/api/v1/session", {})),
        "DELETE /api/v1/session": (Need.NOTHING, ("DELETE", "/api/v1/session", {})),
        "POST /graphql": (Need.ANYBODY, ("POST", "/graphql", {"json": {"query": "{ me { subject } }"}})),
        **{f"GET {path}": (Need.NOTHING, ("GET", path, {})) for path in OPEN},
    }


def bulk() -> dict[str, tuple[Need, Call]]:
    """For whoever may see the project that they name."""
    more = {"versions": {"artifact": "dataset:iris"}}
    return {
        f"GET /api/v1/bulk/{name}": (
            Need.READ,
            ("GET", f"/api/v1/bulk/{name}", {"params": {"project": "default", **more.get(name, {})}}),
        )
        for name in ("runs", "metrics", "artifacts", "models", "versions", "lineage")
    }


def backups() -> dict[str, tuple[Need, Call]]:
    """For the platform's admin alone; each leaves things as they are."""
    base, manifest = "/api/v1/admin", f"default/{KEPT.manifest()['digest'].removeprefix('sha256:')}"
    nodes = {"params": {"label": "Audit", "since": "1"}}
    named = {"params": {"backup": "by-role", "merge": "true"}}
    # In this order: a restore waits for a backup that has not ended.
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "POST /backup": ("/backup", named),
        "POST /backup/renewal": ("/backup/renewal", named),
        "GET /backup/nodes": ("/backup/nodes", nodes),
        "GET /backup/manifests": ("/backup/manifests", {}),
        "GET /backup/manifests/{project}/{key}": (f"/backup/manifests/{manifest}", {}),
        "POST /backup/end": ("/backup/end", named),
        "POST /restore": ("/restore", named),
        "POST /restore/nodes": ("/restore/nodes", {"content": b""}),
        "PUT /restore/manifests/{project}/{key}": (
            f"/restore/manifests/{manifest}",
            {"json": KEPT.manifest()},
        ),
        "POST /restore/end": ("/restore/end", named),
    }
    return {
        pattern.replace(" ", f" {base}", 1): (Need.PLATFORM, (pattern.split()[0], f"{base}{path}", more))
        for pattern, (path, more) in calls.items()
    }


OPEN = (
    *("/livez", "/readyz", "/version", "/metrics", "/", "/start", "/docs/events", "/graphql/schema"),
    *("/graphql/operations", "/api/v1/events/schema"),
)
"""They hold nothing but what every copy of this program holds, and numbers."""


def patterns(served: Served) -> Iterator[str]:
    for route in served.app.routes:
        assert isinstance(route, Route | WebSocketRoute), route
        if route.path.startswith(("/pages/", "/assets/")) or isinstance(route, WebSocketRoute):
            continue  # parts of the open pages; sockets ask operation by operation
        for method in (route.methods or {"*"}) - {"HEAD"}:
            if (method, route.path) != ("GET", "/graphql"):  # to subscribe, as by POST
                yield f"{method} {route.path}"


def code_of(answer: Any) -> str:
    """The refusal; the intake tells it of the event."""
    kind = answer.headers.get("content-type", "")
    told = answer.json() if "json" in kind and "ndjson" not in kind else {}
    if answer.status_code >= 400:
        return told.get("error") or told["errors"][0]["extensions"]["code"]
    refused = [one["code"] for one in told.get("events", ()) if one.get("code")] if "refused" in told else []
    return refused[0] if refused else ""


@pytest.mark.parametrize("name", CALLERS)
async def test_every_route_by_everybody(keeping: Served, name: str) -> None:
    assert set(patterns(keeping)) == routes().keys()
    root = Sender(keeping.http, "default", await token_of(keeping, "platform admin"))
    await root.keep(KEPT)
    caller, token = CALLERS[name], await token_of(keeping, name)
    wrong: dict[str, Any] = {}
    for pattern, (need, (method, path, more)) in routes().items():
        nobody = await keeping.http.request(method, path, **more)
        if (nobody.status_code == 401) == (need is Need.NOTHING):
            wrong[f"nobody: {pattern}"] = nobody.text[:300]
        headers = {"authorization": f"Bearer {token}"}
        answer = await keeping.http.request(method, path, headers=headers, **more)
        if code_of(answer) != caller.refusal(need):
            wrong[pattern] = (caller.refusal(need), answer.status_code, answer.text[:300])
    assert not wrong, json.dumps(wrong, indent=1)
