"""Deployments as a person or a program states them: that an endpoint serves a model version, or no longer."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types import Info

from lineage_server.api.gql.context import Context, context_of
from lineage_server.api.gql.mutations.recording import deleted, named_version, record, seen_node
from lineage_server.api.gql.permissions import MayWrite
from lineage_server.api.gql.types import nodes as shown
from lineage_server.api.gql.types.models import Deployment
from lineage_server.api.gql.types.payloads import MENDABLE, Problem, problem_of
from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, InvalidInputError, NotFoundError
from lineage_server.domain.event_registry import DeploymentReported
from lineage_server.domain.nodes import Label, ModelState, Node
from lineage_server.ingest.judging import archived

Ctx = Info[Context, None]
_AT_ONCE = 50
_MOST = 10_000


@strawberry.input(description="What is left out stays as it is")
class ReportDeploymentInput:
    project: str = strawberry.field(description="the endpoint's")
    version: str = strawberry.field(description="uid of the model version that it serves")
    name: str = strawberry.field(description="the endpoint's")
    cluster: str = "local"
    revision: str = strawberry.field(
        default="", description="of the endpoint; by default the one that serves the version, else a new one"
    )
    endpoint: str | None = strawberry.field(default=None, description="its address")
    traffic: float | None = strawberry.field(default=None, description="percent")
    ended: bool = strawberry.field(default=False, description="it serves the version no longer")


@strawberry.type
class ReportDeploymentPayload:
    problems: list[Problem]
    deployment: Deployment | None = None


@strawberry.type
class DeploymentMutations:
    @strawberry.mutation(
        permission_classes=[MayWrite], description="Say that an endpoint serves a version, or no longer"
    )
    async def report_deployment(self, info: Ctx, input: ReportDeploymentInput) -> ReportDeploymentPayload:
        context = context_of(info)
        version = await seen_node(context, input.version)
        try:
            if version.label is not Label.MODEL_VERSION:
                raise InvalidInputError("this is no version of a model", field="version", allowed="its uid")
            if version.stub:
                raise NotFoundError(f"{ids.shorten(input.version)!r} is not there any more")
            if not input.ended:
                _check_in_use(version)
            place = _Place(context, input, version)
            uid = place.uid(await place.revision())
            event, after = place.event(uid.rpartition("@")[2])
            await record(context, event, "reportDeployment", uid, after=after)
        except MENDABLE as error:
            return ReportDeploymentPayload(problems=[problem_of(error)])
        node = shown.node_of(await seen_node(context, uid))
        return ReportDeploymentPayload(problems=[], deployment=node)


def _check_in_use(version: Node) -> None:
    """What is out of use may go on being served until that ends; nobody begins to serve it."""
    if version.deleted_at is not None:
        raise deleted(version)
    if version.properties.get("state") == ModelState.ARCHIVED:
        raise archived(named_version(version)[1])


class _Place:
    """Where the version is served."""

    def __init__(self, context: Context, told: ReportDeploymentInput, version: Node) -> None:
        self._context = context
        self._told = told
        self._version = version
        self._model, self._number = named_version(version)
        self._name = ids.clean_part(told.name, "name", "/")
        self._cluster = ids.clean_name(told.cluster, "cluster")

    def uid(self, revision: str) -> str:
        return ids.deployment_uid(self._told.project, self._cluster, self._name, revision)

    async def revision(self) -> str:
        """The one that is named, that serves the version already, or the first that is free."""
        if self._told.revision:
            named = ids.clean_part(self._told.revision, "revision", "@")
            await self._check_open(named)
            return named
        known = await self._context.loaders.deployments.load(self._version.uid) or ()
        for one in known:
            revision = str(one.properties.get("revision") or "")
            if one.uid == self.uid(revision) and one.properties.get("to_at") is None:
                return revision
        if self._told.ended:
            raise self._not_served()
        return await self._free()

    async def _check_open(self, revision: str) -> None:
        found = await self._context.tracking.nodes([self.uid(revision)], scope=self._context.scope)
        node = found.get(self.uid(revision))
        ended = node is not None and node.properties.get("to_at") is not None
        if ended:
            raise ConflictError(
                f"revision {ids.shorten(revision)!r} of {ids.shorten(self._name)!r} has ended; nothing was "
                "changed. Who serves the version again names another one, or none",
                current="ended",
            )
        if node is None and self._told.ended:
            raise self._not_served()

    async def _free(self) -> str:
        for first in range(1, _MOST, _AT_ONCE):
            names = [
                self._number if n == 1 else f"{self._number}.{n}" for n in range(first, first + _AT_ONCE)
            ]
            known = await self._context.tracking.nodes(map(self.uid, names), scope=self._context.scope)
            for name in names:
                if self.uid(name) not in known:
                    return name
        raise ConflictError("the endpoint has too many revisions; nothing was changed. Name one", current="")

    def _not_served(self) -> ConflictError:
        return ConflictError(
            f"nothing called {ids.shorten(self._name)!r} serves version {ids.shorten(self._number)!r} of "
            f"model {ids.shorten(self._model)!r} now; nothing was changed",
            current="",
        )

    def event(self, revision: str) -> tuple[DeploymentReported, dict[str, Any]]:
        """And what the audit log shall say of it."""
        told, now = self._told, ids.now_micros()
        said: dict[str, Any] = {"endpoint": told.endpoint, "traffic": told.traffic}
        said |= {"to_at": now} if told.ended else {"from_at": now}
        event = DeploymentReported(
            project=told.project, name=self._name, cluster=self._cluster, revision=revision,
            model=self._model, version=self._number, model_project=self._version.project, **said,
        )  # fmt: skip
        after = {"version": self._version.uid, "ended": told.ended}
        after |= {"endpoint": told.endpoint} if told.endpoint is not None else {}
        return event, after
