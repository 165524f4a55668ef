"""What an operator has done with all that is stored: rebuild, archive, back up, restore."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lineage_server.api.backups import backup_routes
from lineage_server.api.deps import allowed, origin_of, services_of
from lineage_server.auth.audit import audit_record
from lineage_server.auth.principal import Permission
from lineage_server.domain.errors import InvalidInputError
from lineage_server.settings import MOST_ARCHIVE_DAYS


def care_routes() -> list[Route]:
    """Routes for the platform's admin; they take as long as the work takes."""
    return [
        Route("/api/v1/admin/rebuild", _rebuild, methods=["POST"]),
        Route("/api/v1/admin/archive", _archive, methods=["POST"]),
        *backup_routes(),
    ]


async def _rebuild(request: Request) -> Response:
    """Wipe the graph and replay every stored event; meanwhile nothing else is taken."""
    services = services_of(request)
    principal = await allowed(request, Permission.PLATFORM_ADMIN)
    count = await services.rebuilder.rebuild()
    done = audit_record(principal, "rebuild", "", after={"events": count}, origin=origin_of(request))
    await services.audit.write(done)
    return JSONResponse({"events": count})


async def _archive(request: Request) -> Response:
    """Move events older than ``days`` to Parquet."""
    services = services_of(request)
    principal = await allowed(request, Permission.PLATFORM_ADMIN)
    text = request.query_params.get("days", str(services.settings.ingest.archive_after_days))
    try:
        days = float(text)
        if not 0 <= days <= MOST_ARCHIVE_DAYS:
            raise ValueError
    except ValueError:
        raise InvalidInputError(
            f"days {text[:40]!r} is not a number of days", field="days", allowed=f"0 to {MOST_ARCHIVE_DAYS}"
        ) from None
    count = await services.store.archive(days)
    told = {"events": count, "days": days}
    done = audit_record(principal, "archive", "", after=told, origin=origin_of(request))
    await services.audit.write(done)
    return JSONResponse({"events": count})
