"""Node labels and the frozen views of nodes that services hand out.

One label per node, set at creation and never changed; subtypes are the property ``kind``.
All times are integers: microseconds since the epoch, UTC; sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool
"""What a parameter or a custom property may hold."""


class Label(StrEnum):
    """Labels of the graph; the values are the Cypher labels."""

    PROJECT = "Project"
    ACTOR = "Actor"
    JOB = "Job"
    RUN = "Run"
    ARTIFACT = "Artifact"
    ARTIFACT_VERSION = "ArtifactVersion"
    REGISTERED_MODEL = "RegisteredModel"
    MODEL_VERSION = "ModelVersion"
    ALIAS = "Alias"
    APPROVAL = "Approval"
    DEPLOYMENT = "Deployment"
    ENVIRONMENT = "Environment"
    CODE_REF = "CodeRef"
    VOLUME = "Volume"
    NODE = "Node"
    GPU = "Gpu"
    WATCH_GAP = "WatchGap"
    INTENT = "Intent"
    METRIC_CHUNK = "MetricChunk"
    EVENT = "Event"


PREFIX: dict[Label, str] = {
    Label.PROJECT: "project",
    Label.ACTOR: "actor",
    Label.JOB: "job",
    Label.RUN: "run",
    Label.ARTIFACT: "artifact",
    Label.ARTIFACT_VERSION: "version",
    Label.REGISTERED_MODEL: "model",
    Label.MODEL_VERSION: "modelversion",
    Label.ALIAS: "alias",
    Label.APPROVAL: "approval",
    Label.DEPLOYMENT: "deployment",
    Label.ENVIRONMENT: "env",
    Label.CODE_REF: "code",
    Label.VOLUME: "volume",
    Label.NODE: "node",
    Label.GPU: "gpu",
    Label.WATCH_GAP: "gap",
    Label.INTENT: "intent",
    Label.METRIC_CHUNK: "chunk",
    Label.EVENT: "event",
}
"""Short name of a label: what comes before the first colon of its uids."""

LABEL_OF: dict[str, Label] = {prefix: label for label, prefix in PREFIX.items()}


SHARED = frozenset({Label.ACTOR, Label.NODE, Label.GPU})
"""What belongs to no project: whatever is said of it, all projects see."""


class JobKind(StrEnum):
    """What kind of thing is run again."""

    SCRIPT = "script"
    NOTEBOOK = "notebook"
    PIPELINE = "pipeline"
    STEP = "step"
    EXPERIMENT = "experiment"
    TRIAL = "trial"
    TENSORBOARD = "tensorboard"
    TRAINING = "training"
    SPARK = "spark"
    SERVING = "serving"


class RunState(StrEnum):
    """State of a run; moves only forward by ``STATE_RANK``, a terminal state is never revived."""

    DECLARED = "declared"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    ABORTED = "aborted"
    CACHED = "cached"


STATE_RANK: dict[str, int] = {
    RunState.DECLARED: 0,
    RunState.QUEUED: 1,
    RunState.RUNNING: 2,
    RunState.COMPLETE: 3,
    RunState.FAILED: 3,
    RunState.ABORTED: 3,
    RunState.CACHED: 3,
}
TERMINAL_RANK = 3


class Reproduced(StrEnum):
    """What came of doing again what a run did; ``FAILED``: it could not be done, or not to its end."""

    SAME = "same"
    DIFFERS = "differs"
    FAILED = "failed"


class ModelState(StrEnum):
    """Where a registered model, or a version of it, is in its life."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"
    ARCHIVED = "archived"


class IntentAction(StrEnum):
    """What is wished for."""

    CREATE = "create"
    START = "start"
    STOP = "stop"
    DELETE = "delete"


class ArtifactType(StrEnum):
    """What an artifact is."""

    DATASET = "dataset"
    MODEL = "model"
    METRICS = "metrics"
    REPORT = "report"
    CHECKPOINT = "checkpoint"
    LOG = "log"
    TABLE = "table"
    FIGURE = "figure"
    FILE = "file"
    DIR = "dir"
    VOLUME_PATH = "volume-path"
    OTHER = "other"


class Role(StrEnum):
    """Roles a member has in a project; each includes the ones before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any node as readers hand it out.

    ``properties`` holds what the label's own view does not name; ``params``, ``metrics``
    and ``tags`` are split out of it by the reader. ``stub`` marks a node that others refer
    to but nobody has described yet.
    """

    uid: str
    label: Label
    project: str
    name: str
    kind: str = ""
    created_at: int = 0
    updated_at: int = 0
    deleted_at: int | None = None
    stub: bool = False
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    properties: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Node):
    """One execution. Latest metric values are by (step, time); durations are seconds.

    ``by``: who ran it, as its witness says, else who sent it; empty where nobody signs in.
    """

    job: str = ""
    state: RunState | None = None
    requested_at: int | None = None
    queued_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    reason: str = ""
    exit_code: int | None = None
    attempt: int | None = None
    by: str = ""
    gpu_product: str = ""
    gpu_count: float | None = None
    gpu_seconds: float | None = None
    params: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(Node):
    """A named thing that has versions; ``kind`` is its ``ArtifactType``."""

    version_count: int = 0
    latest_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a schema; ``type`` in Arrow's words."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactVersion(Node):
    """Immutable content of an artifact, keyed by digest, else by the run that made it."""

    artifact: str = ""
    ordinal: int | None = None
    digest: str = ""
    uri: str = ""
    size: int | None = None
    sealed_at: int | None = None
    partial: bool = False
    hold: bool = False
    ttl_at: int | None = None
    stored_at: int | None = None
    columns: tuple[Column, ...] = ()
    stats: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One relationship. ``at`` is when it happened, ``recorded_at`` when we learned it.

    ``superseded_at`` and ``retracted_at`` close an edge that later truth replaced or a
    person took back; both keep it for ``knownAt``.
    """

    type: str
    start: str
    end: str
    role: str = ""
    at: int = 0
    recorded_at: int = 0
    source: str = ""
    basis: str = ""
    event: str = ""
    superseded_at: int | None = None
    retracted_at: int | None = None
    properties: Mapping[str, object] = field(default_factory=dict[str, object])
