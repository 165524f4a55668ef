"""What runs use and run on, as the contract shows it: code, environments, volumes, cluster nodes, GPUs.

From each of them one gets back to its runs. Long texts (packages, uncommitted changes) are asked for only
when somebody wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import strawberry

from lineage_server.api.gql.context import context_of
from lineage_server.api.gql.scalars import Long
from lineage_server.api.gql.types.base import Ctx, Node, RunLazily, common, node_of, page_shown, words
from lineage_server.api.gql.types.listing import Connection, connection
from lineage_server.domain import nodes as domain
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.nodes import Label
from lineage_server.tracking import parts

_CODE = ("repo", "commit", "branch", "entry", "dirty_digest")
_ENVIRONMENT = ("python", "lock_digest", "image", "image_digest")


def runs_back(over: EdgeType, description: str, *, outgoing: bool = False) -> Any:
    """The field with the runs from which an edge leads to the node; ``outgoing``: to which it leads."""

    async def resolve(root: Node, info: Ctx, first: int = 100, after: str = "") -> Any:
        wanted = parts.runs_of(root.uid, over, outgoing=outgoing, first=first, after=after)
        return page_shown(await context_of(info).loaders.runs.load(wanted), after, node_of)

    return strawberry.field(resolve, description=description, graphql_type=Connection[RunLazily])


@strawberry.type
class Package:
    """A package that was installed."""

    name: str
    version: str


@strawberry.type
class CodeRef(Node):
    """Code that runs used: a commit, and what differed from it."""

    repo: str
    commit: str
    branch: str
    entry: str = strawberry.field(description="script or notebook that was started")
    dirty_digest: str = strawberry.field(description="of the uncommitted changes; empty where there are none")

    @strawberry.field(description="uncommitted changes as text, as far as they were captured")
    async def diff(self, info: Ctx) -> str:
        return await context_of(info).loaders.diffs.load(self.uid) or ""

    runs: Connection[RunLazily] = runs_back(EdgeType.USED_CODE, "runs of it, the newest first")


@strawberry.type
class Environment(Node):
    """An image, or what is installed: Python and its packages."""

    python: str
    lock_digest: str
    image: str
    image_digest: str

    @strawberry.field(description="how many packages are known to be installed")
    async def package_count(self, info: Ctx) -> int:
        return len(await self._packages(info))

    @strawberry.field(description="installed packages by name; all of them where no names are given")
    async def packages(
        self, info: Ctx, names: list[str] | None = None, first: int = 100, after: str = ""
    ) -> Connection[Package]:
        known = await self._packages(info)
        if names is not None:
            chosen = {name.lower() for name in names}
            known = {name: version for name, version in known.items() if name.lower() in chosen}
        page = parts.package_page(self.uid, known, first=first, after=after)
        shown = [Package(name=name, version=version) for name, version in page.items]

        async def count() -> int:
            return len(known)

        return connection(shown, page.cursors, has_more=page.has_more, after=after, counter=count)

    runs: Connection[RunLazily] = runs_back(EdgeType.USED_ENV, "runs in it, the newest first")

    async def _packages(self, info: Ctx) -> dict[str, str]:
        return await context_of(info).loaders.packages.load(self.uid) or {}


@strawberry.type
class Volume(Node):
    """Storage that runs mounted."""

    cluster: str
    runs: Connection[RunLazily] = runs_back(EdgeType.MOUNTS, "runs that mounted it, the newest first")


@strawberry.type
class ClusterNode(Node):
    """A machine of a cluster. Belongs to all projects."""

    cluster: str
    runs: Connection[RunLazily] = runs_back(EdgeType.ON_NODE, "runs on it that you may see, the newest first")


@strawberry.type
class Gpu(Node):
    """One device; its name is its uuid. Belongs to all projects."""

    product: str
    memory_bytes: Long | None
    runs: Connection[RunLazily] = runs_back(EdgeType.ON_GPU, "runs on it that you may see, the newest first")


# --- from the domain ------------------------------------------------------------------------------


def code_of(node: domain.Node, **told: str) -> CodeRef:
    """``told``: what a run says of itself, which others may have started from elsewhere."""
    named: dict[str, Any] = {**words(node, *_CODE), **told}
    return CodeRef(**_rest(node, *_CODE), **named)


def environment_of(node: domain.Node) -> Environment:
    return Environment(**_rest(node, *_ENVIRONMENT), **words(node, *_ENVIRONMENT))


def _volume(node: domain.Node) -> Volume:
    return Volume(**common(node), cluster=_cluster(node, 1))


def _cluster_node(node: domain.Node) -> ClusterNode:
    return ClusterNode(**common(node), cluster=_cluster(node, 0))


def _gpu(node: domain.Node) -> Gpu:
    memory = node.properties.get("memory_bytes")
    return Gpu(
        **_rest(node, "product", "memory_bytes"),
        **words(node, "product"),
        memory_bytes=Long(memory) if isinstance(memory, int) else None,
    )


def _rest(node: domain.Node, *named: str) -> dict[str, Any]:
    """What all nodes have, without the properties that have fields of their own."""
    left = {key: value for key, value in node.properties.items() if key not in named}
    return common(replace(node, properties=left))


def _cluster(node: domain.Node, place: int) -> str:
    """As the uid has it: the name of a cluster has no slash."""
    return node.uid.partition(":")[2].split("/")[place]


MAKERS: dict[Label, Callable[[Any], Any]] = {
    Label.CODE_REF: code_of,
    Label.ENVIRONMENT: environment_of,
    Label.VOLUME: _volume,
    Label.NODE: _cluster_node,
    Label.GPU: _gpu,
}
