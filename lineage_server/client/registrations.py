"""What is told of a model version that is registered, checked once: as events (of a run, which waits for
nobody) or as the input of a mutation (of whoever wants to know the number). Pure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from lineage_server.client.builders import MAX_TEXT, clean_key, clean_tags, reference_in
from lineage_server.client.wire import word_of
from lineage_server.domain.errors import InvalidInputError, LimitError
from lineage_server.domain.event_registry import AliasSet, ModelReported, ModelVersionReported
from lineage_server.domain.events import Event
from lineage_server.domain.ids import (
    clean_name,
    clean_new_alias,
    clean_part,
    clean_project,
    now_micros,
    shorten,
)
from lineage_server.domain.nodes import ModelState

if TYPE_CHECKING:
    from lineage_server.client.registered import ModelVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Checked words on a version of ``model``; None = nothing is said."""

    project: str
    model: str
    version: str | None = None
    aliases: tuple[str, ...] = ()
    reason: str = ""
    description: str | None = None
    card: str | None = None
    tags: Mapping[str, str | None] | None = None
    metrics: Mapping[str, float | str] | None = None
    signature: Mapping[str, Any] | None = None

    def signed(self, signature: Mapping[str, Any] | None) -> Registration:
        """The same with what goes in and comes out."""
        return replace(self, signature=clean_signature(signature)) if signature else self

    def completed_by(self, version: ModelVersion) -> Registration:
        """The same with what a version of another model says of itself, where nothing is said here."""
        if (self.project, self.model) == (version.project, version.model):
            return self
        known = {
            "description": version.description,
            "card": version.card,
            "tags": version.tags,
            "metrics": {key: _word(value) for key, value in version.metrics.items()},
            "signature": version.signature,
        }
        return replace(self, **{k: v for k, v in known.items() if v and getattr(self, k) is None})

    def events(self, *, origin: str, uri: str, run: str) -> list[Event]:
        """The model is there, has a version of this artifact version, and the aliases point to it. The
        server gives the number where it has no name."""
        now = now_micros()
        of: dict[str, Any] = {"project": self.project, "model": self.model, "at": now}
        version = ModelVersionReported(
            **of, version=self.version or "", unless_taken=self.version is not None, origin=origin or None,
            uri=uri or None, run=run or None, state=ModelState.READY, description=self.description,
            card=self.card, tags=_plain(self.tags), metrics=_plain(self.metrics),
            signature=_plain(self.signature),
        )  # fmt: skip
        moves = [
            AliasSet(
                **of, alias=alias, version=self.version, origin=None if self.version else origin,
                reason=self.reason, unless_taken=True,
            )
            for alias in self.aliases
        ]  # fmt: skip
        return [ModelReported(**of), version, *moves]

    def input(self, *, origin: str, uri: str, run: str) -> dict[str, Any]:
        """Of ``createModelVersion``."""
        told = {
            "version": self.version,
            "origin": origin or None,
            "uri": uri or None,
            "run": run or None,
            "description": self.description,
            "card": self.card,
            "tags": _pairs(self.tags),
            "metrics": _pairs(self.metrics),
            "signature": _plain(self.signature),
        }
        said = {name: value for name, value in told.items() if value is not None}
        return {"project": self.project, "model": self.model, **said}


def _word(number: float) -> float | str:
    """A metric as it is told: what JSON cannot say, as a word."""
    return number if math.isfinite(number) else word_of(number)


def _plain(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return dict(told) if told else None


def _pairs(told: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    return [{"key": key, "value": value} for key, value in told.items()] if told else None


def registration_of(
    name: str,
    *,
    project: str,
    field: str = "name",
    version: str | None = None,
    aliases: str | Sequence[str] | None = None,
    reason: str = "",
    description: str | None = None,
    card: str | None = None,
    tags: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    signature: Mapping[str, Any] | None = None,
) -> Registration:
    """Check all of it; raises InvalidInputError (of ``field`` where the ``name`` is wrong) or LimitError."""
    owner, model = model_named(name, project, field)
    if card is not None and len(card) > MAX_TEXT:
        raise LimitError(
            f"card has {len(card)} characters, at most {MAX_TEXT} are kept; put more into an artifact",
            limit=MAX_TEXT,
            actual=len(card),
        )
    return Registration(
        project=owner,
        model=model,
        version=clean_part(version, "version", "@") if version is not None else None,
        aliases=aliases_of(aliases),
        reason=reason,
        description=description[:MAX_TEXT] if description is not None else None,
        card=card,
        tags=clean_tags(tags) if tags is not None else None,
        metrics=clean_metrics(metrics) if metrics is not None else None,
        signature=clean_signature(signature) if signature is not None else None,
    )


def model_named(text: str, project: str, field: str = "name") -> tuple[str, str]:
    """Project and name of a model: ``churn``, ``model:churn`` or ``team-a/model:churn``; raises
    InvalidInputError."""
    asked = reference_in(text)
    if asked is None:
        return clean_project(project), clean_name(text, field)
    if asked.kind != "model" or asked.selector:
        raise InvalidInputError(
            f"{shorten(text)!r} is not the name of a model; its versions are numbered by the server",
            field=field,
            allowed="churn, model:churn or team-a/model:churn",
        )
    return asked.project or clean_project(project), clean_name(asked.name, field)


def aliases_of(aliases: str | Sequence[str] | None) -> tuple[str, ...]:
    """One or several names of aliases; raises InvalidInputError."""
    told = (aliases,) if isinstance(aliases, str) else tuple(aliases or ())
    return tuple(dict.fromkeys(clean_new_alias(alias, "aliases") for alias in told))


def clean_metrics(metrics: Mapping[str, Any]) -> dict[str, float | str]:
    """Numbers by name, those that JSON cannot say as words; raises InvalidInputError."""
    out: dict[str, float | str] = {}
    for key, value in metrics.items():
        item = getattr(value, "item", None)
        number = cast("object", item() if callable(item) and getattr(value, "shape", None) == () else value)
        if isinstance(number, bool) or not isinstance(number, Real):
            raise InvalidInputError(
                f"metric {shorten(str(key), 40)!r} is a {type(value).__name__}",
                field="metrics",
                allowed="a mapping of names to numbers, such as {'auc': 0.91}",
            )
        told = float(number)
        out[clean_key(str(key), "metrics")] = _word(told)
    return out


def clean_signature(signature: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON can say; raises InvalidInputError."""
    try:
        told: dict[str, Any] = json.loads(json.dumps(dict(signature), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"signature holds what JSON cannot say: {error}",
            field="signature",
            allowed="a mapping of JSON values, such as {'inputs': [{'name': 'petal', 'type': 'double'}]}",
        ) from None
    return told
