"""Bytes of artifact versions over HTTP: ask what is missing, send, commit; ask where it is, get.

Plain Starlette routes, beside the intake. READ in the project to download, WRITE to upload; what one may
not see answers NOT_FOUND. Objects stream out; they come in whole, since their digest decides whether
anything is written at all.
"""

from __future__ import annotations

import asyncio
import re
import urllib.parse
from collections.abc import AsyncGenerator
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from lineage_server.api.deps import allowed, origin_of, principal_of, services_of
from lineage_server.auth.audit import audit_record
from lineage_server.auth.principal import Permission
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import DEFAULT_PROJECT, clean_project
from lineage_server.storage.archives import archive_bytes, file_bytes
from lineage_server.storage.claims import StoredVersion
from lineage_server.storage.downloads import OBJECTS, file_of
from lineage_server.storage.preview import ROWS, preview
from lineage_server.storage.uploads import METHODS

_T = TypeVar("_T", bound=msgspec.Struct)
_ROWS = re.compile(r"[0-9]{1,6}")
_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")
_SAFE = {
    # Somebody's bytes are never a page of this server's.
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "private, max-age=31536000, immutable",
}


class _Object(msgspec.Struct):
    sha256: str
    size: int


class _Ask(msgspec.Struct):
    objects: list[_Object]
    project: str = DEFAULT_PROJECT
    methods: list[str] = msgspec.field(default_factory=list[str])


class _Commit(msgspec.Struct):
    type: str
    name: str
    manifest: msgspec.Raw
    project: str = DEFAULT_PROJECT


class _Download(msgspec.Struct):
    ref: str = ""
    uid: str = ""
    project: str = DEFAULT_PROJECT
    paths: list[str] = msgspec.field(default_factory=list[str])
    after: str = ""
    methods: list[str] = msgspec.field(default_factory=list[str])
    locate: bool = True
    """False: only what there is, not where its objects are."""


_encode = msgspec.json.Encoder().encode


def artifact_routes() -> list[Route]:
    """All of them."""
    one = f"{OBJECTS}/{{project}}/{{sha256}}"
    return [
        Route("/api/v1/artifacts/uploads", _uploads, methods=["POST"]),
        Route("/api/v1/artifacts/commits", _commits, methods=["POST"]),
        Route("/api/v1/artifacts/downloads", _downloads, methods=["POST"]),
        Route("/api/v1/artifacts/gc", _collect, methods=["POST"]),
        Route("/api/v1/artifacts/preview", _preview, methods=["GET"]),
        Route("/api/v1/artifacts/files", _files, methods=["GET"]),
        Route(one, _put_object, methods=["PUT"]),
        Route(one, _get_object, methods=["GET"]),
    ]


async def _uploads(request: Request) -> Response:
    asked = await _body(request, _Ask)
    project = await _project(request, Permission.WRITE, asked.project)
    uploads = services_of(request).artifacts.get().uploads
    objects = {one.sha256: one.size for one in asked.objects}
    return _json(await uploads.ask(project, objects, methods=asked.methods or METHODS))


async def _put_object(request: Request) -> Response:
    project = await _project(request, Permission.WRITE, request.path_params["project"])
    uploads = services_of(request).artifacts.get().uploads
    await uploads.receive(project, request.path_params["sha256"], await request.body())
    return Response(status_code=204)


async def _commits(request: Request) -> Response:
    asked = await _body(request, _Commit)
    project = await _project(request, Permission.WRITE, asked.project)
    principal = await principal_of(request)
    uploads = services_of(request).artifacts.get().uploads
    done = await uploads.commit(
        project, kind=asked.type, name=asked.name, manifest=bytes(asked.manifest), actor=principal.actor
    )
    return _json(done)


async def _downloads(request: Request) -> Response:
    asked = await _body(request, _Download)
    downloads = services_of(request).artifacts.get().downloads
    version = await _stored(request, uid=asked.uid, ref=asked.ref, project=asked.project)
    page = await downloads.page(
        version, paths=asked.paths, after=asked.after, methods=asked.methods or METHODS, locate=asked.locate
    )
    return _json(page)


async def _stored(request: Request, *, uid: str, ref: str, project: str) -> StoredVersion:
    """The version that a uid or a reference means; raises NotFoundError where its bytes are not kept."""
    services, principal = services_of(request), await principal_of(request)
    downloads, scope = services.artifacts.get().downloads, principal.visible_projects()
    if bool(uid) == bool(ref):
        raise InvalidInputError("give a ref or a uid", field="ref", allowed="one of them")
    if not uid:
        uid = await services.lineage.resolve(ref, scope=scope, project=clean_project(project))
    return await downloads.stored_version(uid, scope)


async def _get_object(request: Request) -> Response:
    project = await _project(request, Permission.READ, request.path_params["project"])
    downloads = services_of(request).artifacts.get().downloads
    sha256 = request.path_params["sha256"]
    size = await downloads.object_size(project, sha256)
    headers = {**_SAFE, "etag": f'"{sha256}"', "accept-ranges": "bytes"}
    start, end = _range(request.headers.get("range", ""), size)
    if start > end or (start == end and size):
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    status = 200
    if (start, end) != (0, size):
        status = 206
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)
    return await _streamed(downloads.read(project, sha256, start, end, size), headers, status)


async def _collect(request: Request) -> Response:
    """Collect what nobody needs any more; unless ``dry_run=false``, only tell what that is."""
    principal = await allowed(request, Permission.PLATFORM_ADMIN)
    services = services_of(request)
    asked = request.query_params.get("dry_run", "true").lower()
    if asked not in ("true", "false"):
        raise InvalidInputError(
            f"dry_run is {asked[:40]!r}; nothing was done", field="dry_run", allowed="true or false"
        )
    dry_run = asked == "true"
    done = await services.artifacts.get().collector.collect(dry_run=dry_run, actor=principal.actor)
    if not dry_run:
        told = {"objects": done.objects, "bytes": done.bytes}
        told_of = audit_record(principal, "collectBytes", "", after=told, origin=origin_of(request))
        await services.audit.write(told_of)
    return _json(done)


async def _preview(request: Request) -> Response:
    """An image as it is (``x-lineage-path`` says of which file, percent-encoded), anything else as JSON;
    ``rows``: how many of a table."""
    asked = request.query_params
    version = await _version_asked_for(request)
    told = asked.get("rows", str(ROWS))
    rows = int(told) if _ROWS.fullmatch(told) else 0  # which is refused
    downloads = services_of(request).artifacts.get().downloads
    found = await preview(downloads, version, asked.get("path", ""), rows=rows)
    if found.kind == "image":
        headers = {**_SAFE, "x-lineage-path": urllib.parse.quote(found.path)}
        if not asked.get("uid"):
            headers["cache-control"] = "private, no-cache"  # what a reference means may change
        return Response(found.image, media_type=found.media_type, headers=headers)
    return _json(found)


async def _files(request: Request) -> Response:
    """One file by its path, or all of a version in a ZIP archive, for a browser to save."""
    asked = request.query_params
    version = await _version_asked_for(request)
    downloads = services_of(request).artifacts.get().downloads
    manifest = await downloads.manifest(version)
    headers = {**_SAFE, "cache-control": "private, no-cache"}
    if "path" in asked:
        entry = file_of(version, manifest, asked["path"])
        headers["content-length"] = str(entry.size)
        headers["content-disposition"] = _attached(entry.path.rsplit("/", 1)[-1])
        pieces = file_bytes(downloads, version.project, entry)
    else:
        at = "" if version.ordinal is None else f"@{version.ordinal}"
        headers["content-disposition"] = _attached(f"{version.name}{at}.zip")
        pieces = archive_bytes(downloads, version.project, manifest)
    return await _streamed(pieces, headers)


async def _version_asked_for(request: Request) -> StoredVersion:
    """By the query of an address: ``uid``, or ``ref`` of a ``project``."""
    asked = request.query_params
    return await _stored(
        request,
        uid=asked.get("uid", ""),
        ref=asked.get("ref", ""),
        project=asked.get("project", DEFAULT_PROJECT),
    )


def _attached(name: str) -> str:
    """As a browser saves it; what the name says cannot leave the header."""
    return f"attachment; filename*=UTF-8''{urllib.parse.quote(name, safe='')}"


async def _streamed(pieces: AsyncGenerator[bytes], headers: dict[str, str], status: int = 200) -> Response:
    """An answer that goes out as it is read."""
    # The first piece tells whether the object is there at all, while an error can still be told.
    first = await anext(pieces, b"")

    async def rest() -> AsyncGenerator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return StreamingResponse(
        rest(), status_code=status, headers=headers, media_type="application/octet-stream"
    )


def _range(text: str, size: int) -> tuple[int, int]:
    """First byte and the one after the last; all of it where the header asks for nothing we know."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        return max(0, size - int(found[2])), size
    start = int(found[1])
    return start, min(size, int(found[2]) + 1) if found[2] else size


async def _project(request: Request, permission: Permission, project: str) -> str:
    name = clean_project(project)
    await allowed(request, permission, name)
    return name


async def _body(request: Request, kind: type[_T]) -> _T:
    """The body; whoever it comes from is let in first."""
    await principal_of(request)
    raw = await request.body()
    try:
        # Manifests are large: others get their turn meanwhile.
        return await asyncio.to_thread(msgspec.json.decode, raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"the body cannot be read: {str(error)[:200]}", field="body") from None


def _json(value: object) -> Response:
    return Response(_encode(value), media_type="application/json")
