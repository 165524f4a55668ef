"""What is no node of the lineage: metric series, members, tokens, audit, the intake's state."""

from __future__ import annotations

import strawberry

from lineage_server.api.gql.scalars import Json, Long, Micros, Real, micros
from lineage_server.auth.audit import AuditRecord
from lineage_server.auth.tokens import Token as StoredToken
from lineage_server.domain.nodes import Role
from lineage_server.domain.stored import StoredEvent
from lineage_server.graph.read_tracking import RefusedEvent as StoredRefusal
from lineage_server.ingest.verdicts import inflate
from lineage_server.ingest.writer import IngestWriter
from lineage_server.tracking.gaps import WatchGap as StoredGap
from lineage_server.tracking.history import Series


@strawberry.type
class MetricSeries:
    """One metric of one run, as columns of equal length."""

    key: str
    total: int = strawberry.field(description="points stored; the columns may hold fewer")
    thinned: bool
    steps: list[Long]
    times: list[Micros]
    values: list[Real]


def series_of(value: Series) -> MetricSeries:
    return MetricSeries(
        key=value.key,
        total=value.total,
        thinned=value.thinned,
        steps=[Long(step) for step in value.steps],
        times=[Micros(time) for time in value.times],
        values=[Real(number) for number in value.values],
    )


@strawberry.type
class RunSeries:
    """Metrics of one run of several."""

    run: str = strawberry.field(description="uid")
    series: list[MetricSeries]


@strawberry.type
class Member:
    subject: str
    role: Role


@strawberry.type
class ProjectAccess:
    project: str
    role: Role


@strawberry.type
class Me:
    """Who you are here, and what you may do."""

    subject: str
    issuer: str
    kind: str
    platform_admin: bool
    everywhere: Role | None = strawberry.field(description="your role in every project, if any")
    projects: list[ProjectAccess]
    scopes: list[str] = strawberry.field(description="limits of the token in use, as project=role")


@strawberry.type
class Retention:
    """For how long the server keeps what is not kept for good."""

    refused_days: float = strawberry.field(description="refused events")
    archive_after_days: float = strawberry.field(
        description="stored events, until they move to the archive; 0 is never"
    )
    deleted_days: float = strawberry.field(description="bytes of deleted versions")
    delivery_days: float = strawberry.field(description="ended deliveries of webhooks")


@strawberry.type
class ServerInfo:
    name: str
    version: str
    engine: str = strawberry.field(description="the graph behind it")
    engine_version: str
    auth_mode: str
    retention: Retention


@strawberry.type
class Token:
    """A token as it may be shown; its text is shown once, when it is made."""

    uid: str
    name: str
    subject: str
    kind: str
    platform_admin: bool
    scopes: list[ProjectAccess] = strawberry.field(description="limits; '*' is every project")
    created_at: Micros
    created_by: str
    expires_at: Micros | None
    last_used_at: Micros | None
    revoked_at: Micros | None


def token_of(value: StoredToken) -> Token:
    return Token(
        uid=value.uid,
        name=value.name,
        subject=value.subject,
        kind=value.kind,
        platform_admin=value.platform_admin,
        scopes=access(dict(value.scopes)),
        created_at=Micros(value.created_at),
        created_by=value.created_by,
        expires_at=micros(value.expires_at),
        last_used_at=micros(value.last_used_at),
        revoked_at=micros(value.revoked_at),
    )


def access(roles: dict[str, Role]) -> list[ProjectAccess]:
    return [ProjectAccess(project=project, role=role) for project, role in sorted(roles.items())]


@strawberry.type
class AuditEntry:
    """Who did what, from where; before and after as JSON text."""

    id: str
    at: Micros
    subject: str
    issuer: str
    action: str
    target: str
    project: str
    before: str
    after: str
    origin: str


def audit_of(value: AuditRecord) -> AuditEntry:
    words = {name: getattr(value, name) for name in AuditEntry.__annotations__ if name != "at"}
    return AuditEntry(at=Micros(value.at), **words)


@strawberry.type
class IngestStatus:
    """The intake now: totals since the server started, and what waits."""

    accepted: Long
    duplicate: Long
    refused: Long
    batches: Long
    retries: Long
    overloads: Long
    refused_by_code: Json
    queue_events: int
    queue_bytes: Long
    last_commit_at: Micros | None
    last_batch_seconds: float
    troubled: bool = strawberry.field(description="the graph did not take the last batch at once")


def status_of(writer: IngestWriter) -> IngestStatus:
    counters = writer.counters
    return IngestStatus(
        accepted=Long(counters.accepted),
        duplicate=Long(counters.duplicate),
        refused=Long(counters.refused),
        batches=Long(counters.batches),
        retries=Long(counters.retries),
        overloads=Long(counters.overloads),
        refused_by_code=Json(dict(counters.by_code)),
        queue_events=writer.queue_depth,
        queue_bytes=Long(writer.queued_bytes),
        last_commit_at=micros(counters.last_commit_at or None),
        last_batch_seconds=counters.last_batch_seconds,
        troubled=bool(counters.last_error),
    )


@strawberry.type
class RefusedEvent:
    """An event that was not taken, kept for inspection and replay."""

    uid: str
    project: str
    at: Micros = strawberry.field(description="when it came last")
    first_at: Micros
    times: int = strawberry.field(description="how often it came")
    actor: str
    code: str
    message: str
    retriable: bool = strawberry.field(description="the same event may be taken later")
    size: Long = strawberry.field(description="bytes")
    cut: bool = strawberry.field(description="raw is only its beginning; it cannot be replayed")
    raw: str


@strawberry.type
class WatchGap:
    """Objects of a kind were not watched on a cluster meanwhile: what they did may be missing."""

    uid: str
    project: str
    cluster: str
    kind: str
    from_: Micros = strawberry.field(name="from")
    to: Micros
    reason: str


def gap_of(value: StoredGap) -> WatchGap:
    return WatchGap(
        uid=value.uid, project=value.project, cluster=value.cluster, kind=value.kind,
        from_=Micros(value.from_at), to=Micros(value.to_at), reason=value.reason,
    )  # fmt: skip


def refused_of(value: StoredRefusal) -> RefusedEvent:
    return RefusedEvent(
        uid=value.uid,
        project=value.project,
        at=Micros(value.at),
        first_at=Micros(value.first_at),
        times=min(value.times, 2**31 - 1),
        actor=value.actor,
        code=value.code,
        message=value.message,
        retriable=value.retriable,
        size=Long(value.size),
        cut=value.cut,
        raw=inflate(value.raw).decode("utf-8", "replace"),
    )


@strawberry.type
class Event:
    """A stored event as it was received."""

    uid: str
    project: str
    type: str
    at: Micros
    recorded_at: Micros
    actor: str
    redacted: bool = strawberry.field(description="payload was erased for privacy")
    raw: str = strawberry.field(description="JSON text")


def event_of(value: StoredEvent) -> Event:
    return Event(
        uid=value.uid,
        project=value.project,
        type=value.type,
        at=Micros(value.at),
        recorded_at=Micros(value.recorded_at),
        actor=value.actor,
        redacted=value.redacted,
        raw=value.raw.decode("utf-8", "replace"),
    )
