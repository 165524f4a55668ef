"""What calls that would change the registry answer where that is withheld (``withholding``): what they are
about as it stands, else a handle made of their own words, so that the program goes on.

Each takes the arguments of the verb that it stands for. Questions are asked, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from lineage_server.client import curation, registry
from lineage_server.client.artifact import Artifact
from lineage_server.client.asking import Steps
from lineage_server.client.builders import names_a_model, reference_in
from lineage_server.client.registered import Alias, Approval, Deployment, ModelVersion, RegisteredModel
from lineage_server.client.registrations import model_named, registration_of
from lineage_server.client.registry_answers import version_of
from lineage_server.client.resolve import reference_of_uid, version_of_uid
from lineage_server.client.run import Run
from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.ids import Reference, clean_part, clean_run_id
from lineage_server.domain.secrets import scrub_uri

if TYPE_CHECKING:
    from lineage_server.client.client import Client

T = TypeVar("T")

WITHHELD = "withheld"
"""State of what was not made."""
_NO_VERSION = "0"
"""The server numbers from 1."""


def _else(steps: Steps[T], made: Callable[[], T]) -> Steps[T]:
    """What is there, else what would be: the program may name what it was not let make."""
    try:
        return (yield from steps)
    except NotFoundError:
        return made()


# --- versions ----------------------------------------------------------------------------------


def registered(
    client: Client,
    name: str,
    source: str | Artifact | ModelVersion,
    *,
    run: str | Run | None,
    project: str | None,
    **words: Any,
) -> Steps[ModelVersion]:
    """The artifact that was to be registered, as a version that is none."""
    told = registration_of(name, project=project or client.config.project, **words)
    uri = scrub_uri(source) if isinstance(source, str) and "://" in source else ""
    origin = None if uri else (yield from _else(_artifact(client, source), lambda: None))
    by = run.id if isinstance(run, Run) else clean_run_id(run.removeprefix("run:")) if run else ""
    return ModelVersion(
        model=told.model, version=told.version or _NO_VERSION, project=told.project, state=WITHHELD,
        description=told.description or "", card=told.card or "", signature=told.signature, uri=uri,
        run=by or (origin.run if origin is not None else ""), origin=origin, client=client,
    )  # fmt: skip


def _artifact(client: Client, ref: str | Artifact | ModelVersion) -> Steps[Artifact | None]:
    thing = ref if not isinstance(ref, str) else (yield from _version_or_artifact(client, ref))
    return thing.artifact if isinstance(thing, ModelVersion) else thing


def _version_or_artifact(client: Client, ref: str) -> Steps[ModelVersion | Artifact]:
    node = (yield registry.MEANT, {"ref": ref, "project": client.config.project})["node"]
    if node["__typename"] == "ModelVersion":
        return version_of(client, node)
    known = version_of_uid(str(node["uid"]))
    return replace(known, client=client) if known is not None else _artifact_named(client, ref)


def _artifact_named(client: Client, ref: str) -> Artifact:
    asked = _reference(client, ref)
    return Artifact(name=asked.name, type=asked.kind, project=asked.project, client=client)


def _reference(client: Client, ref: str) -> Reference:
    """What people type for it, with its project; raises NotFoundError for what names nothing."""
    asked = reference_in(reference_of_uid(ref) or ref)
    if asked is None:
        raise NotFoundError(f"{ref!r} is not there")
    return Reference(asked.kind, asked.name, asked.selector, asked.project or client.config.project)


def version(client: Client, ref: str | ModelVersion, **_: Any) -> Steps[ModelVersion]:
    """A version as it stands."""

    def named() -> ModelVersion:
        asked = _reference(client, str(ref))
        return ModelVersion(
            model=asked.name, version=asked.selector or _NO_VERSION, project=asked.project, state=WITHHELD,
            client=client,
        )  # fmt: skip

    return _else(registry.version_meant(client, ref), named)


def version_or_artifact(
    client: Client, ref: str | ModelVersion | Artifact, **_: Any
) -> Steps[ModelVersion | Artifact]:
    """What was to be held."""
    if not isinstance(ref, str):
        return ref
    return (yield from _else(_version_or_artifact(client, ref), lambda: _artifact_named(client, ref)))


def artifact(client: Client, ref: str | Artifact, **_: Any) -> Steps[Artifact]:
    """What was to get a time to live."""
    thing = yield from version_or_artifact(client, ref)
    return thing.artifact if isinstance(thing, ModelVersion) else thing


# --- models, aliases ---------------------------------------------------------------------------


def model(client: Client, ref: str | RegisteredModel, **_: Any) -> Steps[RegisteredModel]:
    """A registered model as it stands."""
    if isinstance(ref, RegisteredModel):
        return ref

    def named() -> RegisteredModel:
        project, name = model_named(ref, client.config.project)
        return RegisteredModel(name=name, project=project, state=WITHHELD)

    return (yield from _else(curation.registered_model(client, ref), named))


def model_or_version(
    client: Client, ref: str | RegisteredModel | ModelVersion, **_: Any
) -> Steps[RegisteredModel | ModelVersion]:
    """What was to be archived."""
    if isinstance(ref, RegisteredModel) or (isinstance(ref, str) and names_a_model(ref)):
        return (yield from model(client, ref))
    return (yield from version(client, ref))


def alias(client: Client, ref: str | Alias, **_: Any) -> Steps[Alias]:
    """An alias as it stands."""
    project, named, name = registry.alias_named(client.start_of(ref), client.config.project)
    return (yield from _alias(project, named, name))


def _alias(project: str, model: str, name: str) -> Steps[Alias]:
    uid = f"alias:{project}/{model}@{name}"
    return _else(registry.alias(uid, project), lambda: Alias(name=name, model=model, project=project))


def promoted(client: Client, ref: str | ModelVersion, alias: str, **_: Any) -> Steps[Alias]:
    """The alias that was to be moved, where it is."""
    name = clean_part(alias, "alias", "@")
    meant = yield from version(client, ref)
    return (yield from _alias(meant.project, meant.model, name))


def protected(client: Client, ref: str | Alias | RegisteredModel, **_: Any) -> Steps[Alias | RegisteredModel]:
    """What was to get other rules."""
    asked = reference_in(ref) if isinstance(ref, str) else None
    if isinstance(ref, RegisteredModel) or (asked is not None and not asked.selector):
        return (yield from model(client, ref if isinstance(ref, RegisteredModel) else str(ref)))
    return (yield from alias(client, ref))


# --- approvals, deployments, anything ----------------------------------------------------------


def requested(client: Client, ref: str | ModelVersion, alias: str | None, comment: str) -> Steps[Approval]:
    """A request that nobody sees."""
    meant = yield from version(client, ref)
    return Approval(
        uid="", model=meant.model, version=meant.version, project=meant.project, alias=alias or "",
        state=WITHHELD, question=comment,
    )  # fmt: skip


def decided(
    client: Client, request: str | Approval | ModelVersion, comment: str, *, alias: str | None, **_: Any
) -> Steps[Approval]:
    """The request, undecided."""
    if isinstance(request, Approval):
        return request
    if isinstance(request, str) and request.startswith("approval:"):
        return Approval(uid=request, model="", version="", project=client.config.project, state=WITHHELD)
    return (yield from requested(client, request, alias, ""))


def deployed(
    client: Client,
    ref: str | ModelVersion,
    name: str,
    *,
    endpoint: str | None,
    cluster: str,
    revision: str | None,
    traffic: float | None,
    project: str | None,
    **_: Any,
) -> Steps[Deployment]:
    """A deployment that is none: it serves nothing."""
    meant = yield from version(client, ref)
    return Deployment(
        uid="", name=name, project=project or meant.project, cluster=cluster,
        revision=revision or meant.version, endpoint=endpoint or "", state=WITHHELD, traffic=traffic,
    )  # fmt: skip


def uid(client: Client, ref: Any, *_: Any, **__: Any) -> Steps[str]:
    """The uid of what was to be changed."""
    start = client.start_of(ref)
    return _else(curation.named(client, start), lambda: start)
