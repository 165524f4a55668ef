"""From events to facts: pure, no I/O, no knowledge of what the graph holds.

``facts_of(event, …)`` says what one event tells about which nodes; everything that needs
the graph's present state (merging, ordinals, inference, roll-ups) comes later in
``state`` and ``derive``. Raises InvalidInputError for an event that contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.edges import COLUMNS, EdgeType
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import (
    AliasSet,
    ApprovalGiven,
    ArtifactReported,
    ContextReported,
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    Event,
    IntentReported,
    JobReported,
    MemberSet,
    MetricsLogged,
    ModelReported,
    ModelVersionReported,
    NodeAnnotated,
    NodeDeleted,
    NodeErased,
    NodeRestored,
    ProjectReported,
    RunReported,
    VersionReported,
    WatchGapReported,
)
from lineage_server.domain.nodes import PREFIX, STATE_RANK, TERMINAL_RANK, Label
from lineage_server.ingest import plan_runs
from lineage_server.ingest.facts import Clock, EdgeFacts, EdgeKey, NodeFacts
from lineage_server.ingest.identity import identity_of, version_identity
from lineage_server.ingest.values import clean_tags, dumps, epoch, whole


def facts_of(event: Event, clock: Clock) -> list[NodeFacts]:
    """What ``event`` tells, node by node. The project itself is always among them."""
    project = ids.clean_project(event.project)
    facts = _PLANNERS[type(event)](event, project, clock)
    uid = ids.project_uid(project)
    if not any(f.uid == uid for f in facts):
        facts.append(reference(uid, Label.PROJECT, clock, {"project": project, "name": project}))
    return facts


def reference(uid: str, label: Label, clock: Clock, identity: dict[str, Any]) -> NodeFacts:
    """A node that an event only refers to: made as a stub where it is not there yet."""
    return NodeFacts(uid, label, clock, identity, False)


def _job(event: JobReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = plan_runs.job_facts(project, event.kind, ids.clean_name(event.name, "job"), clock)
    _tell(facts, description=event.description, spec_digest=event.spec_digest, schedule=event.schedule)
    _describe(facts, event)
    return [facts]


def _describe(node: NodeFacts, event: Event) -> None:
    """Tags and facts, of whichever event has them."""
    node.values.update(clean_tags(getattr(event, "tags", None)))
    node.note_map("facts", getattr(event, "facts", None))


def _artifact(event: ArtifactReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = plan_runs.artifact_facts(project, event.kind, event.artifact, clock)
    facts.described = True
    _tell(facts, description=event.description)
    _describe(facts, event)
    return [facts]


def _version(event: VersionReported, project: str, clock: Clock) -> list[NodeFacts]:
    if bool(event.digest) == bool(event.run):
        raise InvalidInputError(
            "a version is keyed by its digest or by the run that made it: give exactly one of them",
            field="digest",
            allowed="digest or run",
        )
    artifact = plan_runs.artifact_facts(project, event.kind, event.artifact, clock)
    key = ids.clean_digest(event.digest) if event.digest else f"run:{ids.clean_run_id(event.run)}"
    facts = plan_runs.version_facts(artifact, key, clock, described=True)
    learned = ids.clean_digest(event.learned_digest) if event.learned_digest else None
    _tell(
        facts,
        digest=learned,
        uri=event.uri,
        size=whole(event.size, "size") if event.size is not None else None,
        schema=dumps(event.columns) if event.columns is not None else None,
        stats=dumps(event.stats) if event.stats is not None else None,
        partial=event.partial,
        hold=event.hold,
        ttl_at=epoch(event.ttl_at, "ttl_at") if event.ttl_at is not None else None,
        description=event.description,
    )
    if event.stored_at is not None:
        facts.values["stored_at"] = epoch(event.stored_at, "stored_at") or None
    facts.note_map("metadata", event.metadata)
    _describe(facts, event)
    if event.sealed_at is not None and not event.partial:
        facts.seal = epoch(event.sealed_at, "sealed_at")
    return [artifact, facts]


def _edge(event: EdgeAsserted | EdgeRetracted, project: str, clock: Clock) -> list[NodeFacts]:
    start, end = event.start, event.end
    for field, uid in (("start", start), ("end", end)):
        if ids.label_of(uid) is not Label.ARTIFACT_VERSION:
            raise InvalidInputError(
                f"{field} {ids.shorten(uid)!r} is not an artifact version",
                field=field,
                allowed="uids of artifact versions (version:…)",
            )
    if start == end:
        raise InvalidInputError("a version can't be derived from itself", field="end")
    if ids.project_of(end) != project:
        raise InvalidInputError(
            f"the derived version belongs to project {ids.project_of(end)!r}, the event to {project!r}",
            field="end",
        )
    retracted = isinstance(event, EdgeRetracted)
    extra: dict[str, Any] = {"reason": event.reason}
    if isinstance(event, EdgeAsserted) and event.fields:
        extra["fields"] = dumps({k: [[c] for c in v] for k, v in event.fields.items()})
    role = ids.clean_name(event.role, "role")
    if role.startswith(COLUMNS):
        raise InvalidInputError(f"roles that begin with {COLUMNS!r} are the server's own", field="role")
    key = EdgeKey(EdgeType.DERIVED, role, start)
    edge = EdgeFacts(key, event.basis, event.source, extra, retracted=retracted, asserted=not retracted)
    target = reference(end, Label.ARTIFACT_VERSION, clock, version_identity(end))
    target.add_edge(edge)
    return [reference(start, Label.ARTIFACT_VERSION, clock, version_identity(start)), target]


def _any_node(uid: str, project: str, clock: Clock) -> NodeFacts:
    label = ids.clean_uid(uid)
    _check_owner(uid, project, "uid")
    if label in (Label.EVENT, Label.METRIC_CHUNK):
        raise InvalidInputError(f"a {PREFIX[label]} can't be changed", field="uid")
    return reference(uid, label, clock, identity_of(uid, label, project))


def _check_owner(uid: str, project: str, field: str) -> None:
    owner = ids.project_of(uid)
    if owner and owner != project:
        raise InvalidInputError(
            f"{ids.shorten(uid)!r} belongs to project {owner!r}, the event to {project!r}", field=field
        )


def _annotated(event: NodeAnnotated, project: str, clock: Clock) -> list[NodeFacts]:
    facts = _any_node(event.uid, project, clock)
    _tell(facts, description=event.description)
    facts.values.update(clean_tags(event.tags))
    return [facts]


def _visibility(
    event: NodeDeleted | NodeRestored | NodeErased, project: str, clock: Clock
) -> list[NodeFacts]:
    facts = _any_node(event.uid, project, clock)
    facts.visible = isinstance(event, NodeRestored)
    facts.erased = isinstance(event, NodeErased)
    return [facts]


def _context(event: ContextReported, project: str, clock: Clock) -> list[NodeFacts]:
    allowed = (Label.ACTOR, Label.ENVIRONMENT, Label.CODE_REF, Label.VOLUME, Label.NODE, Label.GPU)
    if event.label not in allowed:
        raise InvalidInputError(
            f"{event.label} is not a context node", field="label", allowed=", ".join(allowed)
        )
    uid = ids.context_uid(event.label, project, event.key)
    facts = NodeFacts(uid, event.label, clock, identity_of(uid, event.label, project))
    _tell(facts, title=event.name)
    _describe(facts, event)
    return [facts]


def _gap(event: WatchGapReported, project: str, clock: Clock) -> list[NodeFacts]:
    start, end = epoch(event.from_at, "from_at"), epoch(event.to_at, "to_at")
    if end < start:
        raise InvalidInputError("the gap ends before it begins", field="to_at")
    cluster, kind = ids.clean_name(event.cluster, "cluster"), ids.clean_part(event.kind, "kind", "/")
    identity = {
        "project": project,
        "name": f"{cluster}/{kind}",
        "cluster": cluster,
        "kind": kind,
        "from_at": start,
    }
    facts = NodeFacts(f"gap:{cluster}/{kind}/{start}", Label.WATCH_GAP, clock, identity)
    _tell(facts, to_at=end, reason=event.reason)
    return [facts]


def _project(event: ProjectReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = NodeFacts(ids.project_uid(project), Label.PROJECT, clock, {"project": project, "name": project})
    _tell(facts, description=event.description, owner=event.owner)
    facts.note_map("labels", event.labels)
    _describe(facts, event)
    return [facts]


def _member(event: MemberSet, project: str, clock: Clock) -> list[NodeFacts]:
    facts = NodeFacts(ids.project_uid(project), Label.PROJECT, clock, {"project": project, "name": project})
    subject = ids.clean_name(event.subject, "subject")
    facts.values["role." + subject] = str(event.role) if event.role else None
    return [facts]


def _model_reference(project: str, name: str, clock: Clock) -> NodeFacts:
    name = ids.clean_name(name, "model")
    identity = {"project": project, "name": name}
    return reference(ids.model_uid(project, name), Label.REGISTERED_MODEL, clock, identity)


def _model(event: ModelReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = _model_reference(project, event.model, clock)
    facts.described = True
    _tell(facts, description=event.description, title=event.title, owner=event.owner)
    _tell(facts, external_id=event.external_id, state=str(event.state) if event.state else None)
    _describe(facts, event)
    return [facts]


def _model_version_reference(project: str, model: str, version: str, clock: Clock) -> NodeFacts:
    name = ids.clean_part(version, "version", "@")
    identity = {"project": project, "name": model, "version": name, "model": ids.model_uid(project, model)}
    return reference(ids.model_version_uid(project, model, name), Label.MODEL_VERSION, clock, identity)


def _model_version(event: ModelVersionReported, project: str, clock: Clock) -> list[NodeFacts]:
    model = _model_reference(project, event.model, clock)
    facts = _model_version_reference(project, model.identity["name"], event.version, clock)
    facts.described = True
    _tell(facts, description=event.description, uri=event.uri, external_id=event.external_id)
    _tell(facts, state=str(event.state) if event.state else None)
    if event.run:
        facts.values["run"] = ids.clean_run_id(event.run)
    _describe(facts, event)
    out = [model, facts]
    if event.origin:
        if ids.label_of(event.origin) is not Label.ARTIFACT_VERSION:
            raise InvalidInputError("origin must be an artifact version's uid", field="origin")
        identity = version_identity(event.origin)
        out.append(reference(event.origin, Label.ARTIFACT_VERSION, clock, identity))
        key = EdgeKey(EdgeType.REGISTERED_AS, "model", event.origin)
        facts.add_edge(EdgeFacts(key, event.basis, event.source))
    return out


def _alias(event: AliasSet, project: str, clock: Clock) -> list[NodeFacts]:
    model = _model_reference(project, event.model, clock)
    name, alias = model.identity["name"], ids.clean_part(event.alias, "alias", "@")
    out = [model]
    identity = {"project": project, "name": alias, "model": model.uid, "alias": alias}
    facts = NodeFacts(ids.alias_uid(project, name, alias), Label.ALIAS, clock, identity)
    _tell(facts, protected=event.protected)
    target = None
    if event.version is not None:
        version = _model_version_reference(project, name, event.version, clock)
        target = version.uid
        out.append(version)
    facts.pointer = (clock.at, clock.event, target, str(event.source), str(event.basis), event.reason)
    out.append(facts)
    return out


def _approval(event: ApprovalGiven, project: str, clock: Clock) -> list[NodeFacts]:
    model = _model_reference(project, event.model, clock)
    version = _model_version_reference(project, model.identity["name"], event.version, clock)
    identity = {
        "project": project,
        "name": event.verdict,
        "model": model.uid,
        "version": version.uid,
        "verdict": event.verdict,
        "approver": event.approver,
        "alias": event.alias,
        "at": clock.at,
    }
    uid = ids.approval_uid(project, model.identity["name"], clock.event)
    facts = NodeFacts(uid, Label.APPROVAL, clock, identity)
    _tell(facts, comment=event.comment or None)
    return [model, version, facts]


def _deployment(event: DeploymentReported, project: str, clock: Clock) -> list[NodeFacts]:
    name, cluster = ids.clean_part(event.name, "name", "/"), ids.clean_name(event.cluster, "cluster")
    revision = ids.clean_part(event.revision, "revision", "@")
    identity = {"project": project, "name": name, "cluster": cluster, "revision": revision}
    uid = ids.deployment_uid(project, cluster, name, revision)
    facts = NodeFacts(uid, Label.DEPLOYMENT, clock, identity)
    _tell(facts, endpoint=event.endpoint, state=event.state, traffic=event.traffic)
    _tell(facts, model_uri=event.model_uri, method=event.method, confidence=event.confidence)
    _describe(facts, event)
    if event.to_at is not None:
        facts.values["to_at"] = epoch(event.to_at, "to_at")
    if event.from_at is not None:
        facts.note_earliest("from_at", epoch(event.from_at, "from_at"))
    out = [facts]
    if event.model and event.version:
        owner = ids.clean_project(event.model_project or project)
        model = _model_reference(owner, event.model, clock)
        version = _model_version_reference(owner, model.identity["name"], event.version, clock)
        key = EdgeKey(EdgeType.DEPLOYED_AS, "model", version.uid)
        facts.add_edge(EdgeFacts(key, event.basis, event.source))
        out += [model, version]
    for target in event.routes_to:
        if ids.clean_uid(target, "routes_to") is not Label.DEPLOYMENT:
            raise InvalidInputError("routes_to holds uids of deployments", field="routes_to")
        out.append(reference(target, Label.DEPLOYMENT, clock, identity_of(target, Label.DEPLOYMENT, project)))
        facts.add_edge(EdgeFacts(EdgeKey(EdgeType.ROUTES_TO, "route", target), event.basis, event.source))
    return out


def _intent(event: IntentReported, project: str, clock: Clock) -> list[NodeFacts]:
    key = ids.clean_name(event.key, "key")
    identity = {"project": project, "name": key}
    facts = NodeFacts(ids.intent_uid(project, key), Label.INTENT, clock, identity)
    facts.values["action"] = str(event.action)
    if event.target is not None:
        ids.clean_uid(event.target, "target")
        _check_owner(event.target, project, "target")
        facts.values["target"] = event.target
    if event.state is not None:
        facts.rank = STATE_RANK[event.state]
        ended = clock.at if facts.rank == TERMINAL_RANK else None
        facts.ranked = {"state": str(event.state), "reason": event.reason or "", "ended_at": ended}
    elif event.reason is not None:
        facts.rank = 0
        facts.ranked = {"reason": event.reason}
    _describe(facts, event)
    out = [facts]
    if event.requester is not None:
        plan_runs.name_actor(event.requester, "requester", project, facts, out)
    return out


def _tell(node: NodeFacts, **values: Any) -> None:
    """Values that were stated; None means nothing was said."""
    for key, value in values.items():
        if value is not None:
            node.values[key] = value


_Planner = Callable[[Any, str, Clock], list[NodeFacts]]
_PLANNERS: dict[type[Event], _Planner] = {
    RunReported: plan_runs.run_facts,
    MetricsLogged: plan_runs.metric_facts,
    JobReported: _job,
    ArtifactReported: _artifact,
    VersionReported: _version,
    EdgeAsserted: _edge,
    EdgeRetracted: _edge,
    NodeAnnotated: _annotated,
    NodeDeleted: _visibility,
    NodeRestored: _visibility,
    NodeErased: _visibility,
    ContextReported: _context,
    WatchGapReported: _gap,
    ProjectReported: _project,
    MemberSet: _member,
    ModelReported: _model,
    ModelVersionReported: _model_version,
    AliasSet: _alias,
    ApprovalGiven: _approval,
    DeploymentReported: _deployment,
    IntentReported: _intent,
}
