"""The groups of settings: default, unit and reason of each.

Not here: where they are read from (the package itself).
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import NoDecode

_MIB = 1024 * 1024
MOST_ARCHIVE_DAYS = 100_000


def _split(value: object) -> object:
    """``a, b`` from the environment becomes two entries; a TOML list stays as it is."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list of words: separated by commas in the environment, a list in TOML."""


class _Group(BaseModel):
    # A misspelt name must not be ignored: its owner believes it works.
    model_config = ConfigDict(frozen=True, extra="forbid")


class GraphSettings(_Group):
    """Where the graph is, and how we speak to it."""

    uri: str = Field(
        default="", description="Bolt address of a Neo4j 5.26 or newer; empty = the embedded engine"
    )
    user: str = Field(default="neo4j", description="user at that address")
    password: SecretStr = Field(default=SecretStr(""), description="password of that user")
    database: str = Field(default="neo4j", description="database at that address")
    heap_mb: int = Field(
        default=448,
        ge=128,
        description="memory bound of the embedded engine's heap, MiB (it needs about 250 more)",
    )
    java_options: str = Field(
        default="",
        description="further options for the embedded engine's Java, separated by spaces; later ones count",
    )
    durability: Literal["process", "power"] = Field(
        default="power",
        description="embedded engine: 'process' keeps commits through any kill, 'power' also through a "
        "power cut (about 1 ms more a commit)",
    )
    pool: int = Field(default=50, ge=2, description="most Bolt connections at once")
    connect_timeout_seconds: float = Field(
        default=5.0, gt=0, description="seconds until a connection counts as failed"
    )
    read_timeout_seconds: float = Field(default=10.0, gt=0, description="seconds until a question is stopped")
    write_timeout_seconds: float = Field(default=60.0, gt=0, description="seconds until a write is stopped")


class IngestSettings(_Group):
    """Bounds of the intake; beyond the queue's the answer is 503 and clients send again."""

    queue_events: int = Field(default=20_000, ge=1, description="events that may wait for the writer")
    queue_bytes: int = Field(
        default=64 * _MIB, ge=1024, description="bytes of events that may wait for the writer"
    )
    batch_events: int = Field(default=128, ge=1, description="most events in one transaction")
    patience_seconds: float = Field(
        default=20.0, gt=0, description="seconds a batch is tried again while the graph is away, then 503"
    )
    max_body_bytes: int = Field(default=16 * _MIB, ge=1024, description="largest request body as sent, bytes")
    max_inflated_bytes: int = Field(
        default=64 * _MIB, ge=1024, description="largest request body inflated, bytes"
    )
    max_event_bytes: int = Field(default=1 * _MIB, ge=1024, description="largest event, bytes; refused alone")
    max_pending_bytes: int = Field(
        default=64 * _MIB,
        ge=1024,
        description="bytes of event bodies, inflated, under way at once; one alone always may be",
    )
    refused_events: int = Field(
        default=10_000, ge=0, description="refused events kept for inspection and replay; the oldest go first"
    )
    refused_days: float = Field(default=30.0, ge=0, description="days for which refused events are kept")
    future_skew_seconds: float = Field(
        default=86_400.0, ge=0, description="seconds an event's time may lie in the future; later is refused"
    )
    archive_after_days: float = Field(
        default=90.0,
        ge=0,
        le=MOST_ARCHIVE_DAYS,
        description="age at which stored events move to Parquet files, days; 0 = never",
    )
    archive_dir: str = Field(
        default="",
        description="folder of those files; empty = 'events' in the data folder, but none where graph.uri is "
        "set: servers on one graph must share it, so nothing is archived there until it is named",
    )


class ArtifactSettings(_Group):
    """Where the bytes of artifact versions are kept, and how they get there."""

    url: str = Field(
        default="",
        description="a folder, or s3://bucket/prefix, gs://…, az://… (credentials from the environment, as "
        "their own tools take them); empty = 'artifacts' in the data folder, but none where graph.uri is "
        "set: servers on one graph must share it",
    )
    projects: dict[str, str] = Field(
        default_factory=dict[str, str],
        description='other places for single projects, as JSON: {"team-a": "s3://team-a/artifacts"}',
    )
    direct: bool = Field(
        default=True,
        description="mode 'open' on loopback with a local folder: clients write to and read from that folder",
    )
    presign_seconds: float = Field(
        default=3_600.0, ge=1, le=604_800, description="seconds for which a signed URL may be used"
    )
    max_version_bytes: int = Field(
        default=1 << 40, ge=1, description="largest version that may be uploaded, bytes"
    )
    grace_hours: float = Field(
        default=24.0, ge=0, description="hours for which a collection leaves alone what was just uploaded"
    )
    deleted_days: float = Field(
        default=30.0, ge=0, description="days for which a collection keeps the bytes of a deleted version"
    )
    max_pending_bytes: int = Field(
        default=256 * _MIB,
        ge=16 * _MIB,
        description="bytes of uploads through this server that may be under way at once",
    )


class AuthSettings(_Group):
    """Who may come in."""

    mode: Literal["open", "token"] = Field(
        default="open", description="'open': everybody who reaches the port is admin; 'token': bearer tokens"
    )
    allow_open_bind: bool = Field(
        default=False,
        description="let mode 'open' listen beyond loopback; anyone on that network is then admin",
    )
    cache_seconds: float = Field(
        default=5.0,
        ge=0,
        le=10,
        description="seconds a token or a membership is believed before it is read again",
    )


class HttpSettings(_Group):
    """The listener."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65_535, description="port to listen on; 0 = any free one")
    allowed_hosts: Names = Field(
        default=(), description="host names that mode 'open' answers to besides loopback (DNS rebinding)"
    )
    allowed_origins: Names = Field(
        default=(),
        description="origins (https://ui.example.com) that may change things besides the server's own",
    )
    max_body_bytes: int = Field(
        default=2 * _MIB,
        ge=1024,
        description="largest request body outside the intake, sent and inflated, bytes",
    )
    request_timeout_seconds: float = Field(
        default=60.0, gt=0, description="seconds until a request without an answer is stopped"
    )
    stop_timeout_seconds: float = Field(
        default=20.0, gt=0, description="seconds to drain and close when the server is asked to stop"
    )
    stream_seconds: float = Field(
        default=600.0, gt=0, description="seconds until a subscription ends and asks to reconnect"
    )
    max_sockets: int = Field(
        default=2_000, ge=1, description="WebSockets open at once, some 40 KB each; more are refused with 503"
    )
    graphiql: Literal["auto", "on", "off"] = Field(
        default="auto", description="GraphQL's own page at /graphql; 'auto' = only when listening on loopback"
    )


class LogSettings(_Group):
    """What the server writes to standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least level to write"
    )
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="'auto' = text on a terminal, else JSON lines"
    )


class WebhookSettings(_Group):
    """How URLs are told of changes in the model registry."""

    key: SecretStr = Field(
        default=SecretStr(""),
        description="long random text that webhooks' secrets are made from, the same on all servers at one "
        "graph; empty = made once, in 'webhook-key' in the data folder, but none where graph.uri is set",
    )
    allowed_networks: Names = Field(
        default=(), description="private networks that webhooks may be sent to, such as 10.0.0.0/8"
    )
    timeout_seconds: float = Field(default=10.0, gt=0, description="seconds until a target counts as hanging")
    attempts: int = Field(default=10, ge=1, description="how often a delivery is tried before it has failed")
    retry_seconds: float = Field(
        default=10.0, gt=0, description="seconds before the second try; each pause is twice the one before"
    )
    kept_days: float = Field(default=30.0, ge=0, description="days for which ended deliveries are listed")
