"""What the edges are given to work with: one frozen value, made by ``app``."""

from __future__ import annotations

from dataclasses import dataclass

from lineage_server.auth.access import Access
from lineage_server.auth.audit import AuditLog
from lineage_server.auth.members import Members
from lineage_server.auth.tokens import Tokens
from lineage_server.changes import Changes
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.backup import Backups
from lineage_server.ingest.eraser import Eraser
from lineage_server.ingest.rebuild import Rebuilder
from lineage_server.ingest.store import EventStore
from lineage_server.ingest.writer import IngestWriter
from lineage_server.provenance.service import LineageService
from lineage_server.registry.delivering import Deliverer
from lineage_server.registry.webhooks import Webhooks
from lineage_server.settings import Settings
from lineage_server.storage.service import ArtifactService
from lineage_server.telemetry import Telemetry
from lineage_server.tracking.views import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One of each, for the life of the server."""

    settings: Settings
    telemetry: Telemetry
    bolt: Bolt
    changes: Changes
    ingest: IngestWriter
    lineage: LineageService
    artifacts: ArtifactService
    store: EventStore
    rebuilder: Rebuilder
    eraser: Eraser
    backups: Backups
    access: Access
    tokens: Tokens
    members: Members
    audit: AuditLog
    webhooks: Webhooks
    deliverer: Deliverer
    views: Views
