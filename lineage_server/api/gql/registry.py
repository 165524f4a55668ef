"""Query fields of the model registry: versions of a model, an alias, approvals."""

from __future__ import annotations

import difflib

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.inputs.models import (
    ApprovalState,
    ModelVersionFilter,
    ModelVersionOrder,
    model_version_filter,
    model_version_order,
)
from lineage_server.api.gql.lists import list_of
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types.listing import Connection
from lineage_server.api.gql.types.models import Alias, Approval, ModelVersion
from lineage_server.domain import ids
from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import Label, Node
from lineage_server.tracking.filters import ListFilter, Order, SortBy

Ctx = Info[Context, None]


@strawberry.type
class RegistryQueries:
    @strawberry.field(description="Versions of a registered model, the highest number first")
    async def model_versions(
        self,
        info: Ctx,
        model: str,
        filter: ModelVersionFilter | None = None,
        order_by: ModelVersionOrder | None = None,
        first: int = 50,
        after: str = "",
        project: str = DEFAULT_PROJECT,
    ) -> Connection[ModelVersion]:
        uid = (await context_of(info).node(model_uid_of(model, project))).uid
        wanted, order = model_version_filter(uid, filter), model_version_order(order_by)
        projects = [ids.project_of(uid)]
        return await list_of(info, Label.MODEL_VERSION, projects, wanted, order, first, after)

    @strawberry.field(description="An alias: what it points to, what it pointed to, who moved it")
    async def alias(self, info: Ctx, model: str, name: str, project: str = DEFAULT_PROJECT) -> Alias:
        owner, _, own = model_uid_of(model, project).removeprefix("model:").partition("/")
        return shown.node_of(await seen_alias(context_of(info), owner, own, name))

    @strawberry.field(description="Approvals, given and requested, the newest first")
    async def approvals(
        self,
        info: Ctx,
        project: str | None = None,
        model: str | None = None,
        states: list[ApprovalState] | None = None,
        first: int = 50,
        after: str = "",
    ) -> Connection[Approval]:
        uid = model_uid_of(model, project or DEFAULT_PROJECT) if model else ""
        if uid:
            await context_of(info).node(uid)
        projects = [ids.project_of(uid)] if uid else [project] if project is not None else []
        wanted = ListFilter(model=uid, states=tuple(str(state) for state in states or ()))
        order = Order(by=SortBy.CREATED, descending=True)
        return await list_of(info, Label.APPROVAL, projects, wanted, order, first, after)


async def seen_alias(context: Context, project: str, model: str, alias: str) -> Node:
    """Raises NotFoundError, which says which aliases there are, or that there is no such model."""
    name = ids.clean_part(alias, "alias", "@")
    uid = ids.alias_uid(project, ids.clean_name(model, "model"), name)
    found = (await context.tracking.nodes([uid], scope=context.scope)).get(uid)
    if found is not None:
        return found
    owner = await context.node(ids.model_uid(project, ids.clean_name(model, "model")))
    names = [
        str(one.properties.get("alias")) for one in await context.loaders.model_aliases.load(owner.uid) or ()
    ]
    close = difflib.get_close_matches(name, names, n=5, cutoff=0.5)
    there = f"there are: {ids.listed(dict.fromkeys((*close, *names)))}" if names else "it has none"
    raise NotFoundError(f"model {ids.shorten(model)!r} has no alias {ids.shorten(name)!r}; {there}")


def model_uid_of(text: str, project: str) -> str:
    """From a uid or a name."""
    return text if text.startswith("model:") and "/" in text else ids.model_uid(project, text)
