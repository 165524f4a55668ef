"""Events that are deeds bring their audit records with them: both are written in one transaction."""

from __future__ import annotations

from dataclasses import replace

from lineage_server.auth.audit import audit_record
from lineage_server.auth.deeds import deed_of
from lineage_server.auth.principal import Principal
from lineage_server.ingest.decode import Received


def audited(item: Received, principal: Principal, origin: str) -> Received:
    """The event with what the audit log shall say if it is accepted."""
    deed = deed_of(item.event)
    if deed is None:
        return item
    record = audit_record(
        principal,
        deed.action,
        deed.target,
        project=item.event.project,
        before=deed.before,
        after=deed.after,
        origin=origin,
    )
    return replace(item, audit=(*item.audit, record.row()))
