"""What ``lineage backup`` reads and ``lineage restore`` writes; events and objects have routes of their own.

For the platform's admins alone. Both work in many requests, at whichever server: what holds them together is
a lease in the graph, in the name that each request says.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lineage_server import __version__
from lineage_server.api.deps import allowed, origin_of, services_of
from lineage_server.api.services import Services
from lineage_server.auth.audit import audit_record
from lineage_server.auth.principal import Permission
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import clean_project, now_micros, shorten
from lineage_server.ingest.backup import PAGE_ROWS, encode_kept

_LINES = "application/x-ndjson"
_encode = msgspec.json.Encoder().encode


def backup_routes() -> list[Route]:
    """All of them."""
    one = "/manifests/{project}/{key}"
    return [
        Route("/api/v1/admin/backup", _begin, methods=["POST"]),
        Route("/api/v1/admin/backup/renewal", _renew, methods=["POST"]),
        Route("/api/v1/admin/backup/end", _end, methods=["POST"]),
        Route("/api/v1/admin/backup/nodes", _nodes, methods=["GET"]),
        Route("/api/v1/admin/backup/manifests", _manifests, methods=["GET"]),
        Route(f"/api/v1/admin/backup{one}", _manifest, methods=["GET"]),
        Route("/api/v1/admin/restore", _begin_restore, methods=["POST"]),
        Route("/api/v1/admin/restore/end", _end_restore, methods=["POST"]),
        Route("/api/v1/admin/restore/nodes", _put_nodes, methods=["POST"]),
        Route(f"/api/v1/admin/restore{one}", _put_manifest, methods=["PUT"]),
    ]


async def _admin(request: Request) -> Services:
    await allowed(request, Permission.PLATFORM_ADMIN)
    return services_of(request)


# --- backup ----------------------------------------------------------------------------------


async def _begin(request: Request) -> Response:
    """A line on the moment that is backed up, then what there was besides events and bytes."""
    services = await _admin(request)
    name = _named(request)
    cut = await services.backups.begin(name)
    about = {
        "backup": name,
        "until": cut.until,
        "told": cut.told,
        "since": cut.since,
        "at": now_micros(),
        "server": __version__,
        "bytes": services.artifacts.kept,
    }
    await _audit(request, services, "backup", {"until": cut.until})
    lines = [_encode(about), *map(encode_kept, cut.rows)]
    return Response(b"\n".join(lines), media_type=_LINES)


async def _renew(request: Request) -> Response:
    services = await _admin(request)
    await services.backups.renew(_named(request))
    return Response(status_code=204)


async def _end(request: Request) -> Response:
    services = await _admin(request)
    await services.backups.end(_named(request))
    return Response(status_code=204)


async def _nodes(request: Request) -> Response:
    """A page of one label; the header tells what to go on after."""
    services = await _admin(request)
    asked = request.query_params
    since = asked.get("since", "")
    if not since.isascii() or not since.isdigit() or len(since) > 18:
        raise InvalidInputError(
            f"since {shorten(since)!r} is no time", field="since", allowed="microseconds since 1970"
        )
    rows = await services.backups.page(asked.get("label", ""), since=int(since), after=asked.get("after", ""))
    headers = {"lineage-next": rows[-1].uid.encode().hex()} if len(rows) == PAGE_ROWS else {}
    return Response(b"\n".join(map(encode_kept, rows)), media_type=_LINES, headers=headers)


async def _manifests(request: Request) -> Response:
    """Project and key of all that the stores have; those of versions made after the cut are among them."""
    services = await _admin(request)
    kept = services.artifacts.get().bringing

    async def lines() -> AsyncGenerator[bytes]:
        async for project, key in kept.manifests():
            yield _encode({"project": project, "key": key}) + b"\n"

    return StreamingResponse(lines(), media_type=_LINES)


async def _manifest(request: Request) -> Response:
    services = await _admin(request)
    kept = services.artifacts.get().bringing
    return Response(await kept.manifest(*_place(request)), media_type="application/json")


# --- restore ---------------------------------------------------------------------------------


async def _begin_restore(request: Request) -> Response:
    """May be asked again at any time, by whoever restores the same backup."""
    services = await _admin(request)
    merge = request.query_params.get("merge", "false")
    if merge not in ("true", "false"):
        raise InvalidInputError(f"merge is {shorten(merge)!r}", field="merge", allowed="true or false")
    backup = _named(request)
    await services.backups.begin_restore(backup, merge=merge == "true")
    return JSONResponse({"bytes": services.artifacts.kept})


async def _end_restore(request: Request) -> Response:
    services = await _admin(request)
    backup = _named(request)
    await services.backups.end_restore(backup)
    await _audit(request, services, "restore", {"backup": backup})
    return Response(status_code=204)


async def _put_nodes(request: Request) -> Response:
    services = await _admin(request)
    return JSONResponse({"nodes": await services.backups.put(await request.body())})


async def _put_manifest(request: Request) -> Response:
    """Of a version whose objects were sent before, as uploads are; raises what a commit raises."""
    services = await _admin(request)
    project, key = _place(request)
    await services.artifacts.get().bringing.put(project, key, await request.body())
    return Response(status_code=204)


def _place(request: Request) -> tuple[str, str]:
    return clean_project(request.path_params["project"]), request.path_params["key"]


def _named(request: Request) -> str:
    name = request.query_params.get("backup", "")
    if not name.isascii() or not name.isprintable() or not 0 < len(name) <= 100:
        raise InvalidInputError(
            f"backup {shorten(name)!r} is no backup's name", field="backup", allowed="what the backup says"
        )
    return name


async def _audit(request: Request, services: Services, action: str, after: dict[str, Any]) -> None:
    principal = await allowed(request, Permission.PLATFORM_ADMIN)
    await services.audit.write(audit_record(principal, action, "", after=after, origin=origin_of(request)))
