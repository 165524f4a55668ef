"""From events to facts: pure, no I/O, no knowledge of what the graph holds.

``facts_of(event, …)`` says what one event tells about which nodes; everything that needs
the graph's present state (merging, ordinals, inference, roll-ups) comes later in
``state`` and ``derive``. Raises InvalidInputError for an event that contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.edges import COLUMNS, EdgeType, Source
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import (
    ArtifactReported,
    ContextReported,
    EdgeAsserted,
    EdgeRetracted,
    Event,
    IntentReported,
    JobReported,
    MemberSet,
    MetricsLogged,
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
from lineage_server.ingest import plan_models, plan_runs
from lineage_server.ingest.facts import Clock, EdgeFacts, EdgeKey, NodeFacts
from lineage_server.ingest.identity import identity_of, version_identity
from lineage_server.ingest.told import check_owner, describe, reference, tell
from lineage_server.ingest.values import clean_tags, dumps, epoch, whole


def facts_of(event: Event, clock: Clock, actor: str = "") -> list[NodeFacts]:
    """What ``event``, sent by ``actor``, tells, node by node. The project itself is always among them."""
    project = ids.clean_project(event.project)
    spoken = plan_models.SPOKEN.get(type(event))
    if spoken is not None:
        facts = spoken(event, project, clock, actor)
    else:
        facts = _PLANNERS[type(event)](event, project, clock)
    if isinstance(event, RunReported) and actor and event.source is not Source.WATCHER:
        facts[0].values["sent_by"] = actor  # whose it is where it names nobody
    uid = ids.project_uid(project)
    if not any(f.uid == uid for f in facts):
        facts.append(reference(uid, Label.PROJECT, clock, {"project": project, "name": project}))
    return facts


def _job(event: JobReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = plan_runs.job_facts(project, event.kind, ids.clean_name(event.name, "job"), clock)
    tell(facts, description=event.description, spec_digest=event.spec_digest, schedule=event.schedule)
    describe(facts, event)
    return [facts]


def _artifact(event: ArtifactReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = plan_runs.artifact_facts(project, event.kind, event.artifact, clock)
    facts.described = True
    tell(facts, description=event.description)
    describe(facts, event)
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
    tell(
        facts,
        digest=learned,
        uri=event.uri,
        size=whole(event.size, "size") if event.size is not None else None,
        schema=dumps(event.columns) if event.columns is not None else None,
        stats=dumps(event.stats, ordered=True) if event.stats is not None else None,
        partial=event.partial,
        hold=event.hold,
        description=event.description,
    )
    if event.ttl_at is not None:
        facts.values["ttl_at"] = epoch(event.ttl_at, "ttl_at") or None
    if event.stored_at is not None:
        facts.values["stored_at"] = epoch(event.stored_at, "stored_at") or None
    facts.note_map("metadata", event.metadata)
    describe(facts, event)
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
    check_owner(uid, project, "uid")
    if label in (Label.EVENT, Label.METRIC_CHUNK):
        raise InvalidInputError(f"a {PREFIX[label]} can't be changed", field="uid")
    return reference(uid, label, clock, identity_of(uid, label, project))


def _annotated(event: NodeAnnotated, project: str, clock: Clock) -> list[NodeFacts]:
    facts = _any_node(event.uid, project, clock)
    tell(facts, description=event.description)
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
    tell(facts, title=event.name)
    describe(facts, event)
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
    tell(facts, to_at=end, reason=event.reason)
    return [facts]


def _project(event: ProjectReported, project: str, clock: Clock) -> list[NodeFacts]:
    facts = NodeFacts(ids.project_uid(project), Label.PROJECT, clock, {"project": project, "name": project})
    tell(facts, description=event.description, owner=event.owner)
    facts.note_map("labels", event.labels)
    describe(facts, event)
    return [facts]


def _member(event: MemberSet, project: str, clock: Clock) -> list[NodeFacts]:
    facts = NodeFacts(ids.project_uid(project), Label.PROJECT, clock, {"project": project, "name": project})
    subject = ids.clean_name(event.subject, "subject")
    facts.values["role." + subject] = str(event.role) if event.role else None
    return [facts]


def _intent(event: IntentReported, project: str, clock: Clock) -> list[NodeFacts]:
    key = ids.clean_name(event.key, "key")
    identity = {"project": project, "name": key}
    facts = NodeFacts(ids.intent_uid(project, key), Label.INTENT, clock, identity)
    facts.values["action"] = str(event.action)
    if event.target is not None:
        ids.clean_uid(event.target, "target")
        check_owner(event.target, project, "target")
        facts.values["target"] = event.target
    if event.state is not None:
        facts.rank = STATE_RANK[event.state]
        ended = clock.at if facts.rank == TERMINAL_RANK else None
        facts.ranked = {"state": str(event.state), "reason": event.reason or "", "ended_at": ended}
    elif event.reason is not None:
        facts.rank = 0
        facts.ranked = {"reason": event.reason}
    describe(facts, event)
    out = [facts]
    if event.requester is not None:
        plan_runs.name_actor(event.requester, "requester", project, facts, out)
    return out


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
    **plan_models.PLANNERS,
    IntentReported: _intent,
}
