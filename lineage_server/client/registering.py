"""``Registering``: the verbs of the model registry that a client has. What they ask is in ``registry``.

They speak to the server and wait for it: who only tells what a run has made uses ``Run.log_model``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from lineage_server.client.asking import Steps, walk

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client
    from lineage_server.client.config import Config
    from lineage_server.client.graphql import GraphQL
    from lineage_server.client.registered import Activity, Alias, Approval, Deployment, ModelVersion
    from lineage_server.client.run import Run

T = TypeVar("T")


class Registering:
    """The half of ``Client`` that speaks of registered models; each call raises a domain error."""

    config: Config
    graphql: GraphQL

    def register(
        self,
        name: str,
        source: str | Artifact | ModelVersion,
        *,
        version: str | None = None,
        aliases: str | Sequence[str] | None = None,
        description: str | None = None,
        card: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        signature: Mapping[str, Any] | None = None,
        run: str | Run | None = None,
        reason: str = "",
        project: str | None = None,
    ) -> ModelVersion:
        """Make a version of a registered model, and the model where there is none; raises a domain error.

        ``source``: what a run has made, a reference to it (``"model:churn@3"``), or an address elsewhere
        (``"s3://…"``, whose place is asked which version lies there; ``run`` says who made it). The same
        artifact version keeps the number it has, unless a name is given to it (``version``; ConflictError
        where another one is called that). Of a version of another model (``"model:churn@3"``) description,
        card, tags, metrics and signature are taken over where you say nothing of them, and of one that lies
        elsewhere its run.
        ``aliases`` are moved to it, for the ``reason`` given; ``card`` is Markdown.
        """
        from lineage_server.client import verbs

        return self._walk(
            verbs.register(
                self._client, name, source, version=version, aliases=aliases, description=description,
                card=card, tags=tags, metrics=metrics, signature=signature, run=run,
                reason=reason, project=project,
            )
        )  # fmt: skip

    def model_version(self, ref: str | Artifact | ModelVersion) -> ModelVersion:
        """A version of a registered model, such as ``"model:churn@prod"``; raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.model_version(self._client, ref))

    def promote(
        self,
        version: str | ModelVersion,
        alias: str,
        *,
        expected: str | None = None,
        approval: str | Approval | None = None,
        reason: str = "",
    ) -> Alias:
        """Let an alias point to a version (``"model:churn@3"``, or by another alias); raises a domain error.

        ``expected``: only if it points to this version now, empty for none; else ConflictError, whose
        ``current`` says to which. A protected alias takes an ``approval``: without one, the unused one that
        somebody gave for this version and alias is taken.
        """
        from lineage_server.client import verbs

        return self._walk(
            verbs.promote(self._client, version, alias, expected=expected, approval=approval, reason=reason)
        )

    def rollback(
        self, ref: str | Alias, *, approval: str | Approval | None = None, reason: str = ""
    ) -> Alias:
        """Let an alias (``"model:churn@prod"``) point again to the version that it pointed to before; raises
        a domain error. ``approval`` as in ``promote``: a protected alias takes one for that version. Of the
        answer, ``moves[0]`` says from where to where; ConflictError where there was none before, or it is
        archived or deleted."""
        from lineage_server.client import verbs

        return self._walk(verbs.rollback(self._client, ref, approval=approval, reason=reason))

    def remove_alias(self, ref: str | Alias, *, expected: str | None = None, reason: str = "") -> Alias:
        """Let an alias (``"model:churn@prod"``) point nowhere; its history stays. Raises a domain error;
        ``expected`` as in ``promote``."""
        from lineage_server.client import verbs

        return self._walk(verbs.remove_alias(self._client, ref, expected=expected, reason=reason))

    def alias(self, ref: str | Alias) -> Alias:
        """An alias, such as ``"model:churn@prod"``: what it points to, who moved it when and from what;
        ``.at("2026-03-03")`` is what it was then. Raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.alias(self._client, ref))

    def request_approval(
        self, version: str | ModelVersion, alias: str | None = None, comment: str = ""
    ) -> Approval:
        """Ask others for a verdict on a version, for an ``alias`` if one is meant; raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.request_approval(self._client, version, alias, comment))

    def approve(
        self, request: str | Approval | ModelVersion, comment: str = "", *, alias: str | None = None
    ) -> Approval:
        """Approve what somebody else asked for; raises a domain error.

        ``request``: the approval or its uid, or the version (``"model:churn@3"``) that waits for one, for
        the ``alias`` that is named.
        """
        from lineage_server.client import verbs

        return self._walk(verbs.decide(self._client, request, comment, alias=alias, verdict="APPROVED"))

    def reject(
        self, request: str | Approval | ModelVersion, comment: str = "", *, alias: str | None = None
    ) -> Approval:
        """Reject what somebody asked for; as ``approve``."""
        from lineage_server.client import verbs

        return self._walk(verbs.decide(self._client, request, comment, alias=alias, verdict="REJECTED"))

    def withdraw(
        self, request: str | Approval | ModelVersion, comment: str = "", *, alias: str | None = None
    ) -> Approval:
        """Ask no longer for what you have asked for; as ``approve``."""
        from lineage_server.client import verbs

        return self._walk(verbs.decide(self._client, request, comment, alias=alias, verdict="WITHDRAWN"))

    def approvals(
        self, name: str | None = None, *, state: str | None = None, project: str | None = None
    ) -> list[Approval]:
        """Approvals of a model or of a project, the newest first; ``state``: those that are pending,
        approved, rejected, withdrawn or used. Raises a domain error."""
        from lineage_server.client import verbs

        return self._walk(verbs.approvals(self._client, name, state=state, project=project))

    def deploy(
        self,
        version: str | ModelVersion,
        name: str,
        *,
        endpoint: str | None = None,
        cluster: str = "local",
        revision: str | None = None,
        traffic: float | None = None,
        ended: bool = False,
        project: str | None = None,
    ) -> Deployment:
        """Say that the endpoint ``name`` serves a version (``"model:churn@7"``), or, ``ended``, no longer;
        raises a domain error.

        ``endpoint`` is its address, ``traffic`` its share in percent. Said again, it changes what is known of
        it. ``revision`` is the endpoint's own word for it; by default the version's name, with a number
        behind it for one that is served again. ``project``: the endpoint's, if it is not the model's.
        """
        from lineage_server.client import serving

        return self._walk(
            serving.deploy(
                self._client, version, name, endpoint=endpoint, cluster=cluster, revision=revision,
                traffic=traffic, ended=ended, project=project,
            )
        )  # fmt: skip

    def deployments(
        self,
        ref: str | Artifact | ModelVersion | None = None,
        *,
        model: str | None = None,
        project: str | None = None,
    ) -> list[Deployment]:
        """Whatever ever served a version (``"model:churn@7"``), the newest first; without one, all of the
        project, or those that serve or served a version of a ``model`` (``"churn"``). Raises a domain
        error."""
        from lineage_server.client import serving

        return self._walk(serving.deployments(self._client, ref, model=model, project=project))

    def activity(self, ref: str | Artifact | ModelVersion) -> list[Activity]:
        """Who did what to a version (``"model:churn@7"``) or a model (``"model:churn"``: its versions,
        aliases and approvals) and why. At most 500, the newest first; raises a domain error.
        """
        from lineage_server.client import activities

        return self._walk(activities.activity(self._client, ref))

    @property
    def _client(self) -> Client:
        """What this is a half of."""
        return cast("Client", self)

    def _walk(self, steps: Steps[T]) -> T:
        self._client.send_own()
        return walk(steps, self.graphql.run)
