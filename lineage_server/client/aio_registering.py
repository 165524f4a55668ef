"""``AsyncRegistering``: the verbs of the model registry, for coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from lineage_server.client import activities, serving, verbs
from lineage_server.client.aio_handles import AnyArtifact, AnyModelVersion, AsyncModelVersion
from lineage_server.client.aio_run import AsyncRun
from lineage_server.client.asking import Steps, walk_async
from lineage_server.client.twins import plain

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.registered import Activity, Alias, Approval, Deployment
    from lineage_server.client.run import Run

T = TypeVar("T")


class AsyncRegistering:
    """The half of ``AsyncClient`` that speaks of registered models."""

    client: Client

    async def register(
        self,
        name: str,
        source: str | AnyArtifact | AnyModelVersion,
        *,
        version: str | None = None,
        aliases: str | Sequence[str] | None = None,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        signature: Mapping[str, Any] | None = None,
        run: str | Run | AsyncRun | None = None,
        reason: str = "",
        project: str | None = None,
    ) -> AsyncModelVersion:
        """See ``Client.register``."""
        # In a thread: of an address its place is asked.
        steps = await asyncio.to_thread(
            verbs.register,
            self.client, name, plain(source), version=version, aliases=aliases, description=description,
            card=card, tags=tags, metrics=metrics, signature=signature, run=plain(run),
            reason=reason, project=project,
        )  # fmt: skip
        return AsyncModelVersion(await self._walk(steps))

    async def model_version(self, ref: str | AnyArtifact | AnyModelVersion) -> AsyncModelVersion:
        """See ``Client.model_version``."""
        return AsyncModelVersion(await self._walk(verbs.model_version(self.client, plain(ref))))

    async def promote(
        self,
        version: str | AnyModelVersion,
        alias: str,
        *,
        expected: str | None = None,
        approval: str | Approval | None = None,
        reason: str = "",
    ) -> Alias:
        """See ``Client.promote``."""
        return await self._walk(
            verbs.promote(
                self.client, plain(version), alias, expected=expected, approval=approval, reason=reason
            )
        )

    async def rollback(
        self, ref: str | Alias, *, approval: str | Approval | None = None, reason: str = ""
    ) -> Alias:
        """See ``Client.rollback``."""
        return await self._walk(verbs.rollback(self.client, ref, approval=approval, reason=reason))

    async def remove_alias(self, ref: str | Alias, *, expected: str | None = None, reason: str = "") -> Alias:
        """See ``Client.remove_alias``."""
        return await self._walk(verbs.remove_alias(self.client, ref, expected=expected, reason=reason))

    async def alias(self, ref: str | Alias) -> Alias:
        """See ``Client.alias``."""
        return await self._walk(verbs.alias(self.client, ref))

    async def request_approval(
        self, version: str | AnyModelVersion, alias: str | None = None, comment: str = ""
    ) -> Approval:
        """See ``Client.request_approval``."""
        return await self._walk(verbs.request_approval(self.client, plain(version), alias, comment))

    async def approve(
        self, request: str | Approval | AnyModelVersion, comment: str = "", *, alias: str | None = None
    ) -> Approval:
        """See ``Client.approve``."""
        return await self._walk(
            verbs.decide(self.client, plain(request), comment, alias=alias, verdict="APPROVED")
        )

    async def reject(
        self, request: str | Approval | AnyModelVersion, comment: str = "", *, alias: str | None = None
    ) -> Approval:
        """See ``Client.reject``."""
        return await self._walk(
            verbs.decide(self.client, plain(request), comment, alias=alias, verdict="REJECTED")
        )

    async def withdraw(
        self, request: str | Approval | AnyModelVersion, comment: str = "", *, alias: str | None = None
    ) -> Approval:
        """See ``Client.withdraw``."""
        return await self._walk(
            verbs.decide(self.client, plain(request), comment, alias=alias, verdict="WITHDRAWN")
        )

    async def approvals(
        self, name: str | None = None, *, state: str | None = None, project: str | None = None
    ) -> list[Approval]:
        """See ``Client.approvals``."""
        return await self._walk(verbs.approvals(self.client, name, state=state, project=project))

    async def deploy(
        self,
        version: str | AnyModelVersion,
        name: str,
        *,
        endpoint: str | None = None,
        cluster: str = "local",
        revision: str | None = None,
        traffic: float | None = None,
        ended: bool = False,
        project: str | None = None,
    ) -> Deployment:
        """See ``Client.deploy``."""
        return await self._walk(
            serving.deploy(
                self.client, plain(version), name, endpoint=endpoint, cluster=cluster, revision=revision,
                traffic=traffic, ended=ended, project=project,
            )
        )  # fmt: skip

    async def deployments(
        self,
        ref: str | AnyArtifact | AnyModelVersion | None = None,
        *,
        model: str | None = None,
        project: str | None = None,
    ) -> list[Deployment]:
        """See ``Client.deployments``."""
        return await self._walk(serving.deployments(self.client, plain(ref), model=model, project=project))

    async def activity(self, ref: str | AnyArtifact | AnyModelVersion) -> list[Activity]:
        """See ``Client.activity``."""
        return await self._walk(activities.activity(self.client, plain(ref)))

    async def _walk(self, steps: Steps[T]) -> T:
        await asyncio.to_thread(self.client.send_own)
        return await walk_async(steps, self.client.graphql.run_async)
