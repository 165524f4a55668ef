"""``AsyncCurating``: the verbs that keep what is recorded in order, for coroutines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.client.aio_registering import AsyncRegistering

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.registered import Alias, ModelVersion, RegisteredModel
    from lineage_server.client.verbs import Thing


class AsyncCurating(AsyncRegistering):
    """The part of ``AsyncClient`` that describes, tags, archives, holds, protects and deletes."""

    async def registered_model(self, ref: str | RegisteredModel) -> RegisteredModel:
        """See ``Client.registered_model``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.registered_model(self.client, ref))

    async def uid_of(self, ref: str | Thing) -> str:
        """See ``Client.uid_of``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.uid_of(self.client, ref))

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
        from lineage_server.client import verbs

        return await self._walk(
            verbs.update_model(
                self.client, ref, title=title, owner=owner, description=description, card=card, tags=tags
            )
        )

    async def update_model_version(
        self,
        version: str | ModelVersion,
        *,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        signature: Mapping[str, Any] | None = None,
    ) -> ModelVersion:
        """See ``Client.update_model_version``."""
        from lineage_server.client import verbs

        return await self._walk(
            verbs.update_model_version(
                self.client,
                version,
                description=description,
                card=card,
                tags=tags,
                metrics=metrics,
                signature=signature,
            )
        )

    async def set_tags(self, ref: str | Thing, tags: Mapping[str, Any]) -> str:
        """See ``Client.set_tags``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.set_tags(self.client, ref, tags))

    async def describe(self, ref: str | Thing, description: str) -> str:
        """See ``Client.describe``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.describe(self.client, ref, description))

    async def archive_model(
        self, ref: str | RegisteredModel | ModelVersion, *, reason: str = "", override: bool = False
    ) -> RegisteredModel | ModelVersion:
        """See ``Client.archive_model``."""
        from lineage_server.client import verbs

        return await self._walk(
            verbs.set_state(self.client, ref, state="ARCHIVED", reason=reason, override=override)
        )

    async def restore_model(
        self, ref: str | RegisteredModel | ModelVersion, *, reason: str = ""
    ) -> RegisteredModel | ModelVersion:
        """See ``Client.restore_model``."""
        from lineage_server.client import verbs

        return await self._walk(
            verbs.set_state(self.client, ref, state="READY", reason=reason, override=False)
        )

    async def hold(self, ref: str | ModelVersion | Artifact, *, reason: str = "") -> ModelVersion | Artifact:
        """See ``Client.hold``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.set_hold(self.client, ref, hold=True, reason=reason))

    async def release(
        self, ref: str | ModelVersion | Artifact, *, reason: str = ""
    ) -> ModelVersion | Artifact:
        """See ``Client.release``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.set_hold(self.client, ref, hold=False, reason=reason))

    async def set_ttl(self, ref: str | Artifact, ttl_days: float | None, *, reason: str = "") -> Artifact:
        """See ``Client.set_ttl``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.set_ttl(self.client, ref, ttl_days=ttl_days, reason=reason))

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
        from lineage_server.client import verbs

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
        from lineage_server.client import verbs

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

    async def delete(self, ref: str | Thing, *, reason: str = "", override: bool = False) -> str:
        """See ``Client.delete``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.delete(self.client, ref, reason=reason, override=override))

    async def undelete(self, ref: str | Thing, *, reason: str = "") -> str:
        """See ``Client.undelete``."""
        from lineage_server.client import verbs

        return await self._walk(verbs.undelete(self.client, ref, reason=reason))
