"""What the calls of the model registry are given, checked and made into the steps that both twins walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from lineage_server.client import curation, recording, registrations, registry, standing
from lineage_server.client.artifact import Artifact
from lineage_server.client.asking import Steps
from lineage_server.client.checking import checked
from lineage_server.client.registered import Alias, Approval, ModelVersion, RegisteredModel
from lineage_server.client.run import Run
from lineage_server.client.withholding import withheld
from lineage_server.domain.ids import clean_project, clean_run_id, model_uid
from lineage_server.domain.secrets import scrub_uri

if TYPE_CHECKING:
    from lineage_server.client.client import Client

Thing: TypeAlias = Run | Artifact | ModelVersion | RegisteredModel | Alias
"""Whatever has a uid of its own."""


@checked
@withheld("register {name}, aliases: {aliases}", standing.registered)
def register(
    client: Client,
    name: str,
    source: str | Artifact | ModelVersion,
    *,
    version: str | None,
    aliases: str | Sequence[str] | None,
    description: str | None,
    card: str | None,
    tags: Mapping[str, Any] | None,
    metrics: Mapping[str, Any] | None,
    signature: Mapping[str, Any] | None,
    run: str | Run | None,
    reason: str,
    project: str | None,
) -> Steps[ModelVersion]:
    asked = _project(client, project)
    told = registrations.registration_of(
        name, project=asked, version=version, aliases=aliases, reason=reason,
        description=description, card=card, tags=tags, metrics=metrics, signature=signature,
    )  # fmt: skip
    by = run.id if isinstance(run, Run) else clean_run_id(run.removeprefix("run:")) if run else ""
    uri = source if isinstance(source, str) and "://" in source else ""
    if uri:
        source = recording.located(client, uri, name=told.model, kind="model", project=asked) or uri
    if isinstance(source, Artifact):  # its handle leads to where the bytes are here
        source = replace(source, uri=recording.told_place(client, source.uri))
    return registry.register(client, told, source, by, project=asked, uri=scrub_uri(uri))


@checked
def model_version(client: Client, ref: str | Artifact | ModelVersion) -> Steps[ModelVersion]:
    return registry.version(client, client.start_of(ref))


@checked
@withheld("move alias {alias} to {version}", standing.promoted)
def promote(
    client: Client,
    version: str | ModelVersion,
    alias: str,
    *,
    expected: str | None,
    approval: str | Approval | None,
    reason: str,
) -> Steps[Alias]:
    uid = approval.uid if isinstance(approval, Approval) else approval
    return registry.promote(client, version, alias, expected=expected, approval=uid, reason=reason)


@checked
@withheld("roll {ref} back", standing.alias)
def rollback(
    client: Client, ref: str | Alias, *, approval: str | Approval | None, reason: str
) -> Steps[Alias]:
    uid = approval.uid if isinstance(approval, Approval) else approval
    named = client.start_of(ref)
    return registry.rollback(client, named, client.config.project, approval=uid, reason=reason)


@checked
@withheld("remove alias {ref}", standing.alias)
def remove_alias(client: Client, ref: str | Alias, *, expected: str | None, reason: str) -> Steps[Alias]:
    named = client.start_of(ref)
    return registry.remove_alias(named, client.config.project, expected=expected, reason=reason)


@checked
def alias(client: Client, ref: str | Alias) -> Steps[Alias]:
    return registry.alias(client.start_of(ref), client.config.project)


@checked
@withheld("ask for approval of {version}", standing.requested)
def request_approval(
    client: Client, version: str | ModelVersion, alias: str | None, comment: str
) -> Steps[Approval]:
    return registry.request_approval(client, version, alias, comment)


@checked
@withheld("decide on {request}", standing.decided)
def decide(
    client: Client, request: str | Approval | ModelVersion, comment: str, *, alias: str | None, verdict: str
) -> Steps[Approval]:
    return registry.decide(client, request, alias, verdict, comment)


@checked
def approvals(
    client: Client, name: str | None, *, state: str | None, project: str | None
) -> Steps[list[Approval]]:
    owner = _project(client, project)
    uid = model_uid(*registrations.model_named(name, owner)) if name is not None else None
    return registry.approvals(model=uid, project=owner, state=state)


@checked
def registered_model(client: Client, ref: str | RegisteredModel) -> Steps[RegisteredModel]:
    return curation.registered_model(client, client.start_of(ref))


@checked
def uid_of(client: Client, ref: str | Thing) -> Steps[str]:
    return curation.named(client, client.start_of(ref))


@checked
@withheld("describe {ref} anew", standing.model)
def update_model(
    client: Client,
    ref: str | RegisteredModel,
    *,
    title: str | None,
    owner: str | None,
    description: str | None,
    card: str | None,
    tags: Mapping[str, Any] | None,
) -> Steps[RegisteredModel]:
    model = yield from curation.registered_model(client, client.start_of(ref))
    told = registrations.registration_of(
        model.name, project=model.project, description=description, card=card, tags=tags
    )
    return (yield from curation.update_model(client, told, title=title, owner=owner))


@checked
@withheld("describe {version} anew", standing.version)
def update_model_version(
    client: Client,
    version: str | ModelVersion,
    *,
    description: str | None,
    card: str | None,
    tags: Mapping[str, Any] | None,
    metrics: Mapping[str, Any] | None,
    signature: Mapping[str, Any] | None,
) -> Steps[ModelVersion]:
    told = registrations.registration_of(
        "any", project=client.config.project, description=description, card=card, tags=tags, metrics=metrics,
        signature=signature,
    )  # fmt: skip
    return curation.update_version(client, version, told)


@checked
@withheld("tag {ref}", standing.uid)
def set_tags(client: Client, ref: str | Thing, tags: Mapping[str, Any]) -> Steps[str]:
    return curation.set_tags(client, client.start_of(ref), tags)


@checked
@withheld("describe {ref}", standing.uid)
def describe(client: Client, ref: str | Thing, description: str) -> Steps[str]:
    return curation.describe(client, client.start_of(ref), description)


@checked
@withheld("archive or restore {ref}", standing.model_or_version)
def set_state(
    client: Client, ref: str | RegisteredModel | ModelVersion, *, state: str, reason: str, override: bool
) -> Steps[RegisteredModel | ModelVersion]:
    return curation.set_state(client, client.start_of(ref), state, reason=reason, override=override)


@checked
@withheld("hold or release {ref}", standing.version_or_artifact)
def set_hold(
    client: Client, ref: str | ModelVersion | Artifact, *, hold: bool, reason: str
) -> Steps[ModelVersion | Artifact]:
    return curation.set_hold(client, client.start_of(ref), hold=hold, reason=reason)


@checked
@withheld("set when {ref} may go", standing.artifact)
def set_ttl(client: Client, ref: str | Artifact, *, ttl_days: float | None, reason: str) -> Steps[Artifact]:
    return curation.set_ttl(client, client.start_of(ref), ttl_days=ttl_days, reason=reason)


@checked
@withheld("change the rules of {ref}", standing.protected)
def protect(
    client: Client,
    ref: str | Alias | RegisteredModel,
    *,
    protected: bool,
    needs_approval: bool,
    movers: str | Sequence[str],
    approvers: str | Sequence[str],
    reason: str,
) -> Steps[Alias | RegisteredModel]:
    return curation.protect(
        client, client.start_of(ref), protected=protected, needs_approval=needs_approval,
        movers=_names(movers), approvers=_names(approvers),
        reason=reason,
    )  # fmt: skip


@checked
@withheld("delete {ref}", standing.uid)
def delete(client: Client, ref: str | Thing, *, reason: str, override: bool) -> Steps[str]:
    return curation.delete(client, client.start_of(ref), reason=reason, override=override)


@checked
@withheld("restore {ref}", standing.uid)
def undelete(client: Client, ref: str | Thing, *, reason: str) -> Steps[str]:
    return curation.undelete(client, client.start_of(ref), reason=reason)


def _names(told: str | Sequence[str]) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told)


def _project(client: Client, told: str | None) -> str:
    return clean_project(told) if told is not None else client.config.project
