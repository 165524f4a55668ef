"""Nodes as the contract shows them: one interface, one type a label; made from domain objects.

Values are plain attributes, filled when a node is made: a page of runs has thousands of them, and a
resolver each would cost more than the query. Only what needs another question, or an argument, is a
method; it asks a loader.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry

from lineage_server.api.gql.types import models
from lineage_server.api.gql.types.artifacts import Artifact, ArtifactVersion, artifact_of, version_of
from lineage_server.api.gql.types.base import Node, common, words
from lineage_server.api.gql.types.runs import Run, run_of
from lineage_server.domain import nodes as domain
from lineage_server.domain.nodes import Label, Role

strawberry.enum(Role)


@strawberry.type
class Job(Node):
    """What is run again."""


@strawberry.type
class Project(Node):
    """What access is given to."""

    owner: str


@strawberry.type
class ContextNode(Node):
    """What surrounds runs: actor, intent, environment, code, volume, node, GPU; the label says which."""


CONCRETE: tuple[type, ...] = (
    *(Run, Job, Artifact, ArtifactVersion, Project, ContextNode),
    *(models.RegisteredModel, models.ModelVersion, models.Alias, models.Approval, models.Deployment),
)
"""Every type that implements ``Node``; the schema has to be told of them."""


# --- from the domain ------------------------------------------------------------------------------


def node_of(node: domain.Node) -> Any:
    """The GraphQL object of a node, of the type that its label names."""
    make = _MAKERS.get(node.label)
    return make(node) if make is not None else ContextNode(**common(node))


_MAKERS: dict[Label, Callable[[Any], Any]] = {
    Label.RUN: run_of,
    Label.ARTIFACT_VERSION: version_of,
    Label.ARTIFACT: artifact_of,
    Label.JOB: lambda node: Job(**common(node)),
    Label.PROJECT: lambda node: Project(**common(node), **words(node, "owner")),
    **models.MAKERS,
}
