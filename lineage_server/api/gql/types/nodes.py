"""Nodes as the contract shows them: one interface, one type a label; made from domain objects.

Values are plain attributes, filled when a node is made: a page of runs has thousands of them, and a
resolver each would cost more than the query. Only what needs another question, or an argument, is a
method; it asks a loader.
"""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.types import base, models, surroundings
from lineage_server.api.gql.types.artifacts import Artifact, ArtifactVersion, artifact_of, version_of
from lineage_server.api.gql.types.base import MAKERS, Node, common, words
from lineage_server.api.gql.types.runs import Run, run_of
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
    """Whatever has no type of its own: actor, intent, watch gap; the label says which."""


CONCRETE: tuple[type, ...] = (
    *(Run, Job, Artifact, ArtifactVersion, Project, ContextNode),
    *(models.RegisteredModel, models.ModelVersion, models.Alias, models.Approval, models.Deployment),
    *(surroundings.CodeRef, surroundings.Environment, surroundings.Volume),
    *(surroundings.ClusterNode, surroundings.Gpu),
)
"""Every type that implements ``Node``; the schema has to be told of them."""

MAKERS.update(
    {
        **{label: lambda node: ContextNode(**common(node)) for label in Label},
        Label.RUN: run_of,
        Label.ARTIFACT_VERSION: version_of,
        Label.ARTIFACT: artifact_of,
        Label.JOB: lambda node: Job(**common(node)),
        Label.PROJECT: lambda node: Project(**common(node), **words(node, "owner")),
        **models.MAKERS,
        **surroundings.MAKERS,
    }
)
node_of = base.node_of
