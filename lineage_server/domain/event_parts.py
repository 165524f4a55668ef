"""What events are made of: what all of them carry, and the parts of run events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from lineage_server.domain.edges import Basis, Source
from lineage_server.domain.ids import DEFAULT_PROJECT
from lineage_server.domain.nodes import Reproduced, Scalar


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event carries.

    ``id``: unique within the project; the same id again is the same event. Empty means the
    digest of the event's content. ``at``: when it happened (0 = when it was received).
    """

    type: ClassVar[str] = ""

    project: str = DEFAULT_PROJECT  # project that the event belongs to
    id: str = ""  # at most 200 characters; the same id again is the same event
    at: int = 0  # when it happened; 0 = when it was received
    source: Source = Source.CLIENT  # who witnessed it
    basis: Basis = Basis.DECLARED  # how it is known


@dataclass(frozen=True, kw_only=True)
class ActorFact:
    """Somebody, as the event names them: a claim. Who sent the event stands with the stored event;
    the two need not be the same."""

    subject: str  # who, as the issuer knows them
    issuer: str = "local"  # who vouches for the subject
    name: str = ""  # for people


@dataclass(frozen=True, kw_only=True)
class InputFact:
    """A run read this. Keyed by ``digest``, else by ``run`` (its producer's id), else by ``registered``
    (what the registered model of this name calls it), else by ``version`` (an ordinal); with none of
    them the newest version sealed at or before the run's start is inferred. ``project`` is the
    artifact's, empty = the event's."""

    name: str  # the artifact's
    type: str = "dataset"  # the artifact's, one of those below
    role: str = ""  # what the run calls it; empty = name
    project: str = ""  # the artifact's; empty = the event's
    digest: str = ""  # of the content, sha256:<64 hex digits>
    run: str = ""  # UUID of the run that made it, where no digest is known
    version: int | None = None  # its number, where neither is known
    registered: str = ""  # a version or alias of the registered model called so, where neither is known
    uri: str = ""  # where it was read from


@dataclass(frozen=True, kw_only=True)
class OutputFact:
    """A run wrote this version. ``size`` in bytes, ``columns`` as (name, Arrow type, nullable)
    objects, ``stats`` free-form numbers by column, ``fields``: output column → its sources
    (``[role or artifact name, column]`` pairs), ``reused``: a cache hit, not a production.
    ``metadata`` is merged key by key (a null removes a key)."""

    name: str  # the artifact's
    type: str = "dataset"  # the artifact's, one of those below
    role: str = ""  # what the run calls it; empty = name
    digest: str = ""  # of the content, sha256:<64 hex digits>; empty = known by this run
    uri: str = ""  # where it was written to
    size: int | None = None  # bytes
    columns: list[dict[str, Any]] | None = None  # objects of name, type (in Arrow's words), nullable
    stats: dict[str, Any] | None = None  # numbers by column, free in form
    fields: dict[str, list[list[str]]] | None = None  # column → [input, its column] pairs
    partial: bool = False  # not whole yet: never inferred as an input
    reused: bool = False  # found in a cache, not produced
    sealed_at: int | None = None  # since when the content is final
    ttl_at: int | None = None  # when it may be removed
    description: str | None = None  # for people
    metadata: dict[str, Scalar | None] | None = None  # merged key by key, null removes one


@dataclass(frozen=True, kw_only=True)
class CodeFact:
    """The code that ran, keyed by repository, commit and the digest of uncommitted changes, or else
    by its entry. Branch and entry are the run's: others may run the same code from another."""

    repo: str = ""  # address of the repository
    commit: str = ""  # its id
    branch: str = ""  # name
    dirty_digest: str = ""  # digest of uncommitted changes
    entry: str = ""  # script or module that was started
    diff: str = ""  # the uncommitted changes as text


@dataclass(frozen=True, kw_only=True)
class EnvironmentFact:
    """Where it ran; ``packages`` name → version. ``digest`` is that of Python, packages and lock file
    together, and keys them: one image, and one lock file, may run with several sets of packages. Without
    it the digest of image or lock file keys all of it."""

    image: str = ""  # name of the container's image
    image_digest: str = ""  # sha256:<64 hex digits>
    lock_digest: str = ""  # digest of the lock file
    python: str = ""  # version
    packages: dict[str, str] = field(default_factory=dict[str, str])  # name → version
    digest: str = ""  # of Python, packages and lock file together


@dataclass(frozen=True, kw_only=True)
class GpuFact:
    """GPUs of a run: product name, memory of each in bytes, count, seconds held, device uuids."""

    product: str = ""  # name
    count: float | None = None  # how many; a part of one is a fraction
    seconds: float | None = None  # GPU-seconds held
    devices: list[str] = field(default_factory=list[str])  # UUIDs
    memory_bytes: int | None = None  # bytes of each


@dataclass(frozen=True, kw_only=True)
class ReproductionFact:
    """The run does again what another one did: told when it begins, and with a ``verdict`` once what both
    have made was compared. A later verdict takes the place of an earlier one."""

    of: str  # UUID of the run that is done again
    verdict: Reproduced | None = None  # what came of it
    differences: list[str] = field(default_factory=list[str])  # what differs, a line each
    reason: str = ""  # why it could not be done, or what else there is to know
