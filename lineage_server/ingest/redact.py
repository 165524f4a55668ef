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

E = TypeVar("E", bound=Event)


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
    payload = ("description", "tags", "facts", "owner", "uri", "endpoint", "model_uri", "spec_digest")
    return replace(event, **{k: None for k in payload if hasattr(event, k)})


def _uid_of(event: Event) -> str:
    project = event.project
    if isinstance(event, ArtifactReported):
        return ids.artifact_uid(project, event.kind, event.artifact)
    if isinstance(event, JobReported):
        return ids.job_uid(project, event.kind, event.name)
    if isinstance(event, ProjectReported):
        return ids.project_uid(project)
    if isinstance(event, ModelReported):
        return ids.model_uid(project, event.model)
    if isinstance(event, ModelVersionReported):
        return ids.model_version_uid(project, event.model, event.version)
    if isinstance(event, DeploymentReported):
        return ids.deployment_uid(project, event.cluster, event.name, event.revision)
    if isinstance(event, ContextReported):
        return f"{event.label}:{event.key}"
    return ""


def _run(event: RunReported, uid: str) -> RunReported | None:
    run_id = ids.clean_run_id(event.run)
    outputs = [_output(event.project, run_id, fact, uid) for fact in event.outputs]
    if ids.run_uid(run_id) == uid:
        return replace(
            event, params=None, metrics=None, tags=None, facts=None, description=None, reason=None,
            resources=None, usage=None, code=None, environment=None, outputs=outputs,
        )  # fmt: skip
    return replace(event, outputs=outputs) if outputs != event.outputs else None


def _output(project: str, run_id: str, fact: OutputFact, uid: str) -> OutputFact:
    key = fact.digest or f"run:{run_id}"
    if ids.version_uid(project, fact.type, fact.name, key) != uid:
        return fact
    return replace(
        fact, uri="", size=None, columns=None, stats=None, fields=None, description=None, metadata=None
    )


def _version(event: VersionReported, uid: str) -> VersionReported | None:
    key = event.digest or f"run:{event.run}"
    if ids.version_uid(event.project, event.kind, event.artifact, key) != uid:
        return None
    return replace(
        event, uri=None, size=None, columns=None, stats=None, description=None, tags=None, metadata=None
    )
