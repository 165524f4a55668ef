"""From the arguments of a call to domain events and facts: pure, shared by the sync and async twins.

Lenient where a mistake must not stop a training (odd parameter values become text), strict where
the graph would be wrong without a word (names, types, digests, run ids).
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, cast

from lineage_server.client.ending import Ending
from lineage_server.client.scrub import scrub_named, scrub_text
from lineage_server.client.wire import word_of
from lineage_server.domain.edges import Basis
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import InputFact, OutputFact, RunReported, VersionReported
from lineage_server.domain.ids import (
    MAX_NAME,
    Reference,
    clean_artifact_type,
    clean_name,
    clean_run_id,
    now_micros,
    parse_reference,
    shorten,
)
from lineage_server.domain.nodes import ArtifactType, JobKind, RunState, Scalar
from lineage_server.domain.secrets import scrub_uri

LAUNCHER = "lineage run"
"""The fact that marks runs whose command can be run again."""
MAX_TEXT = 65_536
MAX_KEY = 250
MAX_PARAMS = 5_000
_INT64 = 1 << 63
_DAY = 86_400_000_000
"""Microseconds."""
ARTIFACT_TYPES = frozenset(str(kind) for kind in ArtifactType)

ColumnsFrom = Mapping[str, Sequence[tuple[str, str]]]


def clean_kind(kind: str) -> JobKind:
    """Check a job kind; raises InvalidInputError."""
    try:
        return JobKind(kind)
    except ValueError:
        raise InvalidInputError(
            f"job kind {shorten(str(kind))!r} is not known", field="kind", allowed=", ".join(JobKind)
        ) from None


def started(
    run: str,
    *,
    project: str,
    name: str,
    job: str,
    kind: str = "script",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    parent: str | None = None,
    retry_of: str | None = None,
    resumed_from: str | None = None,
    at: int | None = None,
) -> RunReported:
    """A run begins."""
    now = at if at is not None else now_micros()
    return RunReported(
        project=project,
        at=now,
        run=run,
        name=clean_name(name, "name"),
        job=clean_name(job, "job"),
        kind=clean_kind(kind),
        state=RunState.RUNNING,
        started_at=now,
        params=(clean_params(params) or None) if params is not None else None,
        tags=(clean_tags(tags) or None) if tags is not None else None,
        description=description[:MAX_TEXT] if description is not None else None,
        parent=clean_run_id(parent) if parent else None,
        retry_of=clean_run_id(retry_of) if retry_of else None,
        resumed_from=clean_run_id(resumed_from) if resumed_from else None,
        basis=Basis.OBSERVED,
    )


def ended(run: str, *, project: str, ending: Ending) -> RunReported:
    """A run ends, well or not."""
    now = now_micros()
    return RunReported(
        project=project,
        at=now,
        run=run,
        state=ending.state,
        ended_at=now,
        reason=scrub_text(ending.reason)[:2000] if ending.reason else None,
        exit_code=ending.exit_code,
        basis=Basis.OBSERVED,
    )


def run_told(run: str, *, project: str, **told: Any) -> RunReported:
    """Facts on a run, as fields of the event."""
    return RunReported(project=project, at=now_micros(), run=run, **told)


def clean_params(params: Mapping[str, Any], field: str = "params") -> dict[str, Scalar | None]:
    """Nested mappings become dotted keys, other values JSON or text; secrets are taken out."""
    out: dict[str, Scalar | None] = {}
    _flatten(params, "", out, field)
    if len(out) > MAX_PARAMS:
        raise InvalidInputError(
            f"{len(out)} {field} in one call; at most {MAX_PARAMS}: produce them as an artifact instead",
            field=field,
        )
    return out


def _flatten(values: Mapping[str, Any], head: str, out: dict[str, Scalar | None], field: str) -> None:
    for raw, value in values.items():
        key = f"{head}{clean_key(str(raw), field)}"
        if isinstance(value, Mapping) and value and len(key) < MAX_KEY:
            _flatten(cast("Mapping[str, Any]", value), f"{key}.", out, field)
        else:
            out[key[:MAX_KEY]] = scalar_of(key, value)


def clean_key(key: str, field: str) -> str:
    """Check a key of parameters or tags; raises InvalidInputError."""
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise InvalidInputError(
            f"{field} has the key {shorten(key, 40)!r}",
            field=field,
            allowed=f"keys of 1 to {MAX_KEY} printable characters",
        )
    return key


def scalar_of(key: str, value: Any) -> Scalar | None:
    """A parameter's value as the graph can hold it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        whole = int(value)
        return whole if -_INT64 <= whole < _INT64 else str(whole)
    if isinstance(value, numbers.Real):
        number = float(value)
        return number if math.isfinite(number) else word_of(number)
    if isinstance(value, str):
        return _text(scrub_named(key, str(value)))
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return scalar_of(key, item())
    try:
        text = (
            json.dumps(value, ensure_ascii=False, default=_nearest) if _is_structured(value) else str(value)
        )
    except (TypeError, ValueError, RecursionError):
        text = str(value)
    return _text(scrub_named(key, text))


def _is_structured(value: object) -> bool:
    return isinstance(value, Mapping | Sequence | Set)


def _nearest(value: Any) -> Any:
    return sorted(map(str, cast("Set[Any]", value))) if isinstance(value, Set) else str(value)


def _text(text: str) -> str:
    return text.replace("\0", "\N{SYMBOL FOR NULL}")[:MAX_TEXT]


def clean_tags(tags: Mapping[str, Any]) -> dict[str, str | None]:
    """Tags are text; None removes one."""
    return {
        clean_key(str(k), "tags"): None if v is None else _text(scrub_named(str(k), str(v)))
        for k, v in tags.items()
    }


# --- artifacts -------------------------------------------------------------------------


def reference_in(text: str) -> Reference | None:
    """The reference to an artifact that a text is, or None: then it is a path or an address."""
    head, colon, rest = text.partition(":")
    kind = head.rpartition("/")[2]
    if not colon or not rest or rest.startswith("//") or kind not in ARTIFACT_TYPES:
        return None
    return parse_reference(text)


def names_a_model(text: str) -> bool:
    """Whether a text refers to a model itself (``model:churn``), not to a version of it."""
    asked = reference_in(text)
    return asked is not None and asked.kind == "model" and not asked.selector


def is_address(text: str) -> bool:
    """Whether a text is a URI of somewhere else (``s3://…``), not a file of this machine."""
    scheme, sign, _ = text.partition("://")
    return bool(sign) and scheme.isalnum() and scheme.lower() != "file"


def name_and_type(name: str, kind: str | None, default: str) -> tuple[str, str]:
    """``"iris"``, ``"model:churn"``; raises InvalidInputError where both are said and differ."""
    asked = reference_in(name)
    if asked is not None:
        if asked.selector or asked.project:
            raise InvalidInputError(
                f"{shorten(name)!r} names a version or a project; what a run produces gets its version "
                "from its content, in the run's own project",
                field="name",
                allowed="iris, or dataset:iris",
            )
        if kind is not None and kind != asked.kind:
            raise InvalidInputError(f"{shorten(name)!r} is not of type {kind!r}", field="type")
        return asked.name, asked.kind
    return clean_name(name, "name"), clean_artifact_type(kind or default)


def input_fact(
    name: str,
    kind: str,
    *,
    role: str | None = None,
    project: str = "",
    digest: str = "",
    version: int | None = None,
    uri: str = "",
    run: str = "",
    registered: str = "",
) -> InputFact:
    """A run read this."""
    return InputFact(
        name=clean_name(name, "name"),
        type=clean_artifact_type(kind),
        role=clean_name(role, "role") if role else "",
        project=project,
        digest=digest,
        version=version,
        uri=scrub_uri(uri),
        run=run,
        registered=registered,
    )


def output_fact(
    name: str,
    kind: str,
    *,
    role: str | None = None,
    digest: str = "",
    uri: str = "",
    size: int | None = None,
    columns: list[dict[str, Any]] | None = None,
    stats: dict[str, Any] | None = None,
    columns_from: ColumnsFrom | None = None,
    partial: bool = False,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    ttl_days: float | None = None,
) -> OutputFact:
    """A run wrote this."""
    told = clean_params(metadata, "metadata") if metadata is not None else {}
    return OutputFact(
        name=clean_name(name, "name"),
        type=clean_artifact_type(kind),
        role=clean_name(role, "role") if role else "",
        digest=digest,
        uri=scrub_uri(uri),
        size=size,
        columns=columns,
        stats=stats,
        fields=_fields(columns_from) if columns_from else None,
        partial=partial,
        sealed_at=None if partial else now_micros(),
        ttl_at=now_micros() + int(ttl_days * _DAY) if ttl_days is not None else None,
        description=description[:MAX_TEXT] if description is not None else None,
        metadata={k: v for k, v in told.items() if v is not None} or None,
    )


def _fields(columns_from: ColumnsFrom) -> dict[str, list[list[str]]]:
    out: dict[str, list[list[str]]] = {}
    for column, sources in columns_from.items():
        listed = _parts(sources)
        pairs = [None] if listed is None else [_parts(source) for source in listed]
        if any(pair is None or len(pair) != 2 for pair in pairs):
            raise InvalidInputError(
                f"columns_from[{shorten(str(column))!r}] is not a list of pairs",
                field="columns_from",
                allowed='{"out": [("input name or role", "column")]}',
            )
        out[str(column)] = [[str(part) for part in pair] for pair in pairs if pair]
    return out


def _parts(value: object) -> list[Any] | None:
    """Of a list or the like; a text is none."""
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    return list(cast("Iterable[Any]", value)) if listed else None


def version_told(
    name: str,
    kind: str,
    *,
    project: str,
    digest: str,
    uri: str,
    size: int | None,
    columns: list[dict[str, Any]] | None,
    stats: dict[str, Any] | None,
) -> VersionReported:
    """What was seen of a version that a run read from this machine."""
    return VersionReported(
        project=project,
        at=now_micros(),
        artifact=name,
        kind=kind,
        digest=digest,
        uri=scrub_uri(uri) or None,
        size=size,
        columns=columns,
        stats=stats,
        basis=Basis.OBSERVED,
    )


def name_of_file(path: str) -> str:
    """The name of an artifact that nobody named: that of its file."""
    stem = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = "".join(c if c.isprintable() else "_" for c in stem).strip()
    return printable[:MAX_NAME] or "file"
