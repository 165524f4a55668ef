"""``AsyncCurating``: the verbs that keep what is recorded in order, for coroutines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from lineage_server.client import verbs
from lineage_server.client.aio_handles import (
    AnyArtifact,
    AnyModelVersion,
    AsyncArtifact,
    AsyncModelVersion,
    twin,
)
from lineage_server.client.aio_registering import AsyncRegistering
from lineage_server.client.aio_run import AsyncRun
from lineage_server.client.twins import plain
from lineage_server.client.verbs import Thing

if TYPE_CHECKING:
    from lineage_server.client.registered import Alias, RegisteredModel

AsyncThing: TypeAlias = Thing | AsyncRun | AsyncArtifact | AsyncModelVersion


class AsyncCurating(AsyncRegistering):
    """The part of ``AsyncClient`` that describes, tags, archives, holds, protects and deletes."""

    async def registered_model(self, ref: str | RegisteredModel) -> RegisteredModel:
        """See ``Client.registered_model``."""
        return await self._walk(verbs.registered_model(self.client, ref))

    async def uid_of(self, ref: str | AsyncThing) -> str:
        """See ``Client.uid_of``."""
        return await self._walk(verbs.uid_of(self.client, plain(ref)))

    async def update_model(
        self,
        ref: str | RegisteredModel,
        *,
        title: str | None = None,
        owner: str | None = None,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> RegisteredModel:
        """See ``Client.update_model``."""
        return await self._walk(
            verbs.update_model(
                self.client, ref, title=title, owner=owner, description=description, card=card, tags=tags
            )
        )

    async def update_model_version(
        self,
        version: str | AnyModelVersion,
        *,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        signature: Mapping[str, Any] | None = None,
    ) -> AsyncModelVersion:
        """See ``Client.update_model_version``."""
        steps = verbs.update_model_version(
            self.client, plain(version), description=description, card=card, tags=tags, metrics=metrics,
            signature=signature,
        )  # fmt: skip
        return AsyncModelVersion(await self._walk(steps))

    async def set_tags(self, ref: str | AsyncThing, tags: Mapping[str, Any]) -> str:
        """See ``Client.set_tags``."""
        return await self._walk(verbs.set_tags(self.client, plain(ref), tags))

    async def describe(self, ref: str | AsyncThing, description: str) -> str:
        """See ``Client.describe``."""
        return await self._walk(verbs.describe(self.client, plain(ref), description))

    async def archive_model(
        self, ref: str | RegisteredModel | AnyModelVersion, *, reason: str = "", override: bool = False
    ) -> RegisteredModel | AsyncModelVersion:
        """See ``Client.archive_model``."""
        return twin(
            await self._walk(
                verbs.set_state(self.client, plain(ref), state="ARCHIVED", reason=reason, override=override)
            )
        )

    async def restore_model(
        self, ref: str | RegisteredModel | AnyModelVersion, *, reason: str = ""
    ) -> RegisteredModel | AsyncModelVersion:
        """See ``Client.restore_model``."""
        return twin(
            await self._walk(
                verbs.set_state(self.client, plain(ref), state="READY", reason=reason, override=False)
            )
        )

    async def hold(
        self, ref: str | AnyModelVersion | AnyArtifact, *, reason: str = ""
    ) -> AsyncModelVersion | AsyncArtifact:
        """See ``Client.hold``."""
        return twin(await self._walk(verbs.set_hold(self.client, plain(ref), hold=True, reason=reason)))

    async def release(
        self, ref: str | AnyModelVersion | AnyArtifact, *, reason: str = ""
    ) -> AsyncModelVersion | AsyncArtifact:
        """See ``Client.release``."""
        return twin(await self._walk(verbs.set_hold(self.client, plain(ref), hold=False, reason=reason)))

    async def set_ttl(
        self, ref: str | AnyArtifact, ttl_days: float | None, *, reason: str = ""
    ) -> AsyncArtifact:
        """See ``Client.set_ttl``."""
        return AsyncArtifact(
            await self._walk(verbs.set_ttl(self.client, plain(ref), ttl_days=ttl_days, reason=reason))
        )

    async def protect(
        self,
        ref: str | Alias | RegisteredModel,
        *,
        needs_approval: bool = True,
        movers: str | Sequence[str] = (),
        approvers: str | Sequence[str] = (),
        reason: str = "",
    ) -> Alias | RegisteredModel:
        """See ``Client.protect``."""
        return await self._walk(
            verbs.protect(
                self.client,
                ref,
                protected=True,
                needs_approval=needs_approval,
                movers=movers,
                approvers=approvers,
                reason=reason,
            )
        )

    async def unprotect(
        self, ref: str | Alias | RegisteredModel, *, reason: str = ""
    ) -> Alias | RegisteredModel:
        """See ``Client.unprotect``."""
        return await self._walk(
            verbs.protect(
                self.client,
                ref,
                protected=False,
                needs_approval=False,
                movers=(),
                approvers=(),
                reason=reason,
            )
        )

    async def delete(self, ref: str | AsyncThing, *, reason: str = "", override: bool = False) -> str:
        """See ``Client.delete``."""
        return await self._walk(verbs.delete(self.client, plain(ref), reason=reason, override=override))

    async def undelete(self, ref: str | AsyncThing, *, reason: str = "") -> str:
        """See ``Client.undelete``."""
        return await self._walk(verbs.undelete(self.client, plain(ref), reason=reason))
