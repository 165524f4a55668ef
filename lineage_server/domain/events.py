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
    ReproductionFact,
)
from lineage_server.domain.event_registry import (
    AliasSet,
    ApprovalGiven,
    ApprovalRequested,
    DeploymentReported,
    IntentReported,
    ModelReported,
    ModelVersionReported,
    ProtectionSet,
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

    run: str  # its UUID
    name: str | None = None  # for people
    job: str | None = None  # name of the job that it is a run of
    kind: JobKind | None = None  # the job's
    state: RunState | None = None  # moves only forward; what has ended is never revived
    requested_at: int | None = None  # the earliest that was told wins
    queued_at: int | None = None  # the earliest that was told wins
    started_at: int | None = None  # the earliest that was told wins; else when it was first told to run
    ended_at: int | None = None  # else the event's time, where the state is an end
    reason: str | None = None  # of the state
    exit_code: int | None = None  # of the process
    attempt: int | None = None  # which try this is
    description: str | None = None  # for people
    params: dict[str, Scalar | None] | None = None  # merged key by key
    metrics: dict[str, float | str] | None = None  # final values; series come as metrics events
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one
    resources: dict[str, Scalar | None] | None = None  # what was asked for, merged key by key
    usage: dict[str, float | None] | None = None  # cpu_seconds, memory_gib_seconds, energy_kwh …
    gpu: GpuFact | None = None  # what it held
    node: str | None = None  # cluster node or host
    cluster: str | None = None  # of node and volumes; unsaid = local
    inputs: list[InputFact] = field(default_factory=list[InputFact])  # what it read
    outputs: list[OutputFact] = field(default_factory=list[OutputFact])  # what it wrote
    parent: str | None = None  # UUID of the run that this is a part of
    retry_of: str | None = None  # UUID of the run that this tries again
    resumed_from: str | None = None  # UUID of the run that this goes on with
    boards: list[str] = field(default_factory=list[str])  # UUIDs of runs that this one shows
    reproduction: ReproductionFact | None = None  # which run it does again, and what came of it
    code: CodeFact | None = None  # what ran
    environment: EnvironmentFact | None = None  # where it ran
    volumes: list[str] = field(default_factory=list[str])  # names of the claims it mounts
    spec_digest: str | None = None  # digest of the specification it ran by
    workload: str | None = None  # what runs it, as its cluster names it
    actor: ActorFact | None = None  # who ran it: a claim


@dataclass(frozen=True, kw_only=True)
class MetricsLogged(Event):
    """Points of metric series, as columns of equal length.

    ``series[i]`` indexes ``keys``; ``times`` in microseconds; a value may be the text
    ``NaN``, ``Infinity`` or ``-Infinity``, which JSON numbers cannot say.
    """

    type: ClassVar[str] = "metrics"

    run: str  # the run's UUID
    keys: list[str]  # names of the series
    series: list[int]  # for each point, the place of its key in keys
    steps: list[int]  # for each point
    times: list[int]  # for each point, microseconds since 1970, numbers only
    values: list[float | str]  # for each point; the texts NaN, Infinity, -Infinity are fine


@dataclass(frozen=True, kw_only=True)
class JobReported(Event):
    """A job described apart from any run (schedule, specification, description)."""

    type: ClassVar[str] = "job"

    name: str  # unique among jobs of its kind in the project
    kind: JobKind = JobKind.SCRIPT  # what kind of thing is run again
    description: str | None = None  # for people
    spec_digest: str | None = None  # digest of its specification
    schedule: str | None = None  # when it runs, as its scheduler writes it
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


# --- artifacts -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ArtifactReported(Event):
    """An artifact described apart from its versions."""

    type: ClassVar[str] = "artifact"

    artifact: str  # its name
    kind: str = "dataset"  # its type, one of those below
    description: str | None = None  # for people
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


@dataclass(frozen=True, kw_only=True)
class VersionReported(Event):
    """Facts on a version, keyed by ``digest``, or by the producing ``run`` whose version may
    learn its digest (``learned_digest``) this way. ``stored_at``: since when its bytes are kept by the
    artifact store, 0 = no longer."""

    type: ClassVar[str] = "version"

    artifact: str  # the artifact's name
    kind: str = "dataset"  # the artifact's type, one of those below
    digest: str = ""  # of the content; give this or run
    run: str = ""  # UUID of the run that made it; give this or digest
    learned_digest: str | None = None  # digest of a version that was known by its run
    uri: str | None = None  # where it lies
    size: int | None = None  # bytes
    columns: list[dict[str, Any]] | None = None  # objects of name, type (in Arrow's words), nullable
    stats: dict[str, Any] | None = None  # numbers by column, free in form
    sealed_at: int | None = None  # since when the content is final
    partial: bool | None = None  # not whole yet
    hold: bool | None = None  # must not be removed
    ttl_at: int | None = None  # when its bytes may be removed; 0 = never
    stored_at: int | None = None  # since when the artifact store keeps its bytes; 0 = no longer
    description: str | None = None  # for people
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    metadata: dict[str, Scalar | None] | None = None  # merged key by key, null removes one
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


@dataclass(frozen=True, kw_only=True)
class EdgeAsserted(Event):
    """A person (or tool) states a derivation between two versions, with a reason."""

    type: ClassVar[str] = "edge.asserted"

    start: str  # uid of the version it was made from
    end: str  # uid of the version that was made, of the event's project
    role: str = "manual"  # tells several derivations of one pair apart
    reason: str = ""  # how one knows
    fields: dict[str, list[str]] | None = None  # column of the end → columns of the start


@dataclass(frozen=True, kw_only=True)
class EdgeRetracted(Event):
    """A stated derivation is taken back; history keeps it."""

    type: ClassVar[str] = "edge.retracted"

    start: str  # as it was stated
    end: str  # as it was stated
    role: str = "manual"  # as it was stated
    reason: str = ""  # why it was wrong


# --- any node --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class NodeAnnotated(Event):
    """Tags and description of any node; a null removes a tag."""

    type: ClassVar[str] = "node.annotated"

    uid: str  # of the node, such as version:default/dataset/iris@sha256:…
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    description: str | None = None  # for people


@dataclass(frozen=True, kw_only=True)
class NodeDeleted(Event):
    """Tombstone: uid, digest and edges stay, payload goes out of sight.

    ``unless_used`` is judged when the event is accepted, never again: a model, or a version, is used
    while an alias points to it, a deployment runs it or it is held, and whatever was made of it, over
    any number of runs, is registered, named, run or held. Who gives no reason is asked for as much.
    """

    type: ClassVar[str] = "node.deleted"

    uid: str  # of the node
    reason: str = ""  # why; without one, refused where something depends on it
    unless_used: bool = False  # refused where something depends on it, also with a reason


@dataclass(frozen=True, kw_only=True)
class NodeRestored(Event):
    """A tombstone is lifted again."""

    type: ClassVar[str] = "node.restored"

    uid: str  # of the node
    reason: str = ""  # why


@dataclass(frozen=True, kw_only=True)
class NodeErased(Event):
    """Privacy: the payload goes for good, from the node and from stored events."""

    type: ClassVar[str] = "node.erased"

    uid: str  # of the node
    reason: str = ""  # why


@dataclass(frozen=True, kw_only=True)
class ContextReported(Event):
    """Facts on a context node: actor, environment, code, volume, cluster node, GPU.

    ``key``: what its witnesses all know of it, see ``ids.context_uid``.
    """

    type: ClassVar[str] = "context"

    label: Label  # Actor, Environment, CodeRef, Volume, Node or Gpu
    key: str  # image or lock digest, repo@commit, cluster/name, device or issuer/subject, by label
    name: str | None = None  # for people
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


@dataclass(frozen=True, kw_only=True)
class WatchGapReported(Event):
    """From when to when a kind of object was not watched (feeds completeness)."""

    type: ClassVar[str] = "watch.gap"

    cluster: str  # its name
    kind: str  # of the objects that were not watched
    from_at: int  # began
    to_at: int  # ended
    reason: str = ""  # why


# --- projects --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ProjectReported(Event):
    """A project is created or described; ``labels`` are those of its namespace on a cluster."""

    type: ClassVar[str] = "project"

    description: str | None = None  # for people
    owner: str | None = None  # subject who owns it; only an admin may say
    tags: dict[str, str | None] | None = None  # merged key by key, null removes one
    labels: dict[str, str | None] | None = None  # of its namespace on a cluster, merged key by key
    facts: dict[str, Any] | None = None  # anything else, merged key by key, null removes one


@dataclass(frozen=True, kw_only=True)
class MemberSet(Event):
    """A member's role in the project; null takes the membership away.

    ``expected`` is judged when the event is accepted, never again.
    """

    type: ClassVar[str] = "project.member"

    subject: str  # whose membership
    role: Role | None = None  # null takes it away
    expected: str | None = None  # only if they have this role, or, where empty, none


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
        ProtectionSet,
        ApprovalRequested,
        ApprovalGiven,
        DeploymentReported,
        IntentReported,
    )
}
"""Every event by the ``type`` it bears on the wire."""
