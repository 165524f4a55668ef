"""The door to stored bytes: one value with all there is to do, or a word on why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from lineage_server.domain.errors import NotSupportedError
from lineage_server.graph.bolt import Bolt
from lineage_server.graph.lease import Lease
from lineage_server.settings import Settings
from lineage_server.storage.bringing import Bringing
from lineage_server.storage.claims import Claims
from lineage_server.storage.collecting import Collector
from lineage_server.storage.downloads import Downloads
from lineage_server.storage.proving import Proving
from lineage_server.storage.store import Stores
from lineage_server.storage.uploads import Record, TransferLimits, Uploads


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Of one server."""

    uploads: Uploads
    downloads: Downloads
    collector: Collector
    bringing: Bringing


class ArtifactService:
    """What there is to do with stored bytes."""

    def __init__(self, parts: Artifacts | None) -> None:
        self._parts = parts

    @property
    def kept(self) -> bool:
        """Whether bytes are kept here at all."""
        return self._parts is not None

    def get(self) -> Artifacts:
        """Raises NotSupportedError where no store is named."""
        if self._parts is None:
            raise NotSupportedError(
                "this server keeps no bytes: servers on one graph must share a store, and none is named in "
                "LINEAGE_ARTIFACTS__URL; nothing was stored"
            )
        return self._parts


def artifacts_for(settings: Settings, bolt: Bolt, record: Record, *, direct: bool) -> ArtifactService:
    """The stores that are configured; ``direct``: whoever asks has the rights of the server's own account
    on this machine. Raises InvalidInputError for an address that is none."""
    if not settings.artifact_url:
        return ArtifactService(None)
    told = settings.artifacts
    stores, claims = Stores(settings.artifact_url, told.projects), Claims(bolt)
    limits = TransferLimits(
        direct=direct and told.direct,
        presign_seconds=told.presign_seconds,
        max_version_bytes=told.max_version_bytes,
    )
    uploads = Uploads(stores, claims, record, limits, Proving(settings.s3_secret))
    collector = Collector(
        bolt=bolt,
        stores=stores,
        claims=claims,
        record=record,
        lease=Lease(bolt),
        grace_hours=told.grace_hours,
        deleted_days=told.deleted_days,
    )
    downloads = Downloads(stores, claims, limits, collector.verified)
    bringing = Bringing(stores, uploads, collector.verified)
    return ArtifactService(Artifacts(uploads, downloads, collector, bringing))
