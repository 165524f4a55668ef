"""Every setting of the server in one typed place, with its default, its unit and its reason.

The only module that reads the environment. Sources, the first one that speaks wins: what the
caller passes (command line flags), the environment (``LINEAGE_GRAPH__URI``), the TOML file named by
``LINEAGE_CONFIG``, the defaults below. Settings are handed down as values, never kept in a global;
a service gets its own group and nothing else.

The Python client does not use this module: it must import in milliseconds and without pydantic.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from lineage_server.domain.errors import InvalidInputError

PREFIX = "LINEAGE_"
CONFIG_VARIABLE = "LINEAGE_CONFIG"
"""Names the TOML file; a file that is named but missing is an error."""

_MIB = 1024 * 1024
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?")
_REDACTED = "********"
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


class Settings(BaseSettings):
    """All groups. Made by ``load``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        # Other LINEAGE_ variables belong to the client (LINEAGE_URL, LINEAGE_TOKEN …).
        extra="ignore",
        frozen=True,
    )

    data_dir: Path = Field(
        default=Path("~/.local/share/lineage"),
        description="folder of the embedded graph, archives and the admin token",
    )
    graph: GraphSettings = Field(default_factory=GraphSettings, description="the graph")
    ingest: IngestSettings = Field(default_factory=IngestSettings, description="the intake")
    artifacts: ArtifactSettings = Field(default_factory=ArtifactSettings, description="the artifact store")
    auth: AuthSettings = Field(default_factory=AuthSettings, description="access")
    http: HttpSettings = Field(default_factory=HttpSettings, description="the listener")
    log: LogSettings = Field(default_factory=LogSettings, description="the log")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get(CONFIG_VARIABLE, "")
        if not file:
            return init_settings, env_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(file).expanduser())

    @property
    def data_path(self) -> Path:
        """``data_dir`` with ``~`` resolved."""
        return self.data_dir.expanduser()

    @property
    def archive_path(self) -> Path | None:
        """Where archived events lie; None if it must be named first."""
        if self.ingest.archive_dir:
            return Path(self.ingest.archive_dir).expanduser()
        return None if self.graph.uri else self.data_path / "events"

    @property
    def artifact_url(self) -> str:
        """Where bytes are kept; empty if it must be named first."""
        if self.artifacts.url:
            return self.artifacts.url
        return "" if self.graph.uri else str(self.data_path / "artifacts")


def load(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read all sources; ``overrides`` as ``{"http": {"port": 0}}``. Raises InvalidInputError."""
    file = os.environ.get(CONFIG_VARIABLE, "")
    if file and not Path(file).expanduser().is_file():
        raise InvalidInputError(f"{CONFIG_VARIABLE} names {file}, which is not a file", field=CONFIG_VARIABLE)
    try:
        return Settings(**dict(overrides or {}))
    except ValidationError as error:
        # Not str(error): it would repeat what was given, secrets included.
        faults = error.errors(include_url=False)
        text = "; ".join(_mistake(fault["loc"], fault["input"]) for fault in faults)
        raise InvalidInputError(
            f"settings are not right: {text}", field=_variable(faults[0]["loc"])
        ) from None
    except SettingsError as error:  # a group that is no JSON
        place = tuple(name for name in Settings.model_fields if f'"{name}"' in str(error))
        raise InvalidInputError(
            f"settings are not right: {_mistake(place, '')}", field=_variable(place)
        ) from None
    except ValueError as error:
        raise InvalidInputError(
            f"settings cannot be read: {file} is not TOML: {error}", field=CONFIG_VARIABLE
        ) from None


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting for people: variable, default, words, present value (secrets redacted)."""

    env: str
    default: str
    help: str
    value: str


def describe(settings: Settings | None = None) -> list[Entry]:
    """Every setting in order of appearance; without ``settings`` the values are the defaults."""
    return list(_entries(Settings, settings, PREFIX))


def _entries(model: type[BaseModel], values: BaseModel | None, prefix: str) -> Iterator[Entry]:
    for name, field in model.model_fields.items():
        variable = prefix + name.upper()
        default: object = field.get_default(call_default_factory=True)
        present = default if values is None else getattr(values, name)
        if isinstance(present, BaseModel):
            yield from _entries(type(present), present, variable + "__")
        else:
            yield Entry(variable, _text(default), field.description or "", _text(present))


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return _REDACTED if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in cast("tuple[object, ...]", value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)


# --- mistakes, in words ------------------------------------------------------------------------


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + "__".join(str(part).upper() for part in location if isinstance(part, str))


def _mistake(location: tuple[int | str, ...], given: object) -> str:
    """``LINEAGE_HTTP__PORT=70000: allowed is a whole number, 0 to 65535``."""
    variable, kind, field = _variable(location), None, None
    group: Any = Settings
    for part in location:
        field = group.model_fields.get(part) if isinstance(part, str) and group else field
        kind = field.annotation if field else None
        group = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    if field is None:
        known = difflib.get_close_matches(variable, [entry.env for entry in describe()], n=1)
        meant = f"did you mean {known[0]}?" if known else "'lineage settings' lists what there is"
        return f"{variable}: there is no such setting; {meant}"
    if group:
        return f"{variable}: allowed is nothing, it is a group; set one of it, such as {_first_of(variable)}"
    # What was given is shown only where it can be no secret, that somebody took for something else.
    number = isinstance(given, str | int | float) and _NUMBER.fullmatch(str(given))
    shown = f"={given}" if number and kind in (int, float) else ""
    return f"{variable}{shown}: allowed is {_allowed(kind, field)}"


def _first_of(group: str) -> str:
    return next(entry.env for entry in describe() if entry.env.startswith(f"{group}__"))


def _allowed(kind: Any, field: FieldInfo) -> str:
    """The values that a setting takes."""
    if get_origin(kind) is Literal:
        return " or ".join(get_args(kind))
    if kind is bool:
        return "true or false"
    if kind not in (int, float):
        return "words, separated by commas" if get_origin(kind) is tuple else "a text"
    bound = {
        name: getattr(each, name)
        for each in field.metadata
        for name in ("ge", "gt", "le")
        if hasattr(each, name)
    }
    words = "a whole number" if kind is int else "a number"
    if "le" in bound:
        return f"{words}, {bound.get('ge', 0):g} to {bound['le']}"
    return f"{words} above {bound['gt']:g}" if "gt" in bound else f"{words}, {bound['ge']} or more"
