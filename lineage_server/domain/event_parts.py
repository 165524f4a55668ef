"""What events are made of: what all of them carry, and the parts of run events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from lineage_server.domain.edges import Basis, Source
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import Scalar


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event carries.

    ``id``: unique within the project; the same id again is the same event. Empty means the
    digest of the event's content. ``at``: when it happened (0 = when it was received).
    """

    type: ClassVar[str] = ""

    project: str = DEFAULT_PROJECT
    id: str = ""
    at: int = 0
    source: Source = Source.CLIENT
    basis: Basis = Basis.DECLARED


@dataclass(frozen=True, kw_only=True)
class ActorFact:
    """Somebody, as the event names them: a claim. Who sent the event stands with the stored event;
    the two need not be the same."""

    subject: str
    issuer: str = "local"
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class InputFact:
    """A run read this. Keyed by ``digest``, else by ``run`` (its producer's id), else by
    ``version`` (an ordinal); with none of them the newest version sealed at or before the
    run's start is inferred. ``project`` is the artifact's, empty = the event's."""

    name: str
    type: str = "dataset"
    role: str = ""
    project: str = ""
    digest: str = ""
    run: str = ""
    version: int | None = None
    uri: str = ""


@dataclass(frozen=True, kw_only=True)
class OutputFact:
    """A run wrote this version. ``size`` in bytes, ``columns`` as (name, Arrow type, nullable)
    objects, ``stats`` free-form numbers by column, ``fields``: output column → its sources
    (``[role or artifact name, column]`` pairs), ``reused``: a cache hit, not a production.
    ``metadata`` is merged key by key (a null removes a key)."""

    name: str
    type: str = "dataset"
    role: str = ""
    digest: str = ""
    uri: str = ""
    size: int | None = None
    columns: list[dict[str, Any]] | None = None
    stats: dict[str, Any] | None = None
    fields: dict[str, list[list[str]]] | None = None
    partial: bool = False
    reused: bool = False
    sealed_at: int | None = None
    ttl_at: int | None = None
    description: str | None = None
    metadata: dict[str, Scalar | None] | None = None


@dataclass(frozen=True, kw_only=True)
class CodeFact:
    """The code that ran, keyed by repository, commit and the digest of uncommitted changes, or else
    by its entry. Branch and entry are the run's: others may run the same code from another."""

    repo: str = ""
    commit: str = ""
    branch: str = ""
    dirty_digest: str = ""
    entry: str = ""
    diff: str = ""


@dataclass(frozen=True, kw_only=True)
class EnvironmentFact:
    """Where it ran; ``packages`` name → version. ``digest`` is that of Python, packages and lock file
    together, and keys them: one image, and one lock file, may run with several sets of packages. Without
    it the digest of image or lock file keys all of it."""

    image: str = ""
    image_digest: str = ""
    lock_digest: str = ""
    python: str = ""
    packages: dict[str, str] = field(default_factory=dict[str, str])
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class GpuFact:
    """GPUs of a run: product name, memory of each in bytes, count, seconds held, device uuids."""

    product: str = ""
    count: float | None = None
    seconds: float | None = None
    devices: list[str] = field(default_factory=list[str])
    memory_bytes: int | None = None
