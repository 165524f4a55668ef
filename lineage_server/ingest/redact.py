"""Privacy: what is left of a stored event once a node it tells of was erased.

Identity, structure, states and times stay, so that a replay still rebuilds the graph; the
payload (parameters, metrics, tags, texts, schemas, statistics, locations, code diffs) goes.
What is told of code and environments beyond their keys goes with the run that tells it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from lineage_server.domain import ids
from lineage_server.domain.errors import LineageError
from lineage_server.domain.events import (
    ActorFact,
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    ArtifactReported,
    CodeFact,
    ContextReported,
    DeploymentReported,
    EdgeAsserted,
    EdgeRetracted,
    EnvironmentFact,
    Event,
    InputFact,
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
    OutputFact,
    ProjectReported,
    ProtectionSet,
    ReproductionFact,
    RunReported,
    VersionReported,
    WatchGapReported,
)
from lineage_server.ingest.decode import decode
from lineage_server.ingest.erasing import nameless

E = TypeVar("E", bound=Event)


def names(text: bytes, uid: str) -> bool:
    """Whether lower-case ``text`` has any of the words by which ``uid`` is told apart."""
    words = [word.rsplit("/", 1)[-1] for word in uid.partition(":")[2].lower().split("@") if word]
    words += [word.replace("-", "") for word in words]  # a run's id may come without its hyphens
    return any(word.encode() in text for word in words)


def may_tell(raw: bytes, uid: str) -> bool:
    """Cheap look before decoding: most stored events do not speak of the node ``uid``."""
    if uid.startswith(("project:", "gap:")) or b"\\" in raw or not raw.isascii():
        return True  # a project may be unnamed, a time or a name spelt in several ways
    return names(raw.lower(), uid)


def tells(raw: bytes, uid: str) -> bool:
    """Whether an event that was not taken tells payload of ``uid``; one that can't be read may do so."""
    try:
        event = decode(raw, max_event_bytes=len(raw))
        return redact(event, uid, event.id or ids.content_id(raw)) is not None
    except LineageError:
        return names(raw.lower(), uid)


def redact(event: Event, uid: str, event_id: str = "") -> Event | None:
    """The event without ``uid``'s payload; None if it tells nothing of that node's payload.

    ``event_id``: the id under which it is stored, where the event itself has none.
    """
    if isinstance(event, RunReported):
        return _run(event, uid)
    if isinstance(event, MetricsLogged):
        # The points are payload through and through: what stays is that the run was heard of.
        run = RunReported(project=event.project, id=event.id, at=event.at, source=event.source, run=event.run)
        return run if ids.run_uid(ids.clean_run_id(event.run)) == uid else None
    if isinstance(event, MemberSet):
        # So are a project's members.
        project = ProjectReported(project=event.project, id=event.id, at=event.at, source=event.source)
        return project if ids.project_uid(event.project) == uid else None
    if isinstance(event, VersionReported):
        return _version(event, uid)
    if isinstance(event, IntentReported):
        return _intent(event, uid)
    if isinstance(event, NodeAnnotated):
        return replace(event, tags=None, description=None) if event.uid == uid else None
    if isinstance(event, EdgeAsserted | EdgeRetracted):
        return _edge(event, uid)
    if _uid_of(event, event_id or event.id) != uid:
        return None
    if isinstance(event, ContextReported):
        return replace(event, name=None, facts=None)
    left = {k: None for k in _PAYLOAD if hasattr(event, k)} | {k: "" for k in _WORDS if hasattr(event, k)}
    return replace(event, **left)


_PAYLOAD = (
    "description", "tags", "labels", "facts", "title", "owner", "external_id", "uri", "endpoint", "model_uri",
    "spec_digest", "schedule", "card", "expected_card", "metrics", "signature",
)  # fmt: skip
_WORDS = ("reason", "comment", "approver")
"""Empty, not None, where nothing is said."""


def _uid_of(event: Event, event_id: str) -> str:
    """The uid of the one node that an event tells of, where it is one of the kinds below."""
    project = event.project
    if isinstance(event, NodeDeleted | NodeRestored | NodeErased):
        return event.uid
    if isinstance(event, WatchGapReported):
        return f"gap:{_name(event.cluster)}/{_name(event.kind)}/{event.from_at}"
    if isinstance(event, ArtifactReported):
        return ids.artifact_uid(project, event.kind, _name(event.artifact))
    if isinstance(event, JobReported):
        return ids.job_uid(project, event.kind, _name(event.name))
    if isinstance(event, ProjectReported):
        return ids.project_uid(project)
    if isinstance(event, DeploymentReported):
        parts = map(_name, (event.cluster, event.name, event.revision))
        return ids.deployment_uid(project, *parts)
    if isinstance(event, ContextReported):
        return ids.context_uid(event.label, project, event.key)
    return _uid_in_registry(event, event_id)


def _uid_in_registry(event: Event, event_id: str) -> str:
    project = event.project
    if isinstance(event, AliasSet) or (isinstance(event, ProtectionSet) and event.alias):
        return ids.alias_uid(project, _name(event.model), _name(event.alias))
    if isinstance(event, ApprovalGiven | ApprovalRequested):
        requested = event.request if isinstance(event, ApprovalGiven) else None
        return requested or ids.approval_uid(project, _name(event.model), event_id)
    if isinstance(event, ModelReported | ProtectionSet):
        return ids.model_uid(project, _name(event.model))
    if isinstance(event, ModelVersionReported):
        return ids.model_version_uid(project, _name(event.model), _name(event.version))
    return ""


def _name(text: str) -> str:
    """The form that stands in uids; the sender may have written another."""
    return ids.clean_name(text, "name")


def _version_of(project: str, kind: str, name: str, digest: str, run: str) -> str:
    key = ids.clean_digest(digest) if digest else f"run:{ids.clean_run_id(run)}"
    return ids.version_uid(project, kind, _name(name), key)


def _run(event: RunReported, uid: str) -> RunReported | None:
    run_id = ids.clean_run_id(event.run)
    inputs = [_input(event.project, fact, uid) for fact in event.inputs]
    outputs = [_output(event.project, run_id, fact, uid) for fact in event.outputs]
    if ids.run_uid(run_id) == uid:
        return replace(
            event, params=None, metrics=None, tags=None, facts=None, description=None, reason=None,
            resources=None, usage=None, code=_code(event.code), environment=_environment(event.environment),
            workload=None, spec_digest=None, actor=_actor(event.actor), outputs=outputs,
            reproduction=_reproduction(event.reproduction),
        )  # fmt: skip
    if inputs == event.inputs and outputs == event.outputs:
        return None
    return replace(event, inputs=inputs, outputs=outputs)


def _reproduction(told: ReproductionFact | None) -> ReproductionFact | None:
    """Which run it did again stays; what came of that goes."""
    return ReproductionFact(of=told.of) if told is not None else None


def _intent(event: IntentReported, uid: str) -> IntentReported | None:
    if ids.intent_uid(event.project, _name(event.key)) != uid:
        return None
    return replace(event, facts=None, reason=None, requester=_actor(event.requester))


def _actor(actor: ActorFact | None) -> ActorFact | None:
    """The edge to somebody stays; the name they were given goes."""
    return replace(actor, name="") if actor is not None else None


def _input(project: str, fact: InputFact, uid: str) -> InputFact:
    if not fact.uri or not (fact.digest or fact.run):
        return fact
    owner = ids.clean_project(fact.project or project)
    told = _version_of(owner, fact.type, fact.name, fact.digest, fact.run)
    return replace(fact, uri="") if told == uid else fact


def _output(project: str, run_id: str, fact: OutputFact, uid: str) -> OutputFact:
    if _version_of(project, fact.type, fact.name, fact.digest, run_id) != uid:
        return fact
    return replace(
        fact, uri="", size=None, columns=None, stats=None, description=None, metadata=None,
        fields=nameless(fact.fields) if fact.fields else None,
    )  # fmt: skip


def _code(code: CodeFact | None) -> CodeFact | None:
    """What stands in its uid and its name; so for the environment."""
    return replace(code, branch="", diff="") if code is not None else None


def _environment(environment: EnvironmentFact | None) -> EnvironmentFact | None:
    return replace(environment, packages={}) if environment is not None else None


def _edge(event: EdgeAsserted | EdgeRetracted, uid: str) -> Event | None:
    """A person's words about two versions speak of both."""
    if uid not in (event.start, event.end):
        return None
    left = replace(event, reason="")
    return replace(left, fields=None) if isinstance(left, EdgeAsserted) else left


def _version(event: VersionReported, uid: str) -> VersionReported | None:
    if _version_of(event.project, event.kind, event.artifact, event.digest, event.run) != uid:
        return None
    return replace(
        event, uri=None, size=None, columns=None, stats=None, description=None, tags=None, metadata=None,
        facts=None,
    )  # fmt: skip
