"""The closed set of domain events: everything that happened arrives as one of these.

Whoever saw it (client, watchers, OpenLineage, MLflow, the registry API, the control
layer's intents) says it in these words; ``ingest`` turns them into the graph. Every field
but the identity is optional, and the same run, version or job may be reported any number
of times, in any order: facts accumulate, later event times win (graph rules 2 and 4).

Times are microseconds since the epoch, UTC. On the wire (``POST /api/v1/events``) an event
is one JSON object a line with ``type`` naming the class; times may also be RFC 3339 text.
Fields this version does not know are kept with the stored event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from lineage_server.domain.event_parts import (
    ActorFact,
    CodeFact,
    EnvironmentFact,
    Event,
    GpuFact,
    InputFact,
    OutputFact,
)
from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    DeploymentReported,
    IntentReported,
    ModelReported,
    ModelVersionReported,
)
from lineage_server.domain.nodes import JobKind, Label, Role, RunState, Scalar

# --- runs ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RunReported(Event):
    """Facts on one run, from one field to the whole execution.

    ``run``: its UUID. ``params``, ``tags``, ``facts``, ``resources``, ``usage`` are merged key
    by key (a null removes a tag, a fact …). ``metrics`` are final values; series come as
    ``MetricsLogged``. ``resources`` is what was asked, ``usage`` what was used (cpu_seconds,
    memory_gib_seconds, energy_kwh …). ``actor``: who ran it, a claim.
    """

    type: ClassVar[str] = "run"

    run: str
    name: str | None = None
    job: str | None = None
    kind: JobKind | None = None
    state: RunState | None = None
    requested_at: int | None = None
    queued_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    exit_code: int | None = None
    attempt: int | None = None
    description: str | None = None
    params: dict[str, Scalar | None] | None = None
    metrics: dict[str, float | str] | None = None
    tags: dict[str, str | None] | None = None
    facts: dict[str, Any] | None = None
    resources: dict[str, Scalar | None] | None = None
    usage: dict[str, float | None] | None = None
    gpu: GpuFact | None = None
    node: str | None = None
    cluster: str | None = None
    inputs: list[InputFact] = field(default_factory=list[InputFact])
    outputs: list[OutputFact] = field(default_factory=list[OutputFact])
    parent: str | None = None
    retry_of: str | None = None
    resumed_from: str | None = None
    boards: list[str] = field(default_factory=list[str])
    code: CodeFact | None = None
    environment: EnvironmentFact | None = None
    volumes: list[str] = field(default_factory=list[str])
    spec_digest: str | None = None
    workload: str | None = None
    actor: ActorFact | None = None


@dataclass(frozen=True, kw_only=True)
class MetricsLogged(Event):
    """Points of metric series, as columns of equal length.

    ``series[i]`` indexes ``keys``; ``times`` in microseconds; a value may be the text
    ``NaN``, ``Infinity`` or ``-Infinity``, which JSON numbers cannot say.
    """

    type: ClassVar[str] = "metrics"

    run: str
    keys: list[str]
    series: list[int]
    steps: list[int]
    times: list[int]
    values: list[float | str]


@dataclass(frozen=True, kw_only=True)
class JobReported(Event):
    """A job described apart from any run (schedule, specification, description)."""

    type: ClassVar[str] = "job"

    name: str
    kind: JobKind = JobKind.SCRIPT
    description: str | None = None
    spec_digest: str | None = None
    schedule: str | None = None
    tags: dict[str, str | None] | None = None
    facts: dict[str, Any] | None = None


# --- artifacts -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ArtifactReported(Event):
    """An artifact described apart from its versions."""

    type: ClassVar[str] = "artifact"

    artifact: str
    kind: str = "dataset"
    description: str | None = None
    tags: dict[str, str | None] | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class VersionReported(Event):
    """Facts on a version, keyed by ``digest``, or by the producing ``run`` whose version may
    learn its digest (``learned_digest``) this way. ``stored_at``: since when its bytes are kept by the
    artifact store, 0 = no longer."""

    type: ClassVar[str] = "version"

    artifact: str
    kind: str = "dataset"
    digest: str = ""
    run: str = ""
    learned_digest: str | None = None
    uri: str | None = None
    size: int | None = None
    columns: list[dict[str, Any]] | None = None
    stats: dict[str, Any] | None = None
    sealed_at: int | None = None
    partial: bool | None = None
    hold: bool | None = None
    ttl_at: int | None = None
    stored_at: int | None = None
    description: str | None = None
    tags: dict[str, str | None] | None = None
    metadata: dict[str, Scalar | None] | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class EdgeAsserted(Event):
    """A person (or tool) states a derivation between two versions, with a reason."""

    type: ClassVar[str] = "edge.asserted"

    start: str
    end: str
    role: str = "manual"
    reason: str = ""
    fields: dict[str, list[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class EdgeRetracted(Event):
    """A stated derivation is taken back; history keeps it."""

    type: ClassVar[str] = "edge.retracted"

    start: str
    end: str
    role: str = "manual"
    reason: str = ""


# --- any node --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class NodeAnnotated(Event):
    """Tags and description of any node; a null removes a tag."""

    type: ClassVar[str] = "node.annotated"

    uid: str
    tags: dict[str, str | None] | None = None
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class NodeDeleted(Event):
    """Tombstone: uid, digest and edges stay, payload goes out of sight."""

    type: ClassVar[str] = "node.deleted"

    uid: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NodeRestored(Event):
    """A tombstone is lifted again."""

    type: ClassVar[str] = "node.restored"

    uid: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NodeErased(Event):
    """Privacy: the payload goes for good, from the node and from stored events."""

    type: ClassVar[str] = "node.erased"

    uid: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ContextReported(Event):
    """Facts on a context node: actor, environment, code, volume, cluster node, GPU.

    ``key``: what its witnesses all know of it, see ``ids.context_uid``.
    """

    type: ClassVar[str] = "context"

    label: Label
    key: str
    name: str | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class WatchGapReported(Event):
    """From when to when a kind of object was not watched (feeds completeness)."""

    type: ClassVar[str] = "watch.gap"

    cluster: str
    kind: str
    from_at: int
    to_at: int
    reason: str = ""


# --- projects --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ProjectReported(Event):
    """A project is created or described; ``labels`` are those of its namespace on a cluster."""

    type: ClassVar[str] = "project"

    description: str | None = None
    owner: str | None = None
    tags: dict[str, str | None] | None = None
    labels: dict[str, str | None] | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class MemberSet(Event):
    """A member's role in the project; null takes the membership away."""

    type: ClassVar[str] = "project.member"

    subject: str
    role: Role | None = None


EVENT_TYPES: dict[str, type[Event]] = {
    cls.type: cls
    for cls in (
        RunReported,
        MetricsLogged,
        JobReported,
        ArtifactReported,
        VersionReported,
        EdgeAsserted,
        EdgeRetracted,
        NodeAnnotated,
        NodeDeleted,
        NodeRestored,
        NodeErased,
        ContextReported,
        WatchGapReported,
        ProjectReported,
        MemberSet,
        ModelReported,
        ModelVersionReported,
        AliasSet,
        ApprovalGiven,
        DeploymentReported,
        IntentReported,
    )
}
"""Every event by the ``type`` it bears on the wire."""
