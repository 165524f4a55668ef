"""From the arguments of a call to domain events and facts: pure, shared by the sync and async twins.

Lenient where a mistake must not stop a training (odd parameter values become text), strict where
the graph would be wrong without a word (names, types, digests, run ids).
"""

from __future__ import annotations

import json
import numbers
from collections.abc import Mapping, Sequence
from typing import Any, cast

from lineage_server.client.scrub import scrub_named, scrub_text, scrub_uri
from lineage_server.domain.edges import Basis
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import InputFact, NodeAnnotated, OutputFact, RunReported, VersionReported
from lineage_server.domain.ids import (
    MAX_NAME,
    Reference,
    clean_artifact_type,
    clean_name,
    clean_run_id,
    now_micros,
    parse_reference,
    run_uid,
    shorten,
)
from lineage_server.domain.nodes import ArtifactType, JobKind, RunState, Scalar

MAX_TEXT = 65_536
MAX_KEY = 250
MAX_PARAMS = 5_000
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
        params=clean_params(params) if params else None,
        tags=clean_tags(tags) if tags else None,
        description=description[:MAX_TEXT] if description is not None else None,
        parent=clean_run_id(parent) if parent else None,
        retry_of=clean_run_id(retry_of) if retry_of else None,
        resumed_from=clean_run_id(resumed_from) if resumed_from else None,
        basis=Basis.OBSERVED,
    )


def ended(run: str, *, project: str, state: RunState, reason: str = "", facts: Mapping[str, Any] | None = None):  # noqa: ANN201
    """A run ends, well or not."""
    now = now_micros()
    return RunReported(
        project=project,
        at=now,
        run=run,
        state=state,
        ended_at=now,
        reason=scrub_text(reason)[:2000] if reason else None,
        facts=dict(facts) if facts else None,
        basis=Basis.OBSERVED,
    )
