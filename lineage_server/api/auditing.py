"""Events that are deeds bring their audit records with them: both are written in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lineage_server.auth.audit import audit_record
from lineage_server.auth.deeds import Deed, deeds_of
from lineage_server.auth.principal import Principal
from lineage_server.ingest.auditing import ONCE
from lineage_server.ingest.decode import Received


def audited(item: Received, principal: Principal, origin: str) -> Received:
    """The event with what the audit log shall say if it is accepted."""
    rows = [_row(deed, item, principal, origin) for deed in deeds_of(item.event)]
    return replace(item, audit=(*item.audit, *rows)) if rows else item


def _row(deed: Deed, item: Received, principal: Principal, origin: str) -> dict[str, Any]:
    record = audit_record(
        principal,
        deed.action,
        deed.target,
        project=item.event.project,
        before=deed.before,
        after=deed.after,
        origin=origin,
    )
    return {**record.row(), ONCE: True} if deed.once else record.row()
