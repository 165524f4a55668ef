"""What made a thing: the run, with its code, command, packages, image and devices, as one object.

Pure: the document, and how its answers become an ``Origin``. Who asks is ``client`` and ``aio``.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_server.client.render.words import safe
from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.untyped import as_mapping

_RUN = """
uid name project state startedAt endedAt argv gpuProduct gpuCount host { name }
code { repo commit branch entry dirtyDigest diff }
environment { uid python lockDigest packages(first: 500) { edges { node { name version } } hasMore
  pageInfo { endCursor } } }
image { image imageDigest } gpus { name } clusterNodes { name }
parent { uid } retryOf { uid } resumedFrom { uid }
"""
ORIGIN = f"""
query Origin($ref: String!, $project: String!) {{
  node(uid: $ref, project: $project) {{
    __typename
    ... on Run {{ {_RUN} }}
    ... on ArtifactVersion {{ run {{ {_RUN} }} }}
    ... on ModelVersion {{ run {{ {_RUN} }} }}
  }}
}}
"""
MORE_PACKAGES = """
query MorePackages($environment: String!, $after: String!) {
  node(uid: $environment) { ... on Environment {
    packages(first: 500, after: $after) { edges { node { name version } } hasMore pageInfo { endCursor } }
  } }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A run and what it ran with; what nobody captured is empty. ``diff``: uncommitted changes, of which
    ``uncommitted`` says whether there were any, ``dirty_digest`` which. ``gpus`` are uuids, other runs are
    named by their uid."""

    run: str
    name: str
    project: str
    state: str = ""
    started_at: str = ""
    ended_at: str = ""
    repo: str = ""
    commit: str = ""
    branch: str = ""
    entry: str = ""
    uncommitted: bool = False
    dirty_digest: str = ""
    diff: str = ""
    argv: tuple[str, ...] = ()
    python: str = ""
    lock_digest: str = ""
    packages: Mapping[str, str]
    image: str = ""
    image_digest: str = ""
    host: str = ""
    nodes: tuple[str, ...] = ()
    gpu_product: str = ""
    gpu_count: float | None = None
    gpus: tuple[str, ...] = ()
    parent: str = ""
    retry_of: str = ""
    resumed_from: str = ""

    def __str__(self) -> str:
        """A line for each fact; packages are counted, and uncommitted changes only said to be there."""
        marks = ", ".join(
            word for word in (self.branch, "uncommitted changes" if self.uncommitted else "") if word
        )
        gpus = f"{self.gpu_count:g} × {self.gpu_product}" if self.gpu_count else self.gpu_product
        told = {
            "run": f"{self.name} ({self.run})",
            "project": self.project,
            "state": self.state,
            "started": self.started_at,
            "ended": self.ended_at,
            "commit": f"{self.commit[:12]} ({marks})" if marks else self.commit[:12],
            "repository": self.repo,
            "entry": self.entry,
            "command": shlex.join(self.argv),
            "python": self.python,
            "packages": str(len(self.packages) or ""),
            "image": self.image_digest or self.image,
            "host": self.host,
            "gpus": gpus,
        }
        return "\n".join(f"{key:<10}  {safe(value)}" for key, value in told.items() if value)


class Pages:
    """The packages of an environment, gathered until ``asked`` for no more."""

    def __init__(self, environment: Mapping[str, Any]) -> None:
        self._environment = environment.get("uid")
        self.found: dict[str, str] = {}
        self._take(as_mapping(environment.get("packages")))

    def asked(self) -> dict[str, Any] | None:
        """Variables of MORE_PACKAGES; None when all are there."""
        return {"environment": self._environment, "after": self._after} if self._more else None

    def add(self, data: Mapping[str, Any]) -> None:
        """The answer to MORE_PACKAGES."""
        self._take(as_mapping(data["node"]["packages"]))

    def _take(self, page: Mapping[str, Any]) -> None:
        nodes = [edge["node"] for edge in page.get("edges", ())]
        self.found.update((node["name"], node["version"]) for node in nodes)
        self._more = bool(page.get("hasMore"))
        self._after = as_mapping(page.get("pageInfo")).get("endCursor")


def run_in(data: Mapping[str, Any], ref: str) -> dict[str, Any]:
    """The run in the answer to ORIGIN; raises NotFoundError where none is known."""
    node = as_mapping(data["node"])
    run = node if node.get("__typename") == "Run" else as_mapping(node.get("run"))
    if not run:
        raise NotFoundError(f"no run is known that made {shorten(ref)!r}, or it is not yours to see")
    return run


def origin_of(run: Mapping[str, Any], packages: Mapping[str, str]) -> Origin:
    """The object of a run as it was answered."""
    code, environment, image = (as_mapping(run[part]) for part in ("code", "environment", "image"))

    def word(told: Mapping[str, Any], key: str) -> str:
        return str(told.get(key) or "")

    return Origin(
        run=run["uid"],
        name=word(run, "name"),
        project=word(run, "project"),
        state=word(run, "state").lower(),
        started_at=word(run, "startedAt"),
        ended_at=word(run, "endedAt"),
        **{key: word(code, key) for key in ("repo", "commit", "branch", "entry", "diff")},
        uncommitted=bool(code.get("dirtyDigest")),
        dirty_digest=word(code, "dirtyDigest"),
        argv=tuple(run["argv"]),
        python=word(environment, "python"),
        lock_digest=word(environment, "lockDigest"),
        packages=packages,
        image=word(image, "image"),
        image_digest=word(image, "imageDigest"),
        host=word(as_mapping(run["host"]), "name"),
        nodes=_names(run["clusterNodes"]),
        gpu_product=word(run, "gpuProduct"),
        gpu_count=run["gpuCount"],
        gpus=_names(run["gpus"]),
        parent=word(as_mapping(run["parent"]), "uid"),
        retry_of=word(as_mapping(run["retryOf"]), "uid"),
        resumed_from=word(as_mapping(run["resumedFrom"]), "uid"),
    )


def _names(nodes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(node["name"]) for node in nodes)
