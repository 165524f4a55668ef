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
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from lineage_server.domain.errors import InvalidInputError
from lineage_server.settings.groups import (
    MOST_ARCHIVE_DAYS,
    ArtifactSettings,
    AuthSettings,
    GraphSettings,
    HttpSettings,
    IngestSettings,
    LogSettings,
    WebhookSettings,
)

__all__ = [
    "CONFIG_VARIABLE",
    "MOST_ARCHIVE_DAYS",
    "ArtifactSettings",
    "AuthSettings",
    "Entry",
    "GraphSettings",
    "HttpSettings",
    "IngestSettings",
    "LogSettings",
    "Settings",
    "WebhookSettings",
    "describe",
    "load",
]

_REDACTED = "********"
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?")
PREFIX = "LINEAGE_"
CONFIG_VARIABLE = "LINEAGE_CONFIG"
"""Names the TOML file; a file that is named but missing is an error."""


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
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings, description="webhooks")
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

    @property
    def s3_secret(self) -> str:
        """What URLs of an S3 store are signed with, where the environment says it; a role's is not told."""
        return os.environ.get("AWS_SECRET_ACCESS_KEY", "")


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
