"""Parts of run events: inputs, outputs, code, environment and GPUs of one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lineage_server.domain.nodes import Scalar


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
    (``[role or artifact name, column]`` pairs), ``reused``: a cache hit, not a production."""

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
    metadata: dict[str, Scalar] | None = None


@dataclass(frozen=True, kw_only=True)
class CodeFact:
    """The code that ran: repository, commit, and the digest of uncommitted changes."""

    repo: str = ""
    commit: str = ""
    branch: str = ""
    dirty_digest: str = ""
    entry: str = ""
    diff: str = ""


@dataclass(frozen=True, kw_only=True)
class EnvironmentFact:
    """Where it ran, keyed by image digest or lock digest; ``packages`` name → version."""

    image: str = ""
    image_digest: str = ""
    lock_digest: str = ""
    python: str = ""
    packages: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class GpuFact:
    """GPUs of a run: product name, count, seconds held, device uuids."""

    product: str = ""
    count: float | None = None
    seconds: float | None = None
    devices: list[str] = field(default_factory=list[str])
