"""Audit records that come with events, as they are written once the writer knows more. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lineage_server.domain import ids
from lineage_server.domain.event_registry import ModelVersionReported
from lineage_server.ingest.verdicts import Entry

ONCE = "once"
"""Of a record that is not kept where its event changed no state."""


def audit_rows(entry: Entry, *, was: str | None, redacted: bool) -> Iterator[dict[str, Any]]:
    """``was``: the state until then of what has one; ``redacted``: what the event told was erased."""
    for told in entry.audit:
        row = {**told, "before": "", "after": ""} if redacted else dict(told)
        if row.pop(ONCE, False) and was:
            continue
        event = entry.event
        if isinstance(event, ModelVersionReported) and row["target"] == _unnumbered(event):
            row["target"] += event.version
        yield row


def _unnumbered(event: ModelVersionReported) -> str:
    return ids.normal(ids.model_version_uid(event.project, event.model, ""))
