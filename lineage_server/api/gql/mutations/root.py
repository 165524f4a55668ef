"""All mutations as one type."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.mutations.aliases import AliasMutations
from lineage_server.api.gql.mutations.annotations import AnnotationMutations
from lineage_server.api.gql.mutations.deployments import DeploymentMutations
from lineage_server.api.gql.mutations.edges import EdgeMutations
from lineage_server.api.gql.mutations.intake import IntakeMutations
from lineage_server.api.gql.mutations.models import ModelMutations
from lineage_server.api.gql.mutations.projects import ProjectMutations
from lineage_server.api.gql.mutations.tokens import TokenMutations
from lineage_server.api.gql.mutations.views import ViewMutations
from lineage_server.api.gql.mutations.webhooks import WebhookMutations


@strawberry.type
class Mutation(
    ProjectMutations,
    TokenMutations,
    AnnotationMutations,
    EdgeMutations,
    IntakeMutations,
    ModelMutations,
    AliasMutations,
    DeploymentMutations,
    WebhookMutations,
    ViewMutations,
):
    """Everything that has an effect; each leaves an audit record."""
