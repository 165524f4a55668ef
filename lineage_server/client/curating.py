"""``Curating``: the verbs that keep what is recorded in order. What they ask is in ``curation``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineage_server.client.registering import Registering

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.registered import Alias, ModelVersion, RegisteredModel
    from lineage_server.client.verbs import Thing


class Curating(Registering):
    """The part of ``Client`` that describes, tags, archives, holds, protects and deletes; each call waits for
    the server, and raises a domain error."""

    def registered_model(self, ref: str | RegisteredModel) -> RegisteredModel:
        """A registered model with its aliases and rules, such as ``"churn"``; raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.registered_model(self._client, ref))

    def uid_of(self, ref: str | Thing) -> str:
        """The uid of what a reference means where something is to be changed: without a version the whole
        registered model or artifact. Raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.uid_of(self._client, ref))

    def update_model(
        self,
        ref: str | RegisteredModel,
        *,
        title: str | None = None,
        owner: str | None = None,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> RegisteredModel:
        """Describe a registered model anew; what is not given stays as it is. Raises a domain error.

        ``card`` is Markdown, ``owner`` whom to ask about it; a tag of None goes."""
        from lineage_server.client import verbs

        return self._walk(
            verbs.update_model(
                self._client, ref, title=title, owner=owner, description=description, card=card, tags=tags
            )
        )

    def update_model_version(
        self,
        version: str | ModelVersion,
        *,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        signature: Mapping[str, Any] | None = None,
    ) -> ModelVersion:
        """Describe a version (``"model:churn@3"``) anew; what is not given stays as it is, a tag of None
        goes. Raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(
            verbs.update_model_version(
                self._client,
                version,
                description=description,
                card=card,
                tags=tags,
                metrics=metrics,
                signature=signature,
            )
        )

    def set_tags(self, ref: str | Thing, tags: Mapping[str, Any]) -> str:
        """Set tags of anything that is recorded, those of None go; answers its uid. Raises a domain error.

        ``ref``: a uid, or a reference such as ``"dataset:iris@3"``; without a version the whole is meant: the
        registered model, the artifact."""
        from lineage_server.client import verbs

        return self._walk(verbs.set_tags(self._client, ref, tags))

    def describe(self, ref: str | Thing, description: str) -> str:
        """Describe anything that is recorded in words; answers its uid. ``ref`` as in ``set_tags``; raises a
        domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.describe(self._client, ref, description))

    def archive_model(
        self, ref: str | RegisteredModel | ModelVersion, *, reason: str = "", override: bool = False
    ) -> RegisteredModel | ModelVersion:
        """Put a version (``"model:churn@3"``) or a whole registered model (``"model:churn"``) away; it stays
        in lineage and lists. Raises a domain error.

        ConflictError names what still uses it (an alias, a deployment): ``override`` archives it all the
        same, and takes a ``reason``, which is recorded."""
        from lineage_server.client import verbs

        return self._walk(
            verbs.set_state(self._client, ref, state="ARCHIVED", reason=reason, override=override)
        )

    def restore_model(
        self, ref: str | RegisteredModel | ModelVersion, *, reason: str = ""
    ) -> RegisteredModel | ModelVersion:
        """Take what was archived back; raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.set_state(self._client, ref, state="READY", reason=reason, override=False))

    def hold(self, ref: str | ModelVersion | Artifact, *, reason: str = "") -> ModelVersion | Artifact:
        """Keep a version of a model or of an artifact, and its bytes, from being deleted until ``release``.
        Raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.set_hold(self._client, ref, hold=True, reason=reason))

    def release(self, ref: str | ModelVersion | Artifact, *, reason: str = "") -> ModelVersion | Artifact:
        """Let a version go that was held; raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.set_hold(self._client, ref, hold=False, reason=reason))

    def set_ttl(self, ref: str | Artifact, ttl_days: float | None, *, reason: str = "") -> Artifact:
        """So many days from now the bytes of an artifact's version may go (``lineage gc``), unless it is
        held, registered or deployed by then; None is never. Raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.set_ttl(self._client, ref, ttl_days=ttl_days, reason=reason))

    def protect(
        self,
        ref: str | Alias | RegisteredModel,
        *,
        needs_approval: bool = True,
        movers: str | Sequence[str] = (),
        approvers: str | Sequence[str] = (),
        reason: str = "",
    ) -> Alias | RegisteredModel:
        """Let an alias (``"model:churn@prod"``), or all aliases of a model (``"model:churn"``), be moved by
        rules only; raises a domain error.

        ``needs_approval``: each move takes the approval of somebody else than who asked for it. ``movers``:
        who may move it, users by name and services as ``service/<name>``; none = whoever may write;
        ``approvers``: whose approval counts, in the same way."""
        from lineage_server.client import verbs

        return self._walk(
            verbs.protect(
                self._client,
                ref,
                protected=True,
                needs_approval=needs_approval,
                movers=movers,
                approvers=approvers,
                reason=reason,
            )
        )

    def unprotect(self, ref: str | Alias | RegisteredModel, *, reason: str = "") -> Alias | RegisteredModel:
        """Take the rules of ``protect`` away; raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(
            verbs.protect(
                self._client,
                ref,
                protected=False,
                needs_approval=False,
                movers=(),
                approvers=(),
                reason=reason,
            )
        )

    def delete(self, ref: str | Thing, *, reason: str = "", override: bool = False) -> str:
        """Put a tombstone where a run, a version, a model … was; answers its uid, which ``undelete`` takes.
        Lineage keeps its place, ``gc`` takes the bytes. Raises a domain error.

        ConflictError names what depends on it (an alias, a deployment, a hold, a registered model):
        ``override`` deletes it all the same, and takes a ``reason``, which is recorded. Of a reference the
        version must be said: ``"model:churn@3"``; a whole model or artifact is named by its uid."""
        from lineage_server.client import verbs

        return self._walk(verbs.delete(self._client, ref, reason=reason, override=override))

    def undelete(self, ref: str | Thing, *, reason: str = "") -> str:
        """Take the tombstone away again; answers the uid. Raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.undelete(self._client, ref, reason=reason))
