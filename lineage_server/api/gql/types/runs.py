"""Runs, what each of them read and wrote, and what surrounds it, as the contract shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import strawberry

from lineage_server.api.gql.context import context_of
from lineage_server.api.gql.scalars import Json, Long, Micros, Real, micros, real
from lineage_server.api.gql.types.artifacts import ArtifactVersion, version_of
from lineage_server.api.gql.types.base import Ctx, Node, common, node_of
from lineage_server.api.gql.types.fingerprints import (
    Fingerprint,
    Reproduction,
    fingerprint_shown,
    reproduction_shown,
)
from lineage_server.api.gql.types.listing import Connection, connection
from lineage_server.api.gql.types.surroundings import (
    ClusterNode,
    CodeRef,
    Environment,
    Gpu,
    Volume,
    code_of,
    environment_of,
    runs_back,
)
from lineage_server.api.gql.types.values import Metric, Param, Tag
from lineage_server.domain import nodes as domain
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.untyped import as_mapping
from lineage_server.tracking import parts
from lineage_server.tracking.filters import Page
from lineage_server.tracking.fingerprint import fingerprint_of
from lineage_server.tracking.parts import LinkPage

_FEW: Mapping[Any, Any] = {"cost": 2}
_MANY: Mapping[Any, Any] = {"cost": 20}
"""Metadata of lists that come whole."""
strawberry.enum(domain.RunState)


@strawberry.type
class VersionLink:
    """A version that a run read or wrote, and as what."""

    role: str
    at: Micros | None
    basis: str = strawberry.field(description="observed, declared or inferred")
    version: ArtifactVersion


@strawberry.type
class VersionLinkConnection(Connection[VersionLink]):
    """Versions that a run read or wrote, by role; as far as one may see them."""

    hidden: int = strawberry.field(description="how many more lie in projects that you may not see")


@strawberry.type
class Host:
    """The machine that a run found itself on."""

    name: str
    os: str
    machine: str
    cpus: int | None
    memory_bytes: Long | None
    pid: int | None


@strawberry.type
class Run(Node):
    """One execution."""

    job: str = strawberry.field(description="uid of the job")
    job_name: str
    state: domain.RunState | None
    requested_at: Micros | None
    queued_at: Micros | None
    started_at: Micros | None
    ended_at: Micros | None
    duration_seconds: float | None
    reason: str
    exit_code: int | None
    attempt: int | None
    gpu_product: str
    gpu_count: float | None
    gpu_seconds: float | None
    cluster: str
    by: str = strawberry.field(
        description="who ran it, as its witness says, else who sent it: a user by name, a service as "
        "service/name; empty where nobody signs in"
    )
    argv: list[str] = strawberry.field(description="the command")
    working_directory: str
    host: Host | None
    cluster_ids: list[Tag] = strawberry.field(
        description="what Kubernetes, pipelines and schedulers call it: kubernetes_pod, kfp_run, slurm_job …"
    )
    resources: Json = strawberry.field(description="what was asked for, by name")
    usage: Json = strawberry.field(description="what was used, by name")
    own: strawberry.Private[domain.Run]

    @strawberry.field(description="parameters by key; all of them where no keys are named")
    def params(self, keys: list[str] | None = None) -> list[Param]:
        return [Param(key=key, value=Json(value)) for key, value in _picked(self.own.params, keys)]

    @strawberry.field(description="latest metric values by key; all of them where no keys are named")
    def metrics(self, keys: list[str] | None = None) -> list[Metric]:
        return [Metric(key=key, value=Real(value)) for key, value in _picked(self.own.metrics, keys)]

    @strawberry.field(description="parameters as one JSON object: cheaper for tables")
    def param_map(self, keys: list[str] | None = None) -> Json:
        return Json(dict(_picked(self.own.params, keys)))

    @strawberry.field(description="latest metric values as one JSON object: cheaper for tables")
    def metric_map(self, keys: list[str] | None = None) -> Json:
        return Json({key: real(value) for key, value in _picked(self.own.metrics, keys)})

    @strawberry.field(description="versions it read")
    async def inputs(self, info: Ctx, first: int = 100, after: str = "") -> VersionLinkConnection:
        wanted = parts.inputs_of(self.uid, first=first, after=after)
        return _links(await context_of(info).loaders.inputs.load(wanted), after)

    @strawberry.field(description="versions it wrote")
    async def outputs(self, info: Ctx, first: int = 100, after: str = "") -> VersionLinkConnection:
        wanted = parts.outputs_of(self.uid, first=first, after=after)
        return _links(await context_of(info).loaders.outputs.load(wanted), after)

    @strawberry.field(description="the code it ran; branch and entry are this run's")
    async def code(self, info: Ctx) -> CodeRef | None:
        known = await self._around(info, EdgeType.USED_CODE)
        return code_of(_best(known, "commit"), **_own(self.own, "branch", "entry")) if known else None

    @strawberry.field(description="what was installed where it ran")
    async def environment(self, info: Ctx) -> Environment | None:
        known = await self._around(info, EdgeType.USED_ENV)
        return environment_of(_best(known, "python", "lock_digest")) if known else None

    @strawberry.field(description="the image it ran in; may be the same node as its environment")
    async def image(self, info: Ctx) -> Environment | None:
        known = await self._around(info, EdgeType.USED_ENV)
        best = _best(known, "image_digest", "image") if known else None
        return environment_of(best) if best and _tells(best, "image_digest", "image") else None

    @strawberry.field(description="devices it ran on; with its volumes at most 1,000", metadata=_MANY)
    async def gpus(self, info: Ctx) -> list[Gpu]:
        return [node_of(node) for node in await self._around(info, EdgeType.ON_GPU)]

    @strawberry.field(description="machines of the cluster it ran on", metadata=_FEW)
    async def cluster_nodes(self, info: Ctx) -> list[ClusterNode]:
        return [node_of(node) for node in await self._around(info, EdgeType.ON_NODE)]

    @strawberry.field(description="volumes it mounted", metadata=_MANY)
    async def volumes(self, info: Ctx) -> list[Volume]:
        return [node_of(node) for node in await self._around(info, EdgeType.MOUNTS)]

    @strawberry.field(description="of all that should determine what it makes", metadata=_MANY)
    async def fingerprint(self, info: Ctx) -> Fingerprint | None:
        execution = await context_of(info).loaders.determined.load(self.uid)
        return fingerprint_shown(fingerprint_of(execution)) if execution else None

    @strawberry.field(description="what it is a step or a trial of")
    async def parent(self, info: Ctx) -> Run | None:
        return await self._followed(info, EdgeType.CHILD_OF)

    @strawberry.field(description="the run of which it is another attempt")
    async def retry_of(self, info: Ctx) -> Run | None:
        return await self._followed(info, EdgeType.RETRY_OF)

    @strawberry.field(description="the run that it does again")
    async def reproduces(self, info: Ctx) -> Run | None:
        return await self._followed(info, EdgeType.REPRODUCES)

    @strawberry.field(description="what came of doing a run again, once it was compared")
    def reproduction(self) -> Reproduction | None:
        return reproduction_shown(as_mapping(self.own.properties.get("reproduction")))

    @strawberry.field(description="the run that it went on from")
    async def resumed_from(self, info: Ctx) -> Run | None:
        return await self._followed(info, EdgeType.RESUMED_FROM)

    children: Connection[Run] = runs_back(EdgeType.CHILD_OF, "its steps or trials, the oldest first")
    retries: Connection[Run] = runs_back(EdgeType.RETRY_OF, "later attempts at the same, the newest first")
    resumed_by: Connection[Run] = runs_back(EdgeType.RESUMED_FROM, "runs that went on from it")
    reproductions: Connection[Run] = runs_back(
        EdgeType.REPRODUCES, "runs that did it again, the newest first"
    )
    boards: Connection[Run] = runs_back(EdgeType.BOARD_FOR, "TensorBoards that show it, the newest first")
    board_for: Connection[Run] = runs_back(
        EdgeType.BOARD_FOR, "runs that it shows, if it is a TensorBoard", outgoing=True
    )

    async def _around(self, info: Ctx, over: EdgeType) -> list[domain.Node]:
        """What an edge leads to, as far as one may see it; the newest told first."""
        loaders = context_of(info).loaders
        around = await loaders.surroundings.load(self.uid) or {}
        found = await asyncio.gather(*(loaders.nodes.load(uid) for uid in around.get(over, ())))
        return [node for node in found if node is not None]

    async def _followed(self, info: Ctx, over: EdgeType) -> Run | None:
        known = await self._around(info, over)
        return node_of(known[0]) if known else None


def run_of(node: domain.Run) -> Run:
    seconds = (
        (node.ended_at - node.started_at) / 1e6
        if node.started_at is not None and node.ended_at is not None
        else None
    )
    told = as_mapping(node.properties.get("facts"))
    argv = told.get("argv")
    return Run(
        **common(node),
        job=node.job,
        job_name=str(node.properties.get("job_name") or ""),
        state=node.state,
        requested_at=micros(node.requested_at),
        queued_at=micros(node.queued_at),
        started_at=micros(node.started_at),
        ended_at=micros(node.ended_at),
        duration_seconds=seconds,
        reason=node.reason,
        exit_code=node.exit_code,
        attempt=node.attempt,
        gpu_product=node.gpu_product,
        gpu_count=node.gpu_count,
        gpu_seconds=node.gpu_seconds,
        by=node.by,
        cluster=str(node.properties.get("cluster") or ""),
        argv=[str(word) for word in cast("list[Any]", argv)] if isinstance(argv, list) else [],
        working_directory=str(told.get("cwd") or ""),
        host=_host(as_mapping(told.get("host"))),
        cluster_ids=[Tag(key=k, value=str(v)) for k, v in sorted(as_mapping(told.get("cluster")).items())],
        resources=Json(node.properties.get("resources") or {}),
        usage=Json(node.properties.get("usage") or {}),
        own=node,
    )


def _host(told: Mapping[str, Any]) -> Host | None:
    """As the client captures it; anybody may have told anything else."""
    if not told:
        return None

    def number(key: str, bits: int) -> int | None:
        value = told.get(key)
        return value if type(value) is int and 0 <= value < 1 << bits else None

    memory = number("memory_bytes", 63)
    return Host(
        name=str(told.get("name") or ""),
        os=str(told.get("os") or ""),
        machine=str(told.get("machine") or ""),
        cpus=number("cpus", 31),
        memory_bytes=None if memory is None else Long(memory),
        pid=number("pid", 31),
    )


def _own(run: domain.Run, *keys: str) -> dict[str, str]:
    return {key: str(run.properties[key]) for key in keys if run.properties.get(key)}


def _tells(node: domain.Node, *keys: str) -> bool:
    return any(node.properties.get(key) for key in keys)


def _best(nodes: list[domain.Node], *keys: str) -> domain.Node:
    """Of what several witnesses told the newest that says any of this, else the newest."""
    return next((node for node in nodes if _tells(node, *keys)), nodes[0])


def _picked(values: Mapping[str, Any], keys: list[str] | None) -> list[tuple[str, Any]]:
    if keys is None:
        return sorted(values.items())
    return [(key, values[key]) for key in keys if key in values]


def _links(links: LinkPage | None, after: str) -> VersionLinkConnection:
    links = links or LinkPage(page=Page(items=(), cursors=(), has_more=False), total=0, hidden=0)

    async def count() -> int:
        return links.total

    return connection(
        [
            VersionLink(
                role=link.role, at=micros(link.at or None), basis=link.basis, version=version_of(link.version)
            )
            for link in links.page.items
        ],
        links.page.cursors,
        has_more=links.page.has_more,
        after=after,
        counter=count,
        kind=VersionLinkConnection,
        hidden=links.hidden,
    )
