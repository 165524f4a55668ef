"""What events of the registry and of serving tell: models, versions, aliases, approvals, deployments."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.edges import EdgeType
from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    DeploymentReported,
    ModelReported,
    ModelVersionReported,
    ProtectionSet,
)
from lineage_server.domain.events import Event
from lineage_server.domain.nodes import Label
from lineage_server.ingest.facts import Clock, EdgeFacts, EdgeKey, NodeFacts
from lineage_server.ingest.identity import identity_of, model_version_identity, version_identity
from lineage_server.ingest.plan_runs import artifact_facts
from lineage_server.ingest.told import check_owner, describe, reference, tell
from lineage_server.ingest.values import MAX_TEXT, clean_key, clean_metric, dumps, epoch

VERDICTS = ("approved", "rejected", "withdrawn")
"""Of what was requested."""
MOST_MOVERS = 1_000


def _model_reference(project: str, name: str, clock: Clock) -> NodeFacts:
    name = ids.clean_name(name, "model")
    identity = {"project": project, "name": name}
    return reference(ids.model_uid(project, name), Label.REGISTERED_MODEL, clock, identity)


def _model(event: ModelReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = _model_reference(project, event.model, clock)
    facts.described = True
    tell(facts, description=event.description, title=event.title, owner=event.owner)
    tell(facts, external_id=event.external_id, state=str(event.state) if event.state else None)
    tell(facts, card=_card(event.card))
    describe(facts, event)
    return [facts]


def _signature(told: dict[str, Any] | None) -> str | None:
    """Its example has the columns of a table in the table's order."""
    return dumps(told, ordered=True) if told is not None else None


def _card(text: str | None) -> str | None:
    """A model card is cut nowhere: half of one would be misleading."""
    if text is not None and len(text) > MAX_TEXT:
        raise LimitError(
            f"card has {len(text)} characters, at most {MAX_TEXT} are kept; put more into an artifact",
            limit=MAX_TEXT,
            actual=len(text),
        )
    return text


def _version_reference(project: str, model: str, version: str, clock: Clock) -> NodeFacts:
    name = ids.clean_part(version, "version", "@")
    identity = model_version_identity(project, model, name)
    return reference(ids.model_version_uid(project, model, name), Label.MODEL_VERSION, clock, identity)


def _model_version(event: ModelVersionReported, project: str, clock: Clock) -> list[NodeFacts]:
    model = _model_reference(project, event.model, clock)
    facts = _version_reference(project, model.identity["name"], event.version, clock)
    facts.described = True
    tell(facts, description=event.description, uri=event.uri, external_id=event.external_id)
    tell(facts, state=str(event.state) if event.state else None, hold=event.hold, card=_card(event.card))
    for key, value in (event.metrics or {}).items():
        facts.values["m." + clean_key(key, "metrics")] = clean_metric(value, "metrics")
    tell(facts, signature=_signature(event.signature))
    if event.run:
        facts.values["run"] = ids.clean_run_id(event.run)
    describe(facts, event)
    out = [model, facts]
    if event.origin:
        if ids.label_of(event.origin) is not Label.ARTIFACT_VERSION:
            raise InvalidInputError("origin must be an artifact version's uid", field="origin")
        identity = version_identity(event.origin)
        out.append(reference(event.origin, Label.ARTIFACT_VERSION, clock, identity))
        key = EdgeKey(EdgeType.REGISTERED_AS, "model", event.origin)
        facts.add_edge(EdgeFacts(key, event.basis, event.source))
    elif event.run and event.uri:
        out += _made_elsewhere(event, model, facts, clock)
    return out


def _made_elsewhere(
    event: ModelVersionReported, model: NodeFacts, version: NodeFacts, clock: Clock
) -> list[NodeFacts]:
    """Of what lies at an address: that the run made it, by what stands for the version (``registered``)."""
    project, name = model.identity["project"], model.identity["name"]
    uid = ids.registered_uid(project, name, version.identity["version"])
    stands = reference(uid, Label.ARTIFACT_VERSION, clock, version_identity(uid))
    run = reference(ids.run_uid(version.values["run"]), Label.RUN, clock, {"project": project})
    for node, kind in ((run, EdgeType.OUTPUT), (version, EdgeType.REGISTERED_AS)):
        node.add_edge(EdgeFacts(EdgeKey(kind, "model", uid), event.basis, event.source))
    return [artifact_facts(project, "model", name, clock), stands, run]


def _alias_reference(project: str, model: NodeFacts, alias: str, clock: Clock) -> NodeFacts:
    name = ids.clean_part(alias, "alias", "@")
    identity = {"project": project, "name": name, "model": model.uid, "alias": name}
    uid = ids.alias_uid(project, model.identity["name"], name)
    return NodeFacts(uid, Label.ALIAS, clock, identity)


def _alias(event: AliasSet, project: str, clock: Clock, actor: str) -> list[NodeFacts]:
    model = _model_reference(project, event.model, clock)
    out = [model]
    facts = _alias_reference(project, model, event.alias, clock)
    target = None
    if event.version is not None:
        version = _version_reference(project, model.identity["name"], event.version, clock)
        target = version.uid
        out.append(version)
    told = str(event.source), str(event.basis), event.reason, actor, event.approval or ""
    facts.pointer = (clock.at, clock.event, target, *told)
    out.append(facts)
    if event.approval:
        _check_approval(event.approval, project, model, "approval")
        identity = identity_of(event.approval, Label.APPROVAL, project)
        used = reference(event.approval, Label.APPROVAL, clock, identity)
        tell(used, used_at=clock.at, used_by=clock.event)
        out.append(used)
    return out


def _protection(event: ProtectionSet, project: str, clock: Clock) -> list[NodeFacts]:
    model = _model_reference(project, event.model, clock)
    facts = _alias_reference(project, model, event.alias, clock) if event.alias else model
    facts.values["protected"] = event.protected or None
    facts.values["needs_approval"] = (event.protected and event.approval) or None
    for field, told in (("movers", event.movers), ("approvers", event.approvers)):
        named = _named(told, field)
        facts.values[field] = json.dumps(named, ensure_ascii=False) if event.protected and named else None
    facts.described = True
    return [facts] if facts is model else [model, facts]


def _named(told: list[str], field: str) -> list[str]:
    if len(told) > MOST_MOVERS or any("/" not in one for one in told):
        what = "move an alias" if field == "movers" else "approve that it moves"
        raise InvalidInputError(
            f"{field} name who may {what}, as issuer/subject",
            field=field,
            allowed=f"at most {MOST_MOVERS} such as lineage/kim or service/ci",
        )
    return sorted({ids.clean_name(one, field) for one in told})


def _request(event: ApprovalRequested, project: str, clock: Clock, actor: str) -> list[NodeFacts]:
    model, version, facts = _approval_parts(event, project, clock, "")
    tell(facts, asker=actor, requested_at=clock.at, question=event.comment or None)
    return [model, version, facts]


def _approval(event: ApprovalGiven, project: str, clock: Clock, actor: str) -> list[NodeFacts]:
    model, version, facts = _approval_parts(event, project, clock, event.request or "")
    if not event.request:
        # Nobody asked: the verdict is what the node is.
        told = {"name": event.verdict, "verdict": event.verdict, "approver": event.approver, "at": clock.at}
        facts.identity |= told
    elif event.verdict not in VERDICTS:
        raise InvalidInputError("what was requested is decided", field="verdict", allowed=", ".join(VERDICTS))
    else:
        tell(facts, verdict=event.verdict, approver=event.approver)
    tell(facts, comment=event.comment or None, by=actor, decided_at=clock.at)
    return [model, version, facts]


def _approval_parts(
    event: ApprovalRequested | ApprovalGiven, project: str, clock: Clock, uid: str
) -> tuple[NodeFacts, NodeFacts, NodeFacts]:
    """The model, the version, and the approval, which is the event's own where there is no ``uid`` of one."""
    model = _model_reference(project, event.model, clock)
    version = _version_reference(project, model.identity["name"], event.version, clock)
    alias = ids.clean_part(event.alias, "alias", "@") if event.alias else ""
    identity = {
        "project": project,
        "name": alias or version.identity["version"],
        "model": model.uid,
        "version": version.uid,
        "alias": alias,
    }
    if uid:
        _check_approval(uid, project, model, "request")
    uid = uid or ids.approval_uid(project, model.identity["name"], clock.event)
    return model, version, NodeFacts(uid, Label.APPROVAL, clock, identity)


def _check_approval(uid: str, project: str, model: NodeFacts, field: str) -> None:
    own = ids.approval_uid(project, model.identity["name"], "")
    if ids.clean_uid(uid, field) is not Label.APPROVAL or not uid.startswith(own) or "@" in uid[len(own) :]:
        raise InvalidInputError(
            f"{field} {ids.shorten(uid)!r} is no approval of the model", field=field, allowed=f"{own}…"
        )
    check_owner(uid, project, field)


def _deployment(event: DeploymentReported, project: str, clock: Clock) -> list[NodeFacts]:
    name, cluster = ids.clean_part(event.name, "name", "/"), ids.clean_name(event.cluster, "cluster")
    revision = ids.clean_part(event.revision, "revision", "@")
    identity = {"project": project, "name": name, "cluster": cluster, "revision": revision}
    uid = ids.deployment_uid(project, cluster, name, revision)
    facts = NodeFacts(uid, Label.DEPLOYMENT, clock, identity)
    tell(facts, endpoint=event.endpoint, state=event.state, traffic=event.traffic)
    tell(facts, model_uri=event.model_uri, method=event.method, confidence=event.confidence)
    describe(facts, event)
    if event.to_at is not None:
        facts.values["to_at"] = epoch(event.to_at, "to_at")
    if event.from_at is not None:
        facts.note_earliest("from_at", epoch(event.from_at, "from_at"))
    out = [facts]
    if event.model and event.version:
        owner = ids.clean_project(event.model_project or project)
        model = _model_reference(owner, event.model, clock)
        version = _version_reference(owner, model.identity["name"], event.version, clock)
        key = EdgeKey(EdgeType.DEPLOYED_AS, "model", version.uid)
        facts.add_edge(EdgeFacts(key, event.basis, event.source))
        out += [model, version]
    for target in event.routes_to:
        if ids.clean_uid(target, "routes_to") is not Label.DEPLOYMENT:
            raise InvalidInputError("routes_to holds uids of deployments", field="routes_to")
        out.append(reference(target, Label.DEPLOYMENT, clock, identity_of(target, Label.DEPLOYMENT, project)))
        facts.add_edge(EdgeFacts(EdgeKey(EdgeType.ROUTES_TO, "route", target), event.basis, event.source))
    return out


_Planner = Callable[[Any, str, Clock], list[NodeFacts]]
PLANNERS: dict[type[Event], _Planner] = {
    ModelReported: _model,
    ModelVersionReported: _model_version,
    ProtectionSet: _protection,
    DeploymentReported: _deployment,
}
SPOKEN: dict[type[Event], Callable[[Any, str, Clock, str], list[NodeFacts]]] = {
    AliasSet: _alias,
    ApprovalRequested: _request,
    ApprovalGiven: _approval,
}
"""Events that also tell who sent them: that is not left to what they say."""
