"""Privacy: what is left of a stored event once a node it tells of was erased.

Identity, structure, states and times stay, so that a replay still rebuilds the graph; the
payload (parameters, metrics, tags, texts, schemas, statistics, locations, code diffs) goes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from lineage_server.domain import ids
from lineage_server.domain.events import (
    ArtifactReported,
    ContextReported,
    DeploymentReported,
    Event,
    InputFact,
    JobReported,
    MetricsLogged,
    ModelReported,
    ModelVersionReported,
    NodeAnnotated,
    OutputFact,
    ProjectReported,
    RunReported,
    VersionReported,
)
from lineage_server.domain.nodes import PREFIX

E = TypeVar("E", bound=Event)


def may_tell(raw: bytes, uid: str) -> bool:
    """Cheap look before decoding: most stored events do not speak of the node ``uid``."""
    if uid.startswith("project:") or b"\\" in raw or not raw.isascii():
        return True  # a project may be unnamed, a name spelt in several ways
    found = raw.lower()
    words = [word.rsplit("/", 1)[-1] for word in uid.partition(":")[2].lower().split("@") if word]
    words += [word.replace("-", "") for word in words]  # a run's id may come without its hyphens
    return any(word.encode() in found for word in words)


def redact(event: Event, uid: str) -> Event | None:
    """The event without ``uid``'s payload; None if it tells nothing of that node's payload."""
    if isinstance(event, RunReported):
        return _run(event, uid)
    if isinstance(event, MetricsLogged):
        # The points are payload through and through: what stays is that the run was heard of.
        run = RunReported(project=event.project, id=event.id, at=event.at, source=event.source, run=event.run)
        return run if ids.run_uid(ids.clean_run_id(event.run)) == uid else None
    if isinstance(event, VersionReported):
        return _version(event, uid)
    if isinstance(event, NodeAnnotated):
        return replace(event, tags=None, description=None) if event.uid == uid else None
    told = _uid_of(event)
    if told != uid:
        return None
    if isinstance(event, ContextReported):
        return replace(event, name=None, facts=None)
    payload = ("description", "tags", "facts", "owner", "uri", "endpoint", "model_uri", "spec_digest")
    return replace(event, **{k: None for k in payload if hasattr(event, k)})


def _uid_of(event: Event) -> str:
    project = event.project
    if isinstance(event, ArtifactReported):
        return ids.artifact_uid(project, event.kind, _name(event.artifact))
    if isinstance(event, JobReported):
        return ids.job_uid(project, event.kind, _name(event.name))
    if isinstance(event, ProjectReported):
        return ids.project_uid(project)
    if isinstance(event, ModelReported):
        return ids.model_uid(project, _name(event.model))
    if isinstance(event, ModelVersionReported):
        return ids.model_version_uid(project, _name(event.model), _name(event.version))
    if isinstance(event, DeploymentReported):
        parts = map(_name, (event.cluster, event.name, event.revision))
        return ids.deployment_uid(project, *parts)
    if isinstance(event, ContextReported):
        return f"{PREFIX[event.label]}:{_name(event.key)}"
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
            resources=None, usage=None, code=None, environment=None, outputs=outputs,
        )  # fmt: skip
    if inputs == event.inputs and outputs == event.outputs:
        return None
    return replace(event, inputs=inputs, outputs=outputs)


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
        fact, uri="", size=None, columns=None, stats=None, fields=None, description=None, metadata=None
    )


def _version(event: VersionReported, uid: str) -> VersionReported | None:
    if _version_of(event.project, event.kind, event.artifact, event.digest, event.run) != uid:
        return None
    return replace(
        event, uri=None, size=None, columns=None, stats=None, description=None, tags=None, metadata=None
    )
